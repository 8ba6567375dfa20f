"""Watches face the camera, 12 o'clock up, the strap running out above and below."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.sample_catalog.curves import TAU, Array, between, circle, length, motif_outline, resample, vector
from indexer.sample_catalog.designs import Design
from indexer.sample_catalog.solids import ACCENT, DARK, DIAL, INK, LEATHER, METAL, STONE, Bench

FRONT = (0.0, 0.0, 1.0)


def outline_of(shape: str, radius: float, tall: float, count: int = 120) -> Array:
    """The case's outline, [count, 3], starting on the right."""
    flat = motif_outline({"round": "disc"}.get(shape, shape), count) * radius * np.array([1.0, tall])
    return np.concatenate([flat, np.zeros((count, 1))], axis=1)


def strap_line(design: Design, side: int, start: float, count: int) -> tuple[Array, Array, Array]:
    """The strap's middle, its outward direction and its turns, from the case back around the watchmaker's cushion."""
    straight = between(design.length, 0.06, 0.30)
    bend = between(design.length, 0.40, 0.52)
    along = np.linspace(0, straight + 1.8 * bend, count)
    angle = np.maximum(along - straight, 0) / bend
    y = start + np.minimum(along, straight) + bend * np.sin(angle)
    z = -0.05 - 0.10 * np.minimum(along, straight) - bend * (1 - np.cos(angle))
    o = np.zeros(count)
    line = np.stack([o, side * y, z], axis=1)
    outward = np.stack([o, side * np.sin(angle), np.cos(angle)], axis=1)
    tangent = np.stack([o, np.cos(angle), -side * np.sin(angle)], axis=1)
    right = np.broadcast_to([1.0, 0.0, 0.0], (count, 3))
    return line, outward, np.stack([right, tangent, outward], axis=2)


def leather_strap(bench: Bench, design: Design, side: int, half: float, start: float) -> None:
    """Leather, padded or flat, with a seam along both edges."""
    line, outward, _ = strap_line(design, side, start, 60)
    taper = half * (1 - 0.16 * np.linspace(0, 1, 60))
    thick = between(design.curve, 0.03, 0.055)
    bench.tube(line, thick, taper, profile="leather", material=LEATHER, up=outward)
    count = int(length(line) / 0.06)
    middle, lifted, turns = strap_line(design, side, start, count)
    narrow = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, 60), taper)
    stitch = np.array([[0, -0.018, 0], [0, 0, 0.002], [0, 0.018, 0]])
    for edge in (-1, 1):
        spots = middle + lifted * thick + np.array([edge, 0, 0]) * (narrow * 0.84)[:, None]
        bench.tube(stitch, 0.008, turns=turns, shifts=spots, material=DIAL if design.detail > 0.5 else INK)


def link_strap(bench: Bench, design: Design, side: int, half: float, start: float) -> None:
    """Rows of three links, the outer ones level with the middle one or half a row behind."""
    line, _, _ = strap_line(design, side, start, 40)
    rows = max(4, round(length(line) / between(design.spread, 0.10, 0.17)))
    pitch = length(line) / (rows - 1)
    middle, outward, turns = strap_line(design, side, start, rows)
    share = between(design.curve, 0.3, 0.6) * half
    bar = np.array([[-1.0, 0, 0], [0, 0, 0], [1.0, 0, 0]])
    bench.tube(bar * share, 0.045, pitch * 0.49, shifts=middle, turns=turns, profile="court")
    behind = turns[:, :, 1] * (side * pitch * 0.5 * (design.width > 0.5))
    for edge in (-1, 1):
        outer = bar * (half - share) * 0.47 + vector(edge * (half + share) / 2, 0, 0)
        bench.tube(outer, 0.04, pitch * 0.49, shifts=middle + behind - 0.008 * outward, turns=turns, profile="court")


def mesh_strap(bench: Bench, design: Design, side: int, half: float, start: float) -> None:
    """A woven mesh: wires side by side, each waving in and out."""
    line, outward, _ = strap_line(design, side, start, 200)
    along = np.linspace(0, length(line), 200)
    across = np.linspace(-half, half, max(6, int(half * 2 / between(design.spread, 0.045, 0.07))))
    wire = (across[1] - across[0]) * 0.46
    for odd in (0, 1):
        phase = along / (wire * 1.9) * np.pi / 1.4 + np.pi * odd
        curve = line + outward * (wire * 0.5 * np.cos(phase))[:, None]
        curve[:, 0] += wire * 0.5 * np.sin(phase)
        lines = across[odd::2]
        shifts = np.stack([lines, 0 * lines, 0 * lines], axis=1)
        bench.tube(curve, wire, up=(1.0, 0.0, 0.0), turns=np.eye(3)[None].repeat(len(lines), 0), shifts=shifts)


