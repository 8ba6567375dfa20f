"""Which generations go when another one is published."""

from __future__ import annotations

import pytest

from indexer.store.tuning import superseded


@pytest.mark.parametrize(
    ("numbers", "before", "gone"),
    [
        ([1], 0, []),
        ([1, 2], 1, []),
        ([1, 2, 3], 2, [1]),
        ([1, 2, 3], 1, [2]),  # 2 was rolled back from
        ([1, 2, 3, 4, 7], 3, [1, 2, 4]),
    ],
)
def test_what_is_kept_is_the_new_one_and_the_one_it_replaced(numbers: list[int], before: int, gone: list[int]) -> None:
    assert superseded(numbers, before=before, published=numbers[-1]) == gone
