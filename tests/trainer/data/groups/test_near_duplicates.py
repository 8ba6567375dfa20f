"""Banded hash comparison finds exactly the pairs that a plain loop finds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.photos.components import components
from trainer.data.groups.near_duplicates import near_pairs


def families(seed: int, count: int) -> np.ndarray:
    """Hashes in families whose members differ from their parent in 0 to 9 bits."""
    rng = np.random.default_rng(seed)
    parents = rng.integers(0, 2**63, max(1, count // 4), dtype=np.uint64)
    hashes = []
    for _ in range(count):
        bits = rng.permutation(64)[: rng.integers(0, 10)]
        hashes.append(int(parents[rng.integers(len(parents))]) ^ sum(1 << int(bit) for bit in bits))
    return np.array(hashes, dtype=np.uint64)


@given(st.integers(0, 10_000), st.integers(0, 60), st.sampled_from([0, 1, 3, 6, 8]))
def test_the_groups_are_those_of_a_plain_loop(seed: int, count: int, distance: int) -> None:
    hashes = families(seed, count)
    numbers = [int(value) for value in hashes]
    plain = [(a, b) for a, b in combinations(range(count), 2) if (numbers[a] ^ numbers[b]).bit_count() <= distance]
    found = [tuple(pair) for pair in near_pairs(hashes, distance).tolist()]
    assert set(found) <= set(plain)
    assert components(count, found) == components(count, plain)
    distinct = {(a, b) for a, b in plain if numbers[a] != numbers[b]}
    firsts = {number: numbers.index(number) for number in numbers}
    assert {
        (min(firsts[numbers[a]], firsts[numbers[b]]), max(firsts[numbers[a]], firsts[numbers[b]])) for a, b in distinct
    } <= set(found)


def test_many_equal_hashes_stay_linear() -> None:
    pairs = near_pairs(np.full(50_000, 7, dtype=np.uint64))
    assert len(pairs) == 49_999
    assert set(components(50_000, map(tuple, pairs.tolist()))) == {0}


def test_nothing_to_compare() -> None:
    assert near_pairs(np.empty(0, np.uint64)).shape == (0, 2)
    assert near_pairs(np.array([5], np.uint64)).shape == (0, 2)


@pytest.mark.slow
def test_a_hundred_thousand_photos() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**63, 100_000, dtype=np.uint64)
    hashes[1::1000] = hashes[::1000] ^ np.uint64(0b111)
    assert {tuple(pair) for pair in near_pairs(hashes).tolist()} >= {(n, n + 1) for n in range(0, 100_000, 1000)}
