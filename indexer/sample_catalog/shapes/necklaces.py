"""Necklaces lie open, seen from the front: an egg-shaped loop with its clasp at the top."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, Array, between, circle, frames, resample, vector
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.shapes.chains import chain, clasp, jump_ring
from indexer.sample_catalog.solids import ACCENT, STONE, Bench

FRONT = (0.0, 0.0, 1.0)


def loop(design: Design, gap: float = 0.02) -> Array:
    """The necklace's line, [200, 3], from one side of the clasp round the bottom to the other."""
    angle = np.linspace(np.pi / 2 + gap, np.pi / 2 + TAU - gap, 200)
    wide = between(design.curve, 0.62, 0.86)
    pointed = between(design.detail, 0.0, 0.22)
    x = wide * np.cos(angle) * (1 + 0.20 * np.sin(angle)) * (1 - pointed * np.maximum(-np.sin(angle), 0) ** 2)
    y = np.sin(angle) * 0.98
    return np.stack([x, y, 0.02 * np.cos(3 * angle)], axis=1)


def strand(bench: Bench, design: Design, size: float) -> None:
    """Beads next to beads, even or growing towards the middle, in one row or two."""
    rows = 2 if design.spread > 0.72 else 1
    for row in range(rows):
        curve = loop(design) * (1 - 0.16 * row) + vector(0, -0.0 if row == 0 else 0.10, 0.01 * row)
        count = design.count - 6 * row
        spots = resample(curve, count)
        even = np.pi * 1.5 / count * 0.62 * (0.8 + 0.2 * size)
        if design.length > 0.5:
            growth = 1 + 0.75 * np.sin(np.linspace(0, np.pi, count)) ** 2
            place = np.concatenate([[0], np.cumsum(growth[:-1] + growth[1:])])
            spots = np.stack([np.interp(place / place[-1], np.linspace(0, 1, 200), curve[:, k]) for k in range(3)], 1)
            groups = np.round(growth * 6) / 6
            scale = np.pi * 1.62 / growth.sum() * 0.53 * (0.8 + 0.2 * size)
            for level in np.unique(groups):
                bench.beads(spots[groups == level], float(level) * scale, STONE)
        else:
            bench.beads(spots, even, STONE)
            if design.width > 0.6:
                bench.beads((spots[1:] + spots[:-1]) / 2 + vector(0, 0, 0.01), even * 0.42)
    clasp(bench, np.array([0, 1.0, 0]), 0.045)


def station(bench: Bench, design: Design, size: float) -> None:
    """A fine chain with bezel-set stones at even distances."""
    curve = loop(design)
    chain(bench, curve, design.chain, between(design.width, 0.018, 0.032))
    spots = resample(curve[20:-20] if design.spread < 0.6 else curve[55:-55], design.count)
    radius = between(design.stone_size, 0.045, 0.085) * size
    along = frames(spots, np.broadcast_to(FRONT, spots.shape))[:, :, 0]
    bench.gems(design.cut, spots + vector(0, 0, 0.02), radius, FRONT, along, setting="bezel")
    clasp(bench, np.array([0, 1.0, 0]), 0.05)


def riviera(bench: Bench, design: Design, size: float) -> None:
    """A line of set stones all the way, even or growing towards the middle."""
    curve = loop(design)
    count = design.count
    growth = 1 + (0.9 if design.spread > 0.5 else 0.0) * np.sin(np.linspace(0, np.pi, count)) ** 3
    place = np.concatenate([[0], np.cumsum(growth[:-1] + growth[1:])])
    spots = np.stack([np.interp(place / place[-1], np.linspace(0, 1, 200), curve[:, k]) for k in range(3)], axis=1)
    along = frames(spots, np.broadcast_to(FRONT, spots.shape))[:, :, 1]
    radius = np.pi * 1.62 / growth.sum() * 0.56 * size**0.3
    groups = np.round(growth * 5) / 5
    for level in np.unique(groups):
        chosen = groups == level
        bench.gems(design.cut, spots[chosen], float(level) * radius, FRONT, along[chosen], setting="beads")
    bench.tube(curve - vector(0, 0, 0.03), radius * 0.4)
    clasp(bench, np.array([0, 1.0, 0]), 0.05)


