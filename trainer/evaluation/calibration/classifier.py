"""From features to categories: a linear softmax classifier, and a temperature that makes it as sure as it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.labels.photos import Ints, Numbers
from indexer.models.vectors import softmax
from trainer.evaluation.calibration.folds import turns
from trainer.evaluation.calibration.standard import Standard
from trainer.network.served import FeatureClassifier

DIRECTIONS = 512
"""Main directions of the features that are learned from: with more, nothing else was found, and it took longer."""
PENALTIES = (0.3, 0.1, 0.03, 0.01)
"""Of the weights' squares, for a photo's share of the loss: the best is chosen out of fold."""
CHOOSING = 3_000
"""Photos at most on which that is chosen."""
WRONG = 0.02
"""Share of labels that are taken for wrong when a temperature is judged: else a few photos that surely show something
else would make all answers less sure than they are right."""
TEMPERATURES = (0.05, 20.0)
"""Between which the best is looked for."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """A layer from features to the logits of the categories; its temperature is part of it."""

    layer: FeatureClassifier
    temperature: float
    """That the logits were divided by."""
    penalty: float
    judged: int
    """Photos that temperature and penalty were judged on, each by a classifier that had not seen it."""
    accuracy: float
    """Share of them that was told right; NaN of none."""

    def record(self) -> dict[str, Any]:
        """As model.json has it."""
        accuracy = None if np.isnan(self.accuracy) else round(self.accuracy, 4)
        found = {"temperature": round(self.temperature, 4), "penalty": self.penalty}
        return {**found, "judged": self.judged, "accuracy": accuracy}


def fit_classifier(
    features: NDArray[np.floating],
    labels: Sequence[str],
    categories: Sequence[str],
    folds: Ints,
    *,
    stages: Sequence[int] = (),
    weights: Numbers | None = None,
) -> Classifier:
    """Multinomial logistic regression on features, calibrated by temperature scaling.

    The logits are divided by the temperature under which the labels are likeliest (Guo et al., *On Calibration of
    Modern Neural Networks*, ICML 2017), judged on photos that the classifier did not see. Where all of these are told
    right, any small temperature would do, and the classifier would be sure of everything: its logarithm is therefore
    taken to be drawn from a standard normal distribution, which weighs as much as one photo.

    The embedding learns nothing from it, so predicted categories cost the similarity nothing.

    Args:
        features: [n, F], of a backbone or of a head.
        labels: [n], each of ``categories``.
        categories: in the order of the logits, two or more, each with a photo.
        folds: int64 [n], see `folds_for`.
        stages: widths of the network's stages in F; all are one without it.
        weights: float64 [n], 0..1: how much a photo counts; all as much without it.

    Raises:
        ValueError: a label is not among the categories, or a category has no photo.
    """
    place = {name: number for number, name in enumerate(categories)}
    if set(labels) != set(place):
        raise ValueError(f"categories {list(categories)} are not those of the photos")
    truth = np.array([place[label] for label in labels], np.int64)
    counted = np.ones(len(truth)) if weights is None else np.maximum(weights, 1e-3)
    standard = Standard.of(features, stages or (features.shape[1],))
    reduced, back = _main_directions(standard.apply(features))
    rows = _some(folds)
    best, logits, penalty = np.inf, None, PENALTIES[1]
    for one in PENALTIES:
        judged = _out_of_fold(reduced[rows], truth[rows], counted[rows], folds[rows], len(place), one)
        known = ~np.isnan(judged[:, 0])
        if not known.any():
            break
        temperature = _temperature(judged[known], truth[rows][known], counted[rows][known])
        loss = _loss(judged[known] / temperature, truth[rows][known], counted[rows][known])
        if loss < best:
            best, logits, penalty = loss, (judged[known], truth[rows][known], temperature), one
    weight, bias = _regression(reduced, truth, counted, len(place), penalty)
    temperature, accuracy, count = 1.0, np.nan, 0
    if logits is not None:
        found, right, temperature = logits
        accuracy, count = float((found.argmax(axis=1) == right).mean()), len(right)
    weight, bias = weight / temperature, bias / temperature
    weight = weight @ back / standard.scale
    return Classifier(_layer(weight, bias - weight @ standard.centre), temperature, penalty, count, accuracy)


def _main_directions(apart: Numbers) -> tuple[Numbers, Numbers]:
    """Centred features along their main directions [n, k], and the way there [k, F]."""
    _, vectors = np.linalg.eigh(apart.T @ apart / len(apart))
    kept = vectors[:, ::-1][:, : min(DIRECTIONS, len(apart), apart.shape[1])]
    return apart @ kept, kept.T


def _some(folds: Ints) -> NDArray[np.intp]:
    """The rows that strengths are chosen on: all, or evenly drawn ones."""
    if len(folds) <= CHOOSING:
        return np.arange(len(folds))
    return np.sort(np.random.default_rng(0).choice(len(folds), CHOOSING, replace=False))


def _out_of_fold(rows: Numbers, truth: Ints, counted: Numbers, folds: Ints, classes: int, penalty: float) -> Numbers:
    """Logits [n, classes] of photos, each by a classifier that did not see its fold; NaN of what is not judged."""
    found = np.full((len(rows), classes), np.nan)
    for learn, judged in turns(folds):
        weight, bias = _regression(rows[learn], truth[learn], counted[learn], classes, penalty)
        found[judged] = rows[judged] @ weight.T + bias
    return found


def _regression(rows: Numbers, truth: Ints, counted: Numbers, classes: int, penalty: float) -> tuple[Numbers, Numbers]:
    """Weights [classes, k] and biases [classes] of a weighted logistic regression; a class without rows is unlikely."""
    from sklearn.linear_model import LogisticRegression

    weight, bias = np.zeros((classes, rows.shape[1])), np.full(classes, -10.0)
    there = np.unique(truth)
    if len(there) < 2:
        bias[there] = 0.0
        return weight, bias
    model = LogisticRegression(C=1.0 / (penalty * counted.sum()), max_iter=500)
    model.fit(rows, truth, sample_weight=counted)
    coefficients, intercept = model.coef_, model.intercept_
    if len(there) == 2:  # of two classes, scikit-learn keeps the difference
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    weight[there], bias[there] = coefficients, intercept
    return weight, bias


def _temperature(logits: Numbers, truth: Ints, counted: Numbers) -> float:
    from scipy.optimize import minimize_scalar

    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(
        lambda t: _loss(logits / np.exp(t), truth, counted) + t**2 / (2 * counted.sum()),
        bounds=(low, high),
        method="bounded",
    )
    return float(np.exp(found.x))


def _loss(logits: Numbers, truth: Ints, counted: Numbers) -> float:
    """Weighted cross entropy against labels of which some are wrong."""
    count, classes = logits.shape
    likely = np.log((1 - WRONG) * softmax(logits)[np.arange(count), truth] + WRONG / classes)
    return float(-(counted * likely).sum() / counted.sum())


def _layer(weight: Numbers, bias: Numbers) -> FeatureClassifier:
    layer = FeatureClassifier(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer
