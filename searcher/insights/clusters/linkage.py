"""Average-linkage clustering over a sparse graph of neighbours: exact averages, and memory for the edges alone."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from indexer.labels.photos import Floats, Ints

DECIMALS = 6
"""Cosines are rounded before they are compared, so that sums in another order merge in the same one."""
AT_ONCE = 100_000


def unique_pairs(pairs: Ints) -> Ints:
    """Pairs of rows [m, 2], each once, the smaller row first; a row's pair with itself is left out."""
    pairs = np.sort(pairs.reshape(-1, 2), axis=1)
    found: Ints = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    return found


def nearest_cosines(vectors: Floats, pairs: Ints) -> NDArray[np.float64]:
    """Each row's cosine to the most alike of those it has a pair with [n]; NaN where it has none."""
    found = np.full(len(vectors), -np.inf)
    alike = _cosines(vectors, pairs)
    for side in (0, 1):
        np.maximum.at(found, pairs[:, side], alike)
    return np.where(np.isfinite(found), found, np.nan)


def average_linkage(vectors: Floats, pairs: Ints, threshold: float) -> Ints:
    """The cluster of each row [n], numbered in order of their first rows.

    The two clusters whose rows are most alike on average are joined, again and again, while the average cosine is at
    least ``threshold``. Averages are over all rows of both clusters, but only clusters with a pair between them are
    joined. Unlike connected components, which chain unlike things together, every cluster is alike as a whole. As the
    vectors have unit length, the average of cosines is the product of the clusters' mean vectors, so a cluster costs
    one vector, however large it is. The order of the pairs does not matter.

    Args:
        vectors: [n, dimension], unit length.
        pairs: [m, 2], from `unique_pairs`.
        threshold: -1 to 1.
    """
    count = len(vectors)
    sums, sizes, version = vectors.astype(np.float64), np.ones(count), [0] * count
    near: list[set[int]] = [set() for _ in range(count)]
    for one, other in pairs.tolist():
        near[one].add(other)
        near[other].add(one)
    alike = np.round(_cosines(vectors, pairs), DECIMALS)
    enough = alike >= threshold
    heap: list[tuple[float, int, int, int, int]] = [
        (-score, one, other, 0, 0)
        for score, (one, other) in zip(alike[enough].tolist(), pairs[enough].tolist(), strict=True)
    ]
    heapify(heap)
    parent = list(range(count))
    while heap:
        _, one, other, of_one, of_other = heappop(heap)
        if (version[one], version[other]) != (of_one, of_other):
            continue
        parent[other] = one  # the smaller row: pairs are kept in that order
        sums[one] += sums[other]
        sizes[one] += sizes[other]
        version[one] += 1
        version[other] = -1
        near[one] = (near[one] | near[other]) - {one, other}
        around = sorted(near[one])
        for row in around:
            near[row].discard(other)
            near[row].add(one)
        scores = sums[around] @ sums[one] / (sizes[around] * sizes[one])
        for row, score in zip(around, np.round(scores, DECIMALS).tolist(), strict=True):
            if score >= threshold:
                low, high = min(row, one), max(row, one)
                heappush(heap, (-score, low, high, version[low], version[high]))
    return _numbered(parent)


def _numbered(parent: Sequence[int]) -> Ints:
    """A parent stands before its children, so one pass over the rows is enough."""
    root: list[int] = []
    number: dict[int, int] = {}
    for row, above in enumerate(parent):
        root.append(row if above == row else root[above])
    return np.array([number.setdefault(one, len(number)) for one in root], np.int64)


def _cosines(vectors: Floats, pairs: Ints) -> NDArray[np.float64]:
    found = np.zeros(len(pairs))
    for start in range(0, len(pairs), AT_ONCE):
        part = pairs[start : start + AT_ONCE]
        found[start : start + AT_ONCE] = np.einsum("ij,ij->i", vectors[part[:, 0]], vectors[part[:, 1]])
    return found