def bib(bench: Bench, design: Design, size: float) -> None:
    """A fringe of stones that hang from the chain, longest in the middle."""
    curve = loop(design)
    chain(bench, curve, design.chain, between(design.width, 0.022, 0.036))
    reach = 38 + int(design.spread * 14)
    spots = resample(curve[100 - reach // 2 - 14 : 100 + reach // 2 + 14], design.count)
    middle = np.cos(np.linspace(-1.2, 1.2, design.count))
    radius = between(design.stone_size, 0.055, 0.085) * size
    away = spots / np.linalg.norm(spots, axis=1, keepdims=True) * [0.6, 1, 0]
    for spot, drop, way in zip(spots, middle, away, strict=True):
        hang = between(design.length, 0.02, 0.22) * drop + radius * 1.3
        end = spot + way * hang
        bench.tube(np.array([spot, (spot + end) / 2, end]), 0.011)
        own = radius * (0.65 + 0.5 * drop)
        bench.gems(design.cut, end + way * own * 0.6, own, FRONT, -way, setting="bezel")
    clasp(bench, np.array([0, 1.0, 0]), 0.05)


def collar(bench: Bench, design: Design, size: float) -> None:
    """A rigid collar, open at the back, thicker in front, with or without stones."""
    opening = between(design.length, 0.12, 0.5)
    angle = np.linspace(np.pi / 2 + opening, np.pi / 2 + TAU - opening, 180)
    curve = np.stack([0.88 * np.cos(angle), 0.92 * np.sin(angle), 0.16 * np.sin(angle)], axis=1)
    swell = 0.55 + between(design.spread, 0.2, 0.9) * np.sin(np.linspace(0, np.pi, 180)) ** 2
    half = between(design.width, 0.035, 0.085)
    bench.tube(curve, half * swell * 0.7, half * swell, profile=design.profile, caps=True)
    if bench.stone != "none":
        spots = resample(curve[90 - 9 * design.count : 90 + 9 * design.count + 1], design.count + 2)[1:-1]
        radius = between(design.stone_size, 0.08, 0.13) * size / design.count**0.25
        bench.gems(design.cut, spots + vector(0, 0, half), radius, (0, -0.1, 1), -spots * [1, 1, 0], setting="bezel")


def lariat(bench: Bench, design: Design, size: float) -> None:
    """A Y of chain: a loop, a knot of metal or stone, and a tail with stones."""
    angle = np.linspace(np.pi / 2, np.pi / 2 + TAU, 160)
    wide = between(design.curve, 0.46, 0.60)
    curve = np.stack(
        [wide * np.cos(angle) * (1 + 0.45 * np.sin(angle)), 0.32 + 0.64 * np.sin(angle), 0 * angle], axis=1
    )
    links = between(design.width, 0.018, 0.030)
    chain(bench, curve, design.chain, links)
    tail = between(design.length, 0.35, 0.6)
    chain(bench, np.array([[0, -0.34, 0], [0, -0.34 - tail / 2, 0], [0, -0.34 - tail, 0]]), design.chain, links)
    radius = between(design.stone_size, 0.06, 0.10) * size
    bench.gems("round", np.array([0, -0.34, 0.03]), radius * 0.9, setting="bezel", material=ACCENT)
    for index in range(design.count):
        y = -0.36 - tail * (index + 1) / design.count
        own = radius * (0.6 + 0.6 * (index + 1) / design.count)
        bench.gems(design.cut, np.array([0, y - own * 0.4, 0.02]), own, FRONT, setting="bezel")


def links(bench: Bench, design: Design, size: float) -> None:
    """A heavy chain and nothing else, sometimes with a bar or a ring at the front."""
    curve = loop(design)
    half = between(design.width, 0.045, 0.105) * size**0.5
    chain(bench, curve, design.chain, half * (0.8 if design.chain == "rope" else 1.0))
    clasp(bench, np.array([0, 1.0, 0]), 0.07)
    if design.spread > 0.66:
        jump_ring(bench, curve[100] + vector(0, -0.05, 0.04), 0.12, 0.03, upright=False)
    elif design.spread < 0.2:
        bench.tube(circle(0.1, 50) + curve[100] + vector(0, 0, 0.05), 0.022)
        bench.tube(
            np.array([[-0.22, 0, 0], [0, 0, 0], [0.22, 0, 0]]) + curve[100] + vector(0, -0.04, 0.08), 0.028, caps=True
        )


FAMILIES: dict[str, Callable[[Bench, Design, float], None]] = {
    "strand": strand,
    "station": station,
    "riviera": riviera,
    "bib": bib,
    "collar": collar,
    "lariat": lariat,
    "links": links,
}
