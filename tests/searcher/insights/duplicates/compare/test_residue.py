"""What whole-picture edits leave, and what they do not explain: an engraved letter, another light, another metal."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from indexer.sample_catalog import draw_photo, draw_products, photo_views
from searcher.insights.duplicates.compare.alignment import align
from searcher.insights.duplicates.compare.forms import Picture
from searcher.insights.duplicates.compare.residue import NAMES, all_but_a_spot, residue
from searcher.insights.duplicates.edits.edits import encoded, turn_hue


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A signet ring: a plate with room for a letter."""
    product = next(p for p in draw_products(200, 3) if p.design.family == "signet")
    return draw_photo(product, photo_views(product, 1)[0], 256)


def left(first: Image.Image, second: Image.Image) -> np.ndarray:
    return residue(*align(Picture.of(first), Picture.of(second)).enlarged())


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
    ys, xs = np.nonzero(Picture.of(photo).mask)
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


def band(colour: tuple[int, int, int]) -> Image.Image:
    """A ring of one metal, in light and shade, on a bluish board in light and shade."""
    light = np.linspace(0.45, 1.15, 200)[None, :, None] * np.ones((200, 1, 1))
    inside = Image.new("L", (200, 200))
    ImageDraw.Draw(inside).ellipse((50, 50, 150, 150), outline=255, width=14)
    tints = np.where(np.asarray(inside)[..., None] > 0, np.array(colour), np.array([170, 195, 215]))
    waves = 1 + 0.25 * np.sin(np.arange(200) / 3)[:, None, None] * (np.asarray(inside)[..., None] > 0)
    return Image.fromarray(np.clip(tints * light * waves, 0, 255).astype(np.uint8))


GOLD, ROSE_GOLD, SILVER = (212, 165, 60), (222, 160, 135), (190, 190, 190)


def test_gold_made_rose_gold_is_no_turn_of_all_hues() -> None:
    """A function of the colours that knows the piece alone explains it; what an edit may do does not."""
    made_anew, edited = left(band(GOLD), band(ROSE_GOLD)), left(band(GOLD), turn_hue(band(GOLD), 7.0))
    assert value(made_anew, "edit_ab50") > 3 * value(edited, "edit_ab50")


def test_a_grey_copy_is_an_edit_and_a_silver_piece_on_the_same_board_is_none() -> None:
    gold, grey = band(GOLD), ImageEnhance.Color(band(GOLD)).enhance(0.0)
    assert value(left(gold, grey), "edit_ground_ab") < 2
    assert value(left(gold, band(SILVER)), "edit_ground_ab") > 6
    assert value(left(gold, grey), "edit_ab50") == pytest.approx(value(left(grey, gold), "edit_ab50"), abs=0.5)


def test_grain_is_that_of_a_copy_or_of_another_photo(photo: Image.Image) -> None:
    grain = np.random.default_rng(0).normal(0, 3, (2, *np.asarray(photo).shape))
    one, other = (Image.fromarray(np.clip(np.asarray(photo) + layer, 0, 255).astype(np.uint8)) for layer in grain)
    assert value(left(one, encoded(one, "JPEG", 90)), "fine_ground") > 0.5
    assert value(left(one, other), "fine_ground") < 0.3


@pytest.mark.parametrize("place", [(0, 0), (90, 40), (112, 112)])
def test_a_spot_is_gathered_wherever_it_lies(place: tuple[int, int]) -> None:
    """At the rim a window must not count mirrored pixels."""
    noise = np.random.default_rng(1).normal(0, 0.5, (128, 128, 3)).astype(np.float32)
    first = np.full((128, 128, 3), (60, 5, 20), np.float32)
    second = first + noise
    second[place[1] : place[1] + 16, place[0] : place[0] + 16, 0] -= 25
    row = residue(first, second, np.ones((128, 128), bool), np.ones((128, 128), bool))
    assert 0.9 < value(row, "light_gathered") <= 1
