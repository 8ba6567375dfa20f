"""A flat map of embeddings (t-SNE), and which of its points show their picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

MAX_POINTS = 2_000
MIN_POINTS = 8


def sample_rows(n: int, at_most: int = MAX_POINTS) -> NDArray[np.int64]:
    """Rows of n photos to draw, ascending: all, or a random sample that is always the same."""
    if n <= at_most:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, at_most, replace=False))


def tsne(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """Places of photos [n, d] on a plane, [n, 2] in [0, 1]: neighbours stay neighbours, far distances mean little.

    t-SNE (van der Maaten and Hinton, JMLR 2008), started from the principal components and the same on every run.
    Needs at least `MIN_POINTS` photos.
    """
    wide = embeddings.astype(np.float64)
    centred = wide - wide.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]  # SVD leaves the sign open
    start = np.random.default_rng(0).normal(0, 1e-6, (len(wide), 2))  # tells equal photos apart
    start[:, : len(axes)] += centred @ axes.T
    start *= 1e-4 / max(start.std(), 1e-12)
    perplexity = min(30.0, (len(wide) - 1) / 3)
    places = TSNE(2, perplexity=perplexity, init=start.astype(np.float32), random_state=0).fit_transform(centred)
    low, high = places.min(axis=0), places.max(axis=0)
    return np.asarray((places - low) / np.maximum(high - low, 1e-12).max(), dtype=np.float64)


def spread_out(positions: NDArray[np.float64], count: int, apart: float) -> list[int]:
    """Up to ``count`` rows of a map [n, 2], each the farthest from those before, none nearer than ``apart``."""
    if not len(positions):
        return []
    chosen = [int(np.argmin(((positions - np.median(positions, axis=0)) ** 2).sum(axis=1)))]
    nearest = np.full(len(positions), np.inf)
    while len(chosen) < count:
        nearest = np.minimum(nearest, np.linalg.norm(positions - positions[chosen[-1]], axis=1))
        farthest = int(nearest.argmax())
        if nearest[farthest] < apart:
            break
        chosen.append(farthest)
    return chosen
