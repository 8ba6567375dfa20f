"""Figures: faces, people, logos, and things that no jeweller sells."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainer.data.strangers.paint import Colour, Random, Size, colour, gradient, near

SKIN, HAIR = 0.06, 0.08


def face(random: Random, size: Size) -> Image.Image:
    """A head with hair, eyes, nose and mouth, before a ground."""
    image, (width, height) = _ground(random, size), size
    draw, skin, hair = ImageDraw.Draw(image), _skin(random), _hair(random)
    x, y = width * random.uniform(0.4, 0.6), height * random.uniform(0.42, 0.55)
    tall = min(size) * random.uniform(0.25, 0.42)
    wide = tall * random.uniform(0.68, 0.85)
    draw.ellipse((x - wide * 2.2, y + tall * 0.9, x + wide * 2.2, y + tall * 3), fill=colour(random))
    draw.rectangle((x - wide * 0.4, y, x + wide * 0.4, y + tall * 1.3), fill=skin)
    length = random.uniform(0.1, 1.2)
    draw.ellipse((x - wide * 1.15, y - tall * 1.2, x + wide * 1.15, y + tall * length), fill=hair)
    draw.ellipse((x - wide, y - tall * 0.95, x + wide, y + tall), fill=skin)
    draw.pieslice((x - wide, y - tall * 1.1, x + wide, y + tall * 0.5), 190, 350, fill=hair)
    iris = colour(random, (0.1, 0.5), (0.2, 0.8))
    for side in (-1, 1):
        cx, cy, r = x + side * wide * 0.42, y - tall * 0.12, wide * 0.17
        draw.ellipse((cx - r, cy - r * 0.6, cx + r, cy + r * 0.6), fill="white")
        draw.ellipse((cx - r * 0.5, cy - r * 0.5, cx + r * 0.5, cy + r * 0.5), fill=iris)
        draw.arc((cx - r * 1.3, cy - r * 1.8, cx + r * 1.3, cy + r), 200, 340, fill=hair, width=max(2, int(r / 3)))
    draw.line(
        (x, y - tall * 0.05, x + wide * 0.1, y + tall * 0.28, x - wide * 0.05, y + tall * 0.3),
        fill=_darker(skin),
        width=2,
    )
    mouth = (x - wide * 0.35, y + tall * 0.35, x + wide * 0.35, y + tall * 0.7)
    if random.random() < 0.5:
        draw.chord(mouth, 10, 170, fill=near(random, 0.98, (0.5, 0.8)))
    else:
        draw.arc(mouth, 20, 160, fill=near(random, 0.98, (0.3, 0.7)), width=max(2, int(wide * 0.08)))
    return image


def people(random: Random, size: Size) -> Image.Image:
    """One person or several, standing."""
    image, (width, height) = _ground(random, size), size
    draw, count = ImageDraw.Draw(image), int(random.integers(1, 5))
    for number in range(count):
        x, tall = width * (number + 0.5) / count, height * random.uniform(0.6, 0.9)
        foot, skin, cloth = height * 0.96, _skin(random), colour(random)
        head, shoulder = tall * 0.08, tall * 0.14
        for side in (-1, 1):
            draw.line(
                (x + side * shoulder * 0.4, foot - tall * 0.45, x + side * shoulder * 0.5, foot),
                _darker(cloth),
                int(tall * 0.08),
            )
            draw.line(
                (
                    x + side * shoulder * 0.9,
                    foot - tall * 0.78,
                    x + side * shoulder * random.uniform(1.1, 1.8),
                    foot - tall * 0.45,
                ),
                skin,
                int(tall * 0.05),
            )
        draw.rounded_rectangle(
            (x - shoulder, foot - tall * 0.82, x + shoulder, foot - tall * 0.4), tall * 0.05, fill=cloth
        )
        draw.ellipse((x - head * 1.1, foot - tall * 1.02, x + head * 1.1, foot - tall * 0.84), fill=_hair(random))
        draw.ellipse((x - head * 0.8, foot - tall * 0.98, x + head * 0.8, foot - tall * 0.82), fill=skin)
    return image


def logo(random: Random, size: Size) -> Image.Image:
    """A mark of plain shapes, with a name below, beside or without."""
    ground = (255, 255, 255) if random.random() < 0.6 else colour(random)
    image, (width, height) = Image.new("RGB", size, ground), size
    draw, first, second = (
        ImageDraw.Draw(image),
        colour(random, (0.1, 0.9), (0.5, 1.0)),
        colour(random, (0.1, 1.0), (0.0, 1.0)),
    )
    x, y, r = width / 2, height * random.uniform(0.38, 0.5), min(size) * random.uniform(0.18, 0.32)
    kind = random.integers(4)
    if kind == 0:
        draw.ellipse((x - r, y - r, x + r, y + r), fill=first)
        draw.pieslice((x - r, y - r, x + r, y + r), 0, float(random.uniform(60, 250)), fill=second)
    elif kind == 1:
        draw.rounded_rectangle((x - r, y - r, x + r, y + r), r * random.uniform(0, 0.6), fill=first)
        initials = "".join(random.choice(list("ABCDEFGHKLMNPRSTVXZ"), int(random.integers(1, 4))))
        draw.text((x, y), initials, second, ImageFont.load_default(r), anchor="mm")
    elif kind == 2:
        draw.polygon(
            _star(x, y, r, r * random.uniform(0.3, 0.9), int(random.integers(3, 12)), random.uniform(0, 7)), first
        )
    else:
        for number in range(int(random.integers(2, 5))):
            shift = (number - 1) * r * 0.6
            draw.rectangle(
                (x + shift - r * 0.25, y - r * random.uniform(0.2, 1), x + shift + r * 0.25, y + r),
                fill=first if number % 2 else second,
            )
    if random.random() < 0.7:
        name = "".join(random.choice(list("abdefgiklmnoprstuvxyz"), int(random.integers(4, 9)))).title()
        draw.text((x, min(height * 0.9, y + r * 1.5)), name, first, ImageFont.load_default(height / 8), anchor="mm")
    return image


def icon(random: Random, size: Size) -> Image.Image:
    """A sign on a plain ground: a round face, a heart, an arrow, a camera, a cross."""
    ground = colour(random, (0.8, 1.0), (0.0, 0.25))
    image, (width, height) = Image.new("RGB", size, ground), size
    draw, fill, ink = ImageDraw.Draw(image), colour(random, (0.3, 1.0), (0.0, 1.0)), colour(random, (0.0, 0.4))
    x, y, r, kind = width / 2, height / 2, min(size) * random.uniform(0.2, 0.42), random.integers(5)
    line = max(2, int(r * random.uniform(0.04, 0.12)))
    if kind == 0:
        draw.ellipse((x - r, y - r, x + r, y + r), fill=fill, outline=ink, width=line)
        for side in (-0.35, 0.35):
            draw.ellipse((x + r * (side - 0.1), y - r * 0.4, x + r * (side + 0.1), y - r * 0.1), fill=ink)
        start = float(random.choice([20, 200]))
        draw.arc((x - r * 0.5, y - r * 0.1, x + r * 0.5, y + r * 0.6), start, start + 140, fill=ink, width=line)
    elif kind == 1:
        angles = np.linspace(0, 2 * np.pi, 60)
        across = 16 * np.sin(angles) ** 3
        down = 13 * np.cos(angles) - 5 * np.cos(2 * angles) - 2 * np.cos(3 * angles) - np.cos(4 * angles)
        draw.polygon(list(zip(x + r * across / 16, y - r * down / 16, strict=True)), fill=fill)
    elif kind == 2:
        draw.rectangle((x - r, y - r * 0.2, x + r * 0.2, y + r * 0.2), fill=fill)
        draw.polygon([(x + r * 0.2, y - r * 0.6), (x + r, y), (x + r * 0.2, y + r * 0.6)], fill=fill)
    elif kind == 3:
        draw.rounded_rectangle((x - r, y - r * 0.6, x + r, y + r * 0.7), r * 0.15, outline=ink, width=line)
        draw.rectangle((x - r * 0.3, y - r * 0.8, x + r * 0.3, y - r * 0.6), fill=ink)
        draw.ellipse((x - r * 0.4, y - r * 0.35, x + r * 0.4, y + r * 0.45), outline=ink, width=line)
    else:
        draw.line((x - r, y - r, x + r, y + r), fill=fill, width=3 * line)
        draw.line((x - r, y + r, x + r, y - r), fill=fill, width=3 * line)
    return image


def sketch(random: Random, size: Size) -> Image.Image:
    """Lines of a pen on paper: round shapes, strokes and crossings, a head or a figure of sticks."""
    image, (width, height) = Image.new("RGB", size, colour(random, (0.88, 1.0), (0.0, 0.12))), size
    draw, pen = ImageDraw.Draw(image), int(random.integers(1, 5))
    for _ in range(int(random.integers(1, 4))):
        ink, x, y = colour(random, (0.0, 0.4)), width * random.uniform(0.25, 0.75), height * random.uniform(0.25, 0.6)
        r = min(size) * random.uniform(0.1, 0.3)
        draw.ellipse((x - r, y - r * 1.2, x + r, y + r * 1.2), outline=ink, width=pen)
        for side in (-0.4, 0.4):
            draw.ellipse(
                (x + r * (side - 0.12), y - r * 0.3, x + r * (side + 0.12), y - r * 0.1), outline=ink, width=pen
            )
        draw.arc((x - r * 0.5, y, x + r * 0.5, y + r * 0.8), 10, 170, fill=ink, width=pen)
        if random.random() < 0.5:
            foot = y + r * 4
            draw.line((x, y + r * 1.2, x, foot), fill=ink, width=pen)
            for level, reach in ((y + r * 2, 1.2), (foot, 0.9)):
                draw.line((x - r * reach, level + r, x, level, x + r * reach, level + r), fill=ink, width=pen)
        for angle in np.linspace(np.pi, 2 * np.pi, int(random.integers(3, 40))):
            top, side = y - r * 1.2 * abs(np.sin(angle)), x + r * np.cos(angle)
            draw.line((side, top, side + r * random.uniform(-0.1, 0.1), top - r * 0.25), fill=ink, width=pen)
    return image


def thing(random: Random, size: Size) -> Image.Image:
    """A cup, a bottle, a car, a chair or a ball, on a plain ground."""
    image, (width, height) = _ground(random, size), size
    draw, fill, s = (
        ImageDraw.Draw(image),
        colour(random, (0.2, 0.95), (0.1, 0.9)),
        min(size) * random.uniform(0.25, 0.4),
    )
    x, y, dark, kind = width / 2, height / 2, _darker(fill), random.integers(5)
    if kind == 0:
        draw.ellipse((x + s * 0.4, y - s * 0.4, x + s * 1.2, y + s * 0.4), outline=dark, width=int(s * 0.15))
        draw.rounded_rectangle((x - s * 0.7, y - s * 0.8, x + s * 0.7, y + s * 0.8), s * 0.15, fill=fill)
    elif kind == 1:
        draw.rounded_rectangle((x - s * 0.4, y - s * 0.4, x + s * 0.4, y + s * 1.2), s * 0.1, fill=fill)
        draw.rectangle((x - s * 0.15, y - s * 1.1, x + s * 0.15, y - s * 0.3), fill=dark)
        draw.rectangle((x - s * 0.4, y, x + s * 0.4, y + s * 0.6), fill=colour(random, (0.8, 1.0), (0.0, 0.3)))
    elif kind == 2:
        draw.rounded_rectangle((x - s * 1.3, y, x + s * 1.3, y + s * 0.5), s * 0.1, fill=fill)
        draw.polygon(
            [(x - s * 0.8, y), (x - s * 0.5, y - s * 0.45), (x + s * 0.4, y - s * 0.45), (x + s * 0.8, y)], fill=dark
        )
        for side in (-0.8, 0.8):
            draw.ellipse((x + s * (side - 0.25), y + s * 0.25, x + s * (side + 0.25), y + s * 0.75), fill=(30, 30, 30))
    elif kind == 3:
        draw.rectangle((x - s * 0.6, y, x + s * 0.6, y + s * 0.2), fill=fill)
        draw.rectangle((x - s * 0.6, y - s, x - s * 0.45, y + s), fill=dark)
        draw.rectangle((x + s * 0.45, y, x + s * 0.6, y + s), fill=dark)
        draw.rectangle((x - s * 0.6, y - s, x + s * 0.1, y - s * 0.5), fill=fill)
    else:
        draw.ellipse((x - s, y - s, x + s, y + s), fill=fill)
        draw.arc((x - s * 1.6, y - s, x + s * 0.4, y + s), -60, 60, fill=dark, width=3)
        draw.line((x, y - s, x, y + s), fill=dark, width=3)
    return image


def _ground(random: Random, size: Size) -> Image.Image:
    return gradient(
        size, colour(random, (0.6, 1.0), (0.0, 0.4)), colour(random, (0.4, 1.0), (0.0, 0.4)), random.uniform(0, 180)
    )


def _skin(random: Random) -> Colour:
    return near(random, SKIN, (0.35, 0.98), (0.25, 0.55))


def _hair(random: Random) -> Colour:
    return near(random, HAIR, (0.08, 0.8), (0.2, 0.7))


def _darker(fill: Colour) -> Colour:
    return fill[0] * 2 // 3, fill[1] * 2 // 3, fill[2] * 2 // 3


def _star(x: float, y: float, outer: float, inner: float, points: int, turn: float) -> list[tuple[float, float]]:
    angles = turn + np.arange(2 * points) * np.pi / points
    radii = np.where(np.arange(2 * points) % 2, inner, outer)
    return list(zip((x + radii * np.cos(angles)).tolist(), (y + radii * np.sin(angles)).tolist(), strict=True))
