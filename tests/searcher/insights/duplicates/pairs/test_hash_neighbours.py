"""Nearest hashes against brute force: what differs in fewer bits than there are bands is always found."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from searcher.insights.duplicates.pairs.hash_neighbours import BANDS, LONGEST, MOST, WITHIN, hash_neighbours


def unit(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    vectors = rng.normal(size=(count, 8)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), originals=st.integers(1, 12), copies=st.integers(0, 4), bits=st.integers(0, 12))
def test_what_is_nearest_by_brute_force_is_found(seed: int, originals: int, copies: int, bits: int) -> None:
    """Photos with copies whose hashes differ in some bits, some photos without a hash, some rows not asked about."""
    rng = np.random.default_rng(seed)
    hashes = list(rng.integers(1, 2**63, originals, dtype=np.uint64))
    for original in hashes[:]:
        for _ in range(copies):
            flips = rng.permutation(64)[: rng.integers(bits + 1)]
            hashes.append(original ^ np.bitwise_or.reduce(np.uint64(1) << flips.astype(np.uint64), initial=0))
    table = np.array([*hashes, 0, 0], np.uint64)
    rows = np.sort(rng.permutation(len(table))[: max(1, len(table) - 2)])
    vectors = unit(rng, len(table))
    pairs = hash_neighbours(table, vectors, rows)
    apart = np.bitwise_count(table[pairs[:, 0]] ^ table[pairs[:, 1]])
    assert (apart <= WITHIN).all()
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert np.isin(pairs, rows).all()
    assert (table[pairs] != 0).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    for row in rows[table[rows] != 0].tolist():
        others = rows[(rows != row) & (table[rows] != 0)]
        distances = np.sort(np.bitwise_count(table[row] ^ table[others]))
        found = np.sort(apart[pairs[:, 0] == row])
        sure = distances[distances < BANDS][:MOST]
        assert found[: len(sure)].tolist() == sure.tolist()
        assert len(found) <= MOST


def test_of_equal_hashes_the_more_alike_photos_count() -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng, 40)
    pairs = hash_neighbours(np.full(40, 77, np.uint64), vectors, np.arange(40))
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    for row in range(40):
        expected = np.argsort(-cosines[row])[:MOST]
        assert sorted(pairs[pairs[:, 0] == row, 1].tolist()) == sorted(expected.tolist())


def test_thousands_of_blank_photos_stay_bearable() -> None:
    """Each is compared with the next few thousand alone; none is lost, and none has more partners than the others."""
    count = LONGEST + 500
    pairs = hash_neighbours(np.full(count, 5, np.uint64), np.ones((count, 1), np.float32), np.arange(count))
    assert len(pairs) == count * MOST


def test_no_photos_no_pairs() -> None:
    assert hash_neighbours(np.empty(0, np.uint64), np.empty((0, 8), np.float32), np.empty(0, np.int64)).shape == (0, 2)
    assert hash_neighbours(np.zeros(3, np.uint64), np.ones((3, 8), np.float32), np.arange(3)).shape == (0, 2)
