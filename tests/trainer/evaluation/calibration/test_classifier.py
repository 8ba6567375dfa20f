"""A classifier on features: right, as sure as it is right, in the order of the categories, whatever the scales."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from indexer.models.vectors import softmax
from trainer.evaluation.calibration.classifier import TEMPERATURES, Classifier, fit_classifier
from trainer.evaluation.calibration.folds import NEVER, folds_for, turns
from trainer.evaluation.classification import expected_calibration_error

CATEGORIES = ("a", "b", "c")


def photos(count: int, seed: int, noise: float, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = np.arange(count) % classes
    features = np.eye(12)[:classes][truth] + noise * random.normal(size=(count, 12))
    features[:, 6:] *= 500
    return features.astype(np.float32) + 3, truth


def shares_of(found: Classifier, features: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return softmax(found.layer(torch.from_numpy(features)).double().numpy())


def fitted(noise: float, count: int = 240, classes: int = 3, **more: object) -> Classifier:
    features, truth = photos(count, 0, noise, classes)
    labels = [CATEGORIES[k] for k in truth]
    folds = folds_for(np.arange(count), count, learnt=False)
    return fit_classifier(features, labels, CATEGORIES[:classes], folds, stages=(6, 6), **more)  # type: ignore[arg-type]


def test_it_is_as_sure_as_it_is_right() -> None:
    """Where a third is told wrong and where nearly all is told right."""
    for noise, low, high in ((0.6, 0.6, 0.9), (0.15, 0.99, 1.0)):
        features, truth = photos(600, 9, noise)
        found = fitted(noise)
        shares = shares_of(found, features)
        accuracy = (shares.argmax(axis=1) == truth).mean()
        assert low <= accuracy <= high
        assert expected_calibration_error(shares, truth) < 0.06
        assert found.accuracy == pytest.approx(accuracy, abs=0.08)


def test_all_told_right_is_no_reason_to_be_sure_of_everything() -> None:
    """Without Platt's prior, the temperature would be the least there is."""
    found = fitted(0.02, count=30)
    assert found.accuracy == 1.0
    assert found.temperature > 2 * TEMPERATURES[0]
    features, _ = photos(30, 1, 0.02)
    assert shares_of(found, features).max() < 0.9999


def test_two_categories_in_their_order() -> None:
    found = fitted(0.2, classes=2)
    features, truth = photos(100, 3, 0.2, 2)
    assert (shares_of(found, features).argmax(axis=1) == truth).mean() > 0.95
    assert found.layer.out_features == 2


def test_a_photo_that_counts_nothing_teaches_nothing() -> None:
    features, truth = photos(240, 0, 0.2)
    labels = [CATEGORIES[k] for k in truth]
    flipped = ["c" if row < 80 and name == "a" else name for row, name in enumerate(labels)]
    wrong = np.array([a != b for a, b in zip(labels, flipped, strict=True)])
    folds = folds_for(np.arange(240), 240, learnt=False)
    other, truth = photos(300, 5, 0.2)
    right = {}
    for name, weights in (("all", None), ("less", np.where(wrong, 0.0, 1.0))):
        found = fit_classifier(features, flipped, CATEGORIES, folds, stages=(6, 6), weights=weights)
        right[name] = float(shares_of(found, other)[np.arange(300), truth].mean())
    assert right["less"] > right["all"] + 0.05


def test_features_that_have_learned_are_judged_by_the_others_alone() -> None:
    folds = folds_for(np.arange(10), 7, learnt=True)
    assert folds.tolist() == [NEVER] * 7 + [0] * 3
    ((learn, judged),) = turns(folds)
    assert learn.tolist() == [True] * 7 + [False] * 3
    assert judged.tolist() == (~learn).tolist()


def test_what_shows_the_same_is_in_one_fold() -> None:
    groups = np.repeat([7, 3, 9, 5, 1, 2], 4)
    folds = folds_for(groups, 24, learnt=False)
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
    assert sum(judged.sum() for _, judged in turns(folds)) == 24


def test_without_anything_to_judge_on_the_temperature_is_1() -> None:
    features, truth = photos(30, 0, 0.2)
    found = fit_classifier(features, [CATEGORIES[k] for k in truth], CATEGORIES, np.full(30, NEVER))
    assert found.temperature == 1.0
    assert found.record() == {"temperature": 1.0, "penalty": 0.1, "judged": 0, "accuracy": None}


def test_categories_that_are_not_those_of_the_photos() -> None:
    with pytest.raises(ValueError, match="are not those of the photos"):
        fit_classifier(np.zeros((2, 3)), ["a", "b"], ("a", "b", "c"), np.array([0, 1]))
