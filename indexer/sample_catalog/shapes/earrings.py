"""Earrings come in pairs, side by side, facing the camera, each turned a little of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, between, circle, spin, stone_outline, vector
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.shapes.chains import charm, jump_ring
from indexer.sample_catalog.solids import ACCENT, Bench, Part

FRONT = (0.0, 0.0, 1.0)
Single = Callable[[Bench, Design, float], None]


def pair(single: Single, apart: float, turn: float = 0.18) -> Single:
    """A pair of one earring: two copies, the second mirrored in its turn."""

    def both(bench: Bench, design: Design, size: float) -> None:
        one = Bench(bench.density, bench.stone)
        single(one, design, size)
        for side in (-1, 1):
            about = spin(side * turn, "y") @ spin(side * 0.05, "z")
            shift = np.array([side * apart, 0.015 * side, 0.0])
            for part in one.parts:
                bench.parts.append(
                    Part(part.points, part.normals, part.material, about @ part.turns, part.shifts @ about.T + shift)
                )

    return both


def hook(bench: Bench, y: float) -> None:
    """The bent wire that goes through the ear."""
    angle = np.linspace(-0.4, 3.6, 50)
    curve = np.stack([0 * angle, y + 0.16 + 0.10 * np.sin(angle), -0.10 + 0.10 * np.cos(angle)], axis=1)
    front = np.array([[0, y, 0], [0, y + 0.06, 0.004]])
    turn = spin(0.7, "y")
    bench.tube(np.concatenate([front, curve]) @ turn.T, 0.014)
    bench.beads(np.array([[0, y, 0.0]]), 0.03)


def stud(bench: Bench, design: Design, size: float) -> None:
    """One stone, or a stone with a pearl or a small diamond below."""
    radius = between(design.stone_size, 0.24, 0.38) * size
    bench.gems(design.cut, np.zeros(3), radius, setting=design.setting)
    bench.tube(np.array([[0, 0, -0.1], [0, 0, -0.3], [0, 0, -0.45]]), 0.02, up=(0, 1, 0))
    if design.spread > 0.55:
        small = between(design.width, 0.07, 0.12)
        bench.gems("round", np.array([0, -radius - small * 1.2, 0]), small, setting="bezel", material=ACCENT)
    if design.length > 0.7:
        angle = np.arange(9) * TAU / 18 + 0.2
        spots = stone_outline(design.cut, angle) * (radius * 1.32)
        bench.gems("round", np.concatenate([spots, np.zeros((9, 1))], 1), 0.065, setting="beads", material=ACCENT)


def hoop(bench: Bench, design: Design, size: float) -> None:
    """A hoop, round or drawn out, plain, flared or set with stones in front."""
    radius = between(design.length, 0.26, 0.46) * size**0.5
    turn = spin(1.0, "y")
    tall = between(design.curve, 0.9, 1.45)
    curve = circle(radius, 120, start=np.pi / 2 + 0.06, sweep=TAU - 0.12) * [1, tall, 1]
    swell = 1 + between(design.spread, -0.35, 0.9) * np.sin(np.linspace(0, np.pi, 120)) ** 2
    half = between(design.width, 0.028, 0.075)
    bench.tube(
        curve @ turn.T,
        half * swell,
        half * 0.8 * swell,
        up=turn @ np.array([0, 0, 1.0]),
        profile=design.profile,
        caps=True,
    )
    if design.count and bench.stone != "none":
        angle = np.linspace(-2.5, -0.65, design.count)
        out = np.stack([np.cos(angle), np.sin(angle) / tall, 0 * angle], axis=1)
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        spots = np.stack([np.cos(angle), np.sin(angle) * tall, 0 * angle], axis=1) * radius
        stone = radius * 2.0 / design.count * 0.52
        bench.gems("round", (spots + out * half) @ turn.T, stone, out @ turn.T, FRONT, setting="beads")
    elif bench.stone != "none":
        own = between(design.stone_size, 0.08, 0.14) * size
        jump_ring(bench, np.array([0, -radius * tall - 0.05, 0]), 0.035)
        bench.gems("round", np.array([0, -radius * tall - 0.06 - own, 0]), own, setting="bezel")


def drop(bench: Bench, design: Design, size: float) -> None:
    """Stones below each other on a hook, the lowest the largest."""
    y = 0.55
    hook(bench, y)
    for index in range(design.count):
        last = index == design.count - 1
        radius = (between(design.stone_size, 0.17, 0.26) if last else between(design.spread, 0.06, 0.11)) * size
        gap = between(design.length, 0.01, 0.16)
        bench.tube(np.array([[0, y, 0], [0, y - gap / 2, 0], [0, y - gap, 0]]), 0.013)
        y -= gap + radius
        bench.gems(
            design.cut if last else "round", np.array([0, y, 0]), radius, setting=design.setting if last else "bezel"
        )
        y -= radius
    if design.width > 0.6:
        bench.beads(np.array([[0, y - 0.05, 0]]), 0.045)


def chandelier(bench: Bench, design: Design, size: float) -> None:
    """An arch with stones on it and stones that hang from it."""
    hook(bench, 0.5)
    radius = between(design.stone_size, 0.05, 0.085) * size
    bench.gems("round", np.array([0, 0.42, 0]), radius * 1.2, setting="bezel", material=ACCENT)
    wide = between(design.spread, 0.26, 0.38)
    tall = between(design.curve, 0.15, 0.42)
    arch = circle(1.0, 60, start=0.0, sweep=np.pi) * [wide, tall, 1] + vector(0, 0.34 - tall, 0)
    bench.tube(arch, between(design.width, 0.016, 0.034))
    bench.tube(arch[[0, 30, 59]] * [1, 0, 1] + vector(0, 0.34 - tall, 0), 0.02, caps=True)
    for index, x in enumerate(np.linspace(-wide, wide, design.count)):
        middle = 1 - abs(index - (design.count - 1) / 2) / design.count
        low = 0.34 - tall - between(design.length, 0.10, 0.34) * middle
        bench.tube(np.array([[x, 0.34 - tall, 0], [x, low + 0.05, 0], [x, low, 0]]), 0.010)
        bench.beads(np.array([[x, (0.34 - tall + low) / 2, 0]]), 0.026)
        bench.gems(design.cut, np.array([x, low - radius, 0]), radius, setting="bezel")


def halo_stud(bench: Bench, design: Design, size: float) -> None:
    """A stone within one or two rings of small diamonds, with or without a drop."""
    radius = between(design.stone_size, 0.17, 0.26) * size
    bench.gems(design.cut, np.array([0, 0, 0.03]), radius, setting=design.setting)
    small = between(design.width, 0.042, 0.062)
    for ring in range(1 + (design.spread > 0.65)):
        reach = radius + small * (1.2 + 2.1 * ring)
        count = int(TAU * reach / (2.15 * small))
        spots = stone_outline(design.cut, np.arange(count) * TAU / count) * reach
        bench.gems(
            "round",
            np.concatenate([spots, np.full((count, 1), -0.03 * ring)], 1),
            small,
            setting="beads",
            material=ACCENT,
        )
    outline = stone_outline(design.cut, np.linspace(0, TAU, 80)) * (radius + small)
    bench.tube(np.concatenate([outline, np.full((80, 1), -0.05)], 1), small, small * 0.6)
    if design.length > 0.6:
        y = -radius - small * 2.6
        jump_ring(bench, np.array([0, y, 0]), 0.04)
        bench.gems("pear", np.array([0, y - 0.22, 0]), 0.17 * size, setting="bezel")


def charm_drop(bench: Bench, design: Design, size: float) -> None:
    """A flat motif below a hook or a small hoop, with a stone on it or above it."""
    radius = between(design.length, 0.24, 0.36) * size**0.5
    hook(bench, 0.42)
    y = 0.38 - between(design.curve, 0.0, 0.25)
    bench.tube(np.array([[0, 0.42, 0], [0, (0.42 + y) / 2, 0], [0, y, 0]]), 0.012)
    charm(bench, design.motif, np.array([0, y - radius, 0]), radius)
    if bench.stone != "none":
        own = between(design.stone_size, 0.07, 0.13) * size
        place = y - radius if design.spread < 0.6 and design.motif != "moon" else y
        bench.gems("round", np.array([0, place, radius * 0.22]), own, setting="bezel")


def bar(bench: Bench, design: Design, size: float) -> None:
    """One or two straight or bent bars, long or short, with a stone at an end."""
    tall = between(design.length, 0.5, 1.0) * size**0.5
    half = between(design.width, 0.028, 0.065)
    for index in range(design.count):
        x = (index - (design.count - 1) / 2) * half * 3.4
        y = np.linspace(0.42, 0.42 - tall * (1 - 0.3 * index), 24)
        bend = between(design.curve, -0.14, 0.14) * np.sin(np.linspace(0, np.pi, 24))
        curve = np.stack([x + bend, y, 0 * y], axis=1)
        bench.tube(curve, half * 0.6, half, profile=design.profile, twist=round(design.detail * 3), caps=True)
    hook(bench, 0.46)
    if bench.stone != "none":
        radius = between(design.stone_size, 0.07, 0.12) * size
        height = 0.42 if design.spread < 0.4 else 0.42 - tall - radius * 0.7
        bench.gems("round", np.array([0, height, half]), radius, setting="bezel")


FAMILIES: dict[str, Single] = {
    "stud": pair(stud, 0.47, 0.28),
    "hoop": pair(hoop, 0.48, 0.12),
    "drop": pair(drop, 0.38),
    "chandelier": pair(chandelier, 0.46),
    "halo_stud": pair(halo_stud, 0.44, 0.28),
    "charm": pair(charm_drop, 0.42),
    "bar": pair(bar, 0.36),
}
