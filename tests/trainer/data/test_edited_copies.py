"""Edited copies: repeatable photo by photo, and within their bounds."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from indexer.photos.fingerprints import pixel_sha256
from trainer.data.edited_copies import MAX_COLOUR, MAX_DEGREES, MIN_AREA, crop, edit, recolour, rng_for


def drawn(width: int = 120, height: int = 80) -> Image.Image:
    image = Image.new("RGB", (width, height), (230, 225, 210))
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 4, height // 4, width // 2, height * 3 // 4), fill=(190, 140, 30))
    draw.rectangle((width * 2 // 3, 5, width - 5, height // 2), fill=(40, 60, 160))
    return image


def copy_of(key: str, seed: int = 0) -> str:
    return pixel_sha256(edit(drawn(), rng_for(seed, key)))


def test_equal_seed_and_key_give_equal_pixels_in_any_order() -> None:
    keys = [f"rings/{n}.jpg" for n in range(12)]
    forwards = {key: copy_of(key) for key in keys}
    backwards = {key: copy_of(key) for key in reversed(keys)}
    assert forwards == backwards
    assert len(set(forwards.values())) == len(keys)


def test_another_seed_gives_another_copy() -> None:
    assert copy_of("a.jpg", seed=0) != copy_of("a.jpg", seed=1)


def test_seed_and_key_do_not_run_together() -> None:
    assert rng_for(1, "1a").random() != rng_for(11, "a").random()


def test_the_photo_itself_is_untouched() -> None:
    photo = drawn()
    before = pixel_sha256(photo)
    edit(photo, rng_for(0, "a"))
    assert pixel_sha256(photo) == before


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 90), st.integers(1, 90))
def test_any_photo_gives_a_copy_of_bounded_size(seed: int, width: int, height: int) -> None:
    copy = edit(
        drawn(width, height) if min(width, height) > 30 else Image.new("RGB", (width, height)), rng_for(seed, "")
    )
    assert copy.mode == "RGB"
    diagonal = (width**2 + height**2) ** 0.5
    assert max(copy.size) <= diagonal + 2  # turning grows the canvas, at most to the diagonal
    assert copy.width * copy.height >= MIN_AREA * width * height - 1


@given(st.floats(MIN_AREA, 1), st.floats(0, 1), st.floats(0, 1), st.integers(1, 400), st.integers(1, 400))
def test_a_crop_keeps_at_least_its_share_and_stays_inside(
    area: float, left: float, top: float, width: int, height: int
) -> None:
    image = Image.new("L", (width, height), 255)  # outside the photo Pillow would put 0
    cut = crop(image, area, left, top)
    assert area * width * height - 1e-6 <= cut.width * cut.height <= width * height
    assert cut.getextrema() == (255, 255)


def test_every_kind_of_edit_happens() -> None:
    photo = drawn()
    sizes, mirrored = set(), 0
    for n in range(60):
        copy = edit(photo, rng_for(0, str(n)))
        sizes.add(copy.size)
        warm = np.asarray(copy, np.float64)[:, :, 0] - np.asarray(copy, np.float64)[:, :, 2]
        columns = np.arange(copy.width)
        blue, gold = np.clip(-warm, 0, None).sum(axis=0), np.clip(warm - 60, 0, None).sum(axis=0)
        if blue.sum() and gold.sum():
            mirrored += int((blue * columns).sum() / blue.sum() < (gold * columns).sum() / gold.sum())
    assert len(sizes) > 30
    assert 15 <= mirrored <= 45


def test_colours_are_multiplied_and_the_hue_turned() -> None:
    red = Image.new("RGB", (4, 4), (200, 40, 40))
    assert recolour(red, 1, 1, 1, 0).getpixel((0, 0)) == pytest.approx((200, 40, 40), abs=2)
    assert recolour(red, 0.5, 1, 1, 0).getpixel((0, 0)) == pytest.approx((100, 20, 20), abs=2)
    r, g, b = (int(value) / 255 for value in np.asarray(recolour(red, 1, 1, 1, 0.25))[0, 0])
    assert colorsys.rgb_to_hsv(r, g, b)[0] == pytest.approx(0.25, abs=0.02)
    grey = np.asarray(recolour(red, 1, 1, 0, 0))[0, 0]
    assert grey.max() - grey.min() <= 1


def test_bounds_are_those_of_the_protocol() -> None:
    assert (MIN_AREA, MAX_DEGREES) == (0.5, 12.0)
    assert 0 < MAX_COLOUR < 1
