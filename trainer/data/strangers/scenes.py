"""Scenes out of doors: hills, the sea, a wood, a street, a town at night."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from trainer.data.strangers.paint import Random, Size, clouds, colour, gradient, near, to_image

GREEN, BLUE, EARTH = 0.3, 0.58, 0.09


def hills(random: Random, size: Size) -> Image.Image:
    """A sky, and ranges of hills or mountains before one another."""
    image, (width, height) = _sky(random, size), size
    draw, ranges, hue = ImageDraw.Draw(image), int(random.integers(2, 6)), random.choice([GREEN, BLUE, EARTH])
    for number in range(ranges):
        level = height * (0.35 + 0.55 * number / ranges)
        ridge = _ridge(random, width, height * random.uniform(0.03, 0.2))
        light = 0.85 - 0.6 * number / ranges
        fill = near(random, float(hue), (light - 0.15, light), (0.1 + 0.5 * number / ranges, 0.7))
        draw.polygon([(0, height), *zip(range(width), level + ridge, strict=True), (width, height)], fill=fill)
    return image


def sea(random: Random, size: Size) -> Image.Image:
    """Water under a sky, with a beach or without."""
    image, (width, height) = _sky(random, size), size
    horizon, hue = int(height * random.uniform(0.35, 0.65)), BLUE - random.uniform(0.0, 0.1)
    water = gradient((width, height - horizon), near(random, hue, (0.5, 0.8)), near(random, hue, (0.2, 0.5)))
    waves = clouds(random, (width, height - horizon), 30)
    waves = np.asarray(Image.fromarray((255 * waves).astype(np.uint8)).resize((width * 4, height - horizon)))[:, :width]
    image.paste(to_image(np.asarray(water, np.float64) + (waves[..., None] - 128.0) * 0.3), (0, horizon))
    if random.random() < 0.5:
        shore = height * 0.8 + _ridge(random, width, height * 0.08)
        sand = near(random, EARTH, (0.7, 0.95), (0.2, 0.4))
        points = [(0, height), *zip(range(width), shore, strict=True), (width, height)]
        ImageDraw.Draw(image).polygon(points, fill=sand)
    return image


def wood(random: Random, size: Size) -> Image.Image:
    """Trees on a meadow."""
    image, (width, height) = _sky(random, size), size
    draw, ground = ImageDraw.Draw(image), int(height * random.uniform(0.5, 0.75))
    draw.rectangle((0, ground, width, height), fill=near(random, GREEN, (0.3, 0.7)))
    for place in sorted(random.uniform(0, 1, int(random.integers(3, 14)))):
        x, foot = random.uniform(0, width), ground + place * (height - ground) * 0.7
        tall = height * random.uniform(0.2, 0.55)
        draw.rectangle(
            (x - tall * 0.04, foot - tall * 0.5, x + tall * 0.04, foot), fill=near(random, EARTH, (0.2, 0.45))
        )
        fill = near(random, GREEN, (0.2, 0.6))
        if random.random() < 0.5:
            draw.polygon(
                [(x - tall * 0.25, foot - tall * 0.2), (x + tall * 0.25, foot - tall * 0.2), (x, foot - tall)], fill
            )
            continue
        for _ in range(8):
            cx, cy, r = x + random.normal(0, tall * 0.14), foot - tall * random.uniform(0.5, 0.95), tall * 0.16
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=fill)
    return image


def street(random: Random, size: Size) -> Image.Image:
    """Houses with windows in a row, by day or by night."""
    night, (width, height) = random.random() < 0.4, size
    image = (
        gradient(size, near(random, 0.65, (0.05, 0.15)), near(random, 0.65, (0.1, 0.3)))
        if night
        else _sky(random, size)
    )
    draw, x = ImageDraw.Draw(image), 0.0
    while x < width:
        wide, top = width * random.uniform(0.12, 0.35), height * random.uniform(0.1, 0.55)
        wall = colour(random, (0.08, 0.3) if night else (0.4, 0.95), (0.05, 0.6))
        draw.rectangle((x, top, x + wide, height * 0.85), fill=wall)
        if not night and random.random() < 0.5:
            draw.polygon([(x, top), (x + wide, top), (x + wide / 2, top - wide * 0.4)], near(random, 0.03, (0.3, 0.6)))
        step = wide / random.integers(2, 6)
        for wy in np.arange(top + step * 0.4, height * 0.8, step):
            for wx in np.arange(x + step * 0.25, x + wide - step * 0.5, step):
                glass = (250, 220, 120) if night and random.random() < 0.6 else colour(random, (0.1, 0.5), (0.0, 0.4))
                draw.rectangle((wx, wy, wx + step * 0.5, wy + step * 0.6), fill=glass)
        x += wide
    draw.rectangle((0, height * 0.85, width, height), fill=colour(random, (0.2, 0.6), (0.0, 0.15)))
    return image


def _sky(random: Random, size: Size) -> Image.Image:
    hue = random.choice([BLUE, BLUE, 0.05, 0.95])
    image = gradient(size, near(random, hue, (0.5, 0.95), (0.2, 0.7)), near(random, hue, (0.8, 1.0), (0.05, 0.4)))
    if random.random() < 0.6:
        cover = np.clip(clouds(random, size, int(random.integers(3, 8))) - random.uniform(0.3, 0.6), 0, 1)[..., None]
        image = to_image(np.asarray(image) * (1 - cover) + 255.0 * cover)
    if random.random() < 0.4:
        x, y, r = size[0] * random.random(), size[1] * random.uniform(0.1, 0.35), min(size) * random.uniform(0.03, 0.1)
        ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=(255, 244, 200))
    return image


def _ridge(random: Random, width: int, tall: float) -> np.ndarray:
    """Heights of a random walk, smooth or jagged [width]."""
    rough = random.uniform(0.5, 2.0)
    x, total = np.arange(width), np.zeros(width)
    for octave in range(7):
        turn, phase = 2**octave * random.uniform(0.6, 1.4), random.uniform(0, 7)
        total += np.sin(turn * x * 2 * np.pi / width + phase) / 2 ** (rough * octave)
    return tall * total
