"""Strangers are told from products of any category, one that is alone in its category does not vouch for itself."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.models.strangers import Strangers
from searcher.insights.audits.unlike import SHARE, SHRINKAGE, strangeness

DIMENSION = 32


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def drawn(middle: int, count: int, seed: int, spread: float = 0.15) -> np.ndarray:
    return unit(np.eye(DIMENSION)[middle] + spread * np.random.default_rng(seed).normal(size=(count, DIMENSION)))


STRANGERS = Strangers.of(drawn(5, 200, 0, 0.25))


def test_strangers_stand_apart_from_every_category() -> None:
    vectors = np.concatenate([drawn(0, 60, 1), drawn(1, 60, 2), drawn(5, 4, 3)])
    labels = np.array([0] * 60 + [1] * 60 + [0, 1, 0, 1])
    found = strangeness(vectors, labels, STRANGERS)
    assert found[-4:].min() > 0 > found[:-4].max()


def test_the_figures_are_those_of_plain_discriminant_analysis() -> None:
    vectors, labels = np.concatenate([drawn(0, 30, 1), drawn(1, 20, 2)]), np.repeat([0, 1], [30, 20])
    means = np.stack([vectors[labels == k].mean(axis=0) for k in (0, 1)]).astype(np.float64)
    within = vectors - means[labels]
    common = (1 - SHARE) * (within.T @ within) / 50 + SHARE * STRANGERS.covariance
    common += SHRINKAGE * np.trace(common) / DIMENSION * np.eye(DIMENSION)
    inverse = np.linalg.inv(common)

    def apart(row: int, middle: np.ndarray) -> float:
        difference = vectors[row] - middle
        return float(difference @ inverse @ difference)

    found = strangeness(vectors, labels, STRANGERS)
    for row in range(0, 50, 9):
        others = {k: vectors[(labels == k) & (np.arange(50) != row)].mean(axis=0) for k in (0, 1)}
        plain = (min(apart(row, middle) for middle in others.values()) - apart(row, STRANGERS.mean)) / 2
        assert found[row] == pytest.approx(plain, abs=1e-3)


def test_one_alone_in_its_category_does_not_vouch_for_itself() -> None:
    vectors = np.concatenate([drawn(0, 60, 1), drawn(5, 1, 3)])
    for label in (1, -1, 0):
        found = strangeness(vectors, np.array([0] * 60 + [label]), STRANGERS)
        assert found[-1] > 0 > found[:-1].max()


def test_a_catalog_without_categories_or_of_equal_pictures() -> None:
    vectors = np.concatenate([drawn(0, 60, 1), drawn(5, 1, 3)])
    assert strangeness(vectors, np.full(61, -1), STRANGERS)[-1] > 0
    same = strangeness(np.repeat(drawn(0, 1, 1), 5, axis=0), np.zeros(5, np.int64), STRANGERS)
    assert np.isfinite(same).all()
    assert (same < 0).all()
