"""One curve of tones makes a copy of a photo; an engraving, another metal and a badge are no such curve."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from indexer.sample_catalog import draw_photo, draw_products, photo_views
from searcher.insights.duplicates.compare.alignment import align
from searcher.insights.duplicates.compare.colours.tones import FACTS, facts, is_beside, proof
from searcher.insights.duplicates.compare.forms import Picture
from searcher.insights.duplicates.edits.edits import encoded, turn_hue


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    product = next(p for p in draw_products(200, 3) if p.design.family == "signet")
    return draw_photo(product, photo_views(product, 1)[0], 256)


def seen(first: Image.Image, second: Image.Image) -> np.ndarray:
    laid = align(Picture.of(first), Picture.of(second))
    one, other, valid, _ = laid.settled.enlarged()
    return facts(one, other, valid)


@pytest.mark.parametrize("factor", [0.8, 1.18, 1.3])
def test_a_brighter_or_darker_copy_is_the_same_picture(photo: Image.Image, factor: float) -> None:
    bright = encoded(ImageEnhance.Brightness(photo).enhance(factor), "JPEG", 90)
    assert proof(seen(photo, bright)) > 0
    assert proof(seen(bright, photo)) > 0


def test_contrast_and_codecs_too(photo: Image.Image) -> None:
    for copy in (ImageEnhance.Contrast(photo).enhance(1.2), encoded(photo, "JPEG", 85), encoded(photo, "WEBP", 92)):
        assert proof(seen(photo, copy)) > 0


def test_an_engraving_is_no_curve_and_not_beside_the_piece(photo: Image.Image) -> None:
    rows, columns = np.nonzero(Picture.of(photo).mask)
    x, y = float(np.median(columns)) / 96 * 256, float(np.percentile(rows, 30)) / 96 * 256
    engraved = photo.copy()
    ImageDraw.Draw(engraved).line([(x - 6, y), (x + 6, y + 8)], (40, 36, 30), 3)
    row = seen(photo, engraved)
    assert proof(row) == 0
    assert not is_beside(row)


def test_other_hues_are_no_curve(photo: Image.Image) -> None:
    assert proof(seen(photo, turn_hue(photo, 40.0))) == 0


def test_a_badge_lies_beside_the_piece(photo: Image.Image) -> None:
    stamped = photo.copy()
    ImageDraw.Draw(stamped).rectangle((4, 4, 60, 40), fill="#d81e2c")
    for row in (seen(photo, stamped), seen(stamped, photo)):
        assert proof(row) == 0
        assert is_beside(row)


def test_two_pictures_without_tones_prove_nothing() -> None:
    """Grey noise on grey: any curve maps one flat tone to another."""
    noise = np.random.default_rng(1).normal(128, 3, (2, 160, 160, 3)).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise[0]).save(file, "PNG")
    assert proof(seen(Image.open(file).convert("RGB"), Image.fromarray(noise[1]))) == 0


def test_what_was_not_measured_proves_nothing() -> None:
    for row in (np.full(len(FACTS), np.nan, np.float32), np.empty(0, np.float32)):
        assert proof(row) == 0
        assert not is_beside(row)
