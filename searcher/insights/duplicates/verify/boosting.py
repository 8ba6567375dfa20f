"""Grows boosted trees with scikit-learn, and takes them out of it as `Trees`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.errors import MissingExtra, UsageError
from indexer.models.vectors import softmax
from searcher.insights.duplicates.verify.trees import MISSING, Trees

SEEDS = 2
"""Fits whose sums are averaged."""


class Growth(NamedTuple):
    """How trees are grown."""

    trees: int
    leaves: int = 12
    learning_rate: float = 0.05
    features: float = 0.5
    """Share of the features that each split chooses from."""


def grow(rows: NDArray[np.float32], labels: NDArray[Any], classes: list[Any], growth: Growth, seed: int) -> Trees:
    """Boosted trees over all rows [n, features], `SEEDS` times with other random choices, their sums averaged.

    Args:
        rows: NaN where a feature is not known.
        labels: one of ``classes`` each, [n].
        classes: in the order of the probabilities.
        growth: how they are grown.
        seed: decides the random choices.

    Raises:
        MissingExtra: scikit-learn is not installed.
        UsageError: this version of scikit-learn keeps its trees in a way that is not known here.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError:
        raise MissingExtra("scikit-learn", "reports") from None
    codes, filled = np.array([classes.index(label) for label in labels]), np.nan_to_num(rows, nan=MISSING)
    learners = [
        HistGradientBoostingClassifier(
            max_iter=growth.trees,
            learning_rate=growth.learning_rate,
            max_leaf_nodes=growth.leaves,
            max_features=growth.features,
            min_samples_leaf=10,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed + number,
        ).fit(filled, codes)
        for number in range(SEEDS)
    ]
    grown, starts = zip(*map(_taken_out, learners), strict=True)
    made = _joined(tuple(map(str, classes)), [nodes for trees in grown for nodes in trees], np.mean(starts, axis=0))
    _check_taken_out(made, learners, filled)
    return made


def _taken_out(learner: Any) -> tuple[list[NDArray[Any]], NDArray[np.float64]]:
    """The node table of every tree, and the sums that they start from.

    scikit-learn has no public way to them: these names are its own, and the one place where we use them. Its other
    gradient boosting, which has one (``estimators_[i].tree_``), sorts all values for every split.
    """
    try:
        return [tree.nodes for stage in learner._predictors for tree in stage], np.ravel(learner._baseline_prediction)
    except AttributeError:
        raise _unknown_version() from None


def _joined(classes: tuple[str, ...], grown: list[NDArray[Any]], start: NDArray[np.float64]) -> Trees:
    shape = (len(grown), max(map(len, grown)))
    feature, threshold, value = np.full(shape, -1, np.int64), np.zeros(shape, np.float32), np.zeros(shape)
    children = np.zeros((*shape, 2), np.int64)
    for row, nodes in enumerate(grown):
        used, leaf = len(nodes), nodes["is_leaf"].astype(bool)
        feature[row, :used] = np.where(leaf, -1, nodes["feature_idx"])
        threshold[row, :used] = np.where(leaf, 0.0, nodes["num_threshold"])
        value[row, :used] = np.where(leaf, nodes["value"] / SEEDS, 0.0)
        children[row, :used] = np.where(leaf[:, None], 0, np.stack([nodes["left"], nodes["right"]], axis=1))
    # As it will be read again: thresholds are chosen for these numbers.
    return Trees.from_json(Trees(classes, start, feature, threshold, children, value, 0).to_json())


def _check_taken_out(made: Trees, learners: list[Any], rows: NDArray[np.float32]) -> None:
    """Another version may arrange the tables otherwise: compare with what scikit-learn answers.

    Raises:
        UsageError: the trees do not say what scikit-learn says.
    """
    sample = rows[:: max(1, len(rows) // 500)]
    logs = np.mean([np.log(learner.predict_proba(sample) + 1e-12) for learner in learners], axis=0)
    apart = np.abs(made.probabilities(sample) - softmax(logs)).max(axis=1)
    if np.mean(apart > 0.01) > 0.01:  # a row that lies on a rounded threshold may fall to the other side
        raise _unknown_version()


def _unknown_version() -> UsageError:
    return UsageError("this version of scikit-learn keeps its trees otherwise; install the one in constraints.txt")
