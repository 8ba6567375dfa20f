"""How far a figure may be trusted: bootstrap intervals over products, and of the difference of two models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 1000
_CELLS = 4_000_000
"""Draws held in memory at once."""

Interval = tuple[float, float]


def intervals(
    values: Mapping[str, NDArray[np.float64]],
    clusters: NDArray[np.int64],
    *,
    seed: int = 0,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    shares: bool = True,
) -> dict[str, Interval | None]:
    """The interval of the mean of each figure, by the percentile bootstrap over clusters.

    Photos of one product, and near-duplicates, succeed and fail together, so whole clusters are drawn, not photos (the
    cluster bootstrap: Davison and Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8). The gallery
    stays as it is: the interval speaks of other questions to the same catalog.

    Args:
        values: name → per-query figures [q]; NaN where a query says nothing.
        clusters: [q], equal for queries that belong together.
        seed: decides the draws; equal seeds and clusters draw alike, whatever the values.
        level: the share of the draws that lies within.
        resamples: number of draws.
        shares: the values lie in 0..1. A figure of exactly 0 or 1 has no spread to draw from; its interval then is
            Clopper and Pearson's (1934), for as many trials as there are clusters.

    Returns:
        name → (low, high), or None where fewer than two clusters say something.
    """
    codes = np.unique(clusters, return_inverse=True)[1].ravel()
    groups = int(codes.max()) + 1 if len(codes) else 0
    names = list(values)
    if not names or not groups:
        return dict.fromkeys(names)
    sums, counts = np.zeros((groups, len(names))), np.zeros((groups, len(names)))
    for column, name in enumerate(names):
        known = ~np.isnan(values[name])
        sums[:, column] = np.bincount(codes[known], values[name][known], minlength=groups)
        counts[:, column] = np.bincount(codes[known], minlength=groups)
    speaking = counts.any(axis=1)
    sums, counts = sums[speaking], counts[speaking]
    drawn = _drawn(sums, counts, np.random.default_rng(seed), resamples)
    tail = (1 - level) / 2
    found: dict[str, Interval | None] = {}
    for column, name in enumerate(names):
        trials, figures = int((counts[:, column] > 0).sum()), drawn[:, column]
        figures = figures[~np.isnan(figures)]
        if trials < 2 or not len(figures):
            found[name] = None
            continue
        low, high = (float(edge) for edge in np.quantile(figures, [tail, 1 - tail]))
        if shares:
            total = sums[:, column].sum() / counts[:, column].sum()
            low = tail ** (1 / trials) if total >= 1 else low
            high = 1 - tail ** (1 / trials) if total <= 0 else high
        found[name] = (low, high)
    return found


def _drawn(
    sums: NDArray[np.float64], counts: NDArray[np.float64], rng: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    """The means of every resample, float64 [resamples, figures]; NaN where it holds no query that says something."""
    groups, figures = sums.shape
    means = np.full((resamples, figures), np.nan)
    step = max(1, _CELLS // max(1, groups))
    for start in range(0, resamples if groups else 0, step):
        rows = min(step, resamples - start)
        picks = rng.integers(0, groups, (rows, groups)) + groups * np.arange(rows)[:, None]
        times = np.bincount(picks.ravel(), minlength=rows * groups).reshape(rows, groups).astype(np.float64)
        total = times @ counts
        np.divide(times @ sums, total, out=means[start : start + rows], where=total > 0)
    return means
