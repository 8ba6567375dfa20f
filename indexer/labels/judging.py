"""What speaks against the label of each product: a classifier out of fold, the neighbours, and how typical it would be
of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.labels.classifier import out_of_sample
from indexer.labels.doubt import probability_wrong
from indexer.labels.photos import Ints, LabelledPhotos, Numbers
from indexer.labels.residual import residual_votes
from indexer.labels.typicality import typicality
from indexer.models.vectors import softmax

NEIGHBOURS = 10
FAINTEST = 0.02
"""A vote below this is taken for it: among ten neighbours, none is no proof."""
CERTAIN = 1e-9
"""Nor is any probability of the classifier below this."""


@dataclass(frozen=True)
class Judgement:
    """What is known of the labels of products [p] and of their photos [n]."""

    given: Ints
    """[p]; -1 where there is none, and nothing else is known then."""
    other: Ints
    """[p]: the likeliest label besides the given one."""
    evidence: Numbers
    """[p]: against the given label and for the other, in natural logarithms of a likelihood ratio."""
    wrong: Numbers
    """[p]: the probability that the given label is wrong; rises with the evidence."""
    other_right: Numbers
    """[p]: the probability that the other is the right one."""
    photo_evidence: Numbers
    """[n]."""

    @property
    def suspected(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """[p]: the other label is likelier the right one than the given."""
        found: np.ndarray[tuple[int], np.dtype[np.bool_]] = self.other_right > 1.0 - self.wrong
        return found


def judge(photos: LabelledPhotos, product: Ints, folds: Ints) -> Judgement:
    """Judge the label of every product by its photos.

    Two judges look at each photo without its label having a say: a linear classifier that did not see its fold
    (`out_of_sample`), and the nearest photos of other pieces once what is common to a category is taken away
    (`residual_votes`). For another label than the given one counts besides how typical the photo would be of it
    (`typicality`), for a piece like no other is easily taken for something else. Their logarithms are added, and a
    product's are the mean over its photos. What such evidence is worth is measured on the photos at hand: by what it
    would be if the label were wrong, with every label exchanged for every other in turn, and by how much of it there
    is (`doubt`).

    After Northcutt, Jiang & Chuang, *Confident Learning* (JAIR 2021).

    Args:
        photos: at least two classes.
        product: [n], a number per product, 0 to p - 1, each of them there; its photos have one label.
        folds: [n], see `make_folds`.
    """
    classes, labels = photos.classes, photos.labels
    probabilities = out_of_sample(photos.vectors, labels, classes, folds)
    residual = residual_votes(photos, neighbours=NEIGHBOURS)
    own = np.log(np.maximum(probabilities, CERTAIN)) + 0.5 * np.log(np.maximum(residual, FAINTEST))
    as_other = own + np.log(typicality(photos))

    order = np.argsort(product, kind="stable")  # the photos of a product stand together
    counts = np.bincount(product)
    starts = np.cumsum(counts) - counts
    given = np.maximum.reduceat(labels[order], starts)
    own_mean, other_mean = (np.add.reduceat(part[order], starts, axis=0) / counts[:, None] for part in (own, as_other))
    evidence, other = _against(own_mean, other_mean, given)
    labelled = given >= 0
    exchanged = [(given[labelled] + step) % classes for step in range(1, classes)]
    if_wrong = np.concatenate([_against(own_mean[labelled], other_mean[labelled], label)[0] for label in exchanged])
    wrong = np.zeros(len(given))
    wrong[labelled] = probability_wrong(evidence[labelled], if_wrong)
    rest = other_mean.copy()
    rest[np.arange(len(given)), given] = -np.inf
    return Judgement(
        given=given,
        other=other,
        evidence=evidence,
        wrong=wrong,
        other_right=wrong * softmax(rest).max(axis=1),
        photo_evidence=_against(own, as_other, given[product])[0],
    )


def _against(own: Numbers, as_other: Numbers, given: Ints) -> tuple[Numbers, Ints]:
    """The evidence against the labels given [m], and the label that it is for."""
    rows = np.arange(len(given))
    others = as_other.copy()
    others[rows, given] = -np.inf
    best = others.argmax(axis=1)
    return others[rows, best] - own[rows, given], best
