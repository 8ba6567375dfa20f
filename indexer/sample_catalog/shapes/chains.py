"""Chains and things that hang from them: seven link patterns laid along any curve, charms, clasps."""

from __future__ import annotations

import numpy as np

from indexer.sample_catalog.curves import TAU, Array, circle, frames, length, resample, spin, vector
from indexer.sample_catalog.solids import METAL, Bench

UP = np.array([0.0, 0.0, 1.0])


def link_shape(long: float, wide: float, power: float = 2.6) -> Array:
    """The centre line of one link, [40, 3], lying in the x-y plane."""
    angle = np.linspace(0, TAU, 41)
    c, s = np.cos(angle), np.sin(angle)
    reach = (np.abs(c) ** power + np.abs(s) ** power) ** (-1 / power)
    return np.stack([long * reach * c, wide * reach * s, np.zeros(41)], axis=1)


def chain(bench: Bench, curve: Array, pattern: str, size: float, up: Array = UP) -> None:
    """Lays a chain of one pattern along a curve; ``size`` is half the width of a link."""
    if pattern == "rope":
        rope(bench, curve, size * 0.62, up)
    elif pattern == "ball":
        count = max(4, int(length(curve) / (size * 1.55)))
        bench.beads(resample(curve, count), size * 0.62)
    elif pattern == "snake":
        count = max(8, int(length(curve) / (size * 0.5)))
        spine = resample(curve, count)
        bench.tube(spine, size * 0.55 * (1 + 0.14 * (np.arange(count) % 2)), up=up)
    else:
        linked(bench, curve, pattern, size, up)


def rope(bench: Bench, curve: Array, size: float, up: Array, strands: int = 2) -> None:
    """Strands wound about each other."""
    turns = length(curve) / (size * 5.5)
    count = int(turns * 12) + 8
    spine = resample(curve, count)
    turned = frames(spine, np.broadcast_to(up, spine.shape))
    for strand in range(strands):
        angle = np.linspace(0, TAU * turns, count) + TAU * strand / strands
        wound = spine + size * 0.62 * (
            np.cos(angle)[:, None] * turned[:, :, 1] + np.sin(angle)[:, None] * turned[:, :, 2]
        )
        bench.tube(wound, size * 0.66, up=up)


def linked(bench: Bench, curve: Array, pattern: str, size: float, up: Array) -> None:
    """Closed links, each through the next."""
    wire = {"cable": 0.24, "curb": 0.30, "figaro": 0.28, "box": 0.30}[pattern] * size
    long = {"cable": 1.45, "curb": 1.35, "figaro": 1.15, "box": 1.0}[pattern] * size
    place = np.arange(max(4, int(length(curve) / (2 * (long - wire)))))
    longer = np.where((place % 4 == 3) & (pattern == "figaro"), 1.9, 1.0)
    steps = 2 * (long * longer - wire * 1.1)
    ends = np.cumsum(steps)
    keep = max(3, int(np.searchsorted(ends, length(curve))))
    place, longer, ends, steps = place[:keep], longer[:keep], ends[:keep], steps[:keep]
    spine = resample(curve, 4 * keep + 1)
    share = (ends - steps / 2) / ends[-1] * (4 * keep)
    middle = np.stack([np.interp(share, np.arange(4 * keep + 1), column) for column in spine.T], axis=1)
    turned = frames(middle, np.broadcast_to(up, middle.shape))
    shape = link_shape(long, size * 0.95, 6.0 if pattern == "box" else 2.6)
    if pattern == "curb":
        tilt = np.full(keep, 0.62)
    elif pattern == "figaro":
        tilt = np.where(longer > 1, 0.25, 0.60)
    else:
        tilt = np.where(place % 2 == 0, 0.25, 0.25 + np.pi / 2)
    c, s, o = np.cos(tilt), np.sin(tilt), np.zeros(keep)
    rolled = turned @ np.stack([o + 1, o, o, o, c, -s, o, s, c], axis=1).reshape(-1, 3, 3)
    for stretch in np.unique(longer):
        chosen = longer == stretch
        bench.tube(shape * [stretch, 1, 1], wire, turns=rolled[chosen], shifts=middle[chosen])


def jump_ring(bench: Bench, centre: Array, radius: float, wire: float | None = None, upright: bool = True) -> None:
    """A small ring that holds something; upright means seen edge-on from the front."""
    turn = spin(np.pi / 2 * 0.8, "y") if upright else np.eye(3)
    bench.tube(circle(radius, 40), wire or radius * 0.24, turns=turn[None], shifts=np.atleast_2d(centre))


def charm(
    bench: Bench, motif: str, centre: Array, radius: float, turn: Array | None = None, material: int = METAL
) -> None:
    """One flat charm around ``centre``; the moon is a tapered arc, everything else a plate."""
    turns = np.eye(3)[None] if turn is None else np.asarray(turn)[None]
    shifts = np.atleast_2d(centre)
    if motif == "moon":
        arc = circle(radius * 0.75, 60, start=0.9, sweep=4.6)
        thick = np.sin(np.linspace(0, np.pi, 60)) * radius * 0.34 + 0.01 * radius
        bench.tube(arc, radius * 0.14, thick, turns=turns, shifts=shifts, material=material)
    elif motif == "leaf":
        bench.plate("leaf", radius * 1.15, radius * 0.16, turns=turns, shifts=shifts, material=material, ribs=2)
    elif motif == "shell":
        bench.plate("shell", radius, radius * 0.34, turns=turns, shifts=shifts, material=material, ribs=11)
    else:
        bench.plate(
            motif, radius, radius * 0.2, turns=turns, shifts=shifts, material=material, dome=motif in ("heart", "drop")
        )


def clasp(bench: Bench, centre: Array, size: float) -> None:
    """A spring ring with its little lever."""
    bench.tube(circle(size, 40), size * 0.3, shifts=np.atleast_2d(centre))
    bench.beads(np.asarray(centre) + vector(size * 0.9, size * 0.5, size * 0.3), size * 0.34)
