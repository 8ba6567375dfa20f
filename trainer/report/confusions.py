"""Which categories a model takes for which: the confusion matrix, and the pairs of photos that it finds most alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAIRS = 6
"""Pairs of categories that are shown, the most frequent first."""
BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Confusion:
    """Photos of the categories ``names`` [C], by true (rows) and given (columns) category."""

    names: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def right(self) -> float:
        """The share that lies on the diagonal."""
        return float(np.trace(self.counts) / max(1, self.counts.sum()))


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A photo whose nearest is of another category: rows of the embeddings, their cosine, and how often that happens.

    ``times`` counts the photos whose nearest crosses between these two categories, in either direction.
    """

    photo: int
    nearest: int
    score: float
    times: int


def nearest_rows(embeddings: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The most similar other photo of each [n], and the cosine; needs two photos. A block of rows at a time."""
    unit = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    rows, scores = np.zeros(len(unit), np.int64), np.zeros(len(unit), np.float32)
    for start in range(0, len(unit), BLOCK):
        cosine = unit[start : start + BLOCK] @ unit.T
        own = np.arange(len(cosine))
        cosine[own, start + own] = -np.inf
        rows[start : start + BLOCK] = cosine.argmax(axis=1)
        scores[start : start + BLOCK] = cosine.max(axis=1)
    return rows, scores


def confusion(true: Sequence[str], given: Sequence[str]) -> Confusion:
    """How often photos of each category were given each category."""
    names = tuple(sorted({*true, *given}))
    code = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, ([code[name] for name in true], [code[name] for name in given]), 1)
    return Confusion(names, counts)


def look_alikes(
    categories: Sequence[str], nearest: NDArray[np.int64], scores: NDArray[np.float32], at_most: int = PAIRS
) -> list[LookAlike]:
    """For each pair of categories that nearest photos cross between, the most similar such two; the commonest first."""
    found: dict[tuple[str, str], list[int]] = {}
    for photo, other in enumerate(nearest):
        first, second = sorted((categories[photo], categories[int(other)]))
        if first != second:
            found.setdefault((first, second), []).append(photo)
    best = [(len(photos), max(photos, key=lambda one: (scores[one], -one))) for photos in found.values()]
    best.sort(key=lambda one: (-one[0], -float(scores[one[1]]), one[1]))
    return [LookAlike(photo, int(nearest[photo]), float(scores[photo]), times) for times, photo in best[:at_most]]
