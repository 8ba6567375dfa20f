"""What whole-picture edits leave, and what they do not explain: an engraved letter, another light, another metal."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from indexer.sample_catalog import draw_photo, draw_products, photo_views
from searcher.duplicates.alignment import Picture, align
from searcher.duplicates.edits import encoded, turn_hue
from searcher.duplicates.residue import NAMES, all_but_a_spot, residue


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A signet ring: a plate with room for a letter."""
    product = next(p for p in draw_products(200, 3) if p.design.family == "signet")
    return draw_photo(product, photo_views(product, 1)[0], 256)


def left(first: Image.Image, second: Image.Image) -> np.ndarray:
    return residue(*align(Picture(first), Picture(second)).enlarged())


def value(row: np.ndarray, name: str) -> float:
    return float(row[NAMES.index(name)])


def test_the_same_picture_leaves_nothing(photo: Image.Image) -> None:
    row = left(photo, photo)
    assert value(row, "soft_l99") < 0.01
    assert not all_but_a_spot(row)


def test_edits_of_the_whole_picture_are_explained(photo: Image.Image) -> None:
    for edited in (
        ImageEnhance.Brightness(photo).enhance(0.93),
        ImageEnhance.Contrast(photo).enhance(1.1),
        encoded(photo, "JPEG", 70),
    ):
        row = left(photo, edited)
        assert value(row, "soft_l50") < 0.8
        assert not all_but_a_spot(row)


def test_a_letter_on_the_piece_is_no_edit(photo: Image.Image) -> None:
    ys, xs = np.nonzero(Picture(photo).mask)
    place = (float(np.median(xs)) / 96 * 256, float(np.percentile(ys, 30)) / 96 * 256)
    engraved = photo.copy()
    pen = ImageDraw.Draw(engraved)
    for offset in range(3):
        pen.line(
            [(place[0] - 6, place[1] - 8 + 7 * offset), (place[0] + 6, place[1] - 8 + 7 * offset)], (40, 36, 30), 3
        )
    row = left(photo, engraved)
    assert all_but_a_spot(row)
    assert value(row, "peak_over_usual") > 5


def test_a_turned_hue_is_measured_in_degrees(photo: Image.Image) -> None:
    warm = Image.new("RGB", (200, 200), (235, 235, 235))
    ImageDraw.Draw(warm).ellipse((50, 50, 150, 150), fill=(200, 150, 60))
    assert value(left(warm, turn_hue(warm, 6.0)), "hue_turn") == pytest.approx(6, abs=3.5)
    assert value(left(warm, turn_hue(warm, 40.0)), "hue_turn") > 15
