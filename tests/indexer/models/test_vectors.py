"""Unit vectors and probabilities keep the precision they are given, and make no NaN of zeros or of large numbers."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.models.vectors import softmax, unit


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7,), (0, 7), (3, 7), (2, 3, 7)])
def test_lengths_and_sums_are_one(kind: type[np.floating], shape: tuple[int, ...]) -> None:
    given = np.random.default_rng(0).normal(size=shape).astype(kind)
    assert unit(given).dtype == softmax(given).dtype == kind
    assert np.allclose(np.linalg.norm(unit(given), axis=-1), 1.0)
    assert np.allclose(softmax(given).sum(axis=-1), 1.0)


def test_what_has_no_direction_stays_short() -> None:
    assert not unit(np.zeros((2, 4), np.float32)).any()
    assert np.allclose(unit(np.array([3e-7, 4e-7]), least=1e-6), [0.3, 0.4])


def test_large_logits_do_not_overflow() -> None:
    assert softmax(np.array([1000.0, 0.0, -1000.0])).tolist() == [1.0, 0.0, 0.0]
