"""By what a photo is judged: by something fitted without it, and without whatever shows the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from indexer.labels.folds import make_folds
from indexer.labels.photos import Ints

FOLDS = 5
NEVER = -1
"""The fold of a photo that is never judged, only learned from."""


def folds_for(groups: Ints, trained: int, *, learnt: bool, seed: int = 0) -> Ints:
    """The fold of each photo [n].

    Features that learned from the training photos flatter them: then only the others are judged, all in one fold. What
    a backbone saw before it learned from anything here flatters nobody, and every photo is judged in its turn.

    Args:
        groups: int64 [n], equal for photos that show the same; the training photos first.
        trained: how many of them are training photos.
        learnt: the features learned from these.
        seed: decides the division.
    """
    count = len(groups)
    if learnt and trained < count:
        return np.where(np.arange(count) < trained, NEVER, 0).astype(np.int64)
    pieces = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    return make_folds(pieces, min(FOLDS, max(2, len(np.unique(pieces)))), seed)


def turns(folds: Ints) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """For each fold: the photos that are learned from, and those that are judged, as masks [n]."""
    for fold in np.unique(folds[folds != NEVER]):
        judged = folds == fold
        if not judged.all():
            yield ~judged, judged
