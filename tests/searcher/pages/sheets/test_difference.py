"""The picture of what differs: grey where two photos agree, strong where they do not, also after a placement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from searcher.pages.sheets.difference import difference_picture


@pytest.fixture
def photo() -> Image.Image:
    """Soft colour fields, unlike their mirror image."""
    fields = np.random.default_rng(3).integers(40, 220, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(fields).resize((400, 300), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(4))


def colourful(picture: Image.Image) -> NDArray[np.int_]:
    """How far each pixel is from grey."""
    levels = np.asarray(picture, int)
    found: NDArray[np.int_] = levels.max(axis=2) - levels.min(axis=2)
    return found


def test_equal_photos_are_grey(photo: Image.Image) -> None:
    picture = difference_picture(photo, photo)
    assert (picture.size, picture.mode) == ((128, 96), "RGB")
    assert colourful(picture).max() <= 1


def test_reencoding_leaves_nothing_to_see(photo: Image.Image, tmp_path: Path) -> None:
    photo.resize((200, 150)).save(tmp_path / "small.jpg", quality=80)
    assert np.quantile(colourful(difference_picture(photo, Image.open(tmp_path / "small.jpg"))), 0.99) < 60
    assert np.median(colourful(difference_picture(photo, Image.open(tmp_path / "small.jpg")))) == 0


def test_a_stamp_is_where_it_is(photo: Image.Image) -> None:
    stamped = photo.copy()
    ImageDraw.Draw(stamped).rectangle((200, 150, 399, 299), fill=(255, 0, 0))
    seen = colourful(difference_picture(photo, stamped)) > 80
    assert seen[52:, 68:].mean() > 0.95
    assert seen[:44, :].mean() == 0
    assert seen[:, :60].mean() == 0


def test_a_crop_is_laid_in_its_place(photo: Image.Image) -> None:
    crop = photo.crop((100, 60, 340, 270))
    placed = (240 / 400, 0.0, 100 / 400, 0.0, 210 / 300, 60 / 300)
    picture = difference_picture(photo, crop, placed)
    inside = colourful(picture)[22:84, 35:106]
    assert np.quantile(inside, 0.95) <= 1
    outside = np.asarray(picture, int)[:17, :]
    assert (outside[..., 2] - outside[..., 0]).min() > 5  # blue: the second does not reach there
    assert colourful(difference_picture(photo, crop)).mean() > 20


def test_a_mirrored_and_turned_photo(photo: Image.Image) -> None:
    mirrored = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert colourful(difference_picture(photo, mirrored, (1, 0, 0, 0, 1, 0), flipped=True)).max() <= 1
    turned = photo.transpose(Image.Transpose.ROTATE_90)  # what is right in it was at the bottom
    assert np.quantile(colourful(difference_picture(photo, turned, (0, -1, 1, 1, 0, 0))), 0.9) <= 2


@pytest.mark.parametrize("transform", [None, (0,) * 6, (1, 1, 0, 1, 1, 0), (float("nan"),) * 6, (float("inf"),) * 6])
def test_what_cannot_be_placed_covers_all(photo: Image.Image, transform: tuple[float, ...] | None) -> None:
    assert colourful(difference_picture(photo, photo, transform)).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (3000, 2)])
def test_odd_sizes(photo: Image.Image, size: tuple[int, int]) -> None:
    odd = photo.resize(size)
    for picture in (difference_picture(photo, odd), difference_picture(odd, photo), difference_picture(odd, odd)):
        assert max(picture.size) <= 128
        assert min(picture.size) >= 1
