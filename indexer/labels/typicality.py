"""How typical a photo would be of each category, by the nearest photos of that category."""

from __future__ import annotations

import numpy as np

from indexer.labels.photos import LabelledPhotos, Numbers
from indexer.labels.residual import BATCH

NEAREST = 3


def typicality(photos: LabelledPhotos) -> Numbers:
    """The share of each category's photos that are no nearer to their category than this photo is [n, classes].

    A ring filed under earrings is as near to the rings as most rings are; a ring that is like no other is near to
    nothing, and whatever it is nearest to says little. That is a conformal p-value (Vovk, Gammerman & Shafer,
    *Algorithmic Learning in a Random World*, 2005) of the mean cosine to the three nearest photos of the category, of
    other pieces: above 0, and 1 for the most typical.
    """
    near = _likeness(photos)
    shares = np.zeros_like(near)
    for number in range(photos.classes):
        usual = np.sort(near[photos.labels == number, number])
        shares[:, number] = (np.searchsorted(usual, near[:, number], side="right") + 1) / (len(usual) + 1)
    return np.minimum(shares, 1.0)


def _likeness(photos: LabelledPhotos) -> Numbers:
    """Mean cosine to the nearest photos of each category [n, classes]; -1 where there are none of other pieces."""
    vectors, piece, voters = photos.vectors, photos.piece, photos.voters
    of_category = [voters[photos.labels[voters] == number] for number in range(photos.classes)]
    found = np.full((len(photos), photos.classes), -1.0)
    for start in range(0, len(photos), BATCH):
        rows = slice(start, start + BATCH)
        for number, members in enumerate(of_category):
            if not len(members):
                continue
            cosines = vectors[rows] @ vectors[members].T
            cosines[piece[rows][:, None] == piece[members][None]] = -1.0
            k = min(NEAREST, len(members))
            best = np.partition(cosines, len(members) - k, axis=1)[:, -k:]
            found[rows, number] = best.mean(axis=1, dtype=np.float64)
    return found
