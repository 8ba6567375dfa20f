"""Pictures that show nothing, and pictures that show little."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from searcher.insights.duplicates.compare.blank import is_blank
from searcher.insights.duplicates.compare.frame import FramedPicture


def blank(image: Image.Image) -> bool:
    return is_blank(FramedPicture.of(image))


def noisy(level: float, sigma: float, slope: float = 0.0) -> Image.Image:
    rows = np.linspace(0, slope, 300)[:, None, None]
    noise = np.random.default_rng(3).normal(0, sigma, (300, 240, 3))
    return Image.fromarray(np.clip(level + rows + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (300, 300), (2000, 900)])
def test_one_colour_in_any_mode_and_size(mode: str, size: tuple[int, int]) -> None:
    assert blank(Image.new(mode, size))


@pytest.mark.parametrize("quality", [20, 60, 95])
def test_a_codec_changes_nothing(quality: int) -> None:
    file = io.BytesIO()
    noisy(201, 2).save(file, "JPEG", quality=quality)
    assert blank(Image.open(file))


def test_noise_and_slopes_show_nothing() -> None:
    assert blank(noisy(120, 4))
    assert blank(noisy(120, 1, slope=60))


def test_a_card_within_a_border() -> None:
    card = Image.new("RGB", (200, 200), "#777777")
    card.paste("#d0d0d0", (15, 25, 185, 175))
    assert blank(card)
    ImageDraw.Draw(card).ellipse((60, 60, 120, 120), outline="#886622", width=3)
    assert not blank(card)


def test_little_is_not_nothing() -> None:
    photo = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(photo).line((20, 150, 280, 160), fill=(200, 190, 160))  # a fine chain
    assert not blank(photo)
    pale = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(pale).ellipse((100, 100, 180, 180), fill=(238, 238, 236))  # a pearl
    assert not blank(pale)


@pytest.mark.slow
def test_no_real_photo_is_blank(real_data: Path) -> None:
    for path in sorted((real_data / "jewelry").rglob("*.jpg"))[::4]:
        with Image.open(path) as image:
            assert not blank(image), path