STRAPS = {"leather": leather_strap, "links": link_strap, "mesh": mesh_strap}


def hands(bench: Bench, design: Design, reach: float, z: float, material: int) -> None:
    """Hour, minute and second hand; the time is the design's, near ten past ten."""
    minutes = 8 + 4 * design.detail
    hour_angle = np.pi / 2 - TAU * (10 + minutes / 60) / 12
    minute_angle = np.pi / 2 - TAU * minutes / 60
    thick = between(design.width, 0.016, 0.030)
    for angle, far, half in ((hour_angle, 0.52, thick * 1.3), (minute_angle, 0.80, thick)):
        way = np.array([np.cos(angle), np.sin(angle), 0])
        line = np.array([-way * 0.10, way * far * 0.55, way * far]) * reach + vector(0, 0, z)
        bench.tube(line, 0.008, half * np.array([0.8, 1.0, 0.35]), profile="knife", material=material)
    way = np.array([np.cos(-2.0), np.sin(-2.0), 0])
    bench.tube(
        np.array([-way * 0.2, way * 0.3, way * 0.85]) * reach + vector(0, 0, z + 0.012), 0.006, material=material
    )
    bench.beads(np.array([[0, 0, z + 0.01]]), 0.028, material, squash=0.6)


def indices(bench: Bench, design: Design, outline: Array, z: float, material: int) -> None:
    """Batons, dots or bold quarters with thin marks between, along the dial's outline."""
    angle = np.pi / 2 - np.arange(12) * TAU / 12
    directions = np.arctan2(outline[:, 1], outline[:, 0])
    for index, at in enumerate(angle):
        near = int(np.argmin(np.abs(np.angle(np.exp(1j * (directions - at))))))
        edge = outline[near] * [1, 1, 0]
        quarter = index % 3 == 0
        if design.motif == "dots":
            bench.beads((edge * 0.84 + vector(0, 0, z))[None], 0.032 if quarter else 0.020, material, squash=0.5)
            continue
        inner = (0.66 if quarter else 0.74) if design.motif == "baton" else (0.60 if quarter else 0.86)
        half = (0.017 if quarter else 0.011) if design.motif == "baton" else (0.024 if quarter else 0.008)
        bench.tube(
            np.array([edge * inner, edge * (inner + 0.9) / 2, edge * 0.9]) + vector(0, 0, z),
            0.007,
            half,
            profile="flat",
            material=material,
        )


def crown(bench: Bench, radius: float) -> None:
    """The fluted winding crown at three o'clock."""
    line = np.array([[radius, 0, 0], [radius + 0.05, 0, 0], [radius + 0.09, 0, 0]])
    bench.tube(line, 0.055, up=(0, 0, 1), caps=False)
    angle = np.arange(14) * TAU / 14
    ridges = np.stack([np.full(14, radius + 0.07), 0.055 * np.cos(angle), 0.055 * np.sin(angle)], axis=1)
    bench.beads(ridges, 0.017)
    bench.beads(np.array([[radius + 0.09, 0, 0]]), 0.05, squash=1.0)


def watch(bench: Bench, design: Design, size: float, shape: str, tall: float) -> None:
    """Everything that all watches share: strap, lugs, case, bezel, dial, indices, hands, crown."""
    radius = between(design.stone_size, 0.44, 0.54) * size**0.4 * (0.8 if tall > 1.1 else 1.0)
    half = radius * between(design.spread, 0.50, 0.68) * (1.15 if tall > 1.1 else 1.0)
    for side in (-1, 1):
        STRAPS[design.profile](bench, design, side, half, radius * tall * 0.93)
    rim = outline_of(shape, radius, tall)
    bezel = between(design.curve, 0.045, 0.085)
    bench.tube(rim, 0.09, bezel, profile="court")
    bench.plate(
        {"round": "disc"}.get(shape, shape),
        radius * 1.0,
        0.02,
        stretch=(1.0, tall),
        shifts=np.array([0, 0, 0.0]),
        material=DIAL,
        dome=False,
    )
    for x in (-1, 1):
        for y in (-1, 1):
            base = np.array([x * half * 0.98, y * radius * tall * 0.80, 0.0])
            tip = np.array([x * half * 0.98, y * (radius * tall + 0.10), -0.07])
            bench.tube(
                np.array([base, (base + tip) / 2 + vector(0, 0, 0.03), tip]), 0.05, 0.048, profile="court", caps=True
            )
    light = design.dial in ("white", "cream")
    marks = METAL if not light or design.detail > 0.5 else INK
    inner = outline_of(shape, radius - bezel, tall)
    bench.tube(inner * 0.985 + vector(0, 0, 0.03), 0.02, 0.008, material=DARK if light else METAL)
    indices(bench, design, inner, 0.03, marks)
    hands(bench, design, (radius - bezel) * min(tall, 1.15), 0.05, marks)
    crown(bench, radius + bezel * 0.7)


