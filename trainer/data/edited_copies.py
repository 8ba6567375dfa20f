"""Edited copies: what happens to a photo on its way through the web, drawn from a seed and the photo's key."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

MIN_AREA = 0.5
"""Smallest share of the photo's area that a crop keeps."""

MAX_DEGREES = 12.0
MAX_COLOUR = 0.4
"""Brightness, contrast and saturation are multiplied by 1 ± this."""

MAX_HUE = 0.02
"""Largest turn of the hue circle: enough for another lamp, not enough to turn gold into silver."""

WHITE = (255, 255, 255)


def rng_for(seed: int, image_key: str) -> np.random.Generator:
    """The random numbers of one photo: equal for equal (seed, key), whatever else is edited, in whatever order."""
    digest = hashlib.sha256(f"{seed}\0{image_key}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def edit(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """An edited copy of an RGB photo; the photo itself is left as it is.

    A crop to 50 to 100 % of the area, a horizontal flip by the toss of a coin, a change of brightness, contrast,
    saturation and hue, and a rotation by up to 12° on white, each of random strength.
    """
    area, left, top = rng.uniform(MIN_AREA, 1.0), rng.random(), rng.random()
    flipped = rng.random() < 0.5
    brightness, contrast, saturation = rng.uniform(1 - MAX_COLOUR, 1 + MAX_COLOUR, 3)
    hue, degrees = rng.uniform(-MAX_HUE, MAX_HUE), rng.uniform(-MAX_DEGREES, MAX_DEGREES)
    copy = crop(image, area, left, top)
    if flipped:
        copy = ImageOps.mirror(copy)
    copy = recolour(copy, brightness, contrast, saturation, hue)
    return copy.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=WHITE)


def crop(image: Image.Image, area: float, left: float, top: float) -> Image.Image:
    """Keep at least ``area`` of the pixels at the photo's own proportions; ``left`` and ``top`` in [0, 1] say where."""
    side = math.sqrt(area)
    width, height = math.ceil(image.width * side), math.ceil(image.height * side)
    x, y = round((image.width - width) * left), round((image.height - height) * top)
    return image.crop((x, y, x + width, y + height))


def recolour(image: Image.Image, brightness: float, contrast: float, saturation: float, hue: float) -> Image.Image:
    """Multiply brightness, contrast and saturation, and turn the hue by ``hue`` of a full circle."""
    image = ImageEnhance.Brightness(image).enhance(brightness)
    image = ImageEnhance.Contrast(image).enhance(contrast)
    image = ImageEnhance.Color(image).enhance(saturation)
    bands = list(image.convert("HSV").split())
    turn = round(hue * 256)
    bands[0] = bands[0].point([(value + turn) % 256 for value in range(256)])
    return Image.merge("HSV", bands).convert("RGB")
