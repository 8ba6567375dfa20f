"""Figures of a classifier, against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.evaluation.classification import (
    classification_metrics,
    confusion_matrix,
    expected_calibration_error,
    of_category,
    top_k_accuracy,
)

NAMES = ("bracelets", "earrings", "rings", "watches")


def logits_of(*shares: tuple[float, ...]) -> np.ndarray:
    return np.log(np.array(shares))


LOGITS = logits_of(
    (0.7, 0.1, 0.1, 0.1),
    (0.1, 0.6, 0.2, 0.1),
    (0.1, 0.5, 0.3, 0.1),
    (0.4, 0.3, 0.2, 0.1),
)
LABELS = ["bracelets", "earrings", "rings", "watches"]


def test_by_hand() -> None:
    found = classification_metrics(LOGITS, [*LABELS], NAMES)
    assert found is not None
    assert found["accuracy"] == 0.5
    assert found["top_3"] == 0.75
    assert found["confusion"] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]]
    assert found["per_category"]["bracelets"] == {"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "photos": 1}
    assert found["per_category"]["rings"] == {"precision": None, "recall": 0.0, "f1": 0.0, "photos": 1}
    assert found["ece"] == pytest.approx((0.3 + 0.4 + 0.5 + 0.4) / 4)
    assert found["nll"] == pytest.approx(-np.log([0.7, 0.6, 0.3, 0.1]).mean())
    assert (found["photos"], found["unknown"]) == (4, 0)


def test_categories_that_the_classifier_does_not_know_are_counted_and_left_out() -> None:
    found = classification_metrics(LOGITS, ["bracelets", "brooches", "earrings", "watches"], NAMES)
    assert found is not None
    assert (found["photos"], found["unknown"]) == (3, 1)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert classification_metrics(LOGITS, ["brooches"] * 4, NAMES) is None


def test_of_equal_answers_the_right_one_comes_last() -> None:
    shares = np.full((2, 4), 0.25)
    assert top_k_accuracy(shares, np.array([0, 3]), 3) == 0.0
    assert top_k_accuracy(shares, np.array([0, 3]), 4) == 1.0


def test_a_category_without_photos_has_no_recall() -> None:
    table = confusion_matrix(np.array([0, 0]), np.array([0, 1]), 3)
    assert of_category(table, 2) == {"precision": None, "recall": None, "f1": None, "photos": 0}


def test_the_calibration_error_is_that_of_a_plain_loop() -> None:
    random = np.random.default_rng(0)
    shares = random.dirichlet(np.ones(4), 300)
    truth = random.integers(0, 4, 300)
    bins: dict[int, list[tuple[float, bool]]] = {}
    for row, right in zip(shares, truth, strict=True):
        bins.setdefault(int(np.ceil(row.max() * 15)), []).append((row.max(), row.argmax() == right))
    wanted = sum(abs(sum(sure for sure, _ in one) - sum(ok for _, ok in one)) for one in bins.values()) / 300
    assert expected_calibration_error(shares, truth) == pytest.approx(wanted)
    assert expected_calibration_error(np.eye(3), np.arange(3)) == 0.0
