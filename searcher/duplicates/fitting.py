"""Learns a verifier from labelled pairs: boosted trees, thresholds for a wanted precision, all out of sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import MissingExtra, UsageError
from searcher.duplicates.features import NAMES
from searcher.duplicates.trees import MISSING, Trees
from searcher.duplicates.verifier import CLASSES, COPY, DIFFERENT, OTHER_PHOTO, VARIANT, Thresholds, Verifier

FOLDS = 4
TREES, GATE_TREES = 90, 60
DEPTH = 4
LEARNING_RATE = 0.1
COPY_PRECISION = 0.995
"""Of what is called a copy on the calibration pairs: a little more than is promised, because it was tuned on them."""
PROBABLE_PRECISION = 0.8
"""Of what is called another photo of the same product, or a variant."""
GATE_RECALL = 0.985
"""Share of related pairs that must reach the close comparison."""
LEAST_PAIRS = 50


Close = Callable[[NDArray[np.intp]], NDArray[np.float32]]
"""From places of pairs to their features after alignment, float32 [m, len(ALIGNED)]; NaN where a picture is missing."""


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
        cheap: features without alignment, float32 [n, len(KNOWN) + len(COMPARED)]; see `searcher.duplicates.features`.
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
    chances = _out_of_fold(cheap, related, groups, [False, True], GATE_TREES, seed)[:, 1]
    copies = np.sort(chances[labels == COPY])
    threshold = float(copies[int((1 - GATE_RECALL) * len(copies))])
    passed = np.flatnonzero(chances >= threshold)
    aligned = close(passed)
    reached = ~np.isnan(aligned).all(axis=1)
    passed, rows = passed[reached], np.concatenate([cheap[passed], aligned], axis=1)[reached]
    present = [name for name in CLASSES if (labels[passed] == name).any()]
    held_out = _out_of_fold(rows, labels[passed], groups[passed], present, TREES, seed)
    thresholds = _thresholds(held_out, labels[passed], present, threshold)
    called = held_out[:, present.index(COPY)] >= thresholds.copy
    right = int((labels[passed][called] == COPY).sum())
    return Verifier(
        full=_fit(rows, labels[passed], present, TREES, seed),
        gate=_fit(cheap, related, [False, True], GATE_TREES, seed),
        thresholds=thresholds,
        record={
            "features": list(NAMES),
            "pairs": {name: int((labels == name).sum()) for name in CLASSES},
            "held_out": {"recall": right / len(copies), "precision": right / max(1, int(called.sum()))},
            **record,
        },
    )


def _check(labels: NDArray[np.str_]) -> None:
    for name in (COPY, DIFFERENT):
        if (found := int((labels == name).sum())) < LEAST_PAIRS:
            raise UsageError(
                f"only {found} pairs of the kind {name!r} to learn from, where {LEAST_PAIRS} are needed; "
                "calibrate on a larger part of the catalog"
            )


def _thresholds(held_out: NDArray[np.float64], labels: NDArray[np.str_], present: list[str], gate: float) -> Thresholds:
    at = {name: held_out[:, place] for place, name in enumerate(present)}
    copy = max(0.5, least_score(at[COPY], labels == COPY, COPY_PRECISION))
    rest = at[COPY] < copy
    probable = {
        name: max(0.3, least_score(at[name][rest], labels[rest] == name, PROBABLE_PRECISION)) if name in at else 1.01
        for name in (OTHER_PHOTO, VARIANT)
    }
    return Thresholds(gate=gate, copy=copy, other_photo=probable[OTHER_PHOTO], variant=probable[VARIANT])


def least_score(scores: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """The least score from which on that share of what scores as high is right; above 1 where there is none."""
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    last = np.append(np.diff(scores[order]) != 0, True) if len(order) else np.zeros(0, bool)
    good = np.flatnonzero((reached >= precision) & last)
    return float(scores[order][good[-1]]) if len(good) else 1.01


def _out_of_fold(
    rows: NDArray[np.float32],
    labels: NDArray[Any],
    groups: NDArray[np.int64],
    classes: list[Any],
    trees: int,
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
        found[inside] = _fit(rows[~inside], labels[~inside], classes, trees, seed).probabilities(rows[inside])
    return found


def _fit(rows: NDArray[np.float32], labels: NDArray[Any], classes: list[Any], count: int, seed: int) -> Trees:
    try:
        from sklearn.ensemble import GradientBoostingClassifier
    except ImportError:
        raise MissingExtra("scikit-learn", "reports") from None
    codes = np.array([classes.index(label) for label in labels])
    learner = GradientBoostingClassifier(
        n_estimators=count, max_depth=DEPTH, learning_rate=LEARNING_RATE, subsample=0.6, max_features=0.5,
        min_samples_leaf=8, random_state=seed,
    )  # fmt: skip
    learner.fit(np.nan_to_num(rows, nan=MISSING), codes)
    trees = [tree.tree_ for stage in learner.estimators_ for tree in stage]
    nodes = max(tree.node_count for tree in trees)
    shape = (len(trees), nodes)
    feature, threshold, value = np.full(shape, -1, np.int64), np.zeros(shape), np.zeros(shape)
    children = np.zeros((*shape, 2), np.int64)
    for row, tree in enumerate(trees):
        used = tree.node_count
        feature[row, :used] = np.where(tree.children_left < 0, -1, tree.feature)
        threshold[row, :used] = tree.threshold
        value[row, :used] = LEARNING_RATE * tree.value[:, 0, 0]
        children[row, :used] = np.maximum(np.stack([tree.children_left, tree.children_right], axis=1), 0)
    shares = np.bincount(codes, minlength=len(classes)) / len(codes)
    start = np.log(shares[1:] / shares[0]) if len(classes) == 2 else np.log(shares)
    made = Trees(tuple(map(str, classes)), start, feature, threshold, children, value, DEPTH)
    return Trees.from_json(made.to_json())  # as it will be read again: thresholds are chosen for these numbers
