"""Splits leak neither a product nor a near-duplicate, and hold out nothing that an earlier model has seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from indexer.photos.places import FilePlace
from tests.shops.catalogs.drawn_catalog import draw
from trainer.data.dataset import Sample, read_dataset
from trainer.data.parts.split import group_counts, split


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return draw(tmp_path / "shop")


def test_too_few_products_is_an_error(tmp_path: Path) -> None:
    dataset = read_dataset(read_catalog(draw(tmp_path, per_category=2)))
    with pytest.raises(CatalogError, match="too few different products"):
        split(dataset.samples, holdout=0.2, validation=0.2, seed=0)


sizes = st.lists(st.integers(1, 6), min_size=8, max_size=25)


@settings(max_examples=40)
@given(st.tuples(sizes, sizes, sizes), st.integers(0, 1000), st.sampled_from([0.2, 0.4]))
def test_a_split_is_whole_and_never_cuts_a_group(groups: tuple[list[int], ...], seed: int, holdout: float) -> None:
    samples = [
        Sample(f"{name}-{group:02d}-{photo}", FilePlace(Path("photo")), name, f"{name}-{group}", 100 * kind + group)
        for kind, name in enumerate("abc")
        for group, count in enumerate(groups[kind])
        for photo in range(count)
    ]
    parts = split(samples, holdout=holdout, validation=0.3, seed=seed)
    together = [*parts.train, *parts.validation, *parts.held_out]
    assert sorted(sample.key for sample in together) == [sample.key for sample in samples]
    seen = [{sample.group for sample in part} for part in (parts.train, parts.validation, parts.held_out)]
    assert sum(map(len, seen)) == len(set.union(*seen))
    for kind, name in enumerate("abc"):
        held = {sample.group for sample in parts.held_out if sample.category == name}
        assert abs(len(held) - len(groups[kind]) * holdout) <= 1
    assert split(samples, holdout=holdout, validation=0.3, seed=seed) == parts


def many(groups: Sequence[int], category: str = "rings", first: int = 0) -> list[Sample]:
    """A sample for each photo of groups of these sizes."""
    return [
        Sample(f"{category}/{group:03d}-{photo}", FilePlace(Path("photo")), category, f"{group}", group)
        for group, count in enumerate(groups, start=first)
        for photo in range(count)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_a_group_too_large_for_a_small_part_trains(seed: int) -> None:
    samples = many([1] * 30) + many([90] + [1] * 30, "watches", first=100)
    parts = split(samples, holdout=0.2, validation=0.1, seed=seed)
    assert sum(sample.group == 100 for sample in parts.train) == 90
    assert len(parts.held_out) == 12


def test_a_part_far_from_its_share_is_said() -> None:
    samples = many([1] * 30) + many([90] + [1] * 30, "watches", first=100)
    (note,) = split(samples, holdout=0.2, validation=0.1, seed=0).notes
    assert "the held-out part has 12 of 150 photos where its share would be 30" in note
    assert "90 photos are one group" in note
    assert "watches/100-0" in note
    assert split(many([2] * 30) + many([3] * 30, "watches", 100), holdout=0.2, validation=0.1, seed=0).notes == ()


def test_one_chain_of_all_photos_is_an_error() -> None:
    with pytest.raises(CatalogError, match="too few different products"):
        split(many([60]), holdout=0.2, validation=0.1, seed=0, by_category=False)


@pytest.mark.parametrize("categories", [("rings",), ("",), ("rings", "")])
def test_without_categories_all_groups_are_divided_alike(categories: tuple[str, ...]) -> None:
    samples = [sample for k, name in enumerate(categories) for sample in many([2] * 50, name, 100 * k)]
    parts = split(samples, holdout=0.2, validation=0.25, seed=0, by_category=False)
    counts = [len({sample.group for sample in part}) for part in (parts.train, parts.validation, parts.held_out)]
    assert counts == [30 * len(categories), 10 * len(categories), 10 * len(categories)]
    with pytest.raises(CatalogError):
        split(samples, holdout=0.2, validation=0.25, seed=0)


def test_photos_without_category_are_in_every_part_and_measured_in_none() -> None:
    samples = many([1] * 20) + many([1] * 20, "watches", 100)
    parts = split(samples, holdout=0.2, validation=0.1, seed=3)
    more = split(samples + many([1] * 20, "", 200), holdout=0.2, validation=0.1, seed=3)
    assert [sample for sample in more.held_out if sample.category] == list(parts.held_out)
    assert sum(not sample.category for sample in more.held_out) == 4
    assert group_counts(samples + many([1] * 20, "", 200)) == {"rings": 20, "watches": 20}


def test_photos_that_vanished_are_taken_out() -> None:
    parts = split(many([1] * 20) + many([1] * 20, "watches", 100), holdout=0.2, validation=0.1, seed=3)
    gone = {parts.train[0].key, parts.held_out[0].key}
    left = parts.without(gone)
    assert (len(left.train), len(left.held_out)) == (len(parts.train) - 1, len(parts.held_out) - 1)
    assert left.validation == parts.validation
    assert parts.without(()) is parts
    everything = {sample.key for sample in parts.held_out}
    with pytest.raises(CatalogError, match=r"cannot be read any more: 8, the first rings/.*, too few .* again"):
        parts.without(everything)


def test_another_seed_is_another_split(catalog: Path) -> None:
    samples = read_dataset(read_catalog(catalog)).samples
    splits = [split(samples, holdout=0.4, validation=0.3, seed=seed) for seed in range(4)]
    assert len({tuple(sample.key for sample in parts.held_out) for parts in splits}) > 1
