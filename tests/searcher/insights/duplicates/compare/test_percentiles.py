"""Percentiles are numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from searcher.insights.duplicates.compare.quick_percentiles import median, percentiles

NUMBERS = st.floats(-1e3, 1e3, width=32)


@given(arrays(np.float32, st.integers(1, 60), elements=NUMBERS), st.lists(st.floats(0, 100), min_size=1, max_size=5))
def test_as_numpy_has_them(values: np.ndarray, shares: list[float]) -> None:
    expected = np.percentile(values.astype(np.float64), shares)
    assert percentiles(values, *shares) == pytest.approx(expected, abs=1e-9 * 1e3)


@given(arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=NUMBERS))
def test_the_median_of_all_values_leaves_them_as_they_were(values: np.ndarray) -> None:
    before = values.copy()
    assert median(values) == pytest.approx(float(np.median(values.astype(np.float64))), abs=1e-6)
    assert (values == before).all()


def test_of_nothing_there_is_none() -> None:
    with pytest.raises(IndexError):
        median(np.empty(0, np.float32))
