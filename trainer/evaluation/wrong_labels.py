"""Which training photos probably have a wrong category: found out of fold, counted for less, and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.labels.folds import make_folds
from indexer.labels.judging import judge
from indexer.labels.photos import Ints, LabelledPhotos, Numbers
from indexer.models.vectors import unit
from trainer.data.dataset import Sample
from trainer.data.sampling import codes
from trainer.evaluation.calibration.standard import Standard

FOLDS = 5
DIRECTIONS = 128
"""Main directions of the features that labels are judged by."""


@dataclass(frozen=True, slots=True)
class LabelSuspect:
    """A photo whose category is likelier another one."""

    key: str
    label: str
    suggested: str
    confidence: float
    """Probability that the label is wrong, 0..1."""

    def record(self) -> dict[str, Any]:
        """As model.json has it, in ``training.label_suspects``."""
        return {
            "key": self.key,
            "label": self.label,
            "suggested": self.suggested,
            "confidence": round(self.confidence, 4),
        }


@dataclass(frozen=True, slots=True)
class JudgedLabels:
    """What labels are worth."""

    weights: Numbers
    """[n], 0..1: the probability that the label of each photo is right."""
    suspects: tuple[LabelSuspect, ...]
    """The likeliest wrong one first."""
    keys: tuple[str, ...] = ()
    """[n], the photos' names."""

    def of(self, samples: Sequence[Sample]) -> Numbers:
        """The weights of samples [m]; 1 of one that was not judged."""
        known = dict(zip(self.keys, self.weights.tolist(), strict=True))
        return np.array([known.get(sample.key, 1.0) for sample in samples])


def judge_labels(
    features: NDArray[np.floating],
    labels: Sequence[str],
    products: Ints,
    groups: Ints,
    keys: Sequence[str],
    stages: Sequence[int],
) -> JudgedLabels:
    """Judge the categories of training photos by features that have not learned them; see `indexer.labels.judging`.

    Args:
        features: [n, F], of a backbone that has not seen these labels: one that has learned the mistakes finds none.
        labels: [n].
        products: int64 [n], equal for photos of one product, which share a label and are judged together.
        groups: int64 [n], equal for photos that show the same: they have no say about each other.
        keys: [n], the photos' names.
        stages: widths of the network's stages in F.

    Returns:
        All weights 1 and no suspects where there are fewer than two categories or two groups.
    """
    names, code = np.unique(np.array(labels, dtype=np.str_), return_inverse=True)
    product = np.unique(products, return_inverse=True)[1].astype(np.int64)
    piece = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    pieces = int(piece.max(initial=-1)) + 1
    if len(names) < 2 or pieces < 2:
        return JudgedLabels(np.ones(len(labels)), (), tuple(keys))
    photos = LabelledPhotos(_vectors(features, stages), piece, code.astype(np.int64), len(names))
    found = judge(photos, product, make_folds(piece, min(FOLDS, pieces)))
    suspected = np.flatnonzero(found.suspected)
    order = suspected[np.lexsort((suspected, -np.round(found.evidence[suspected], 6)))]
    suspects = [
        LabelSuspect(keys[row], str(names[found.given[one]]), str(names[found.other[one]]), float(found.wrong[one]))
        for one in order
        for row in np.flatnonzero(product == one).tolist()
    ]
    return JudgedLabels(1.0 - found.wrong[product], tuple(suspects), tuple(keys))


def judge_samples(features: NDArray[np.floating], samples: Sequence[Sample], stages: Sequence[int]) -> JudgedLabels:
    """`judge_labels` of those samples that have a category; the others weigh 1.

    Args:
        features: [n, F], one row a sample.
        samples: [n].
        stages: widths of the network's stages in F.
    """
    rows = np.array([row for row, sample in enumerate(samples) if sample.category], np.int64)
    chosen = [samples[row] for row in rows]
    found = judge_labels(
        features[rows],
        [sample.category for sample in chosen],
        codes([sample.product_id for sample in chosen]),
        codes([sample.group for sample in chosen]),
        [sample.key for sample in chosen],
        stages,
    )
    weights = np.ones(len(samples))
    weights[rows] = found.weights
    return JudgedLabels(weights, found.suspects, tuple(sample.key for sample in samples))


def _vectors(features: NDArray[np.floating], stages: Sequence[int]) -> NDArray[np.float32]:
    """Features along their main directions, of unit length [n, k]."""
    apart = Standard.of(features, stages).apply(features)
    _, directions = np.linalg.eigh(apart.T @ apart / len(apart))
    return unit((apart @ directions[:, ::-1][:, :DIRECTIONS]).astype(np.float32))
