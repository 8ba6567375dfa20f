"""A classifier that judges every photo without having seen it: cross-validated ridge regression on the embeddings."""

from __future__ import annotations

import numpy as np

from indexer.labels.photos import Floats, Ints, Numbers
from indexer.models.vectors import softmax

PENALTY = 0.1
"""Of a photo: the ridge is this times the number of photos learned from, over the dimension."""
TEMPERATURES = np.geomspace(0.5, 50.0, 41)
FOLDS = 5


def out_of_sample(vectors: Floats, labels: Ints, classes: int, folds: Ints) -> Numbers:
    """Probability of every class for every photo [n, classes], each by a classifier that did not see its fold.

    Least squares on one-hot targets, a class weighing the square root of its share, has a closed form: one pass over
    the vectors a fold. Its answers become probabilities by a softmax of the sharpness that makes the labels likeliest,
    judged on these answers too. After Northcutt et al., *Confident Learning* (JAIR 2021), who ask of a classifier no
    more than that it did not see the labels it judges.

    Args:
        vectors: [n, dimension], unit length.
        labels: [n], 0 to ``classes`` - 1; -1 has no label, is judged and not learned from.
        classes: number of classes, 1 or more.
        folds: [n], see `make_folds`.
    """
    answers = np.zeros((len(vectors), classes))
    for fold in np.unique(folds):
        held = folds == fold
        learn = ~held & (labels >= 0)
        if learn.any():
            answers[held] = _with_one(vectors[held]) @ _weights(vectors[learn], labels[learn], classes)
        else:
            answers[held] = 1.0 / classes
    known = labels >= 0
    likelihoods = [_likelihood(answers[known], labels[known], sharpness) for sharpness in TEMPERATURES]
    return softmax(answers * TEMPERATURES[int(np.argmax(likelihoods))])


def _weights(vectors: Floats, labels: Ints, classes: int) -> Numbers:
    """[dimension + 1, classes]."""
    share = np.bincount(labels, minlength=classes) / len(labels)
    weight = 1.0 / np.sqrt(np.maximum(share[labels], 1e-12))
    columns = _with_one(vectors)
    weighted = columns * weight[:, None]
    ridge = PENALTY * weight.sum() / vectors.shape[1] * np.eye(columns.shape[1])
    ridge[-1, -1] *= 1e-3  # the constant is hardly held back
    targets = np.zeros((len(labels), classes))
    targets[np.arange(len(labels)), labels] = 1.0
    solved: Numbers = np.linalg.solve(weighted.T @ columns + ridge, weighted.T @ targets)
    return solved


def _likelihood(answers: Numbers, labels: Ints, sharpness: float) -> float:
    if not len(labels):
        return 0.0
    found = softmax(answers * sharpness)[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.maximum(found, 1e-3))))  # wrong labels must not drown the others


def _with_one(vectors: Floats) -> Numbers:
    return np.hstack([vectors.astype(np.float64), np.ones((len(vectors), 1))])
