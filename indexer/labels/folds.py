"""Folds for judging labels out of sample: a piece, whose versions share photos, and its near-identical photos are never
split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.labels.neighbours import Neighbours
from indexer.labels.photos import Ints
from indexer.photos.components import components, same_value_edges

NEAR_IDENTICAL = 0.98
"""Cosine from which two photos may be copies of one picture."""
LARGEST_SHARE = 0.5
"""Of a fold. Where likeness chains more together than this (a catalog of one design in many colours), it is left out of
account: a fold has to leave enough to learn from."""


def make_folds(
    piece: Ints, folds: int, seed: int = 0, *, pixels: Sequence[str] = (), near: Neighbours | None = None
) -> Ints:
    """The fold of each photo [n], 0 to ``folds`` - 1, of about equal sizes; the same for the same photos and seed.

    Photos of one piece, of equal pixels, and of cosine 0.98 or more are in one fold: a copy in the learning part
    would tell the classifier the very label that is to be judged.

    Args:
        piece: [n], a number per piece, 0 and up.
        folds: how many, 2 or more.
        seed: decides the division.
        pixels: [n], a hash of each photo's pixels; empty texts, or none at all, are not compared.
        near: the neighbours of the photos, where they are known.
    """
    groups = _groups(piece, pixels, near, NEAR_IDENTICAL)
    if np.bincount(groups).max(initial=0) > LARGEST_SHARE * len(piece) / folds:
        groups = _groups(piece, pixels, None, np.inf)
    sizes = np.bincount(groups)
    drawn = np.random.default_rng(seed).permutation(len(sizes))
    largest_first = drawn[np.argsort(-sizes[drawn], kind="stable")]
    load = np.zeros(folds, np.int64)
    fold_of_group = np.zeros(len(sizes), np.int64)
    for group in largest_first.tolist():
        fold = int(load.argmin())
        fold_of_group[group] = fold
        load[fold] += sizes[group]
    return fold_of_group[groups]


def _groups(piece: Ints, pixels: Sequence[str], near: Neighbours | None, least: float) -> Ints:
    """The group of each photo [n]: connected pieces."""
    twins = np.array(same_value_edges([value or None for value in pixels]), np.int64).reshape(-1, 2)
    if near is not None:
        rows, columns = np.nonzero(near.cosines >= least)
        twins = np.concatenate([twins, np.stack([rows, near.rows[rows, columns]], axis=1)])
    edges: list[tuple[int, int]] = piece[twins].tolist()
    _, groups = np.unique(components(int(piece.max(initial=-1)) + 1, edges), return_inverse=True)
    of_photo: Ints = groups.astype(np.int64)[piece]
    return of_photo
