"""Anklets lie flat, seen from above: a loose fine chain, its clasp, and the tail that lengthens it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, Array, aim, between, circle, resample, vector
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.shapes.chains import chain, charm, clasp
from indexer.sample_catalog.solids import STONE, Bench

UP = np.array([0.0, 1.0, 0.0])
FRONT = np.array([0.0, 0.0, 1.0])


def lying(design: Design) -> Array:
    """An anklet's line on the table: an uneven wide loop that ends in a tail with the clasp, [220, 3]."""
    angle = np.linspace(np.pi * 0.62, np.pi * 0.62 + TAU * 0.97, 200)
    wobble = 1 + between(design.curve, 0.02, 0.10) * np.sin(3 * angle + 6 * design.detail)
    x, y = 0.95 * np.cos(angle) * wobble, between(design.detail, 0.52, 0.70) * np.sin(angle) * wobble
    return np.stack([x, y, 0.015 * np.sin(5 * angle)], axis=1)


def tail(bench: Bench, design: Design, curve: Array, half: float) -> None:
    """The clasp at one end and the extension chain with its last bead at the other."""
    clasp(bench, curve[-1] + vector(0.02, 0.03, 0.01), 0.055)
    t = np.linspace(0, 1, 24)
    bend = between(design.spread, -0.16, 0.16)
    line = curve[0] + np.stack([-0.05 + 0.40 * t, 0.10 * t + bend * t * t + 0.16 * t, 0 * t], axis=1)
    chain(bench, line, "cable", max(half * 1.1, 0.026))
    bench.beads(line[-1][None], 0.042)


def charms(bench: Bench, design: Design, size: float) -> None:
    """Small charms along the lower side of a fine chain."""
    curve, half = lying(design), between(design.width, 0.020, 0.036)
    chain(bench, curve, design.chain, half)
    tail(bench, design, curve, half)
    radius = between(design.stone_size, 0.075, 0.12) * size**0.5 * (1.1 if design.count < 6 else 0.85)
    spots = resample(curve[55:172], design.count)
    for index, spot in enumerate(spots):
        way = spot * [0.55, 1, 0] / np.linalg.norm(spot * [0.55, 1, 0])
        turn = aim(FRONT, -way)[0]
        bench.tube(circle(0.028, 30) + spot + way * 0.04, 0.009)
        if index % 2 and bench.stone != "none":
            bench.gems("round", spot + way * (0.07 + radius * 0.6), radius * 0.6, FRONT, -way, setting="bezel")
        else:
            charm(bench, design.motif, spot + way * (0.06 + radius), radius, turn)


def beads(bench: Bench, design: Design, size: float) -> None:
    """Beads along a fine chain, spaced or in groups."""
    curve, half = lying(design), between(design.width, 0.016, 0.028)
    chain(bench, curve, design.chain, half)
    tail(bench, design, curve, half)
    radius = between(design.stone_size, 0.032, 0.062) * (0.7 + 0.3 * size)
    if design.length < 0.4:
        spots = resample(curve[8:-8], design.count)
    else:
        anchors = resample(curve[20:-20], max(3, design.count // 3)).repeat(3, axis=0)
        along = np.gradient(curve, axis=0)[np.linspace(20, len(curve) - 21, len(anchors)).astype(int)]
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        spots = anchors + along * (np.tile([-1, 0, 1], len(anchors) // 3) * radius * 1.9)[:, None]
    bench.beads(spots + vector(0, 0, 0.01), radius, STONE)
    if design.stone_size > 0.5:
        bench.beads(spots + vector(radius * 1.1, radius * 0.3, 0), radius * 0.5)


def single(bench: Bench, design: Design, size: float) -> None:
    """A fine chain with one motif at its lowest place, lying in the line or hanging from it."""
    curve, half = lying(design), between(design.width, 0.020, 0.040)
    chain(bench, curve, design.chain, half)
    tail(bench, design, curve, half)
    radius = between(design.length, 0.13, 0.22) * size**0.5
    low = curve[int(np.argmin(curve[:, 1]))]
    hanging = design.curve > 0.5
    centre = low - vector(0, radius + 0.05 if hanging else 0, -0.03)
    if hanging:
        bench.tube(circle(0.035, 30) + low - vector(0, 0.03, 0), 0.011)
    charm(bench, design.motif, centre, radius)
    if bench.stone != "none":
        own = between(design.stone_size, 0.05, 0.085) * size
        for way in (-1, 1):
            bench.gems("round", low + vector(way * (radius * 1.2 + own * 2), 0.03, 0.02), own, setting="bezel")


def double(bench: Bench, design: Design, size: float) -> None:
    """Two chains, the outer one with stones."""
    curve, half = lying(design), between(design.width, 0.018, 0.030)
    chain(bench, curve, design.chain, half)
    apart = np.sin(np.linspace(0, np.pi, len(curve)))[:, None] ** 0.7
    inner = curve * (1 - apart * [0.07, between(design.length, 0.24, 0.42), 0]) + apart * [0, 0.04, 0.012]
    chain(bench, inner, "cable" if design.chain != "cable" else "ball", half * 0.85)
    tail(bench, design, curve, half)
    spots = resample(curve[30:-30], design.count)
    bench.gems("round", spots + vector(0, 0, 0.02), between(design.stone_size, 0.035, 0.06) * size, setting="bezel")


def drops(bench: Bench, design: Design, size: float) -> None:
    """Small stones that hang from a fine chain."""
    curve, half = lying(design), between(design.width, 0.018, 0.032)
    chain(bench, curve, design.chain, half)
    tail(bench, design, curve, half)
    spots = resample(curve[50:176], design.count)
    radius = between(design.stone_size, 0.045, 0.075) * size
    for index, spot in enumerate(spots):
        way = spot * [0.55, 1, 0] / np.linalg.norm(spot * [0.55, 1, 0])
        hang = between(design.length, 0.03, 0.12) * (1 if index % 2 else 0.5)
        end = spot + way * hang
        bench.tube(np.array([spot, (spot + end) / 2, end]), 0.009)
        bench.gems(design.cut, end + way * radius * 1.05, radius, FRONT, -way, setting="bezel")


FAMILIES: dict[str, Callable[[Bench, Design, float], None]] = {
    "charms": charms,
    "beads": beads,
    "single": single,
    "double": double,
    "drops": drops,
}
