"""Stones as surfaces of points: brilliant and step cuts with flat facets, smooth domes."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from indexer.sample_catalog.curves import TAU, Array, cross, stone_outline, unit

FACETED = ("diamond", "ruby", "sapphire", "emerald", "amethyst", "topaz", "aquamarine")
SMOOTH = ("pearl", "onyx", "turquoise")


def detail(samples: float) -> int:
    """Rounds a sampling density up to a few steps, so that cut stones can be kept and used again."""
    return int(2 ** (np.ceil(np.log2(max(samples, 3.0)) * 3) / 3)) + 1


def ring_of(cut: str, angles: Array, scale: float, z: float) -> Array:
    """The stone's outline at some angles, shrunk and lifted: one ring of facet corners, [n, 3]."""
    flat = stone_outline(cut, angles) * scale
    return np.concatenate([flat, np.full((len(flat), 1), z)], axis=1)


def brilliant_facets(cut: str) -> list[Array]:
    """Table, star, bezel, upper girdle and pavilion facets of a brilliant, as triangles."""
    eighth = TAU / 8
    table = ring_of(cut, np.arange(8) * eighth, 0.56, 0.31)
    middle = ring_of(cut, (np.arange(8) + 0.5) * eighth, 0.80, 0.18)
    girdle = ring_of(cut, np.arange(16) * eighth / 2, 1.0, 0.0)
    top, culet = np.array([0, 0, 0.31]), np.array([0, 0, -0.72])
    facets: list[Array] = []
    for j in range(8):
        k = (j + 1) % 8
        corner, edge, beyond = girdle[2 * j], girdle[2 * j + 1], girdle[(2 * j + 2) % 16]
        facets += [
            np.array([top, table[j], table[k]]),
            np.array([table[j], middle[j], table[k]]),
            np.array([table[j], corner, middle[j]]),
            np.array([table[k], middle[j], beyond]),
            np.array([middle[j], corner, edge]),
            np.array([middle[j], edge, beyond]),
            np.array([corner, culet, edge]),
            np.array([edge, culet, beyond]),
        ]
    return facets


def step_facets(cut: str) -> list[Array]:
    """Concentric steps about a large table: the emerald cut."""
    a, b, k = 0.72, 1.0, 0.36
    corners = np.array(
        [[a, -b + k], [a, b - k], [a - k, b], [k - a, b], [-a, b - k], [-a, k - b], [k - a, -b], [a - k, -b]]
    )
    del cut
    levels = [(1.0, 0.0), (0.84, 0.13), (0.68, 0.21), (0.54, 0.25)]
    rings = [np.concatenate([corners * scale, np.full((8, 1), z)], axis=1) for scale, z in levels]
    keel = np.concatenate([corners * np.array([0.05, 0.4]), np.full((8, 1), -0.7)], axis=1)
    rings.insert(0, keel)
    facets: list[Array] = []
    for j in range(8):
        k2 = (j + 1) % 8
        for low, high in pairwise(rings):
            facets += [np.array([low[j], low[k2], high[k2]]), np.array([low[j], high[k2], high[j]])]
        facets.append(np.array([[0, 0, 0.25], rings[-1][j], rings[-1][k2]]))
    return facets


@lru_cache(maxsize=64)
def cut_stone(cut: str, samples: int, whole: bool) -> tuple[Array, Array]:
    """A faceted stone of about unit radius as points and flat normals, ``samples`` per unit length.

    What lies below the girdle is left out of stones that are not ``whole``: their setting hides it.
    """
    facets = np.array(step_facets(cut) if cut == "emerald" else brilliant_facets(cut))
    if not whole:
        facets = facets[facets[:, :, 2].min(axis=1) > -0.01]
    normals = unit(cross(facets[:, 1] - facets[:, 0], facets[:, 2] - facets[:, 0]))
    centroids = facets.mean(axis=1)
    normals *= np.where((normals * (centroids - [0, 0, -0.1])).sum(1, keepdims=True) < 0, -1.0, 1.0)
    edges = np.sqrt(((facets - np.roll(facets, 1, axis=1)) ** 2).sum(axis=2)).max(axis=1)
    points, outward = [], []
    for facet, normal, edge in zip(facets, normals, edges, strict=True):
        n = max(2, int(np.ceil(edge * samples)))
        i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
        keep = i + j <= n
        u, v = i[keep] / n, j[keep] / n
        points.append(facet[0] + u[:, None] * (facet[1] - facet[0]) + v[:, None] * (facet[2] - facet[0]))
        outward.append(np.broadcast_to(normal, points[-1].shape))
    return np.concatenate(points), np.concatenate(outward)


@lru_cache(maxsize=32)
def cabochon(cut: str, samples: int) -> tuple[Array, Array]:
    """A smooth dome over a stone's outline, points and normals."""
    around = max(12, int(6.3 * samples))
    outline = stone_outline(cut, np.linspace(0, TAU, around))
    rho = np.linspace(0.02, 1, max(5, samples))
    z = 0.5 * np.sqrt(1 - rho**2)
    points = np.concatenate(
        [rho[:, None, None] * outline[None], np.broadcast_to(z[:, None, None], (len(rho), around, 1))], axis=2
    )
    slope = (0.5 * rho / np.maximum(z / 0.5, 0.05))[:, None, None] * unit(
        np.concatenate([outline / np.maximum((outline**2).sum(1, keepdims=True), 0.1), np.zeros((around, 1))], axis=1)
    )
    normals = unit(slope + np.array([0, 0, 1.0]))
    return points.reshape(-1, 3), normals.reshape(-1, 3)
