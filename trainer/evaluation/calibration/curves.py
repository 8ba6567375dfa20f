"""What a score means: cosine → probability that two photos are of the same category."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

KNOTS = 40
MAX_PAIRS = 2_000_000


LEAST = 200
"""Pairs that a category needs for a curve of its own."""

Curve = dict[str, list[float]]


def same_category_curves(
    embeddings: NDArray[np.float32], categories: Sequence[str], groups: Sequence[int], *, seed: int = 0
) -> dict[str, Curve]:
    """For each category that has enough pairs, `same_category_curve` over the pairs with one of its photos in them."""
    first, second = _pairs(len(categories), seed)
    names = np.array(categories, dtype=np.str_)
    found: dict[str, Curve] = {}
    for name in sorted(set(categories)):
        chosen = (names[first] == name) | (names[second] == name)
        if chosen.sum() >= LEAST:
            curve = _curve(embeddings, names, np.asarray(groups), first[chosen], second[chosen])
            found |= {name: curve} if curve else {}
    return found


def same_category_curve(
    embeddings: NDArray[np.float32], categories: Sequence[str], groups: Sequence[int], *, seed: int = 0
) -> Curve:
    """A monotone curve from cosine score to the probability that two random photos are of one category.

    Isotonic regression (Zadrozny and Elkan, 2002) over bins of equally many pairs; each bin's share is drawn a
    little to the middle (Laplace), so that no score claims certainty.

    Args:
        embeddings: unit vectors [n, d] of photos that took no part in training.
        categories: their categories.
        groups: their near-duplicate groups; pairs within one are left out, as their likeness proves nothing.
        seed: decides which pairs are used when there are more than ``MAX_PAIRS``.

    Returns:
        ``scores`` (ascending) and ``probabilities`` (not descending), at most ``KNOTS`` each; empty when there
        are no pairs of both kinds, or all pairs score the same.
    """
    return _curve(embeddings, np.asarray(categories), np.asarray(groups), *_pairs(len(categories), seed))


def _curve(
    embeddings: NDArray[np.float32],
    category: NDArray[np.str_],
    group: NDArray[np.int64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
) -> Curve:
    apart = group[first] != group[second]
    first, second = first[apart], second[apart]
    same = category[first] == category[second]
    if same.all() or not same.any():
        return {}
    scores = np.einsum("ij,ij->i", embeddings[first], embeddings[second]).astype(np.float64)
    order = np.argsort(scores, kind="stable")
    bins = np.array_split(order, min(KNOTS, max(2, len(order) // 25)))
    middle = np.array([scores[members].mean() for members in bins]).round(6)
    share = np.array([(same[members].sum() + 1) / (len(members) + 2) for members in bins])
    sizes = np.array([len(members) for members in bins])
    smooth = IsotonicRegression(y_min=0, y_max=1).fit_transform(middle, share, sample_weight=sizes)
    keep = np.flatnonzero(np.diff(middle, prepend=-np.inf) > 0)  # many equal scores fill more than one bin
    if len(keep) < 2:
        return {}
    return {"scores": middle[keep].tolist(), "probabilities": smooth[keep].round(6).tolist()}


def _pairs(count: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if count * (count - 1) // 2 <= MAX_PAIRS:
        first, second = np.triu_indices(count, 1)
        return first, second
    rng = np.random.default_rng(seed)
    first = rng.integers(0, count, MAX_PAIRS)
    second = (first + rng.integers(1, count, MAX_PAIRS)) % count
    return first, second
