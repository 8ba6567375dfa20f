"""Brooches face the camera: flowers, leaves, insects, bows and stars, with the pin showing behind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, Array, between, motif_outline, resample, spin, vector
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.solids import ACCENT, ENAMEL, METAL, STONE, Bench

FRONT = (0.0, 0.0, 1.0)


def pin(bench: Bench, reach: float, y: float = 0.0) -> None:
    """The needle behind the piece, its point and its catch looking out at the sides."""
    bench.tube(np.array([[-reach, y, -0.16], [0, y, -0.16], [reach, y, -0.16]]), 0.016)
    bench.beads(np.array([[-reach, y, -0.14]]), 0.04)


def wire(bench: Bench, points: list[tuple[float, float]], thick: float, z: float = 0.0, taper: float = 0.6) -> Array:
    """A wire through some places (a smooth curve of second degree through three), thinner at its end."""
    t = np.linspace(0, 1, 40)[:, None]
    a, b, c = (np.array(point) for point in points)
    flat = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
    curve = np.concatenate([flat, np.full((40, 1), z)], axis=1)
    bench.tube(curve, thick * (1 - taper * t[:, 0]))
    return curve


def petals(
    bench: Bench,
    motif: str,
    count: int,
    reach: float,
    radius: float,
    z: float,
    offset: float,
    wide: float,
    material: int = METAL,
) -> None:
    """A wreath of petals, each leaning a little out of the plane."""
    turns, shifts = [], []
    for index in range(count):
        angle = TAU * index / count + offset
        turns.append(spin(angle, "z") @ spin(-0.32, "x"))
        shifts.append([-np.sin(angle) * reach, np.cos(angle) * reach, z])
    bench.plate(
        motif,
        radius,
        radius * 0.16,
        turns=np.array(turns),
        shifts=np.array(shifts),
        stretch=(wide, 1.0),
        ribs=2,
        material=material,
    )


def flower(bench: Bench, design: Design, size: float) -> None:
    """One or two rows of petals about a stone, with or without a stem and leaves."""
    stem = design.length > 0.45
    petal = between(design.spread, 0.28, 0.38) * (0.8 if stem else 1.1)
    wide = between(design.width, 0.75, 1.5) * 6 / (design.count + 1.5)
    material = ENAMEL if design.detail > 0.72 else METAL
    lift = 0.28 if stem else 0.0
    heart = between(design.stone_size, 0.11, 0.19) * size
    place = len(bench.parts)
    petals(bench, design.motif, design.count, petal * 1.05, petal, 0.0, 0.0, wide, material)
    if design.curve > 0.4:
        petals(bench, design.motif, design.count, petal * 0.66, petal * 0.66, 0.09, np.pi / design.count, wide)
    for part in bench.parts[place:]:
        part.shifts[:, 1] += lift
    bench.gems(design.cut, np.array([0, lift, 0.14]), heart, setting=design.setting)
    if design.stone_size > 0.5:
        angle = np.arange(10) * TAU / 10
        ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1) * heart * 1.45 + vector(0, lift, 0.14)
        bench.beads(ring, heart * 0.22)
    if stem:
        wire(bench, [(0, lift - 0.3), (0.05, -0.5), (between(design.curve, -0.25, 0.25), -1.0)], 0.045, -0.08, 0.3)
        for side in (-1, 1):
            turn = spin(-side * 1.0, "z") @ spin(-0.3, "x")
            bench.plate("leaf", 0.26, 0.05, turns=turn[None], shifts=np.array([side * 0.22, -0.5, -0.05]), ribs=2)
    pin(bench, 0.5, lift)


def leaf(bench: Bench, design: Design, size: float) -> None:
    """One or several leaves on a stem with a raised midrib; dew drops of stone."""
    turn_by = between(design.curve, -0.6, 0.6)
    for index in range(design.count):
        angle = turn_by + (index - (design.count - 1) / 2) * between(design.spread, 0.5, 0.85)
        radius = (
            between(design.length, 0.6, 0.85)
            * (1 - 0.16 * abs(index - (design.count - 1) / 2))
            * (0.8 if design.count > 1 else 1)
        )
        turn = spin(angle, "z")
        centre = turn @ np.array([0, radius * 0.95 - 0.5, 0])
        wide = between(design.width, 0.8, 1.5) * (0.8 if design.count > 1 else 1.0)
        lean = turn @ spin(0.12 * (index % 2), "x")
        bench.plate("leaf", radius, 0.11, turns=lean[None], shifts=centre, stretch=(wide, 1.0))
        tip, base = turn @ np.array([0, radius * 1.85 - 0.5, 0.04]), turn @ np.array([0, -0.55, 0.02])
        bench.tube(np.array([base, (tip + base) / 2 + vector(0, 0, 0.13), tip]), 0.022)
        for vein in np.linspace(-0.55, 0.55, 5):
            for side in (-1, 1):
                start = turn @ np.array([0, radius * (0.95 + vein) - 0.5, 0.12])
                end = turn @ np.array(
                    [side * radius * 0.34 * wide * (1 - abs(vein)), radius * (1.2 + vein) - 0.5, 0.06]
                )
                bench.tube(np.array([start, (start + end) / 2, end]), 0.012)
        if bench.stone != "none":
            spot = turn @ np.array([0.06, radius * (0.4 + 0.5 * design.detail), 0.13])
            bench.gems("round", spot, between(design.stone_size, 0.06, 0.11) * size, setting="bezel")
    wire(bench, [(0, -0.5), (0.02, -0.8), (0.2 * np.sign(turn_by), -1.0)], 0.05, 0, 0.2)
    pin(bench, 0.4, -0.3)


def butterfly(bench: Bench, design: Design, size: float) -> None:
    """Four wings about a body, set with stones or enamelled, with feelers."""
    material = ENAMEL if design.detail > 0.6 else METAL
    for side in (-1, 1):
        for upper in (1, 0):
            angle = (0.55 if upper else -0.75) * between(design.curve, 0.8, 1.15)
            radius = between(design.length, 0.42, 0.52) if upper else between(design.spread, 0.28, 0.42)
            way = np.array([side * np.cos(angle), np.sin(angle), 0])
            turn = spin(side * -0.25, "y") @ (spin(angle, "z") if side > 0 else spin(np.pi - angle, "z"))
            centre = way * radius * 0.72 + vector(0, 0.0, 0.05)
            bench.plate("wing", radius, 0.045, turns=turn[None], shifts=centre, material=material, dome=False)
            rim = np.concatenate([motif_outline("wing", 90) * radius, np.zeros((90, 1))], axis=1)
            bench.tube(rim @ turn.T + centre, between(design.width, 0.022, 0.042))
            if upper or design.count == 4:
                stones = 3 if upper else 2
                for index in range(stones):
                    spot = way * radius * (0.5 + 0.42 * index) + vector(
                        0, 0.10 * (index - 1) * (1 if upper else 0.4), 0.11 + 0.03 * index
                    )
                    bench.gems(
                        "round",
                        spot,
                        between(design.stone_size, 0.06, 0.10) * size * (1 - 0.18 * index),
                        setting="bezel",
                    )
    bench.tube(np.array([[0, 0.30, 0.12], [0, 0.0, 0.14], [0, -0.42, 0.08]]), np.array([0.06, 0.075, 0.03]), caps=False)
    bench.beads(np.array([[0, 0.34, 0.12]]), 0.085)
    for side in (-1, 1):
        line = wire(bench, [(0, 0.36), (side * 0.08, 0.62), (side * 0.26, 0.66)], 0.018, 0.1, 0.4)
        bench.beads(line[-1][None], 0.03)


def bow(bench: Bench, design: Design, size: float) -> None:
    """A ribbon tied in a bow: two loops, two tails, a stone on the knot."""
    half = between(design.width, 0.09, 0.18)
    t = np.linspace(0, TAU, 70)
    for side in (-1, 1):
        wide = between(design.length, 0.34, 0.44)
        tall = between(design.spread, 0.16, 0.30)
        x = side * wide * (1 - np.cos(t))
        y = tall * np.sin(t) * (1 - 0.25 * np.cos(t)) + 0.16 * (1 - np.cos(t)) / 2 + 0.18
        bench.tube(np.stack([x, y, 0.10 * np.sin(t)], axis=1), half, 0.022, profile="flat", up=(0.0, 0.8, 0.6))
        s = np.linspace(0, 1, 40)
        fall = np.stack(
            [side * (0.05 + between(design.curve, 0.2, 0.5) * s**0.8), 0.15 - 0.85 * s, 0.05 + 0.06 * np.sin(6 * s)], 1
        )
        bench.tube(fall, half * (0.7 + 0.4 * s), 0.022, profile="flat", up=(side * 0.9, 0.45, 0.6))
        if design.detail > 0.4:
            inner = np.stack([x * 0.98, y, 0.10 * np.sin(t) + half * 0.9], axis=1)
            bench.beads(resample(inner, 34), 0.026)
    radius = between(design.stone_size, 0.12, 0.2) * size
    bench.beads(np.array([[0, 0.18, 0.1]]), radius * 1.05, squash=0.8)
    bench.gems(design.cut, np.array([0, 0.18, 0.12 + radius * 0.7]), radius, setting=design.setting)
    pin(bench, 0.3, 0.16)


def starburst(bench: Bench, design: Design, size: float) -> None:
    """Rays from a stone, long and short in turn, with small stones at their ends."""
    heart = between(design.stone_size, 0.16, 0.28) * size
    longest, shortest = between(design.length, 0.75, 0.98), between(design.spread, 0.4, 0.9)
    ends = []
    for index in range(design.count):
        angle = TAU * index / design.count + np.pi / 2
        reach = longest * (1.0 if index % 2 == 0 else shortest)
        way = np.array([np.cos(angle), np.sin(angle), 0])
        ray = np.array([way * heart * 0.8, way * (heart + reach) / 2, way * reach])
        thick = between(design.width, 0.03, 0.075)
        bench.tube(ray, thick * np.array([1.1, 0.9, 0.25]), thick * np.array([1.1, 0.9, 0.25]), profile="knife")
        ends.append(way * reach * (0.98 if design.curve > 0.5 else 0.72) + vector(0, 0, 0.02))
    tips = np.array(ends)[:: 1 if design.detail > 0.5 else 2]
    bench.gems("round", tips + vector(0, 0, 0.03), between(design.detail, 0.04, 0.06), material=ACCENT, setting="bezel")
    bench.gems(design.cut, np.array([0, 0, 0.08]), heart, setting=design.setting)
    ring = (
        np.stack([np.cos(np.linspace(0, TAU, 60)), np.sin(np.linspace(0, TAU, 60)), np.zeros(60)], axis=1)
        * heart
        * 1.25
    )
    if design.curve < 0.6:
        bench.tube(ring, 0.035)
    pin(bench, 0.6)


def wreath(bench: Bench, design: Design, size: float) -> None:
    """Leaves along a ring, berries of stone between them, sometimes a small bow."""
    radius = between(design.length, 0.58, 0.72)
    sweep = TAU if design.detail < 0.55 else TAU * 0.8
    angle = np.linspace(0, sweep, 120) - np.pi / 2 + (TAU - sweep) / 2 + (np.pi if sweep < TAU else 0)
    stem = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1) * radius
    bench.tube(stem, 0.03)
    places = np.linspace(4, 115, design.count).astype(int)
    own = between(design.width, 0.15, 0.24)
    turns, shifts = [], []
    for index, place in enumerate(places):
        for side in (-1, 1):
            lean = angle[place] + side * between(design.spread, 0.5, 0.95)
            way = np.array([-np.sin(lean), np.cos(lean), 0])
            turns.append(spin(lean, "z") @ spin(-0.2, "x"))
            shifts.append(stem[place] + way * own * 0.9 + vector(0, 0, 0.02 * (index % 2)))
    bench.plate(
        "leaf",
        own,
        own * 0.14,
        turns=np.array(turns),
        shifts=np.array(shifts),
        stretch=(between(design.curve, 0.8, 1.3), 1),
    )
    berry = between(design.stone_size, 0.055, 0.10) * size
    bench.gems("round", stem[places] + vector(0, 0, 0.08), berry, setting="bezel" if bench.stone != "pearl" else "none")
    pin(bench, 0.8)


def feather(bench: Bench, design: Design, size: float) -> None:
    """A curved shaft with barbs on both sides."""
    bend = between(design.curve, -0.35, 0.35)
    t = np.linspace(0, 1, 60)
    shaft = np.stack([bend * np.sin(np.pi * t * 0.9) - 0.3 + 0.5 * t, -0.95 + 1.85 * t, 0.02 + 0 * t], axis=1)
    bench.tube(shaft, 0.042 * (1 - 0.7 * t))
    wide = between(design.width, 0.26, 0.48)
    for place in np.linspace(14, 58, design.count * 2).astype(int):
        share = (place - 14) / 46
        reach = wide * (np.sin(np.pi * (0.12 + 0.86 * share)) ** 0.7)
        for side in (-1, 1):
            end = shaft[place] + vector(side * reach, between(design.length, 0.14, 0.36) * (1 - 0.3 * share), -0.04)
            middle = (shaft[place] + end) / 2 + vector(side * 0.04, -0.04, 0.06)
            thick = between(design.spread, 0.022, 0.038) * np.array([1, 0.95, 0.3])
            bench.tube(np.array([shaft[place], middle, end]), thick)
    if bench.stone != "none":
        spots = shaft[16:56:7] + vector(0, 0, 0.05)
        bench.gems("round", spots, between(design.stone_size, 0.04, 0.07) * size, setting="bezel")
    if design.detail > 0.6:
        bench.gems("round", shaft[0] + vector(0, -0.06, 0.03), 0.09, setting="bezel", material=ACCENT)


def dragonfly(bench: Bench, design: Design, size: float) -> None:
    """Four long wings, a jointed tail of stones, two eyes."""
    for side in (-1, 1):
        for upper in (1, 0):
            angle = side * (np.pi / 2 - (between(design.curve, 0.0, 0.42) if upper else -0.22))
            turn = spin(-angle, "z") @ spin(0.15, "x")
            long = between(design.length, 0.42, 0.5) * (1 if upper else 0.86)
            centre = turn @ np.array([0, long * 1.02, 0]) + vector(0, 0.22 - 0.12 * (1 - upper), 0.04)
            wide = between(design.width, 0.5, 0.85)
            material = ENAMEL if design.detail > 0.5 else METAL
            bench.plate(
                "petal", long, 0.03, turns=turn[None], shifts=centre, stretch=(wide, 1), material=material, dome=False
            )
            rim_points = np.linspace(-0.9, 0.9, 4)
            spots = np.stack([0 * rim_points, long * rim_points * 0.8, 0.05 + 0 * rim_points], axis=1) @ turn.T + centre
            bench.gems("round", spots, between(design.spread, 0.03, 0.05), setting="bezel", material=ACCENT)
    y, radius = 0.28, between(design.stone_size, 0.085, 0.115) * size
    bench.gems("oval", np.array([0, y - 0.05, 0.12]), radius * 1.4, setting="bezel")
    y -= radius * 2.2
    for index in range(design.count):
        own = radius * (0.9 - 0.45 * index / design.count)
        y -= own
        bench.gems("round", np.array([0.02 * np.sin(index), y, 0.06]), own, setting="bezel", material=STONE)
        y -= own * 1.15
    bench.beads(np.array([[-0.075, 0.41, 0.12], [0.075, 0.41, 0.12]]), 0.075)


FAMILIES: dict[str, Callable[[Bench, Design, float], None]] = {
    "flower": flower,
    "leaf": leaf,
    "butterfly": butterfly,
    "bow": bow,
    "starburst": starburst,
    "wreath": wreath,
    "feather": feather,
    "dragonfly": dragonfly,
}
