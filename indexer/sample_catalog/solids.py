"""The jeweller's bench: metal and stones as surfaces of points with normals, ready to be seen by a camera."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from indexer.sample_catalog.curves import (
    TAU,
    Array,
    aim,
    cross,
    frames,
    length,
    motif_outline,
    resample,
    stone_outline,
    unit,
)
from indexer.sample_catalog.stones import FACETED, cabochon, cut_stone, detail

METAL, STONE, ACCENT, LEATHER, DIAL, INK, DARK, ENAMEL = range(8)


@dataclass(frozen=True)
class Part:
    """One surface [p, 3] in one material, and the places (rotation [m, 3, 3], shift [m, 3]) where it stands."""

    points: Array
    normals: Array
    material: int
    turns: Array
    shifts: Array


class Bench:
    """Collects the parts of one piece; ``density`` is how many surface points a unit of length needs."""

    def __init__(self, density: float, stone: str = "diamond") -> None:
        self.density = density
        self.stone = stone
        self.parts: list[Part] = []

    def add(
        self, points: Array, normals: Array, material: int, turns: Array | None = None, shifts: Array | None = None
    ) -> None:
        """Puts a surface at every (rotation, shift); neither given means once, where it is."""
        shifts = np.zeros((1, 3)) if shifts is None else np.atleast_2d(shifts)
        turns = np.eye(3)[None] if turns is None else turns.reshape(-1, 3, 3)
        turns = np.broadcast_to(turns, (len(shifts), 3, 3))
        self.parts.append(Part(points.astype(np.float32), normals.astype(np.float32), material, turns, shifts))

    def steps(self, size: float, least: int = 3) -> int:
        """How many samples a stretch of this length takes."""
        return max(least, int(np.ceil(size * self.density)) + 1)

    def tube(
        self,
        curve: Array,
        width: float | Array,
        height: float | Array | None = None,
        *,
        material: int = METAL,
        up: Array | tuple[float, float, float] = (0.0, 0.0, 1.0),
        profile: str = "round",
        twist: float = 0.0,
        caps: bool = False,
        turns: Array | None = None,
        shifts: Array | None = None,
    ) -> None:
        """Sweeps a cross-section along a curve: half-width along ``up``, half-height along the side.

        Widths and heights may vary along the curve (arrays over its points); ``twist`` counts full turns.
        """
        height = width if height is None else height
        ups = np.asarray(up, dtype=float)
        given = np.concatenate(
            [
                curve,
                np.broadcast_to(np.asarray(width, dtype=float), len(curve))[:, None],
                np.broadcast_to(np.asarray(height, dtype=float), len(curve))[:, None],
                np.broadcast_to(ups, (len(curve), 3)),
            ],
            axis=1,
        )
        along = length(curve)
        count = self.steps(along, 4)
        place = np.linspace(0, len(curve) - 1, 4 * len(curve))
        cumulative = np.interp(
            place,
            np.arange(len(curve)),
            np.concatenate([[0], np.cumsum(np.sqrt((np.diff(curve, axis=0) ** 2).sum(1)))]),
        )
        position = np.interp(np.linspace(0, along, count), cumulative, place)
        fine = np.stack([np.interp(position, np.arange(len(curve)), column) for column in given.T], axis=1)
        turned = frames(fine[:, :3], fine[:, 5:8]).astype(np.float32)
        fine = fine.astype(np.float32)
        section, outward = cross_section(
            profile, self.steps(TAU * max(float(np.max(width)), float(np.max(height))) * 0.9, 8)
        )
        w, h = fine[:, 3:4], fine[:, 4:5]
        spun, turned_out = section[None], outward[None]
        if twist:
            angle = np.linspace(0, TAU * twist, count, dtype=np.float32)
            c, s = np.cos(angle), np.sin(angle)
            about = np.stack([c, s, -s, c], axis=1).reshape(-1, 2, 2)
            spun, turned_out = section @ about, outward @ about
        # The normal of a stretched section leans the other way: each part is scaled by the other half-axis.
        slant = np.stack([w * turned_out[..., 0], h * turned_out[..., 1]], axis=2)
        slant /= np.maximum(np.sqrt(slant[..., :1] ** 2 + slant[..., 1:] ** 2), 1e-9)
        offset = np.stack([h * spun[..., 0], w * spun[..., 1]], axis=2)
        axes = np.swapaxes(turned[:, :, 1:], 1, 2)
        points = offset @ axes + fine[:, None, :3]
        normals = slant @ axes
        self.add(points.reshape(-1, 3), normals.reshape(-1, 3), material, turns, shifts)
        if caps:
            ends = curve[[0, -1]]
            radius = float(np.max([np.asarray(width).flat[0], np.asarray(height).flat[0]]))
            where = ends if shifts is None else (np.atleast_2d(shifts)[:, None] + ends[None]).reshape(-1, 3)
            self.beads(where, radius, material)

    def beads(
        self, centres: Array, radius: float, material: int = METAL, squash: float = 1.0, turns: Array | None = None
    ) -> None:
        """Balls, or buttons where ``squash`` flattens them along their own z."""
        sphere = sphere_points(max(5, int(np.ceil(radius * self.density * 2.2))))
        points = sphere * np.array([radius, radius, radius * squash])
        normals = unit(sphere / np.array([1.0, 1.0, squash]))
        self.add(points, normals, material, turns, np.atleast_2d(centres))

    def plate(
        self,
        motif: str,
        radius: float,
        thickness: float,
        *,
        material: int = METAL,
        turns: Array | None = None,
        shifts: Array | None = None,
        dome: bool = True,
        stretch: tuple[float, float] = (1.0, 1.0),
        ribs: int = 0,
        inner: float = 0.0,
    ) -> None:
        """A cut-out of sheet metal in the shape of a motif, domed or bevelled, pierced where ``inner`` > 0."""
        contour = motif_outline(motif, 200) * (radius * np.array(stretch))
        around = self.steps(length(contour), 16)
        outline = resample(contour, around)
        levels = self.steps(radius * (1 - inner), 5)
        rho = np.linspace(max(inner, 1e-3), 1.0, levels)
        if dome:
            rise = np.sqrt(np.maximum(1 - rho**2.2, 0.0))
        else:
            rise = np.clip((1 - rho) / 0.16, 0, 1)
            if inner:
                rise = np.minimum(rise, np.clip((rho - inner) / 0.16, 0, 1))
        z = np.broadcast_to((thickness * rise)[:, None], (levels, around)).copy()
        if ribs:
            angle = np.linspace(0, TAU, around)
            z += thickness * 0.22 * np.cos(ribs * angle)[None] * np.sin(np.pi * rho)[:, None]
        points = np.concatenate([rho[:, None, None] * outline[None], z[..., None]], axis=2)
        normals = unit(cross(np.gradient(points, axis=1), np.gradient(points, axis=0)))
        normals *= np.where(normals[..., 2:] < 0, -1.0, 1.0)
        edge = np.gradient(outline, axis=0)
        wall = unit(np.stack([edge[:, 1], -edge[:, 0], np.zeros(around)], axis=1))
        wall *= np.where((wall[:, :2] * outline).sum(1, keepdims=True) < 0, -1.0, 1.0)
        depth = -np.linspace(0.0, thickness, self.steps(thickness, 2))
        skirt = np.concatenate(
            [
                np.broadcast_to(outline[None], (len(depth), around, 2)),
                np.broadcast_to(depth[:, None, None], (len(depth), around, 1)),
            ],
            axis=2,
        )
        self.add(
            np.concatenate([points.reshape(-1, 3), skirt.reshape(-1, 3)]),
            np.concatenate([normals.reshape(-1, 3), np.broadcast_to(wall[None], skirt.shape).reshape(-1, 3)]),
            material,
            turns,
            shifts,
        )

    def gems(
        self,
        cut: str,
        centres: Array,
        radius: float,
        facing: Array | tuple[float, float, float] = (0.0, 0.0, 1.0),
        up: Array | tuple[float, float, float] = (0.0, 1.0, 0.0),
        *,
        material: int = STONE,
        setting: str = "none",
        roll: Array | None = None,
    ) -> None:
        """Stones of one cut and size with their setting: ``prongs4``, ``prongs6``, ``bezel``, ``beads`` or none."""
        centres = np.atleast_2d(np.asarray(centres, dtype=float))
        turns = np.broadcast_to(aim(np.asarray(facing), np.asarray(up)), (len(centres), 3, 3))
        if roll is not None:
            c, s, o = np.cos(roll), np.sin(roll), np.zeros(len(centres))
            about = np.stack([c, -s, o, s, c, o, o, o, o + 1], axis=1).reshape(-1, 3, 3)
            turns = turns @ about
        kind = self.stone if material == STONE else "diamond"
        if kind == "pearl":
            self.beads(centres + 0.25 * radius * turns[:, :, 2], radius * 0.96, material)
        elif kind in FACETED:
            points, normals = cut_stone(cut, detail(radius * self.density), setting != "beads")
            self.add(points * radius, normals, material, turns, centres)
        else:
            points, normals = cabochon(cut, detail(radius * self.density))
            self.add(points * radius, normals, METAL if kind == "none" else material, turns, centres)
        self.set_stones(cut, centres, radius, turns, setting)

    def set_stones(self, cut: str, centres: Array, radius: float, turns: Array, setting: str) -> None:
        """The metal that holds the stones."""
        if setting == "bezel":
            rim = stone_outline(cut, np.linspace(0, TAU, 72))
            curve = np.concatenate([rim * (1.07 * radius), np.full((72, 1), 0.02 * radius)], axis=1)
            self.tube(curve, 0.20 * radius, 0.11 * radius, turns=turns, shifts=centres)
        elif setting == "beads":
            spots = stone_outline(cut, np.arange(4) * TAU / 4 + TAU / 8) * (1.06 * radius)
            local = np.concatenate([spots, np.full((4, 1), 0.10 * radius)], axis=1)
            self.beads((centres[:, None] + local @ np.swapaxes(turns, 1, 2)).reshape(-1, 3), 0.17 * radius)
        elif setting.startswith("prongs"):
            count = int(setting[-1])
            spots = stone_outline(cut, np.arange(count) * TAU / count + (TAU / 8 if count == 4 else TAU / 4))
            for x, y in spots * radius:
                claw = np.array(
                    [[0.55 * x, 0.55 * y, -0.85 * radius], [1.02 * x, 1.02 * y, 0], [0.93 * x, 0.93 * y, 0.2 * radius]]
                )
                self.tube(claw, 0.085 * radius, up=(-y, x, 0.001), turns=turns, shifts=centres)
                tip = (turns @ claw[2]) + centres
                self.beads(tip, 0.115 * radius)
            ring = stone_outline(cut, np.linspace(0, TAU, 48)) * (0.72 * radius)
            basket = np.concatenate([ring, np.full((48, 1), -0.5 * radius)], axis=1)
            self.tube(basket, 0.07 * radius, turns=turns, shifts=centres)


@lru_cache(maxsize=16)
def cross_section(profile: str, count: int) -> tuple[Array, Array]:
    """A closed unit cross-section [count, 2] (side, up) and its outward normals."""
    angle = np.linspace(0, TAU, 720)
    c, s = np.cos(angle), np.sin(angle)
    power = {"round": 2.0, "flat": 6.0, "knife": 1.15, "court": 3.0, "leather": 8.0}[profile]
    reach = (np.abs(c) ** power + np.abs(s) ** power) ** (-1 / power)
    ring = resample(np.stack([reach * c, reach * s], axis=1), count + 1)
    slope = np.gradient(ring, axis=0)
    slope[0] = slope[-1] = ring[1] - ring[-2]
    outward = np.stack([slope[:, 1], -slope[:, 0]], axis=1)
    outward /= np.maximum(np.sqrt((outward**2).sum(1, keepdims=True)), 1e-9)
    return ring[:-1].astype(np.float32), outward[:-1].astype(np.float32)


@lru_cache(maxsize=64)
def sphere_points(count: int) -> Array:
    """About 4/pi * count² points spread evenly over the unit sphere (a Fibonacci lattice)."""
    total = max(60, int(2.6 * count * count))
    index = np.arange(total) + 0.5
    z = 1 - 2 * index / total
    angle = index * (np.pi * (3 - np.sqrt(5)))
    flat = np.sqrt(1 - z * z)
    return np.stack([flat * np.cos(angle), flat * np.sin(angle), z], axis=1)
