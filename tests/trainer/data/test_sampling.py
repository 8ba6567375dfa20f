"""Batches are balanced by category; triplets are what the classic recipe says."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.data.sampling import (
    balanced_batches,
    codes,
    pk_batches,
    random_batches,
    random_triplets,
)

labels_lists = st.lists(st.integers(0, 4), min_size=4, max_size=120).filter(lambda labels: len(set(labels)) > 1)


@given(labels_lists, st.integers(4, 64), st.integers(0, 100))
def test_every_batch_holds_its_categories_in_equal_numbers(labels: list[int], batch: int, seed: int) -> None:
    array = np.array(labels)
    for indices in balanced_batches(array, batch, np.random.default_rng(seed)):
        counts = np.unique(array[indices], return_counts=True)[1]
        assert len(set(counts.tolist())) == 1
        assert len(counts) == min(len(set(labels)), max(2, batch // 2))


def test_a_large_category_is_seen_without_repetition_before_it_starts_over() -> None:
    labels = np.array([0] * 40 + [1] * 40)
    batches = balanced_batches(labels, 20, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(80))


@given(labels_lists, st.integers(0, 100))
def test_triplets(labels: list[int], seed: int) -> None:
    array = np.array(labels)
    triplets = random_triplets(array, np.random.default_rng(seed))
    anchor, positive, negative = triplets.T
    assert (anchor != positive).all()
    assert (array[anchor] == array[positive]).all()
    assert (array[anchor] != array[negative]).all()
    counts = np.bincount(array)
    assert sorted(anchor.tolist()) == [n for n, label in enumerate(labels) if counts[label] > 1]


@given(labels_lists, st.integers(4, 64), st.integers(0, 100))
def test_random_batches_hold_every_photo_once(labels: list[int], batch: int, seed: int) -> None:
    batches = random_batches(np.array(labels), batch, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(labels)))
    assert max(map(len, batches)) <= batch
    assert max(map(len, batches)) - min(map(len, batches)) <= 1


@given(st.lists(st.integers(0, 30), min_size=4, max_size=120), st.integers(4, 64), st.integers(0, 100))
def test_pk_batches_hold_every_photo_once_and_no_product_alone(products: list[int], batch: int, seed: int) -> None:
    groups = codes(products)
    labels = groups % 5
    batches = pk_batches(labels, groups, batch, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(products)))
    several = len(set(products)) > 1
    for indices in batches:
        assert len(set(groups[indices].tolist())) > 1 or not several


def test_pk_batches_are_full_and_within_three_categories() -> None:
    groups = np.arange(600) // 6  # six photos of each product
    labels = groups % 5
    batches = pk_batches(labels, groups, 32, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(600))
    assert {len(set(labels[indices].tolist())) for indices in batches} == {1, 2, 3}
    assert np.median([len(indices) for indices in batches]) > 28
    photos_each = np.concatenate([np.unique(groups[indices], return_counts=True)[1] for indices in batches])
    assert photos_each.min() == 3  # six are shared out as three and three, not as four and two
    assert (photos_each == 3).mean() > 0.8


def test_codes_number_equal_values_equally() -> None:
    assert codes(["b", "a", "b"]).tolist() == [1, 0, 1]
