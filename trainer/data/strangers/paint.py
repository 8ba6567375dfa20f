"""Colours and grounds that all drawings of strangers use, and the look of a photo."""

from __future__ import annotations

import colorsys
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Colour = tuple[int, int, int]
Random = np.random.Generator
Size = tuple[int, int]


def colour(
    random: Random, value: tuple[float, float] = (0.0, 1.0), saturation: tuple[float, float] = (0.0, 1.0)
) -> Colour:
    """A random colour of some lightness and saturation, each in 0..1."""
    return _from_hsv(random.random(), random.uniform(*saturation), random.uniform(*value))


def near(
    random: Random, hue: float, value: tuple[float, float], saturation: tuple[float, float] = (0.3, 0.8)
) -> Colour:
    """A random colour of about this hue (0..1)."""
    return _from_hsv((hue + random.uniform(-0.04, 0.04)) % 1.0, random.uniform(*saturation), random.uniform(*value))


def gradient(size: Size, first: Colour, last: Colour, degrees: float = 90.0) -> Image.Image:
    """From one colour to another along a direction: 90 degrees is downwards."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    along = np.cos(np.radians(degrees)) * x / width + np.sin(np.radians(degrees)) * y / height
    along = (along - along.min()) / max(1e-9, float(np.ptp(along)))
    return to_image(np.array(first) + along[..., None] * (np.array(last) - np.array(first)))


def clouds(random: Random, size: Size, cells: int) -> NDArray[np.float64]:
    """Soft random lightness [height, width] in 0..1, about ``cells`` patches from side to side."""
    grid = Image.fromarray(random.integers(0, 256, (max(2, cells), max(2, cells)), dtype=np.uint8))
    return np.asarray(grid.resize(size, Image.Resampling.BICUBIC), np.float64) / 255.0


def photographed(random: Random, image: Image.Image) -> Image.Image:
    """As a camera or a scanner may have seen it: a little out of focus, unevenly lit, and noisy."""
    if random.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.5)))
    pixels = np.asarray(image, np.float64)
    if random.random() < 0.5:
        light = 1.0 + random.uniform(0.1, 0.4) * (clouds(random, image.size, 2)[..., None] - 0.5)
        pixels = pixels * light
    return to_image(pixels + random.normal(0.0, random.uniform(0.0, 8.0), pixels.shape))


def to_image(levels: NDArray[np.floating]) -> Image.Image:
    """Levels [height, width, 3] of 0..255 as an image."""
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def _from_hsv(hue: float, saturation: float, value: float) -> Colour:
    return cast(Colour, tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value)))
