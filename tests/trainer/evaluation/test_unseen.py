"""A category that is new to a model: its photos ask the whole catalog, beside a model that has seen it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.evaluation.metrics import CATEGORY_FIGURES, per_category_metrics
from trainer.evaluation.unseen import unseen_categories, unseen_category

LABELS = ["rings"] * 8 + ["watches"] * 8 + ["charms"] * 2
PRODUCTS = [f"p{number // 2}" for number in range(18)]


def vectors(seed: int = 0, apart: float = 0.0) -> NDArray[np.float32]:
    """Random ones; ``apart`` moves each category its own way."""
    found = np.random.default_rng(seed).normal(size=(18, 12))
    for number, label in enumerate(("rings", "watches", "charms")):
        found[np.array(LABELS) == label, number] += apart
    return found.astype(np.float32)


def test_the_queries_of_one_category_are_those_of_the_whole_evaluation() -> None:
    embeddings = vectors(apart=2.0)
    whole = per_category_metrics(embeddings, LABELS, PRODUCTS)
    for name in ("rings", "watches"):
        found = unseen_category(embeddings, LABELS, name, products=PRODUCTS)
        assert {key: found[key] for key in whole[name]} == pytest.approx(whole[name])
        assert found["queries"] == 8
        assert found["chance"] == pytest.approx(6 / 16)
        low, high = found["intervals"]["P@10"]
        assert low <= found["P@10"] <= high


def test_a_category_of_one_product_is_no_figure() -> None:
    found = unseen_category(vectors(), LABELS, "charms", products=PRODUCTS)
    assert all(math.isnan(found[key]) for key in CATEGORY_FIGURES)
    assert found["queries"] == 0
    assert set(found["intervals"].values()) == {None}


def test_each_category_is_left_out_once() -> None:
    """The model without a category knows nothing of it; the one with all of them tells all apart."""
    asked: list[str] = []

    def fit_without(category: str) -> NDArray[np.float32]:
        asked.append(category)
        embeddings = vectors(apart=9.0)
        gone = np.array(LABELS) == category
        embeddings[gone] = vectors(seed=1)[gone]
        return embeddings[:, :7] if category == "rings" else embeddings  # of another dimension: that is no matter

    found = unseen_categories(fit_without, vectors(apart=9.0), LABELS, products=PRODUCTS)
    assert asked == ["charms", "rings", "watches"]
    for name in ("rings", "watches"):
        row = found[name]
        assert row["seen"]["P@10"] == 1.0
        assert row["unseen"]["P@10"] < 0.9
        assert row["kept"] == pytest.approx(row["unseen"]["P@10"])
    assert math.isnan(found["charms"]["kept"])
