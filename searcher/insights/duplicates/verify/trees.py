"""Boosted trees as plain numbers in JSON: trained by scikit-learn, evaluated by numpy, no pickle anywhere.

Friedman, *Greedy Function Approximation: A Gradient Boosting Machine* (2001).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.models.vectors import softmax

MISSING = -9.0
"""What stands for NaN, which the trees do not know: below everything that is measured."""
DIGITS = 6
ROWS = 128
"""At once: node numbers of all trees then stay in the processor's cache."""
THRESHOLD_DIGITS = 9
"""What float32 needs: thresholds are values that were seen, and a row that has one must fall to the same side again."""


@dataclass(frozen=True)
class Trees:
    """A sum of trees per class, as log-odds.

    Node arrays are [trees, nodes]; tree t belongs to class t % classes. A leaf's feature is -1.
    """

    classes: tuple[str, ...]
    start: NDArray[np.float64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    children: NDArray[np.int64]
    """[trees, nodes, 2]: where to go for values up to the threshold, and above it."""
    value: NDArray[np.float64]
    depth: int

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of each class for rows of features [n, features]: float64 [n, classes]; each row sums to 1."""
        parts = [self._scores(rows[start : start + ROWS]) for start in range(0, len(rows), ROWS)]
        scores = np.concatenate([np.empty((0, len(self.start))), *parts])
        if len(self.start) == 1:  # two classes share one sum
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        return softmax(scores)

    def _scores(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Sums of the trees' leaves, [n, sums]; all trees go down together, as a few rows are the usual question."""
        known = np.nan_to_num(rows, nan=MISSING)
        first = np.arange(len(self.feature)) * self.feature.shape[1]
        feature, threshold = self.feature.ravel(), self.threshold.ravel()
        below, above = (self.children + first[:, None, None]).reshape(-1, 2).T.copy()
        node = np.broadcast_to(first, (len(rows), len(first)))
        for _ in range(self.depth):
            asked = feature[node]
            higher = np.take_along_axis(known, np.maximum(asked, 0), axis=1) > threshold[node]
            node = np.where(asked < 0, node, np.where(higher, above[node], below[node]))
        leaves = self.value.ravel()[node].reshape(len(rows), -1, len(self.start))
        return np.asarray(self.start + leaves.sum(axis=1))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, to `DIGITS` digits."""
        trees = []
        for tree in range(len(self.feature)):
            used = int(max(self.children[tree].max(), 0)) + 1
            trees.append(
                {
                    "feature": self.feature[tree, :used].tolist(),
                    "threshold": [_short(x, THRESHOLD_DIGITS) for x in self.threshold[tree, :used]],
                    "children": self.children[tree, :used].ravel().tolist(),
                    "value": [_short(x) for x in self.value[tree, :used]],
                }
            )
        return {"classes": list(self.classes), "start": [_short(x) for x in self.start], "trees": trees}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Trees:
        """The inverse of `to_json`; raises ``KeyError``, ``TypeError``, ``ValueError`` or ``IndexError`` otherwise."""
        trees = record["trees"]
        nodes = max(len(tree["feature"]) for tree in trees)
        shape = (len(trees), nodes)
        feature, threshold, value = np.full(shape, -1, np.int64), np.zeros(shape, np.float32), np.zeros(shape)
        children = np.zeros((*shape, 2), np.int64)
        for row, tree in enumerate(trees):
            used = len(tree["feature"])
            feature[row, :used], threshold[row, :used] = tree["feature"], tree["threshold"]
            value[row, :used] = tree["value"]
            children[row, :used] = np.reshape(tree["children"], (used, 2))
        if children.min() < 0 or children.max() >= nodes:
            raise ValueError("a tree names a node that it does not have")
        classes = tuple(map(str, record["classes"]))
        start = np.asarray(record["start"], np.float64)
        if len(start) != (1 if len(classes) == 2 else len(classes)):
            raise ValueError(f"{len(classes)} classes with {len(start)} sums")
        return cls(classes, start, feature, threshold, children, value, _depth(feature, children))


def _short(number: float, digits: int = DIGITS) -> float:
    return float(f"{number:.{digits}g}")


def _depth(feature: NDArray[np.int64], children: NDArray[np.int64]) -> int:
    """Steps from the root to the deepest leaf of any tree; raises ``ValueError`` where a tree goes in circles."""
    node_sets = [np.array([0]) for _ in feature]
    for depth in range(feature.shape[1] + 1):
        inner = [nodes[feature[tree, nodes] >= 0] for tree, nodes in enumerate(node_sets)]
        if not any(map(len, inner)):
            return depth
        node_sets = [np.unique(children[tree, nodes]) for tree, nodes in enumerate(inner)]
    raise ValueError("a tree has no end")
