"""Pendants are seen close: the pendant large in the middle, its chain leaving to the upper corners."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, between, circle, length, motif_outline, resample, stone_outline, vector
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.shapes.chains import chain, charm, jump_ring
from indexer.sample_catalog.solids import ACCENT, INK, STONE, Bench

FRONT = (0.0, 0.0, 1.0)


def hung(bench: Bench, design: Design, y: float) -> None:
    """The bail at height ``y`` and the chain through it, in a V or a U that leaves the picture above."""
    spread = between(design.spread, 0.52, 0.95)
    t = np.linspace(-1.75, 1.75, 90)
    rise = np.abs(t) ** between(design.curve, 1.05, 1.7)
    curve = np.stack([spread * t, y + 0.10 + (1.02 - y) * rise, 0.02 - 0.06 * np.abs(t)], axis=1)
    chain(bench, curve, design.chain, between(design.width, 0.026, 0.044))
    bail = circle(0.085, 50) * [0.62, 1.0, 1] + vector(0, y + 0.045, 0)
    turn = np.array([[0.35, 0, 0.94], [0, 1, 0], [-0.94, 0, 0.35]])
    bench.tube((bail - vector(0, y, 0)) @ turn.T + vector(0, y, 0), 0.032, 0.016, up=turn @ np.array([0, 0, 1.0]))


def solitaire(bench: Bench, design: Design, size: float) -> None:
    """One large stone, sometimes below a smaller one."""
    radius = between(design.stone_size, 0.26, 0.44) * size
    hung(bench, design, 0.12)
    top = 0.08
    if design.length > 0.55:
        small = radius * 0.33
        bench.gems("round", np.array([0, top - small, 0]), small, setting="bezel", material=ACCENT)
        top -= 2.2 * small
    reach = {"princess": 0.9, "cushion": 0.95}.get(design.cut, 1.05)
    bench.gems(design.cut, np.array([0, top - radius * reach, 0]), radius, setting=design.setting)


def halo(bench: Bench, design: Design, size: float) -> None:
    """A stone within one or two rings of small diamonds."""
    radius = between(design.stone_size, 0.22, 0.32) * size
    small = between(design.detail, 0.038, 0.062)
    rings = 1 + (design.length > 0.6)
    centre = np.array([0, 0.08 - radius - small * 2.2 * rings, 0])
    hung(bench, design, 0.10)
    for ring in range(rings):
        outline = stone_outline(design.cut, np.linspace(0, TAU, 200)) * (radius + small * (1.25 + 2.15 * ring))
        count = int(length(outline) / (small * 2.12))
        spots = np.concatenate([resample(outline, count + 1)[:-1], np.full((count, 1), -0.03 * ring)], axis=1)
        bench.gems("round", spots + centre, small, material=ACCENT, setting="beads")
        rim = np.concatenate([outline, np.full((200, 1), -small * 0.8 - 0.03 * ring)], axis=1)
        bench.tube(rim + centre, small * 0.7, small * 0.75)
    bench.gems(design.cut, centre + vector(0, 0, 0.03), radius, setting=design.setting)


def motif(bench: Bench, design: Design, size: float) -> None:
    """A heart, star, moon, leaf … of metal, with a stone on it or beside it."""
    radius = between(design.length, 0.34, 0.50) * size**0.5
    hung(bench, design, 0.14)
    centre = np.array([0, 0.10 - radius, 0])
    charm(bench, design.motif, centre, radius)
    if bench.stone != "none":
        own = between(design.stone_size, 0.08, 0.15) * size
        place = {"moon": [0.0, 0.0, 0.0], "heart": [0, 0.05, radius * 0.22]}.get(design.motif, [0, 0, radius * 0.2])
        bench.gems("round", centre + place, own, setting="bezel")


def open_circle(bench: Bench, design: Design, size: float) -> None:
    """A ring, or two within each other, with stones on the rim or inside."""
    radius = between(design.length, 0.30, 0.46) * size**0.5
    half = between(design.detail, 0.03, 0.085)
    centre = np.array([0, 0.10 - radius, 0])
    hung(bench, design, 0.14)
    bench.tube(circle(radius, 120) + centre, half * 0.6, half, profile=design.profile)
    if design.stone_size > 0.5:
        inner = radius * between(design.width, 0.45, 0.7)
        bench.tube(
            circle(inner, 90) + centre + vector(0, radius - inner, 0.03), half * 0.5, half * 0.8, profile=design.profile
        )
    if bench.stone == "none":
        return
    if design.count == 0:
        bench.gems("round", centre, radius * 0.36, setting="bezel")
    else:
        angle = np.linspace(-2.6, -0.55, design.count)
        spots = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1) * radius + centre
        own = min(half * 1.1, radius * 1.0 / design.count)
        bench.gems("round", spots + vector(0, 0, half * 0.7), own, setting="beads")


def locket(bench: Bench, design: Design, size: float) -> None:
    """A thick domed case with an engraved or beaded rim, a hinge, and perhaps a stone."""
    radius = between(design.length, 0.36, 0.48) * size**0.5
    centre = np.array([0, 0.08 - radius, 0])
    tall = 1.0 if design.motif == "heart" else between(design.detail, 0.85, 1.25)
    hung(bench, design, 0.12 + radius * (tall - 1))
    bench.plate(design.motif, radius, 0.13, shifts=centre, stretch=(1.0, tall))
    outline = motif_outline(design.motif, 120) * radius * np.array([1.0, tall])
    rim = np.concatenate([outline, np.zeros((120, 1))], axis=1) + centre
    if design.curve > 0.5:
        bench.beads(resample(rim, int(length(rim) / 0.075)), 0.042)
    else:
        bench.tube(rim, 0.045, 0.035)
    inside = np.concatenate([outline * 0.72, np.full((120, 1), 0.11)], axis=1) + centre
    bench.tube(inside, 0.008, 0.010, material=INK)
    bench.beads(centre + np.array([[radius * 1.0, 0.0, 0]]), 0.05)
    if bench.stone != "none":
        bench.gems("round", centre + vector(0, 0, 0.13), between(design.stone_size, 0.08, 0.16) * size, setting="bezel")


def bar(bench: Bench, design: Design, size: float) -> None:
    """A bar, upright or lying, with stones along it."""
    long = between(design.length, 0.34, 0.58)
    half = between(design.detail, 0.035, 0.085)
    upright = design.stone_size > 0.4
    hung(bench, design, 0.12)
    centre = np.array([0, 0.06 - (long if upright else half), 0])
    way = np.array([0, 1.0, 0]) if upright else np.array([1.0, 0, 0])
    curve = np.linspace(-long, long, 30)[:, None] * way + centre
    bench.tube(curve, half * 0.6, half, profile=design.profile, caps=design.profile == "round")
    if design.profile != "round":
        bench.tube(curve[[0, 1]], half * 0.7, half * 1.12, profile="flat")
        bench.tube(curve[[-2, -1]], half * 0.7, half * 1.12, profile="flat")
    if bench.stone != "none":
        spots = np.linspace(-0.7, 0.7, design.count + 2)[1:-1, None] * long * way + centre
        bench.gems("round", spots + vector(0, 0, half * 0.6), half * 1.05 * size, setting="bezel")


def trio(bench: Bench, design: Design, size: float) -> None:
    """Three stones below each other, growing."""
    hung(bench, design, 0.26)
    y = 0.22
    for share in (0.45, 0.68, 1.0) if design.length < 0.66 else (0.8, 0.8, 0.8):
        radius = between(design.stone_size, 0.19, 0.25) * share * size
        y -= radius * 1.2
        bench.gems(
            design.cut,
            np.array([0, y, 0]),
            radius,
            FRONT,
            setting="bezel",
            material=ACCENT if share == 0.68 and design.detail > 0.5 else STONE,
        )
        y -= radius * 1.2
        jump_ring(bench, np.array([0, y + 0.01, 0]), 0.03)


FAMILIES: dict[str, Callable[[Bench, Design, float], None]] = {
    "solitaire": solitaire,
    "halo": halo,
    "motif": motif,
    "open": open_circle,
    "locket": locket,
    "bar": bar,
    "trio": trio,
}
