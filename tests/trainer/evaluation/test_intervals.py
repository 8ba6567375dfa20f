"""Intervals hold the truth about as often as they say, by whole products, and say nothing where there is nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.evaluation.intervals import intervals


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Products of four photos that succeed and fail together: of 200 samples about 190 hold the true share."""
    rng = np.random.default_rng(0)
    held = held_by_photo = 0
    for _ in range(200):
        values = np.repeat(rng.random(60) < 0.7, 4).astype(np.float64)
        low, high = intervals({"P@1": values}, np.repeat(np.arange(60), 4), resamples=300)["P@1"] or (
            math.nan,
            math.nan,
        )
        held += low <= 0.7 <= high
        low, high = intervals({"P@1": values}, np.arange(240), resamples=300)["P@1"] or (math.nan, math.nan)
        held_by_photo += low <= 0.7 <= high
    assert 180 <= held <= 199
    assert held_by_photo < 160  # were each photo its own witness, the interval would be half as wide


def test_the_bootstrap_by_hand() -> None:
    """Two clusters, 1 and 0, with one and three queries: the mean is 0, 1/4 or 1, at odds of 1:2:1."""
    values, clusters = np.array([1.0, 0.0, 0.0, 0.0]), np.array([7, 3, 3, 3])
    assert intervals({"P@1": values}, clusters, level=0.4) == {"P@1": (0.25, 0.25)}
    assert intervals({"P@1": values}, clusters, level=0.9) == {"P@1": (0.0, 1.0)}


def test_a_perfect_figure_of_few_products_is_not_certain() -> None:
    values = np.ones(20)
    low, high = intervals({"R@1": values}, np.arange(20))["R@1"] or (0.0, 0.0)
    assert high == 1.0
    assert low == pytest.approx(0.025 ** (1 / 20))  # Clopper and Pearson: about .83
    assert (intervals({"R@1": values * 0}, np.arange(20))["R@1"] or (0.0, 0.0))[1] == pytest.approx(1 - low)
    assert intervals({"difference": values * 0}, np.arange(20), shares=False) == {"difference": (0.0, 0.0)}


def test_what_says_nothing_has_no_interval() -> None:
    nothing = np.array([math.nan, math.nan, 1.0])
    found = intervals({"a": nothing, "b": np.array([1.0, 0.0, 1.0])}, np.array([0, 1, 2]))
    assert found["a"] is None
    assert found["b"] is not None
    assert intervals({"a": np.ones(9)}, np.zeros(9, np.int64)) == {"a": None}  # one product
    assert intervals({"a": np.zeros(0)}, np.zeros(0, np.int64)) == {"a": None}


def test_equal_seeds_draw_alike_and_in_any_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    values, clusters = rng.random(500), rng.integers(0, 90, 500)
    first = intervals({"P@1": values}, clusters, seed=4)
    assert intervals({"P@1": values}, clusters, seed=4) == first
    assert intervals({"P@1": values}, clusters, seed=5) != first
    monkeypatch.setattr("trainer.evaluation.intervals._CELLS", 900)
    blocks = intervals({"P@1": values}, clusters, seed=4)["P@1"]
    assert blocks == pytest.approx(first["P@1"], abs=1e-12)
