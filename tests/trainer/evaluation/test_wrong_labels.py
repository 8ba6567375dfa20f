"""Planted wrong labels of training photos are named with the right category, and count for less."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.evaluation.wrong_labels import judge_labels

STAGES = (20, 12)
NAMES = np.array(["rings", "watches", "earrings"])


def photos(seed: int = 0) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Two photos of each of 90 products; features of two stages of different scales."""
    random = np.random.default_rng(seed)
    product = np.repeat(np.arange(90), 2)
    centres = random.normal(size=(3, 32))
    features = centres[product % 3] + 0.5 * random.normal(size=(180, 32))
    features[:, 20:] *= 1000
    return features.astype(np.float32) + 5, NAMES[product % 3].tolist(), product


def test_planted_labels_are_named_and_count_for_less() -> None:
    features, labels, product = photos()
    for row in (10, 11, 90, 91):
        labels[row] = NAMES[(product[row] + 1) % 3]
    keys = [f"{n}.jpg" for n in range(180)]
    found = judge_labels(features, labels, product, product, keys, STAGES)
    assert {suspect.key for suspect in found.suspects} == {"10.jpg", "11.jpg", "90.jpg", "91.jpg"}
    for suspect in found.suspects:
        row = keys.index(suspect.key)
        assert suspect.suggested == NAMES[product[row] % 3]
        assert suspect.label == labels[row]
        assert found.weights[row] == pytest.approx(1 - suspect.confidence)
        assert suspect.record()["confidence"] > 0.5
    others = np.ones(180, bool)
    others[[10, 11, 90, 91]] = False
    assert (found.weights[others] > 0.5).all()
    assert found.weights[others].mean() > 0.99


def test_labels_that_are_right_are_left_alone() -> None:
    features, labels, product = photos(1)
    found = judge_labels(features, labels, product, product, [""] * 180, STAGES)
    assert found.suspects == ()
    assert found.weights.min() > 0.5


def test_copies_of_a_wrongly_labelled_photo_do_not_vouch_for_it() -> None:
    """Three equal photos of three products with one wrong label: their group has no say about them."""
    features, labels, product = photos(2)
    groups = product.copy()
    for other in (40, 60):
        features[2 * other : 2 * other + 2] = features[20:22]
        groups[2 * other : 2 * other + 2] = 10
    wrong = [20, 21, 80, 81, 120, 121]
    for row in wrong:
        labels[row] = "rings"
    found = judge_labels(features, labels, product, groups, [str(n) for n in range(180)], STAGES)
    assert {int(suspect.key) for suspect in found.suspects} == set(wrong)
    assert {suspect.suggested for suspect in found.suspects} == {"watches"}


@pytest.mark.parametrize("labels", [["rings"] * 4, []])
def test_where_nothing_can_be_compared_all_count(labels: list[str]) -> None:
    count = len(labels)
    features = np.random.default_rng(0).normal(size=(count, 32)).astype(np.float32)
    found = judge_labels(features, labels, np.arange(count), np.arange(count), labels, STAGES)
    assert found.weights.tolist() == [1.0] * count
    assert found.suspects == ()