def stones_on_bezel(bench: Bench, design: Design, size: float, shape: str, tall: float) -> None:
    """Small stones all round the bezel, all of the stone or in turn with diamonds."""
    radius = between(design.stone_size, 0.44, 0.54) * size**0.4 * (0.8 if tall > 1.1 else 1.0)
    rim = outline_of(shape, radius, tall, 160)
    own = between(design.curve, 0.04, 0.062)
    count = int(np.sqrt((np.diff(rim, axis=0) ** 2).sum(1)).sum() / (own * 2.15)) // 2 * 2
    spots = resample(rim, count + 1)[:-1] + vector(0, 0, 0.085)
    bench.gems("round", spots[::2], own, setting="beads")
    bench.gems("round", spots[1::2], own, setting="beads", material=ACCENT if design.count == 2 else STONE)


def round_watch(bench: Bench, design: Design, size: float) -> None:
    """A plain round watch, sometimes with a small seconds dial."""
    watch(bench, design, size, "round", 1.0)
    if design.count == 2:
        sub_dial(bench, np.array([0, -0.19, 0.03]), 0.11)


def gem_watch(bench: Bench, design: Design, size: float) -> None:
    """A round watch with a bezel of stones."""
    watch(bench, design, size, "round", 1.0)
    stones_on_bezel(bench, design, size, "round", 1.0)


def square_watch(bench: Bench, design: Design, size: float) -> None:
    """A square case; the bezel plain or set."""
    watch(bench, design, size, "square", 1.0)
    if bench.stone != "none":
        stones_on_bezel(bench, design, size, "square", 1.0)


def cushion_watch(bench: Bench, design: Design, size: float) -> None:
    """A hexagonal case with a second raised line about the dial."""
    watch(bench, design, size, "hexagon", 1.0)
    bench.tube(outline_of("hexagon", 0.40, 1.0) + vector(0, 0, 0.08), 0.02)


def tank_watch(bench: Bench, design: Design, size: float) -> None:
    """A rectangular case, taller than wide."""
    tall = between(design.detail, 1.25, 1.5)
    watch(bench, design, size, "square", tall)
    if bench.stone != "none":
        stones_on_bezel(bench, design, size, "square", tall)


def sub_dial(bench: Bench, centre: Array, radius: float) -> None:
    """A small dial with its own hand."""
    bench.plate("disc", radius, 0.008, shifts=centre, material=DARK, dome=False)
    bench.tube(circle(radius, 50) + centre, 0.012)
    bench.tube(
        np.array([[0, -0.2 * radius, 0], [0, 0, 0], [0.5 * radius, 0.6 * radius, 0]]) + centre + vector(0, 0, 0.015),
        0.008,
    )


def chronograph(bench: Bench, design: Design, size: float) -> None:
    """Two or three sub-dials and two pushers beside the crown."""
    watch(bench, design, size, "round", 1.0)
    radius = between(design.stone_size, 0.44, 0.54) * size**0.4
    spots = [(-0.20, 0.0), (0.20, 0.0), (0.0, -0.22)] if design.count > 1 else [(-0.2, 0.02), (0.2, 0.02)]
    for x, y in spots:
        sub_dial(bench, np.array([x, y, 0.025]), 0.105)
    for side in (-1, 1):
        angle = side * 0.5
        way = np.array([np.cos(angle), np.sin(angle), 0])
        bench.tube(np.array([way * radius, way * (radius + 0.08), way * (radius + 0.14)]), 0.035, up=FRONT, caps=True)


def diver(bench: Bench, design: Design, size: float) -> None:
    """A dark turning ring with sixty marks about the dial."""
    watch(bench, design, size, "round", 1.0)
    radius = between(design.stone_size, 0.44, 0.54) * size**0.4
    bench.tube(circle(radius, 120) + vector(0, 0, 0.07), 0.035, 0.065, material=DARK, profile="flat")
    angle = np.arange(60) * TAU / 60
    out = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    bench.beads(out * radius * 1.13, 0.028)
    bench.beads(out[::5] * radius + vector(0, 0, 0.105), 0.016, DIAL)
    bench.beads(np.array([[0, radius, 0.11]]), 0.034)


FAMILIES: dict[str, Callable[[Bench, Design, float], None]] = {
    "round": round_watch,
    "gem": gem_watch,
    "square": square_watch,
    "cushion": cushion_watch,
    "chronograph": chronograph,
    "diver": diver,
    "tank": tank_watch,
}
