"""What lies behind the piece: paper, fabric or stone, drawn from noise; the same choice for every category."""

from __future__ import annotations

import numpy as np
from PIL import Image

from indexer.sample_catalog.curves import Array

BACKGROUNDS = ("white", "white", "grey", "grey", "beige", "velvet", "marble", "linen", "blush", "slate")


def clouds(size: int, rng: np.random.Generator, first: int = 3, octaves: int = 4) -> Array:
    """Smooth noise around zero, float32 [size, size], from coarse grids scaled up."""
    total = np.zeros((size, size), dtype=np.float32)
    for octave in range(octaves):
        cells = first * 2**octave
        grid = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
        total += np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC)) / 2**octave
    return total


def background(kind: str, size: int, rng: np.random.Generator) -> tuple[Image.Image, float]:
    """The background, RGB, and how much light it throws back (0 to 1)."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    x, y = axis[None, :], axis[:, None]
    lean = rng.uniform(-0.4, 0.4, 2)
    fall = 1 - 0.5 * ((x - lean[0]) ** 2 + (y + 0.3 - lean[1]) ** 2)
    if kind == "white":
        tone, colour, glow = 247 + 7 * fall, (1.0, 1.0, 1.0), 1.0
    elif kind == "grey":
        tone, colour, glow = rng.uniform(150, 200) + 34 * fall, (0.99, 1.0, 1.01), 0.75
    elif kind == "beige":
        tone, colour, glow = 212 + 20 * fall + 1.5 * clouds(size, rng, 8, 2), (1.0, 0.95, 0.86), 0.8
    elif kind == "blush":
        tone, colour, glow = 214 + 20 * fall, (1.03, 0.93, 0.91), 0.8
    elif kind == "velvet":
        pile = 3.0 * clouds(size, rng, 40, 2) + 6 * clouds(size, rng, 2, 2)
        colour = [(0.62, 0.62, 0.70), (0.46, 0.52, 0.86), (0.78, 0.40, 0.48), (0.42, 0.66, 0.56)][int(rng.integers(4))]
        tone, glow = 52 + 22 * fall + pile, 0.12
    elif kind == "slate":
        tone, colour, glow = 74 + 22 * fall + 9 * clouds(size, rng, 5, 5), (0.94, 0.98, 1.02), 0.25
    elif kind == "marble":
        bend = clouds(size, rng, 3, 5)
        veins = np.abs(np.sin(3.2 * (x * np.cos(lean[0] * 4) + y * np.sin(lean[0] * 4)) + 1.5 * bend + 9 * lean[1]))
        tone, colour, glow = 232 + 10 * fall - 58 * (1 - veins) ** 5 - 4 * bend, (1.0, 0.995, 0.985), 0.9
    else:  # linen
        threads = 2 * np.pi * 62
        wobble = clouds(size, rng, 20, 2)
        weave = np.sin(threads * x / 2 + wobble) + np.sin(threads * y / 2 + 1.3 * wobble)
        tone, colour, glow = 196 + 16 * fall + 5.5 * weave + 3.5 * wobble, (1.0, 0.965, 0.90), 0.7
    picture = np.asarray(tone, dtype=np.float32)[..., None] * np.array(colour, dtype=np.float32)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)), glow
