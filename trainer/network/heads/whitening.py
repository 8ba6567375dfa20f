"""Instance whitening: the directions in which photos differ more than views of one photo do, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DIRECTIONS = 256
SHRINK = 0.1
"""Part of the scatter within photos that is taken to be the same in all directions."""

_REST = 1e-6
"""Weight of all rows' scatter beside that of the photos' means: it orders the directions that the means leave open."""


@dataclass(frozen=True, slots=True)
class Whitening:
    """A linear map from features [F] to whitened ones [directions], the strongest direction first."""

    weight: NDArray[np.float64]
    """[directions, F]."""
    bias: NDArray[np.float64]
    """[directions]."""
    spread: float
    """Mean deviation of the whitened features over the rows it was made of."""

    def apply(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Whitened features [n, directions] of features [n, F]."""
        return features.astype(np.float64) @ self.weight.T + self.bias


def whiten(
    features: NDArray[np.floating],
    classes: NDArray[np.int64],
    stages: Sequence[int],
    *,
    directions: int = DIRECTIONS,
    shrink: float = SHRINK,
) -> Whitening:
    """Linear discriminant analysis in which each photo, or each product with several, is a class of its own.

    After the map, views of one photo differ by about 1 in every direction, and the first directions are those in
    which photos differ most: what is left of a photo when it is cropped, turned and lit otherwise counts, what is
    not does not. (Fisher, *The use of multiple measurements in taxonomic problems*, 1936; for retrieval: Mikolajczyk
    and Matas, *Improving descriptors for fast tree matching by optimal linear projection*, ICCV 2007.)

    Args:
        features: [n, 1 + views, F], of photos and their views.
        classes: int64 [n], equal for photos that show one product.
        stages: widths of the network's stages in F, in their order: each is brought to a deviation of about 1, so
            that a stage with large numbers does not outweigh the others.
        directions: that are kept, at most F.
        shrink: 0..1.

    Returns:
        The map. It depends on nothing but its arguments: directions have a sign by rule.
    """
    n, views, width = features.shape
    rows = features.reshape(n * views, width).astype(np.float64)
    centre = rows.mean(axis=0)
    scale = _scale(rows, stages)
    rows = (rows - centre) / scale
    of = np.repeat(np.unique(classes, return_inverse=True)[1], views)
    counts = np.bincount(of).astype(np.float64)
    means = _sums(rows, of, len(counts)) / counts[:, None]
    apart = rows - means[of]
    within = apart.T @ apart / len(rows)
    within *= 1 - shrink
    within[np.diag_indices(width)] += max(shrink * np.trace(within) / max(1e-12, (1 - shrink) * width), 1e-9)
    values, vectors = np.linalg.eigh(within)
    sphere = vectors / np.sqrt(values)
    between = rows if len(counts) < n else means  # products with several photos: their photos' own differences count
    between = (between - between.mean(axis=0)) @ sphere
    total = rows @ sphere
    scatter = between.T @ between / len(between) + _REST * (total.T @ total) / len(total)
    _, main = np.linalg.eigh(scatter)
    weight = (sphere @ main[:, ::-1][:, :directions]).T
    strongest = np.abs(weight).argmax(axis=1)
    weight *= np.sign(weight[np.arange(len(weight)), strongest])[:, None]
    spread = float((rows @ weight.T).std(axis=0).mean())
    weight /= scale
    return Whitening(weight, -weight @ centre, max(spread, 1e-6))


def _scale(rows: NDArray[np.float64], stages: Sequence[int]) -> NDArray[np.float64]:
    """[F]: for each stage the mean deviation of its features."""
    deviations = rows.std(axis=0)
    ends = np.cumsum(stages)
    if ends[-1] != rows.shape[1]:
        raise ValueError(f"stages of {ends[-1]} features in all, where there are {rows.shape[1]}")
    parts = np.split(deviations, ends[:-1])
    return np.concatenate([np.full(len(part), max(float(part.mean()), 1e-6)) for part in parts])


def _sums(rows: NDArray[np.float64], of: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, of, rows)
    return sums
