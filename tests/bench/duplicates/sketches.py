"""Quick two-dimensional jewelry: a hundred thousand different pieces in minutes, for measurements of size alone.

The catalog of `indexer.sample_catalog` looks better and takes thirty times as long. A sketch is drawn from numbers that
are drawn once, so its siblings (another metal, another stone, another photo) differ from it as they do in a shop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

SIDE = 128
SCALE = 2
METALS = ((212, 168, 72), (196, 198, 204), (205, 140, 116), (70, 72, 78), (184, 104, 60))
STONES = ((170, 20, 40), (30, 60, 160), (20, 120, 70), (130, 70, 170), (230, 235, 240), (230, 170, 60), (120, 190, 210))
CATEGORIES = ("rings", "necklaces", "earrings", "bracelets", "pendants", "brooches", "anklets", "watches")
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Sketch:
    """One piece in one photo."""

    category: str
    design: int
    """Seed of the shape."""
    metal: int
    stone: int
    photo: int
    """Seed of ground, place, turn and light."""


def draw(sketch: Sketch) -> Image.Image:
    """The photo, RGB, `SIDE` pixels square; the same sketch gives the same pixels."""
    view = np.random.default_rng([sketch.photo, 1])
    ground = _ground(view)
    layer = Image.new("RGBA", (SIDE * SCALE, SIDE * SCALE))
    pen = _Pen(ImageDraw.Draw(layer), METALS[sketch.metal], STONES[sketch.stone], float(view.uniform(-0.6, 0.6)))
    _SHAPES[sketch.category](pen, np.random.default_rng([sketch.design, 2]))
    zoom, turn = float(view.uniform(0.85, 1.1)), float(view.normal(0, 6))
    side = round(SIDE * zoom)
    piece = layer.rotate(turn, Image.Resampling.BILINEAR).resize((side, side), Image.Resampling.BOX)
    place = tuple(int(x) for x in (SIDE - side) // 2 + view.integers(-6, 7, 2))
    shadow = Image.new("RGBA", piece.size, (30, 26, 24, 255))
    ground.paste(shadow, (place[0] + 2, place[1] + 3), piece.getchannel("A").point(lambda a: a // 4))
    ground.paste(piece, place, piece)
    noise = view.normal(0, float(view.uniform(0.5, 2.5)), (SIDE, SIDE, 1))
    return Image.fromarray(np.clip(np.asarray(ground, np.float32) + noise, 0, 255).astype(np.uint8))


def _ground(view: np.random.Generator) -> Image.Image:
    light = view.uniform(0.25, 1.0) if view.random() < 0.4 else 1.0
    corners = np.clip(light * (235 + view.normal(0, 12, (2, 2, 3))), 0, 255).astype(np.uint8)
    return Image.fromarray(corners).resize((SIDE, SIDE), Image.Resampling.BILINEAR)


class _Pen:
    """Draws in units of half the picture, the origin in the middle."""

    def __init__(self, canvas: ImageDraw.ImageDraw, metal: Colour, stone: Colour, light: float) -> None:
        self.canvas, self.metal, self.stone, self.light = canvas, metal, stone, light

    def _at(self, x: float, y: float) -> tuple[float, float]:
        half = SIDE * SCALE / 2
        return half + x * half, half + y * half

    def _shade(self, colour: Colour, amount: float) -> Colour:
        red, green, blue = (max(0, min(255, round(c * (1 + amount)))) for c in colour)
        return red, green, blue

    def wire(self, points: np.ndarray, width: float) -> None:
        """A bent wire, lit from one side: [n, 2]."""
        for (x, y), (u, v) in pairwise(points):
            lit = 0.45 * float(np.sin(np.arctan2(v - y, u - x) + 2.2 + self.light))
            self.canvas.line(
                [self._at(x, y), self._at(u, v)], self._shade(self.metal, lit), max(1, round(width * SIDE))
            )

    def ball(self, x: float, y: float, radius: float, colour: Colour | None = None) -> None:
        """A bead with its highlight."""
        colour = colour or self.metal
        for shrink, amount in ((1.0, -0.3), (0.8, 0.0), (0.4, 0.35)):
            r = radius * shrink
            a, b = x - 0.25 * (1 - shrink) * radius, y - 0.3 * (1 - shrink) * radius
            self.canvas.ellipse([self._at(a - r, b - r), self._at(a + r, b + r)], self._shade(colour, amount))

    def gem(self, x: float, y: float, radius: float, sides: int, turn: float) -> None:
        """A faceted stone in a rim."""
        angles = turn + np.arange(sides + 1) * 2 * np.pi / sides
        rim = np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)
        table = np.array([x, y]) + 0.5 * (rim - (x, y))
        self.canvas.polygon([self._at(*p) for p in (rim - (x, y)) * 1.18 + (x, y)], self._shade(self.metal, 0.1))
        for k in range(sides):
            amount = 0.5 * float(np.sin(angles[k] * 1.7 + self.light + k))
            facet = [rim[k], rim[k + 1], table[k + 1], table[k]]
            self.canvas.polygon([self._at(*p) for p in facet], self._shade(self.stone, amount))
        self.canvas.polygon([self._at(*p) for p in table[:-1]], self._shade(self.stone, 0.25))


def _curve(
    width: float, height: float, top: float, start: float = 0.0, end: float = 2 * np.pi, n: int = 48
) -> np.ndarray:
    t = np.linspace(start, end, n)
    return np.stack([width * np.cos(t), top + height * np.sin(t)], axis=1)


def _ring(pen: _Pen, rng: np.random.Generator) -> None:
    wide, tall, thick = rng.uniform(0.4, 0.62), rng.uniform(0.3, 0.6), rng.uniform(0.03, 0.11)
    for k in range(int(rng.integers(1, 4))):
        pen.wire(_curve(wide, tall, 0.2 + 0.09 * k), thick)
    count = int(rng.choice([1, 1, 3, 5, 7]))
    for k in range(count):
        x = (k - (count - 1) / 2) * rng.uniform(0.13, 0.2)
        size = rng.uniform(0.08, 0.26) / (1 + 0.3 * abs(k - (count - 1) / 2)) / count**0.35
        pen.gem(
            float(x),
            float(0.2 - tall - rng.uniform(0, 0.08)),
            float(size),
            int(rng.integers(4, 10)),
            float(rng.uniform(0, 1)),
        )


def _chain(pen: _Pen, rng: np.random.Generator) -> None:
    count, size = int(rng.integers(14, 60)), rng.uniform(0.02, 0.06)
    line = _curve(rng.uniform(0.45, 0.75), rng.uniform(0.45, 0.8), rng.uniform(-0.15, 0.05), n=count)
    if rng.random() < 0.5:
        pen.wire(line, 0.012)
    every = int(rng.integers(1, 7))
    for k, (x, y) in enumerate(line):
        stone = k % every == 0 and rng.random() < 0.8
        pen.ball(x, y, float(size * rng.uniform(0.8, 1.2)), pen.stone if stone else None)
    if rng.random() < 0.5:
        x, y = line[np.argmax(line[:, 1])]
        pen.gem(x, y + 0.12, float(rng.uniform(0.07, 0.16)), int(rng.integers(3, 9)), float(rng.uniform(0, 1)))


def _earrings(pen: _Pen, rng: np.random.Generator) -> None:
    state = rng.bit_generator.state
    for side in (-0.42, 0.42):
        rng.bit_generator.state = state
        drops = int(rng.integers(1, 5))
        y = -0.6
        hook = _curve(rng.uniform(0.05, 0.2), rng.uniform(0.1, 0.3), y + 0.1) + np.array([side, 0])
        pen.wire(hook, float(rng.uniform(0.012, 0.05)))
        for _ in range(drops):
            size = float(rng.uniform(0.05, 0.17))
            y += size + 0.16
            if rng.random() < 0.6:
                pen.gem(side, y, size, int(rng.integers(3, 10)), float(rng.uniform(0, 1)))
            else:
                pen.ball(side, y, size * 0.8)


def _flower(pen: _Pen, rng: np.random.Generator) -> None:
    rings = int(rng.integers(1, 4))
    for ring in range(rings, 0, -1):
        count, away = int(rng.integers(4, 13)), 0.22 * ring + rng.uniform(0, 0.08)
        turn, size, kind = rng.uniform(0, 1), rng.uniform(0.06, 0.16), rng.random()
        for angle in turn + np.arange(count) * 2 * np.pi / count:
            x, y = away * np.cos(angle), away * np.sin(angle)
            pen.wire(np.array([[0, 0], [x, y]]), 0.02)
            pen.gem(x, y, float(size), int(3 + 6 * kind), float(angle)) if kind < 0.6 else pen.ball(x, y, float(size))
    pen.gem(0, 0, float(rng.uniform(0.08, 0.2)), int(rng.integers(5, 10)), 0.3)


def _watch(pen: _Pen, rng: np.random.Generator) -> None:
    strap = rng.uniform(0.12, 0.24)
    for x in np.linspace(-strap, strap, int(rng.integers(3, 8))):
        pen.wire(np.array([[x, -0.95], [x, 0.95]]), float(rng.uniform(0.03, 0.07)))
    radius = float(rng.uniform(0.3, 0.46))
    pen.ball(0, 0, radius)
    pen.gem(0, 0, radius * 0.82, int(rng.choice([4, 6, 8, 24])), float(rng.uniform(0, 1)))
    marks = int(rng.choice([4, 6, 12]))
    for angle in np.arange(marks) * 2 * np.pi / marks:
        pen.ball(0.62 * radius * np.cos(angle), 0.62 * radius * np.sin(angle), float(rng.uniform(0.02, 0.035)))
    for angle in rng.uniform(0, 2 * np.pi, 2):
        pen.wire(np.array([[0, 0], [0.5 * radius * np.cos(angle), 0.5 * radius * np.sin(angle)]]), 0.02)


def _pendant(pen: _Pen, rng: np.random.Generator) -> None:
    pen.wire(np.array([[-0.6, -0.95], [0, -0.1], [0.6, -0.95]]), float(rng.uniform(0.012, 0.04)))
    state = rng.uniform(0.12, 0.3)
    pen.gem(0, 0.15, float(state), int(rng.integers(3, 10)), float(rng.uniform(0, 1)))
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(1, 16)))[:-1] + rng.uniform(0, 1):
        pen.ball(1.45 * state * np.cos(angle), 0.15 + 1.45 * state * np.sin(angle), float(rng.uniform(0.025, 0.06)))


_SHAPES: dict[str, Callable[[_Pen, np.random.Generator], None]] = {
    "rings": _ring,
    "necklaces": _chain,
    "earrings": _earrings,
    "bracelets": _chain,
    "pendants": _pendant,
    "brooches": _flower,
    "anklets": _chain,
    "watches": _watch,
}
