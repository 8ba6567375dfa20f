"""Which photos form a batch: categories in equal numbers, products with several photos, or any; and random triplets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

PHOTOS_EACH = 4
"""Photos of a product in a batch of `pk_batches`, where it has as many."""
MOST_CATEGORIES = 3
"""Categories in a batch of `pk_batches`."""


def random_batches(labels: Indices, batch: int, rng: np.random.Generator) -> list[Indices]:
    """An epoch of batches of any photos, each photo once, all batches of about the same size.

    Args:
        labels: int64 [n]; only their number counts.
        batch: photos per batch, at most.
        rng: decides everything.
    """
    return np.array_split(rng.permutation(len(labels)), max(1, -(-len(labels) // batch)))


def pk_batches(labels: Indices, groups: Indices, batch: int, rng: np.random.Generator) -> list[Indices]:
    """An epoch of batches of P products with up to K photos each (P x K), from one to three categories.

    Products of one category are what is hard to tell apart; in a batch of all categories they would be few. Each photo
    comes once an epoch. Where every product has one photo, a batch is just photos of few categories. (Hermans et al.,
    *In Defense of the Triplet Loss*, 2017, for P x K; *Deep Metric Learning to Rank*, Cakir et al., 2019, for batches
    from few categories.)

    Args:
        labels: category of each photo, int64 [n].
        groups: product of each photo, int64 [n]; a product of several categories counts as of its first photo's.
        batch: photos per batch, at most; K is `PHOTOS_EACH`.
        rng: decides everything.

    Returns:
        Arrays of photo indices; each has two products or more, but where there is only one.
    """
    pieces: dict[int, list[Indices]] = {}
    order = np.argsort(groups, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        parts = np.array_split(rng.permutation(members), -(-len(members) // PHOTOS_EACH))
        pieces.setdefault(int(labels[members[0]]), []).extend(parts)
    for category in sorted(pieces):
        pieces[category] = [pieces[category][k] for k in rng.permutation(len(pieces[category]))]
    batches: list[Indices] = []
    while left := [category for category in sorted(pieces) if pieces[category]]:
        share = np.array([sum(map(len, pieces[category])) for category in left], float)
        wanted = min(len(left), int(rng.integers(1, MOST_CATEGORIES + 1)))
        chosen = rng.choice(left, size=wanted, replace=False, p=share / share.sum())
        batches.append(_filled([pieces[category] for category in chosen], batch))
    alone = [k for k, members in enumerate(batches) if len(np.unique(groups[members])) < 2]
    for k in reversed(alone):  # a product by itself has nothing to be told from
        if len(batches) > 1:
            lonely = batches.pop(k)
            smallest = min(range(len(batches)), key=lambda other: len(batches[other]))
            batches[smallest] = np.concatenate([batches[smallest], lonely])
    return batches


def _filled(pieces: list[list[Indices]], batch: int) -> Indices:
    """Up to ``batch`` photos, taken off the ends of the lists in turns."""
    taken: list[Indices] = []
    room = max(batch, PHOTOS_EACH)
    while some := [one for one in pieces if one and len(one[-1]) <= room]:
        for one in some:
            if len(one[-1]) <= room:
                taken.append(one.pop())
                room -= len(taken[-1])
    return np.concatenate(taken)


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
