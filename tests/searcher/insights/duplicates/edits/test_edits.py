"""Synthetic edits: repeatable, bounded, in order of strength, and what each family promises."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image, ImageOps

from indexer.sample_catalog import draw_photo, draw_products, photo_views
from searcher.insights.duplicates.edits.cutout import border_colour, foreground
from searcher.insights.duplicates.edits.edits import COMBINED, CROP_AREA, EDITS, MAX_HUE, STRENGTHS, edit, turn_hue

SIDE = 128


@lru_cache
def photo(number: int = 0) -> Image.Image:
    product = draw_products(16, 3)[number]
    return draw_photo(product, photo_views(product, 1)[0], SIDE)


def edited(family: str, strength: int, seed: int = 0, image: Image.Image | None = None) -> Image.Image:
    return edit(image or photo(), family, strength, np.random.default_rng(seed))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.int16)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("family", EDITS)
def test_every_edit_is_repeatable_rgb_changes_the_pixels_and_leaves_the_photo_alone(family: str, strength: int) -> None:
    before = photo().tobytes()
    once, again, other = edited(family, strength), edited(family, strength), edited(family, strength, seed=1)
    assert once.mode == "RGB"
    assert once.size == again.size
    assert once.tobytes() == again.tobytes() != before
    assert photo().tobytes() == before
    if family != "grey":  # black and white is what it is
        assert other.tobytes() != once.tobytes()


@pytest.mark.parametrize("family", EDITS)
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (300, 20), (9, 9)])
def test_a_photo_of_any_size_and_mode_can_be_edited(family: str, size: tuple[int, int]) -> None:
    for mode in ("L", "RGBA", "P"):
        for strength in STRENGTHS:
            copy = edited(family, strength, image=Image.new(mode, size))
            assert copy.mode == "RGB"
            assert min(copy.size) >= 1


@pytest.mark.parametrize("strength", STRENGTHS)
def test_a_crop_keeps_its_share_of_the_area_and_real_pixels(strength: int) -> None:
    for seed in range(20):
        copy = edited("crop", strength, seed)
        assert copy.width * copy.height == pytest.approx(CROP_AREA[strength] * SIDE * SIDE, rel=0.03)
        windows = np.lib.stride_tricks.sliding_window_view(pixels(photo())[..., 0], (copy.height, copy.width))
        assert (windows == pixels(copy)[..., 0]).all(axis=(2, 3)).any()


def test_a_flip_is_the_exact_mirror_saved_again() -> None:
    copy, mirror = edited("flip", 0), ImageOps.mirror(photo())
    assert np.abs(pixels(copy) - pixels(mirror)).mean() < 3
    assert np.abs(pixels(copy) - pixels(photo())).mean() > 5


@pytest.mark.parametrize("degrees", [-8.0, 5.5, 120.0])
def test_turning_the_hue_turns_it_by_that_and_nothing_else(degrees: float) -> None:
    ramp = np.stack(np.meshgrid(np.arange(20, 250, 23), np.arange(5, 250, 35), [40, 200]), axis=-1).reshape(1, -1, 3)
    wheel = Image.fromarray(ramp.astype(np.uint8))
    turned = turn_hue(wheel, degrees)
    assert np.array_equal(pixels(turned).max(axis=2), pixels(wheel).max(axis=2))
    assert np.array_equal(pixels(turned).min(axis=2), pixels(wheel).min(axis=2))
    colourful = np.ptp(pixels(wheel), axis=2) > 60
    moved = (hues(turned) - hues(wheel) - degrees + 180) % 360 - 180
    assert np.abs(moved[colourful]).max() < 1.0
    assert np.array_equal(pixels(turn_hue(wheel, 0.0)), pixels(wheel))


@pytest.mark.parametrize("strength", STRENGTHS)
def test_the_hue_stays_within_its_bound(strength: int) -> None:
    gold = Image.new("RGB", (8, 8), (212, 158, 60))
    for seed in range(50):
        moved = (hues(edited("hue", strength, seed, gold)) - hues(gold) + 180) % 360 - 180
        assert 0.2 * MAX_HUE[strength] < np.abs(moved).max() <= MAX_HUE[strength] + 0.5


def test_grey_has_no_colour_and_pads_keep_the_picture() -> None:
    assert np.ptp(pixels(edited("grey", 1)), axis=2).max() == 0
    for seed in range(10):
        padded = edited("pad", 2, seed)
        assert padded.width >= SIDE
        assert padded.height >= SIDE
        assert padded.size != (SIDE, SIDE)


@pytest.mark.parametrize("family", ["jpeg", "webp", "noise_blur", "exposure", "watermark_tiled", "watermark_corner"])
def test_stronger_edits_differ_more(family: str) -> None:
    def differs(strength: int) -> float:
        return float(
            np.mean([np.abs(pixels(edited(family, strength, seed)) - pixels(photo())).mean() for seed in range(12)])
        )

    assert differs(0) < differs(1) < differs(2)


def test_stamps_leave_most_pixels_alone() -> None:
    for family, share in (("badge", 0.2), ("watermark_corner", 0.3)):
        for seed in range(10):
            changed = (pixels(edited(family, 2, seed)) != pixels(photo())).any(axis=2).mean()
            assert 0.002 < changed < share


def test_the_piece_is_cut_out_of_its_ground() -> None:
    ring = Image.new("RGB", (160, 120), (236, 230, 222))
    ring.paste((150, 20, 30), (60, 40, 100, 80))
    mask = pixels(foreground(ring))
    assert mask[60, 80] == 255
    assert mask[10, 10] == mask[110, 150] == 0
    assert (mask > 127).mean() == pytest.approx(40 * 40 / (160 * 120), rel=0.2)
    assert border_colour(ring) == (236, 230, 222)
    on_white = pixels(edited("background", 1, image=ring))
    assert np.abs(on_white[60, 80] - np.array([150, 20, 30])).max() < 12
    assert np.abs(on_white[5, 5] - np.array([236, 230, 222])).max() > 3


def test_a_ground_that_shades_off_is_still_ground() -> None:
    shade = np.linspace(120, 240, 128)[None, :, None] * np.ones((128, 1, 3))
    shade[50:80, 50:80] = (20, 40, 160)
    mask = pixels(foreground(Image.fromarray(shade.astype(np.uint8))))
    assert (mask > 127).mean() == pytest.approx(900 / 128**2, rel=0.25)


def test_a_pattern_without_a_ground_is_cut_out_as_an_oval() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8))
    mask = pixels(foreground(noise))
    assert mask[48, 48] == 255
    assert mask[0, 0] == 0


def test_a_combination_holds_nothing_that_a_calibration_may_leave_out() -> None:
    """Else a family left out would be learnt all the same."""
    assert not {"screenshot", "background", "watermark_tiled", "grey", "combination"} & set(COMBINED)
    assert set(COMBINED) <= set(EDITS)


def test_all_letters_can_be_drawn() -> None:
    """Pillow's built-in font draws a box for a letter that it lacks."""
    from searcher.insights.duplicates.edits import stamps

    box = stamps.lettering("\uffff", 40).tobytes()
    for text in (*stamps.MARKS, *stamps.OFFERS, *stamps.PAGES, *stamps.TITLES):
        for letter in text.replace(" ", ""):
            assert stamps.lettering(letter, 40).tobytes() != box, letter


def test_what_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="strength is 3"):
        edit(photo(), "jpeg", 3, np.random.default_rng(0))
    with pytest.raises(KeyError):
        edit(photo(), "sharpen", 0, np.random.default_rng(0))


def test_a_file_saved_again_is_read_back_whole() -> None:
    file = io.BytesIO()
    edited("combination", 2).save(file, "PNG")
    assert Image.open(file).size == edited("combination", 2).size


def hues(image: Image.Image) -> np.ndarray:
    """Degrees, by Python's own colour module."""
    import colorsys

    flat = np.asarray(image).reshape(-1, 3) / 255
    return np.array([360 * colorsys.rgb_to_hsv(*colour)[0] for colour in flat]).reshape(image.size[::-1])
