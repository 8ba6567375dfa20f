"""Folds for judging labels out of sample: a piece, whose versions share photos, and its near-identical photos are never
split."""

from __future__ import annotations

import numpy as np

from indexer.photos.components import components, same_value_edges
from indexer.store.filters.tree import value_at
from searcher.insights.gallery import Gallery, Ints, Neighbours

NEAR_IDENTICAL = 0.98
"""Cosine from which two photos may be copies of one picture."""
LARGEST_SHARE = 0.5
"""Of a fold. Where likeness chains more together than this (a catalog of one design in many colours), it is left out of
account: a fold has to leave enough to learn from."""


def make_folds(gallery: Gallery, neighbours: Neighbours, folds: int, seed: int = 0) -> Ints:
    """The fold of each photo [n], 0 to ``folds`` - 1, of about equal sizes; the same for the same photos and seed.

    Photos of one piece, of equal pixels, and of cosine 0.98 or more are in one fold: a copy in the learning part
    would tell the classifier the very label that is to be judged.
    """
    groups = _groups(gallery, neighbours, NEAR_IDENTICAL)
    if np.bincount(groups).max(initial=0) > LARGEST_SHARE * len(gallery) / folds:
        groups = _groups(gallery, neighbours, np.inf)
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


def _groups(gallery: Gallery, neighbours: Neighbours, near: float) -> Ints:
    """The group of each photo [n]: connected pieces."""
    twins = np.array(same_value_edges([pixels_of(gallery, row) or None for row in range(len(gallery))]), np.int64)
    rows, columns = np.nonzero(neighbours.cosines >= near)
    photos = np.concatenate([twins.reshape(-1, 2), np.stack([rows, neighbours.rows[rows, columns]], axis=1)])
    edges: list[tuple[int, int]] = gallery.piece[photos].tolist()
    _, groups = np.unique(components(int(gallery.piece.max(initial=-1)) + 1, edges), return_inverse=True)
    of_photo: Ints = groups.astype(np.int64)[gallery.piece]
    return of_photo


def pixels_of(gallery: Gallery, row: int) -> str:
    """The hash of a photo's pixels; empty where the index does not know it."""
    return str(value_at(gallery.payloads[row], "photo.pixel_sha256") or "")
