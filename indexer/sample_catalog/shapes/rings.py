"""Rings stand upright: the finger's axis is z, the head of the ring is up (+y)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, between, circle, length, resample, stone_outline, vector
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.solids import ACCENT, METAL, STONE, Bench

RADIUS = 0.66
UP = (0.0, 1.0, 0.0)
BACK = (0.0, 0.0, -1.0)


def shank(bench: Bench, design: Design, low: float = 0.045, high: float = 0.14, shape: str = "") -> float:
    """The band itself, wider or narrower towards the head; returns its thickness."""
    curve = circle(RADIUS, 144, start=-np.pi / 2)
    half = between(design.width, low, high)
    thick = between(design.detail, 0.035, 0.06)
    towards_head = (1 + curve[:, 1] / RADIUS) / 2
    taper = 1 + between(design.curve, -0.45, 0.55) * towards_head
    bench.tube(curve, half * taper, thick, profile=shape or design.profile or "court")
    return thick


def shoulder_stones(bench: Bench, thick: float, radius: float, count: int, start: float) -> None:
    """Small diamonds down both shoulders, from ``start`` radians off the top."""
    step = 2.15 * radius / RADIUS
    for side in (-1, 1):
        angle = np.pi / 2 + side * (start + step * np.arange(count))
        out = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)
        bench.gems("round", out * (RADIUS + thick), radius, out, (0, 0, 1), material=ACCENT, setting="beads")


def solitaire(bench: Bench, design: Design, size: float) -> None:
    """One stone held high; some designs carry small diamonds on the shoulders."""
    thick = shank(bench, design)
    radius = between(design.stone_size, 0.17, 0.36) * size
    height = RADIUS + thick + radius * (0.45 if design.setting == "bezel" else 0.85)
    along = (0.0, 0.0, -1.0) if design.spread < 0.75 else (1.0, 0.0, 0.0)
    bench.gems(design.cut, np.array([0, height, 0]), radius, UP, along, setting=design.setting)
    if design.setting == "bezel":
        bench.beads(np.array([[0, RADIUS + thick, 0]]), radius * 0.7)
    if design.spread > 0.5:
        shoulder_stones(bench, thick, 0.042, 3 + int(design.length * 6), radius * 0.75 / RADIUS + 0.1)


def halo(bench: Bench, design: Design, size: float) -> None:
    """A stone within a ring of small diamonds that follows its outline."""
    thick = shank(bench, design, 0.04, 0.10)
    radius = between(design.stone_size, 0.17, 0.28) * size
    height = RADIUS + thick + radius * 0.55
    small = between(design.spread, 0.04, 0.065)
    outline = stone_outline(design.cut, np.linspace(0, TAU, 200)) * (radius + small * 1.15)
    count = int(length(outline) / (small * 2.1))
    spots = resample(outline, count + 1)[:-1]
    centres = np.stack([spots[:, 0], np.full(count, height), -spots[:, 1]], axis=1)
    bench.gems("round", centres, small, UP, BACK, material=ACCENT, setting="beads")
    bench.gems(design.cut, np.array([0, height + 0.03, 0]), radius, UP, BACK, setting=design.setting)
    rim = np.stack([outline[:, 0], np.full(200, height - small * 0.5), -outline[:, 1]], axis=1)
    bench.tube(rim, small * 0.5, small * 1.0, up=UP)
    bench.beads(np.array([[0, RADIUS + thick * 0.6, 0]]), radius * 0.55)
    if design.length > 0.5:
        shoulder_stones(bench, thick, 0.038, 4 + int(design.length * 5), radius * 1.1 / RADIUS + 0.08)


def three_stone(bench: Bench, design: Design, size: float) -> None:
    """A large stone between two smaller ones."""
    thick = shank(bench, design, 0.05, 0.12)
    radius = between(design.stone_size, 0.18, 0.28) * size
    side = radius * between(design.spread, 0.55, 0.85)
    width = {"marquise": 0.6, "oval": 0.8, "emerald": 0.8, "pear": 0.85}.get(design.cut, 1.0)
    angle = (radius * width + side * width) / (RADIUS + 0.12)
    height = RADIUS + thick + radius * 0.6
    bench.gems(design.cut, np.array([0, height, 0]), radius, UP, BACK, setting=design.setting)
    for way in (-1, 1):
        out = np.array([np.sin(way * angle), np.cos(way * angle), 0.0])
        bench.gems(
            design.cut,
            out * (RADIUS + thick + side * 0.6),
            side,
            out,
            BACK,
            setting=design.setting,
            material=ACCENT if design.length > 0.6 else STONE,
        )


def eternity(bench: Bench, design: Design, size: float) -> None:
    """Stones all the way round, between two rails."""
    count = design.count
    angle = np.arange(count) * TAU / count
    out = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)
    radius = np.pi * RADIUS / count * 1.02 * size**0.3
    rails = radius * between(design.spread, 0.95, 1.25)
    along = (0.0, 0.0, 1.0)
    bench.gems(design.cut, out * (RADIUS + 0.05), radius, out, along, setting="beads")
    bench.tube(circle(RADIUS, 144), rails * 0.9, 0.035, profile="flat")
    for side in (-1, 1):
        rail = circle(RADIUS + 0.03, 144) + vector(0, 0, side * rails)
        bench.tube(rail, between(design.width, 0.018, 0.05), 0.045, profile="court")


def signet(bench: Bench, design: Design, size: float) -> None:
    """A plate at the head, plain or inlaid with a polished stone."""
    curve = circle(RADIUS, 144, start=-np.pi / 2)
    head = np.exp(-(((np.arange(144) - 71.5) / between(design.curve, 16, 26)) ** 2))
    half = between(design.width, 0.07, 0.13)
    face = between(design.stone_size, 0.26, 0.40) * size
    bench.tube(curve, half + (face * 0.72 - half) * head, 0.045 + 0.05 * head, profile="court")
    lay = np.stack([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]], axis=1)
    centre = np.array([[0, RADIUS + 0.10, 0]])
    stretch = (1.0, between(design.length, 0.75, 1.2))
    bench.plate(design.motif, face, 0.06, turns=lay[None], shifts=centre, dome=False, stretch=stretch)
    if bench.stone != "none":
        bench.plate(
            design.motif,
            face * 0.8,
            0.05,
            turns=lay[None],
            shifts=centre + vector(0, 0.035, 0),
            material=STONE,
            stretch=stretch,
        )
    elif design.spread > 0.35:
        motif = ("star", "heart", "clover", "cross")[int(design.spread * 3.99)]
        bench.plate(motif, face * 0.5, 0.045, turns=lay[None], shifts=centre + vector(0, 0.055, 0), dome=False)


def twist(bench: Bench, design: Design, size: float) -> None:
    """Two or three wires wound about each other, with or without a stone."""
    turns = round(between(design.length, 5, 11))
    wire = between(design.width, 0.045, 0.075)
    angle = np.linspace(0, TAU, 300)
    for strand in range(design.count):
        phase = turns * angle + TAU * strand / design.count
        reach = RADIUS + wire * 0.9 * np.cos(phase)
        curve = np.stack([reach * np.cos(angle), reach * np.sin(angle), wire * 1.15 * np.sin(phase)], axis=1)
        bench.tube(curve, wire * 0.85, wire * 0.85, profile=design.profile)
    if bench.stone != "none":
        radius = between(design.stone_size, 0.14, 0.26) * size
        bench.gems(design.cut, np.array([0, RADIUS + wire * 2 + radius * 0.2, 0]), radius, UP, BACK, setting="bezel")
        bench.beads(np.array([[0, RADIUS + wire, 0]]), radius * 0.8)


def cluster(bench: Bench, design: Design, size: float) -> None:
    """A flower of stones about a centre stone."""
    thick = shank(bench, design, 0.04, 0.11)
    centre = between(design.stone_size, 0.10, 0.17) * size
    petal = (centre * 1.05) * np.sin(np.pi / design.count) / (1 - np.sin(np.pi / design.count))
    angle = np.arange(design.count) * TAU / design.count + design.spread
    reach = centre + petal
    height = RADIUS + thick + 0.14
    spots = np.stack([reach * np.cos(angle), np.full(design.count, height), reach * np.sin(angle)], axis=1)
    out = np.stack([np.cos(angle), np.full(design.count, 2.4), np.sin(angle)], axis=1)
    bench.gems(design.cut, spots, petal * 0.98, out, BACK, setting="beads")
    material = ACCENT if design.length > 0.5 else STONE
    bench.gems("round", np.array([0, height + 0.05, 0]), centre, UP, BACK, setting="prongs4", material=material)
    bench.beads(np.array([[0, RADIUS + thick * 0.5, 0]]), reach * 0.7)


def bypass(bench: Bench, design: Design, size: float) -> None:
    """An open band whose two ends pass each other, each with a stone."""
    overlap = between(design.spread, -0.25, 0.35)
    angle = np.linspace(np.pi / 2 - overlap, np.pi / 2 + TAU + overlap, 180)
    shift = between(design.width, 0.10, 0.2) * np.linspace(-1, 1, 180) ** 3
    curve = np.stack([RADIUS * np.cos(angle), RADIUS * np.sin(angle), shift], axis=1)
    half = between(design.width, 0.04, 0.075)
    taper = 1 - 0.35 * np.abs(np.linspace(-1, 1, 180))
    bench.tube(curve, half * taper, 0.05, profile="court")
    for end, share in ((0, 1.0), (-1, between(design.length, 0.6, 1.0))):
        radius = between(design.stone_size, 0.13, 0.22) * size * share
        out = np.array([np.cos(angle[end]), np.sin(angle[end]), 0.0])
        along = np.array([-out[1], out[0], 0.0]) * (1 if end == 0 else -1)
        centre = curve[end] + out * (0.05 + radius * 0.35)
        bench.gems(design.cut, centre, radius, out, along, setting=design.setting)
        bench.beads(curve[end][None], radius * 0.5)


def band(bench: Bench, design: Design, size: float) -> None:
    """A plain band, or several side by side, with grooves or a beaded edge."""
    half = between(design.width, 0.06, 0.22) * size / design.count**0.6
    thick = between(design.detail, 0.04, 0.075)
    for index in range(design.count):
        offset = (index - (design.count - 1) / 2) * half * 2.25
        curve = circle(RADIUS + 0.012 * (index % 2), 144) + vector(0, 0, offset)
        wave = between(design.curve, 0.0, 0.10) * (design.curve > 0.55)
        curve[:, 2] += wave * np.cos(np.linspace(0, TAU, 144) - np.pi / 2) ** 2 * (1 if index % 2 else -1)
        bench.tube(curve, half, thick, profile=design.profile, twist=0)
    if design.spread > 0.6:
        count = int(TAU * RADIUS / 0.085)
        angle = np.arange(count) * TAU / count
        for side in (-1, 1):
            edge = side * half * (design.count * 1.125)
            spots = np.stack([RADIUS * np.cos(angle), RADIUS * np.sin(angle), np.full(count, edge)], axis=1)
            bench.beads(spots, 0.042, METAL)


FAMILIES: dict[str, Callable[[Bench, Design, float], None]] = {
    "solitaire": solitaire,
    "halo": halo,
    "three_stone": three_stone,
    "eternity": eternity,
    "signet": signet,
    "twist": twist,
    "cluster": cluster,
    "bypass": bypass,
    "band": band,
}
