"""Placements that are known are found again: crops, margins, turns, mirrors, other grounds."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from indexer.sample_catalog import draw_photo, draw_products, photo_views
from searcher.insights.duplicates.compare.alignment import align
from searcher.insights.duplicates.compare.comparison import require_opencv
from searcher.insights.duplicates.compare.features import CLOSE, compare_aligned
from searcher.insights.duplicates.compare.forms import FEATURE_SIDE, MIRRORED, Picture

require_opencv()


@pytest.fixture(scope="module", params=[0, 2, 5])
def photo(request: pytest.FixtureRequest) -> Image.Image:
    product = draw_products(8, 3)[request.param]
    return draw_photo(product, photo_views(product, 1)[0], 256)


def corners(matrix: np.ndarray) -> np.ndarray:
    """Where the corners of the second picture come to lie in the first, as shares."""
    return np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], np.float64) @ matrix.T.astype(np.float64)


def test_a_crop_lies_where_it_was_cut(photo: Image.Image) -> None:
    laid = align(Picture.of(photo), Picture.of(photo.crop((24, 40, 236, 246))))
    expected = [[24 / 256, 40 / 256], [236 / 256, 40 / 256], [24 / 256, 246 / 256], [236 / 256, 246 / 256]]
    assert np.abs(corners(laid.matrix) - expected).max() < 0.02
    assert not laid.flipped
    assert laid.valid.mean() == pytest.approx(212 * 206 / 256**2, abs=0.05)


def test_the_original_lies_around_its_crop(photo: Image.Image) -> None:
    laid = align(Picture.of(photo.crop((24, 40, 236, 246))), Picture.of(photo))
    assert laid.valid.mean() > 0.97
    assert np.abs(corners(laid.matrix)[0] - [-24 / 212, -40 / 206]).max() < 0.03


def test_a_mirrored_copy_is_found_mirrored(photo: Image.Image) -> None:
    laid = align(Picture.of(photo), Picture.of(ImageOps.mirror(photo)))
    difference = np.abs(laid.first - laid.second)[laid.valid]
    assert np.median(difference) < 1.5
    assert laid.correlation > 0.97


def test_a_turned_copy_is_turned_back(photo: Image.Image) -> None:
    turned = photo.rotate(9, Image.Resampling.BICUBIC, expand=True, fillcolor=photo.getpixel((2, 2)))
    row = dict(zip(CLOSE, compare_aligned(align(Picture.of(photo), Picture.of(turned))), strict=True))
    assert row["turn"] == pytest.approx(9, abs=1.0)
    assert row["edges_piece"] > 0.85


def test_descriptors_of_a_mirrored_picture_need_not_be_computed(photo: Image.Image) -> None:
    """The permutation of `MIRRORED` gives what SIFT gives for the mirrored pixels."""
    photo = photo.resize((FEATURE_SIDE, FEATURE_SIDE))  # scaling a mirrored photo is not quite mirroring a scaled one
    places, found = Picture.of(photo).mirrored.features
    real_places, real = Picture.of(ImageOps.mirror(photo)).features
    likeness = found @ real.T
    nearest = likeness.argmax(axis=1)
    near = np.abs(places - real_places[nearest]).max(axis=1) < 2 / 256
    assert near.mean() > 0.7
    assert np.median(likeness.max(axis=1)) > 0.99
    assert sorted(MIRRORED) == list(range(128))
    assert np.array_equal(MIRRORED[MIRRORED], np.arange(128))


def test_different_pieces_do_not_fit(photo: Image.Image) -> None:
    other = draw_products(8, 3)[7]
    laid = align(Picture.of(photo), Picture.of(draw_photo(other, photo_views(other, 1)[0], 256)))
    row = dict(zip(CLOSE, compare_aligned(laid), strict=True))
    assert np.isnan(row["fine"]) or row["fine"] < 0.6


@pytest.mark.parametrize("shape", [(256, 4), (4, 256), (1, 1), (300, 200)])
def test_odd_pictures_do_no_harm(photo: Image.Image, shape: tuple[int, int]) -> None:
    for pair in ((photo, Image.new("RGB", shape, "white")), (Image.new("RGB", shape), photo)):
        row = compare_aligned(align(*(Picture.of(image) for image in pair)))
        assert row.shape == (len(CLOSE),)


@pytest.fixture(scope="module")
def chain() -> Image.Image:
    """As thin as a hair, with beads that local features find."""
    rng = np.random.default_rng(7)
    image = Image.fromarray(np.clip(rng.normal(238, 2, (192, 192, 3)), 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    points = [(x, 40 + 110 * float(np.sin(np.pi * (x - 12) / 168))) for x in np.linspace(12, 180, 60).tolist()]
    pen.line(points, fill=(150, 110, 40), width=1)
    for number, (x, y) in enumerate(points[::4]):
        size = 2 + number % 3
        pen.ellipse((x - size, y - size, x + size, y + size), fill=(120 + 7 * number, 80, 30))
    return image


def test_a_thin_chain_is_laid_over_itself(chain: Image.Image) -> None:
    """Its frame is off by a few pixels, which is more than the chain is wide."""
    cut = chain.crop((4, 5, 189, 188)).resize((192, 192), Image.Resampling.BICUBIC)
    laid = align(Picture.of(chain), Picture.of(cut))
    assert laid.correlation > 0.9
    assert np.abs(corners(laid.matrix)[0] - [4 / 192, 5 / 192]).max() < 0.01


def test_a_badge_leaves_most_of_the_picture_as_it_was(chain: Image.Image) -> None:
    stamped = chain.copy()
    ImageDraw.Draw(stamped).ellipse((80, 120, 150, 190), fill="crimson")
    row = dict(zip(CLOSE, compare_aligned(align(Picture.of(chain), Picture.of(stamped))), strict=True))
    assert row["correlation"] < 0.8
    assert row["mostly"] > 0.9
    assert not np.isnan(row["soft_l50"])
