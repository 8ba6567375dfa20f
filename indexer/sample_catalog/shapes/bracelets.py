"""Bracelets stand as an oval on the table: their axis is y."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, Array, aim, between, circle, frames, resample, vector
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.shapes.chains import chain, charm, jump_ring
from indexer.sample_catalog.solids import ACCENT, STONE, Bench

UP = np.array([0.0, 1.0, 0.0])
FRONT = np.array([0.0, 0.0, 1.0])


def oval(design: Design, count: int = 180) -> Array:
    """The wrist: an ellipse in the x-z plane, starting and ending at the back."""
    angle = np.linspace(-np.pi / 2, TAU - np.pi / 2, count)
    return np.stack([0.92 * np.cos(angle), 0 * angle, between(design.curve, 0.68, 0.92) * np.sin(angle)], axis=1)


def outward(spots: Array) -> Array:
    """The direction away from the wrist at each place."""
    flat = spots * [1, 0, 1.3]
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True))


def tennis(bench: Bench, design: Design, size: float) -> None:
    """Stones all round in a flexible row, even or with every other one smaller."""
    curve = oval(design)
    spots = resample(curve, design.count + 1)[:-1]
    radius = 5.4 / design.count * 0.5 * (0.88 + 0.12 * size)
    out = outward(spots)
    small = np.arange(design.count) % 2 == 1 if design.spread > 0.6 else np.zeros(design.count, dtype=bool)
    bench.gems(design.cut, spots[~small] + out[~small] * 0.04, radius, out[~small], UP, setting="beads")
    if small.any():
        bench.gems(
            "round", spots[small] + out[small] * 0.04, radius * 0.7, out[small], UP, setting="beads", material=ACCENT
        )
    rails = between(design.width, 0.55, 1.0) * radius
    for side in (-1, 1):
        bench.tube(curve + vector(0, side * rails, 0), between(design.detail, 0.02, 0.035), up=UP)


def bangle(bench: Bench, design: Design, size: float) -> None:
    """One to three rigid hoops, flat or round, with a stone-set front or none."""
    half = between(design.width, 0.05, 0.17) / design.count**0.7
    for index in range(design.count):
        y = (index - (design.count - 1) / 2) * half * 2.6
        curve = oval(design) + vector(0, y, 0)
        curve[:, 1] += 0.06 * np.sin(np.linspace(0, TAU, 180) + 2.1 * index) * (design.count > 1)
        bench.tube(curve, half, between(design.detail, 0.035, 0.07), up=UP, profile=design.profile)
    if bench.stone != "none":
        count = 5 + 2 * int(design.length * 6)
        spots = resample(oval(design)[62:119], count)
        out = outward(spots)
        radius = min(0.10, half * 1.05) * (0.8 + 0.2 * size) if design.spread < 0.7 else 0.11 * size
        bench.gems("round", spots + out * 0.06, radius, out, UP, setting="beads")


def cuff(bench: Bench, design: Design, size: float) -> None:
    """A wide open band, its ends rounded, with a stone or a cut-out pattern in front."""
    curve = oval(design)[22:-22]
    flare = 1 + between(design.spread, -0.45, 0.55) * np.sin(np.linspace(0, np.pi, len(curve))) ** 2
    half = between(design.width, 0.12, 0.30)
    bench.tube(curve, half * flare, 0.035, up=UP, profile=design.profile)
    for side in (-1, 1):
        edge = curve + UP * (side * half * flare)[:, None]
        bench.tube(edge, 0.03, up=UP)
    front = len(curve) // 2
    if bench.stone != "none":
        radius = between(design.stone_size, 0.14, 0.24) * size
        bench.gems(design.cut, curve[front] + vector(0, 0, 0.06), radius, FRONT, UP, setting="bezel")
        if design.length > 0.5:
            for way in (-1, 1):
                spot = curve[front + way * 16]
                bench.gems(
                    "round",
                    spot + outward(spot[None])[0] * 0.05,
                    radius * 0.5,
                    outward(spot[None]),
                    UP,
                    setting="bezel",
                )
    elif design.length > 0.3:
        lines = 1 + int(design.length * 3.9)
        for line in np.linspace(-0.55, 0.55, lines):
            ridge = curve + UP * (line * half * flare)[:, None] + outward(curve) * 0.03
            bench.tube(ridge, 0.022, up=UP)


def links(bench: Bench, design: Design, size: float) -> None:
    """A heavy chain with a visible clasp, bar or toggle."""
    half = between(design.width, 0.085, 0.17) * size**0.4
    curve = oval(design)
    chain(bench, curve, design.chain, half, UP)
    front = curve[90]
    if design.spread > 0.5:
        bench.tube(circle(0.17, 60) + front + vector(0.1, 0, 0.05), 0.035)
        bench.tube(np.array([[0, -0.25, 0], [0, 0, 0], [0, 0.25, 0]]) + front + vector(0.1, 0, 0.1), 0.035, caps=True)
    elif design.spread < 0.2:
        bench.tube(curve[70:111], half * 0.9, 0.04, up=UP, profile="flat")


def beads(bench: Bench, design: Design, size: float) -> None:
    """Stone beads on elastic, with metal beads between them or a metal focus bead."""
    spots = resample(oval(design), design.count + 1)[:-1]
    radius = 5.2 / design.count * 0.49 * (0.9 + 0.1 * size)
    metal = (
        np.arange(design.count) % max(2, 3 + int(design.spread * 6)) == 0
        if design.width > 0.35
        else np.arange(design.count) < 0
    )
    bench.beads(spots[~metal], radius, STONE)
    if metal.any():
        bench.beads(spots[metal], radius * between(design.detail, 0.6, 1.05))
    bench.tube(oval(design), 0.02, up=UP)
    if design.length > 0.5:
        charm(
            bench,
            ("heart", "star", "disc", "clover")[int(design.stone_size * 3.99)],
            np.array([0, -radius - 0.2, 0.88]),
            0.15,
        )
        jump_ring(bench, np.array([0, -radius * 0.9, 0.88]), 0.05)


def twist(bench: Bench, design: Design, size: float) -> None:
    """Thick wires wound about each other into a bangle, open or closed."""
    turns = round(between(design.length, 7, 17))
    wire = between(design.width, 0.05, 0.10) * size**0.4
    curve = oval(design, 360)[16:-16] if design.spread > 0.6 else oval(design, 360)
    turned = frames(curve, np.broadcast_to(UP, curve.shape))
    for strand in range(design.count):
        angle = np.linspace(0, TAU * turns, len(curve)) + TAU * strand / design.count
        wound = curve + wire * (np.cos(angle)[:, None] * turned[:, :, 1] + np.sin(angle)[:, None] * turned[:, :, 2])
        bench.tube(wound, wire * 0.85, up=UP, profile=design.profile)
    if design.spread > 0.6:
        bench.beads(curve[[0, -1]], wire * 2.1)


def charms(bench: Bench, design: Design, size: float) -> None:
    """A chain with charms that hang outside it, stones between them."""
    curve = oval(design)
    links_half = between(design.width, 0.055, 0.085)
    chain(bench, curve, design.chain, links_half, UP)
    spots = resample(curve[40:141], design.count)
    radius = between(design.stone_size, 0.13, 0.19) * size**0.5
    for index, spot in enumerate(spots):
        way = outward(spot[None])[0]
        turn = aim(way * 0.8 + vector(0, 0, 0.35), UP)[0]
        drop = spot + way * 0.05 - UP * (radius * 1.15 + links_half)
        jump_ring(bench, spot - UP * links_half * 1.2 + way * 0.03, 0.045)
        if index % 2 and bench.stone != "none":
            bench.gems("round", drop + UP * radius * 0.3, radius * 0.62, turn[:, 2], UP, setting="bezel")
        else:
            charm(bench, design.motif, drop, radius, turn)


FAMILIES: dict[str, Callable[[Bench, Design, float], None]] = {
    "tennis": tennis,
    "bangle": bangle,
    "cuff": cuff,
    "links": links,
    "beads": beads,
    "twist": twist,
    "charms": charms,
}
