"""Bracelets stand as an oval on the table (their axis is y); anklets lie as a loose loop with a tail."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, Array, aim, between, circle, frames, resample
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.shapes.chains import chain, charm, clasp, jump_ring
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
        bench.gems("round", spots[small] + out[small] * 0.04, radius * 0.7, out[small], UP, setting="beads", material=ACCENT)
    rails = between(design.width, 0.55, 1.0) * radius
    for side in (-1, 1):
        bench.tube(curve + [0, side * rails, 0], between(design.detail, 0.02, 0.035), up=UP)


def bangle(bench: Bench, design: Design, size: float) -> None:
    """One to three rigid hoops, flat or round, with a stone-set front or none."""
    half = between(design.width, 0.05, 0.17) / design.count**0.7
    for index in range(design.count):
        y = (index - (design.count - 1) / 2) * half * 2.6
        curve = oval(design) + [0, y, 0]
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
        bench.gems(design.cut, curve[front] + [0, 0, 0.06], radius, FRONT, UP, setting="bezel")
        if design.length > 0.5:
            for way in (-1, 1):
                spot = curve[front + way * 16]
                bench.gems("round", spot + outward(spot[None])[0] * 0.05, radius * 0.5, outward(spot[None]), UP, setting="bezel")
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
        bench.tube(circle(0.17, 60) + front + [0.1, 0, 0.05], 0.035)
        bench.tube(np.array([[0, -0.25, 0], [0, 0, 0], [0, 0.25, 0]]) + front + [0.1, 0, 0.1], 0.035, caps=True)
    elif design.spread < 0.2:
        bench.tube(curve[70:111], half * 0.9, 0.04, up=UP, profile="flat")


def beads(bench: Bench, design: Design, size: float) -> None:
    """Stone beads on elastic, with metal beads between them or a metal focus bead."""
    spots = resample(oval(design), design.count + 1)[:-1]
    radius = 5.2 / design.count * 0.49 * (0.9 + 0.1 * size)
    metal = np.arange(design.count) % max(2, 3 + int(design.spread * 6)) == 0 if design.width > 0.35 else np.arange(design.count) < 0
    bench.beads(spots[~metal], radius, STONE)
    if metal.any():
        bench.beads(spots[metal], radius * between(design.detail, 0.6, 1.05))
    bench.tube(oval(design), 0.02, up=UP)
    if design.length > 0.5:
        charm(bench, ("heart", "star", "disc", "clover")[int(design.stone_size * 3.99)], np.array([0, -radius - 0.2, 0.88]), 0.15)
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
        turn = aim(way * 0.8 + [0, 0, 0.35], UP)[0]
        drop = spot + way * 0.05 - UP * (radius * 1.15 + links_half)
        jump_ring(bench, spot - UP * links_half * 1.2 + way * 0.03, 0.045)
        if index % 2 and bench.stone != "none":
            bench.gems("round", drop + UP * radius * 0.3, radius * 0.62, turn[:, 2], UP, setting="bezel")
        else:
            charm(bench, design.motif, drop, radius, turn)


def lying(design: Design) -> Array:
    """An anklet's line on the table: an uneven wide loop that ends in a tail with the clasp, [220, 3]."""
    angle = np.linspace(np.pi * 0.62, np.pi * 0.62 + TAU * 0.97, 200)
    wobble = 1 + between(design.curve, 0.02, 0.10) * np.sin(3 * angle + 6 * design.detail)
    x, y = 0.95 * np.cos(angle) * wobble, between(design.detail, 0.52, 0.70) * np.sin(angle) * wobble
    start = np.stack([x, y, 0.015 * np.sin(5 * angle)], axis=1)
    return start


def tail(bench: Bench, design: Design, curve: Array, half: float) -> None:
    """The clasp at one end and the extension chain with its last bead at the other."""
    clasp(bench, curve[-1] + [0.02, 0.03, 0.01], 0.055)
    t = np.linspace(0, 1, 24)
    bend = between(design.spread, -0.16, 0.16)
    line = curve[0] + np.stack([-0.05 + 0.40 * t, 0.10 * t + bend * t * t + 0.16 * t, 0 * t], axis=1)
    chain(bench, line, "cable", max(half * 1.1, 0.026))
    bench.beads(line[-1][None], 0.042)


def anklet_charms(bench: Bench, design: Design, size: float) -> None:
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


def anklet_beads(bench: Bench, design: Design, size: float) -> None:
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
    bench.beads(spots + [0, 0, 0.01], radius, STONE)
    if design.stone_size > 0.5:
        bench.beads(spots + [radius * 1.1, radius * 0.3, 0], radius * 0.5)


def anklet_single(bench: Bench, design: Design, size: float) -> None:
    """A fine chain with one motif at its lowest place, lying in the line or hanging from it."""
    curve, half = lying(design), between(design.width, 0.020, 0.040)
    chain(bench, curve, design.chain, half)
    tail(bench, design, curve, half)
    radius = between(design.length, 0.13, 0.22) * size**0.5
    low = curve[int(np.argmin(curve[:, 1]))]
    hanging = design.curve > 0.5
    centre = low - [0, radius + 0.05 if hanging else 0, -0.03]
    if hanging:
        bench.tube(circle(0.035, 30) + low - [0, 0.03, 0], 0.011)
    charm(bench, design.motif, centre, radius)
    if bench.stone != "none":
        own = between(design.stone_size, 0.05, 0.085) * size
        for way in (-1, 1):
            bench.gems("round", low + [way * (radius * 1.2 + own * 2), 0.03, 0.02], own, setting="bezel")


def anklet_double(bench: Bench, design: Design, size: float) -> None:
    """Two chains, the outer one with stones."""
    curve, half = lying(design), between(design.width, 0.018, 0.030)
    chain(bench, curve, design.chain, half)
    apart = np.sin(np.linspace(0, np.pi, len(curve)))[:, None] ** 0.7
    inner = curve * (1 - apart * [0.07, between(design.length, 0.24, 0.42), 0]) + apart * [0, 0.04, 0.012]
    chain(bench, inner, "cable" if design.chain != "cable" else "ball", half * 0.85)
    tail(bench, design, curve, half)
    spots = resample(curve[30:-30], design.count)
    bench.gems("round", spots + [0, 0, 0.02], between(design.stone_size, 0.035, 0.06) * size, setting="bezel")


def anklet_drops(bench: Bench, design: Design, size: float) -> None:
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


BRACELETS: dict[str, Callable[[Bench, Design, float], None]] = {
    "tennis": tennis,
    "bangle": bangle,
    "cuff": cuff,
    "links": links,
    "beads": beads,
    "twist": twist,
    "charms": charms,
}
ANKLETS: dict[str, Callable[[Bench, Design, float], None]] = {
    "charms": anklet_charms,
    "beads": anklet_beads,
    "single": anklet_single,
    "double": anklet_double,
    "drops": anklet_drops,
}
