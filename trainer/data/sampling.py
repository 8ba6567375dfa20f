"""Which photos form a batch: categories in equal numbers, or the classic recipe's random triplets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def balanced_batches(labels: Indices, batch: int, rng: np.random.Generator) -> list[Indices]:
    """An epoch of batches in which every category has as equal a share as it can (P x K sampling, all P at once).

    Every photo of the largest category appears about once an epoch; smaller categories start over, so that rare
    ones weigh as much as common ones. No photo appears twice in one batch unless its category is smaller than its
    share.

    Args:
        labels: category of each photo, int64 [n].
        batch: photos per batch; more categories than that take turns.
        rng: decides everything.

    Returns:
        Arrays of photo indices.
    """
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    chosen = min(len(members), max(2, batch // 2))
    share = max(1, min(batch // chosen, max(map(len, members))))
    steps = max(1, round(len(labels) / (chosen * share)))
    streams = [_endless(indices, steps * share, rng) for indices in members]
    batches = []
    for step in range(steps):
        picked = rng.permutation(len(members))[:chosen]
        batches.append(np.concatenate([streams[k][step * share : (step + 1) * share] for k in picked]))
    return batches


def random_triplets(labels: Indices, rng: np.random.Generator) -> Indices:
    """One triplet per photo that has a partner: anchor, another photo of its category, a photo of another one.

    Args:
        labels: category of each photo, int64 [n], at least two of them.
        rng: decides everything.

    Returns:
        int64 [m, 3] in random order: anchor, positive, negative.
    """
    triplets = []
    for label in np.unique(labels):
        same, other = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
        if len(same) < 2 or not len(other):
            continue
        shift = rng.integers(1, len(same), size=len(same))
        positive = same[(np.arange(len(same)) + shift) % len(same)]
        triplets.append(np.stack([same, positive, rng.choice(other, size=len(same))], axis=1))
    if not triplets:
        return np.empty((0, 3), np.int64)
    return rng.permutation(np.concatenate(triplets))


def codes(values: Sequence[object]) -> Indices:
    """Equal values as equal integers, int64 [n], numbered in sorted order of their text."""
    return np.unique(np.array([str(value) for value in values]), return_inverse=True)[1].astype(np.int64)


def _endless(indices: Indices, wanted: int, rng: np.random.Generator) -> Indices:
    rounds = -(-wanted // len(indices))
    return np.concatenate([rng.permutation(indices) for _ in range(rounds)])[:wanted]
