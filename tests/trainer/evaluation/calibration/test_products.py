"""Cosine → same product: true to other photos of the same kind, bounds as precise as they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from indexer.models.calibration import Calibrations
from trainer.evaluation.calibration.products import same_product


def shop(count: int, seed: int, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    random = np.random.default_rng(seed)
    photos = random.normal(size=(count, 16))
    views = photos[None] + noise * random.normal(size=(4, count, 16)) * random.uniform(0, 3, (4, count, 1))
    photos, views = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (photos, views))
    names = [("rings", "watches")[n % 2] for n in range(count)]
    return photos.astype(np.float32), views.astype(np.float32), np.arange(count), names


def read(found: dict[str, Any]) -> Calibrations:
    return Calibrations.of(found)


def test_probabilities_are_true_of_another_shop_of_another_size() -> None:
    known = read(same_product(*shop(60, 0))).same_product
    assert known is not None
    assert known.products == 60
    assert set(known.by_category) == {"rings", "watches"}
    photos, views, _, _ = shop(150, 1)
    cosines = np.einsum("vnd,md->vnm", views, photos)
    right = np.broadcast_to(np.eye(150, dtype=bool), cosines.shape)
    said = np.array([known.probability(float(score), 150) for score in cosines.ravel()])
    for low, high in ((0.02, 0.3), (0.3, 0.7), (0.7, 0.95), (0.95, 1.01)):
        inside = (said >= low) & (said < high)
        if inside.sum() > 30:
            assert said[inside].mean() == pytest.approx(right.ravel()[inside].mean(), abs=0.15)
    assert known.probability(1.0, 150) > 0.9
    assert known.probability(0.0, 150) < 0.02


def test_bounds_are_the_lowest_that_are_precise_enough() -> None:
    photos, views, groups, names = shop(60, 2)
    found = same_product(photos, views, groups, names)
    cosines = np.einsum("vnd,md->vnm", views, photos).ravel()
    right = np.broadcast_to(np.eye(60, dtype=bool), (4, 60, 60)).ravel()
    assert [one["precision"] for one in found["duplicates"]] == [0.5, 0.9, 0.99]
    for one in found["duplicates"]:
        above = cosines >= one["score"] - 1e-6
        assert right[above].mean() >= one["precision"] - 0.01
        assert right[above].sum() / right.sum() == pytest.approx(one["recall"], abs=0.01)
    scores = [one["score"] for one in found["duplicates"]]
    assert scores == sorted(scores)


def test_several_photos_of_a_product_answer_with_the_nearest() -> None:
    photos, views, _, names = shop(60, 3)
    found = same_product(photos, views, np.arange(60) // 2, names)
    assert found["same_product"]["products"] == 30


def test_too_little_says_nothing() -> None:
    photos, views, groups, names = shop(60, 0)
    assert same_product(photos, views[:0], groups, names) == {}
    assert same_product(photos, views, np.zeros(60, np.int64), names) == {}
    assert same_product(photos[:4], views[:, :4], groups[:4], names[:4]) == {}
    rare = same_product(photos[:12], views[:, :12], groups[:12], ["rings"] * 11 + ["watches"])
    assert set(rare["same_product"]["by_category"]) == {"rings"}
