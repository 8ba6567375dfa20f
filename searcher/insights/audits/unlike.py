"""How much more a photo is like strangers, which show no product, than like any category of the catalog."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from indexer.labels.photos import Floats, Ints
from indexer.models.strangers import Strangers

SHARE = 1 / 3
"""Of the strangers' spread in the common one; the rest is the categories' own."""
SHRINKAGE = 0.8
"""How far the common spread is drawn to an equal one, as a share of it."""
BATCH = 4096

Numbers = NDArray[np.float64]


def strangeness(vectors: Floats, labels: Ints, strangers: Strangers) -> Numbers:
    """The log likelihood of each photo [n] as a stranger, less that as a photo of its likeliest category.

    Linear discriminant analysis (Fisher, 1936; Hastie et al., *The Elements of Statistical Learning*, 4.3): categories
    and strangers are normal distributions of one common spread. Distances to neighbours tell strangers worse: a second
    invoice is near the first, and a piece like no other is far from all. No photo helps to make the mean of its own
    category, so that one that is alone in a category does not vouch for itself.

    Args:
        vectors: [n, dimension], unit length.
        labels: [n], the category of each; those of -1 are taken for one more.
        strangers: what the model makes of them.
    """
    names, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    exact = vectors.astype(np.float64)
    means = np.zeros((len(names), exact.shape[1]))
    np.add.at(means, place, exact)
    means /= counts[:, None]
    within = exact - means[place]
    common = (1 - SHARE) * (within.T @ within) / max(1, len(exact)) + SHARE * strangers.covariance
    common += SHRINKAGE * max(float(np.trace(common)) / len(common), 1e-9) * np.eye(len(common))
    whiten = np.linalg.inv(np.linalg.cholesky(common)).T
    centres, odd = means @ whiten, strangers.mean @ whiten
    without_itself = np.where(counts > 1, (counts / np.maximum(1, counts - 1)) ** 2, np.inf)
    found = np.zeros(len(exact))
    for start in range(0, len(exact), BATCH):
        rows = slice(start, start + BATCH)
        white, own = exact[rows] @ whiten, place[rows]
        apart = np.maximum(0.0, (white**2).sum(1)[:, None] - 2 * white @ centres.T + (centres**2).sum(1)[None])
        each = np.arange(len(white))
        apart[each, own] = np.maximum(apart[each, own], 1e-12) * without_itself[own]
        found[rows] = (apart.min(axis=1) - ((white - odd) ** 2).sum(axis=1)) / 2
    return found
