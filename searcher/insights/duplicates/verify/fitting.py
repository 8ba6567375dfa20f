"""Learns a verifier from labelled pairs: boosted trees, thresholds for a wanted precision, all out of sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from searcher.insights.duplicates.compare.features import ALIGNED, NAMES
from searcher.insights.duplicates.verify.boosting import Growth, grow
from searcher.insights.duplicates.verify.verifier import (
    CLASSES,
    COPY,
    DIFFERENT,
    OTHER_PHOTO,
    VARIANT,
    Thresholds,
    Verifier,
)

FOLDS = 4
COPY_PRECISION = 0.98
"""Of what is called a copy on the calibration pairs, which hold far more look-alikes than a catalog does."""
PROBABLE_PRECISION = 0.8
"""Of what is called another photo of the same product, or a variant."""
GATE_RECALL = 0.985
"""Share of related pairs that must reach the close comparison."""
LEAST_PAIRS = 50
MOST_OF_A_KIND = 4_000
"""Pairs of a kind that are compared closely: more cost minutes and change little."""

FOR_GATE, FOR_KIND = Growth(60), Growth(80)
FOR_COPIES = Growth(400, leaves=16, learning_rate=0.04, features=0.3)
"""Found by cross-validation on the calibration half of `tests/bench/duplicates`."""

Close = Callable[[NDArray[np.intp]], NDArray[np.float32]]
"""From places of pairs to their features after alignment, float32 [m, len(CLOSE)]; NaN where a picture is missing."""


def fit_verifier(
    cheap: NDArray[np.float32],
    labels: NDArray[np.str_],
    groups: NDArray[np.int64],
    close: Close,
    *,
    seed: int = 0,
    **record: Any,
) -> Verifier:
    """A verifier from pairs whose truth is known: the gate first, then the trees on what it lets through.

    Args:
        cheap: features without alignment, float32 [n, len(KNOWN) + len(COMPARED)]; see `compare.features`.
        labels: one of `CLASSES` each, [n].
        groups: pairs of one group (a product or a design) are never on both sides of a fold, [n].
        close: compares the pairs that the gate leaves open.
        seed: decides folds and subsamples.
        record: noted in the verifier's file: what it was trained on.

    Raises:
        MissingExtra: scikit-learn is not installed.
        UsageError: too few pairs of a kind that it has to know.
    """
    _check(labels)
    related = labels != DIFFERENT
    chances = _out_of_fold(cheap, related, groups, [False, True], FOR_GATE, seed)[:, 1]
    copies = np.sort(chances[labels == COPY])
    threshold = float(copies[int((1 - GATE_RECALL) * len(copies))])
    passed, weight = _chosen(np.flatnonzero(chances >= threshold), labels, seed)
    aligned = close(passed)[:, : len(ALIGNED)]
    reached = ~np.isnan(aligned).all(axis=1)
    passed, weight, rows = passed[reached], weight[reached], np.concatenate([cheap[passed], aligned], axis=1)[reached]
    is_copy, known, of = labels[passed] == COPY, labels[passed], groups[passed]
    shares = _out_of_fold(rows, is_copy, of, [False, True], FOR_COPIES, seed)[:, 1]
    kinds = [name for name in CLASSES if name != COPY and (known == name).any()]
    kind_shares = _out_of_fold(rows[~is_copy], known[~is_copy], of[~is_copy], kinds, FOR_KIND, seed)
    limit = max(0.5, least_score(shares, is_copy, COPY_PRECISION, weight))
    called = shares >= limit
    right = float(weight[called & is_copy].sum())
    return Verifier(
        gate=grow(cheap, related, [False, True], FOR_GATE, seed),
        order=grow(cheap, labels == COPY, [False, True], FOR_GATE, seed),
        copy=grow(rows, is_copy, [False, True], FOR_COPIES, seed),
        kind=grow(rows[~is_copy], known[~is_copy], kinds, FOR_KIND, seed),
        thresholds=Thresholds(threshold, limit, *_limits(kind_shares, known[~is_copy], weight[~is_copy], kinds)),
        record={
            "features": list(NAMES),
            "pairs": {name: int((labels == name).sum()) for name in CLASSES},
            "held_out": {"recall": right / len(copies), "precision": right / max(1.0, float(weight[called].sum()))},
            **record,
        },
    )


def _limits(
    shares: NDArray[np.float64], known: NDArray[np.str_], weight: NDArray[np.float64], kinds: list[str]
) -> tuple[float, float]:
    """Thresholds of other photos and variants."""
    found = {OTHER_PHOTO: 1.01, VARIANT: 1.01}
    for name in found.keys() & set(kinds):
        score = least_score(shares[:, kinds.index(name)], known == name, PROBABLE_PRECISION, weight)
        found[name] = max(0.3, score)
    return found[OTHER_PHOTO], found[VARIANT]


def _check(labels: NDArray[np.str_]) -> None:
    for name in (COPY, DIFFERENT):
        if (found := int((labels == name).sum())) < LEAST_PAIRS:
            raise UsageError(
                f"only {found} pairs of the kind {name!r} to learn from, where {LEAST_PAIRS} are needed; "
                "calibrate on a larger part of the catalog"
            )


def _chosen(
    passed: NDArray[np.intp], labels: NDArray[np.str_], seed: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Of what passes the gate at most `MOST_OF_A_KIND` pairs of each kind, and for how many pairs each one stands."""
    rng, chosen, weight = np.random.default_rng(seed), [], []
    for name in CLASSES:
        of_kind = passed[labels[passed] == name]
        taken = np.sort(rng.permutation(of_kind)[:MOST_OF_A_KIND])
        chosen.append(taken)
        weight.append(np.full(len(taken), len(of_kind) / max(1, len(taken))))
    return np.concatenate(chosen), np.concatenate(weight)


def least_score(
    scores: NDArray[np.float64], right: NDArray[np.bool_], precision: float, weight: NDArray[np.float64] | None = None
) -> float:
    """The least score from which on that share of what scores as high is right; above 1 where there is none."""
    order = np.argsort(-scores, kind="stable")
    each = np.ones(len(order)) if weight is None else weight[order]
    reached = np.cumsum(right[order] * each) / np.cumsum(each)
    last = np.append(np.diff(scores[order]) != 0, True) if len(order) else np.zeros(0, bool)
    good = np.flatnonzero((reached >= precision) & last)
    return float(scores[order][good[-1]]) if len(good) else 1.01


def _out_of_fold(
    rows: NDArray[np.float32],
    labels: NDArray[Any],
    groups: NDArray[np.int64],
    classes: list[Any],
    growth: Growth,
    seed: int,
) -> NDArray[np.float64]:
    """Probabilities [n, classes] of each pair by trees that saw nothing of its group."""
    folds = np.random.default_rng(seed).integers(0, FOLDS, int(groups.max()) + 1)[groups]
    found = np.zeros((len(rows), len(classes)))
    for fold in range(FOLDS):
        inside = folds == fold
        if not inside.any():
            continue
        missing = [name for name in classes if not (labels[~inside] == name).any()]
        if missing:
            raise UsageError(
                f"too few products show a pair of the kind {missing[0]!r}; calibrate on more of the catalog"
            )
        found[inside] = grow(rows[~inside], labels[~inside], classes, growth, seed).probabilities(rows[inside])
    return found
