"""Recommendation scores from vectors alone, so that every engine gives the same: liked and disliked, pairs, a target.

The formulas are those of Qdrant (documentation: Explore the data), which its engines compute in float32; here all is
float64, and cosines are rounded to 8 decimals before they are compared, so that equal vectors are equal on every
machine. All vectors are of unit length; m candidates, d dimensions. ``squash(x) = x / (1 + |x|)`` is Qdrant's
"fast sigmoid".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from searcher.search.ground.candidate import DECIMALS

Vectors = NDArray[np.floating[Any]]
Scores = NDArray[np.float64]

MARGIN = float(np.finfo(np.float32).eps)
"""By how much a candidate must be nearer to the better one of a context pair, as in Qdrant."""

SHORTEST = 1e-6
"""Length below which a sum of unit vectors is rounding error and has no direction."""


def average_vector(positives: Vectors, negatives: Vectors | None = None) -> NDArray[np.float32]:
    """The point that liked examples [p, d] lead to and disliked ones [n, d] lead away from, float32 [d], unit length.

    ``avg(positives) + (avg(positives) - avg(negatives))``, or the average of the positives alone.

    Raises:
        UsageError: there is no positive, or the examples cancel each other out.
    """
    if not len(positives):
        raise UsageError("an average needs at least one example that is liked; best_score does without")
    target = positives.astype(np.float64).mean(axis=0)
    if negatives is not None and len(negatives):
        target = 2 * target - negatives.astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(target))
    if length < SHORTEST:
        raise UsageError("the examples cancel each other out and point nowhere; leave one out, or use best_score")
    unit: NDArray[np.float32] = (target / length).astype(np.float32)
    return unit


def best_score(vectors: Vectors, positives: Vectors | None, negatives: Vectors | None = None) -> Scores:
    """Each candidate [m, d] by the one example it is most alike to: liked [p, d] or disliked [n, d]; float64 [m].

    With s the cosine to the nearest example: ``0.5 + 0.5 · squash(s)``, in [0.25, 0.75], when that is a liked one;
    ``-0.5 - 0.5 · squash(s)``, in [-0.75, -0.25], when it is a disliked one or both are as near. So nothing that
    is nearer to what is disliked ranks above what is nearer to what is liked. Disliked examples alone will do.

    Raises:
        UsageError: there is no example at all.
    """
    liked, disliked = _nearest(vectors, positives), _nearest(vectors, negatives)
    if liked is None and disliked is None:
        raise UsageError("nothing is given to recommend from; give at least one example")
    if disliked is None or liked is None:
        return _half_squash(liked) if liked is not None else -_half_squash(_required(disliked))
    return np.where(liked > disliked, _half_squash(liked), -_half_squash(disliked))


def context(vectors: Vectors, better: Vectors, worse: Vectors) -> Scores:
    """How far candidates [m, d] are on the wrong side of pairs, rows of ``better`` and ``worse`` [n, d]; float64 [m].

    The sum over the pairs of ``squash(min(0, cos(better) - cos(worse) - MARGIN))``: 0 on the right side of all of
    them, above -2/3 (less the margin) for each pair. All that is on the right side scores equally.
    """
    difference = _cosines(vectors, better) - _cosines(vectors, worse) - MARGIN
    scores: Scores = _squash(np.minimum(difference, 0.0)).sum(axis=1)
    return scores


def discovery(vectors: Vectors, target: Vectors, better: Vectors, worse: Vectors) -> Scores:
    """Candidates [m, d] by the pairs they are on the right side of, then by likeness to the target [d]; float64 [m].

    The sum over the n pairs (rows of ``better`` and ``worse`` [n, d]) of +1 on the right side, -1 on the wrong one and
    0 in between, plus ``0.5 + 0.5 · squash(cos(target))``, in [0.25, 0.75]: from -n + 0.25 to n + 0.75. No likeness
    to the target makes up for a pair.
    """
    sides: Scores = np.sign(_cosines(vectors, better) - _cosines(vectors, worse)).sum(axis=1)
    return sides + _half_squash(_cosines(vectors, target[np.newaxis])[:, 0])


def _cosines(vectors: Vectors, examples: Vectors) -> Scores:
    """Of each of [m, d] with each of [n, d]: [m, n]."""
    if not len(examples):
        return np.zeros((len(vectors), 0))
    cosines: Scores = np.round(vectors.astype(np.float64) @ examples.astype(np.float64).T, DECIMALS)
    return np.clip(cosines, -1.0, 1.0)


def _nearest(vectors: Vectors, examples: Vectors | None) -> Scores | None:
    """The highest cosine to any example, [m]; None without examples."""
    return None if examples is None or not len(examples) else _cosines(vectors, examples).max(axis=1)


def _squash(x: Scores) -> Scores:
    squashed: Scores = x / (1.0 + np.abs(x))
    return squashed


def _half_squash(x: Scores) -> Scores:
    return 0.5 + 0.5 * _squash(x)


def _required(scores: Scores | None) -> Scores:
    assert scores is not None  # noqa: S101
    return scores
