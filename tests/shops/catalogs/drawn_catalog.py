"""A tiny catalog of drawn photos that a network can learn to tell apart in a moment: three shapes in many colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("bars", "discs", "rings")


def draw(folder: Path, *, per_category: int = 8, photos: int = 2, size: int = 48, seed: int = 0) -> Path:
    """Write ``<category>/<product>/<n>.png``; every product has its own colour, place and size."""
    rng = np.random.default_rng(seed)
    for shape in SHAPES:
        for number in range(per_category):
            colour = tuple(int(value) for value in rng.integers(20, 220, 3))
            for photo in range(photos):
                place = folder / shape / f"{shape}-{number}"
                place.mkdir(parents=True, exist_ok=True)
                _photo(shape, colour, size, rng).save(place / f"{photo}.png")
    return folder


def _photo(shape: str, colour: tuple[int, ...], size: int, rng: np.random.Generator) -> Image.Image:
    pixels = rng.integers(225, 256, (size, size, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    x, y = rng.integers(2, size // 3, 2).tolist()
    across = int(rng.integers(size // 2, size * 2 // 3))
    box = (x, y, x + across, y + across)
    if shape == "discs":
        pen.ellipse(box, fill=colour)
    elif shape == "rings":
        pen.ellipse(box, outline=colour, width=max(2, size // 12))
    else:
        pen.rectangle((x, y + across // 3, x + across, y + across // 2), fill=colour)
    return image
