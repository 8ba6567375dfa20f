"""Cosine → probability that two photos show the same product, and from which cosine on they are surely the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.labels.photos import Ints, Numbers

KNOTS = 20
"""Knots of a curve among the right pairs, and as many among the wrong ones."""
LEAST = 20
"""Right pairs that a curve, or a bound, needs."""
PRECISIONS = (0.5, 0.9, 0.99)


def same_product(
    photos: NDArray[np.float32], views: NDArray[np.float32], groups: Ints, categories: Sequence[str]
) -> dict[str, Any]:
    """What a cosine says about a view and its photo, among photos of other products.

    Every view asks all products, each by its most alike photo, as a search does; one of them is right.

    Args:
        photos: unit vectors [n, d] of photos that took no part in training.
        views: unit vectors [v, n, d] of random views of them.
        groups: int64 [n], equal for photos that show the same product.
        categories: [n]; "" where there is none.

    Returns:
        ``same_product`` (``scores``, ``probabilities``, ``products``, ``by_category``) and ``duplicates``: for each of
        `PRECISIONS` the lowest cosine from which on at least that share of the pairs were right, and the share of the
        right pairs that this finds. Empty where there are fewer than two products or `LEAST` right pairs.
    """
    _, product = np.unique(groups, return_inverse=True)
    count = int(product.max(initial=-1)) + 1
    if count < 2 or not len(views):
        return {}
    order = np.argsort(product, kind="stable")
    starts = np.searchsorted(product[order], np.arange(count))
    cosines = np.concatenate([np.maximum.reduceat(view @ photos[order].T, starts, axis=1) for view in views])
    asked = np.tile(product, len(views))
    right = np.zeros(cosines.shape, bool)
    right[np.arange(len(asked)), asked] = True
    if right.sum() < LEAST:
        return {}
    names = np.tile(np.array(categories, dtype=np.str_), len(views))
    by_category = {}
    for name in sorted(set(categories) - {""}):
        rows = names == name
        if rows.sum() >= LEAST:
            by_category[name] = _curve(cosines[rows].ravel(), right[rows].ravel())
    curve = _curve(cosines.ravel(), right.ravel())
    return {
        "same_product": {**curve, "products": count, "by_category": by_category},
        "duplicates": _bounds(cosines.ravel(), right.ravel()),
    }


def _curve(scores: Numbers | NDArray[np.float32], right: NDArray[np.bool_]) -> dict[str, list[float]]:
    """A monotone curve: isotonic regression over bins that are fine where the right pairs are, and where the wrong are.

    In bins of equally many pairs all right ones would lie in the last: there is one among as many pairs as products.
    """
    from sklearn.isotonic import IsotonicRegression

    steps = np.linspace(0, 1, KNOTS + 1)
    edges = np.unique(np.concatenate([np.quantile(scores[right], steps), np.quantile(scores[~right], steps)]))
    place = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, len(edges) - 1)
    counts = np.bincount(place, minlength=len(edges)).astype(np.float64)
    sums = np.bincount(place, weights=scores, minlength=len(edges))
    hits = np.bincount(place, weights=right, minlength=len(edges))
    there = counts > 0
    middle = (sums[there] / counts[there]).round(6)
    share = (hits[there] + 0.5) / (counts[there] + 1.0)
    smooth = IsotonicRegression(y_min=0, y_max=1).fit_transform(middle, share, sample_weight=counts[there])
    keep = np.flatnonzero(np.diff(middle, prepend=-np.inf) > 0)
    return {"scores": middle[keep].tolist(), "probabilities": smooth[keep].round(6).tolist()}


def _bounds(scores: Numbers | NDArray[np.float32], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    order = np.argsort(-scores, kind="stable")
    found, ranked = np.cumsum(right[order]), scores[order]
    ends = np.flatnonzero(np.diff(ranked, append=-np.inf))  # equal scores are passed together
    precision = found[ends] / (ends + 1)
    bounds = []
    for wanted in PRECISIONS:
        good = np.flatnonzero((precision >= wanted) & (found[ends] >= LEAST))
        if len(good):
            end = ends[good[-1]]
            recall = round(float(found[end] / right.sum()), 4)
            bounds.append({"precision": wanted, "score": round(float(ranked[end]), 6), "recall": recall})
    return bounds
