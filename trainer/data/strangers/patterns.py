"""Pictures of nothing: noise, plain colours, gradients, stripes and tiles."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from trainer.data.strangers.paint import Random, Size, clouds, colour, gradient, to_image


def noise(random: Random, size: Size) -> Image.Image:
    """Noise, grey or in colours, fine or coarse, hard or soft."""
    cells, bands = int(2 ** random.uniform(3.5, 8)), int(random.choice([1, 3]))
    levels = random.integers(0, 256, (cells, cells, bands), dtype=np.uint8)
    if random.random() < 0.3:
        levels = np.clip(random.normal(128, random.uniform(20, 60), levels.shape), 0, 255).astype(np.uint8)
    grid = Image.fromarray(np.repeat(levels, 3 // bands, axis=2))
    resampling = Image.Resampling.NEAREST if random.random() < 0.5 else Image.Resampling.BICUBIC
    return grid.resize(size, resampling)


def plain(random: Random, size: Size) -> Image.Image:
    """One colour, or one colour fading into another."""
    first = colour(random)
    if random.random() < 0.3:
        return Image.new("RGB", size, first)
    return gradient(size, first, colour(random), random.uniform(0, 360))


def tiles(random: Random, size: Size) -> Image.Image:
    """Stripes, checks or dots."""
    first, second, kind = colour(random), colour(random), random.integers(3)
    image, step = Image.new("RGB", size, first), int(random.integers(8, 48))
    draw = ImageDraw.Draw(image)
    if kind == 0:
        y, x = np.mgrid[0 : size[1], 0 : size[0]]
        turn = random.uniform(0, np.pi)
        on = (np.floor((x * np.cos(turn) + y * np.sin(turn)) / step) % 2)[..., None]
        return to_image(np.where(on, np.array(first, np.float64), np.array(second, np.float64)))
    for row, y in enumerate(range(0, size[1], step)):
        for column, x in enumerate(range(0, size[0], step)):
            if kind == 1 and (row + column) % 2:
                draw.rectangle((x, y, x + step - 1, y + step - 1), fill=second)
            elif kind == 2:
                draw.ellipse((x + step * 0.2, y + step * 0.2, x + step * 0.8, y + step * 0.8), fill=second)
    return image


def texture(random: Random, size: Size) -> Image.Image:
    """A surface: cloth, stone or wood, by soft noise of several sizes, stretched or not."""
    cells = int(random.integers(3, 8))
    total = sum(clouds(random, size, cells * 2**octave) / 2**octave for octave in range(5))
    levels = (np.asarray(total) - np.min(total)) / max(1e-9, float(np.ptp(total)))
    if random.random() < 0.4:  # the grain of wood
        levels = 0.5 + 0.5 * np.sin(levels * random.uniform(20, 60))
    first, second = np.array(colour(random), np.float64), np.array(colour(random), np.float64)
    return to_image(first + levels[..., None] * (second - first))
