"""Plane and space curves: stone outlines, motif outlines, rings, drapes, and frames that travel along them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
TAU = 2 * np.pi


def between(knob: float, low: float, high: float) -> float:
    """Maps a design's knob (0 to 1) to a length or an angle."""
    return low + (high - low) * knob


def vector(x: float, y: float, z: float) -> Array:
    """A place or a direction, [3]."""
    return np.array([x, y, z])


def unit(vectors: Array) -> Array:
    """Vectors [..., 3] scaled to length one."""
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.maximum(lengths, 1e-9))


def cross(first: Array, second: Array) -> Array:
    """The cross product over the last axis; a third of the time that numpy's general one takes on few vectors."""
    a, b = np.broadcast_arrays(first, second)
    return np.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )


def circle(radius: float, count: int = 96, plane: str = "xy", start: float = 0.0, sweep: float = TAU) -> Array:
    """An arc [count, 3] about the origin, from angle ``start`` over ``sweep`` radians, both ends included."""
    angle = start + np.linspace(0.0, sweep, count)
    first, second, rest = radius * np.cos(angle), radius * np.sin(angle), np.zeros(count)
    axes = {"xy": (first, second, rest), "xz": (first, rest, second)}[plane]
    return np.stack(axes, axis=1)


def resample(curve: Array, count: int) -> Array:
    """The same polyline with ``count`` points at equal distances along it."""
    steps = np.sqrt((np.diff(curve, axis=0) ** 2).sum(axis=1))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    targets = np.linspace(0.0, along[-1], count)
    return np.stack([np.interp(targets, along, curve[:, axis]) for axis in range(curve.shape[1])], axis=1)


def length(curve: Array) -> float:
    """How long a polyline is."""
    return float(np.sqrt((np.diff(curve, axis=0) ** 2).sum(axis=1)).sum())


def frames(curve: Array, up: Array) -> Array:
    """Rotation matrices [n, 3, 3] whose columns are the curve's tangent, its side and its upward direction."""
    tangent = unit(np.gradient(curve, axis=0))
    upward = np.broadcast_to(np.asarray(up, dtype=float), tangent.shape)
    side = unit(cross(upward, tangent))
    return np.stack([tangent, side, cross(tangent, side)], axis=2)


def aim(facing: Array, up: Array) -> Array:
    """Rotations [m, 3, 3] that turn a stone (table towards +z, length along +y) to face a direction."""
    forward, upward = np.broadcast_arrays(unit(np.atleast_2d(np.asarray(facing, dtype=float))), np.atleast_2d(up))
    right = unit(cross(upward, forward))
    return np.stack([right, cross(forward, right), forward], axis=2)


def spin(angle: float, axis: str = "z") -> Array:
    """The rotation by ``angle`` radians about one axis, [3, 3]."""
    c, s = np.cos(angle), np.sin(angle)
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }[axis]
    return np.array(rows, dtype=float)


def stone_outline(cut: str, angle: Array) -> Array:
    """The girdle of a cut stone, [n, 2], about one unit from centre to tip (y is the long axis)."""
    c, s = np.cos(angle), np.sin(angle)
    if cut == "oval":
        x, y = 0.76 * c, 1.0 * s
    elif cut == "pear":
        x, y = 0.80 * c * ((1 - s) / 2 + 0.012) ** 0.42 * 1.12, 1.05 * s
    elif cut == "marquise":
        x, y = 0.52 * c * np.abs(c) ** 0.4, 1.12 * s
    elif cut == "princess":
        reach = 0.86 / np.maximum(np.abs(c), np.abs(s))
        x, y = reach * c, reach * s
    elif cut == "emerald":
        reach = 1 / np.maximum.reduce([np.abs(c) / 0.72, np.abs(s), (np.abs(c) + np.abs(s)) / 1.36])
        x, y = reach * c, reach * s
    elif cut == "cushion":
        reach = (np.abs(c) ** 3.4 + np.abs(s) ** 3.4) ** (-1 / 3.4) * 0.9
        x, y = reach * c, reach * s
    else:
        x, y = c, s
    return np.stack([x, y], axis=1)


def motif_outline(motif: str, count: int) -> Array:
    """A closed outline [count, 2], star-shaped about the origin, within the unit circle."""
    angle = np.linspace(0.0, TAU, 240)
    c, s = np.cos(angle), np.sin(angle)
    if motif == "heart":
        x = 0.9 * s**3
        y = 0.72 * c - 0.28 * np.cos(2 * angle) - 0.11 * np.cos(3 * angle) - 0.05 * np.cos(4 * angle) + 0.12
    elif motif == "star":
        fold = np.abs(((angle - np.pi / 2) / TAU * 5) % 1 - 0.5) * 2
        reach = 0.42 + 0.58 * fold**1.25
        x, y = reach * c, reach * s
    elif motif == "clover":
        reach = 0.42 + 0.58 * np.abs(np.sin(2 * angle)) ** 0.55
        x, y = reach * c, reach * s
    elif motif == "cross":
        reach = np.minimum(1.0 / np.maximum(np.maximum(np.abs(s), np.abs(c) / 0.22), 1e-6), 9.0)
        arm = 1.0 / np.maximum(np.maximum(np.abs(c) / 0.66, np.abs(s) / 0.22), 1e-6)
        reach = np.maximum(reach, arm)
        x, y = reach * c, reach * s
    elif motif == "hexagon":
        fold = (angle + np.pi / 6) % (np.pi / 3) - np.pi / 6
        reach = 0.87 / np.cos(fold)
        x, y = reach * c, reach * s
    elif motif == "shield":
        x, y = 0.82 * np.sign(c) * np.abs(c) ** 0.6, np.where(s > 0, 0.72 * np.abs(s) ** 0.45, -1.0 * np.abs(s) ** 1.1)
    elif motif == "leaf":
        x, y = 0.46 * c * np.abs(c) ** 0.3 * (1 - 0.22 * s), 1.0 * s
    elif motif == "petal":
        x, y = 0.5 * c * ((1 + s) / 2 + 0.02) ** 0.45 * 1.15, 1.0 * s
    elif motif == "wing":
        reach = 0.72 + 0.20 * np.cos(angle - 0.5) + 0.07 * np.cos(3 * angle + 0.4)
        x, y = reach * c, reach * s
    elif motif == "shell":
        reach = 0.72 + 0.2 * s + 0.06 * np.abs(np.cos(5.5 * angle)) * (s > -0.5)
        x, y = reach * c, reach * s
    elif motif == "square":
        reach = (np.abs(c) ** 5 + np.abs(s) ** 5) ** (-1 / 5) * 0.84
        x, y = reach * c, reach * s
    elif motif == "bar":
        reach = (np.abs(c) ** 6 + np.abs(s / 0.16) ** 6) ** (-1 / 6)
        x, y = reach * c, reach * s
    elif motif == "drop":
        x, y = 0.72 * c * ((1 - s) / 2 + 0.01) ** 0.5 * 1.1, 1.0 * s
    else:
        x, y = c, s
    return resample(np.stack([x, y], axis=1), count)
