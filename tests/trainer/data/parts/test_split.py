"""Splits leak neither a product nor a near-duplicate, and hold out nothing that an earlier model has seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from indexer.photos.places import FilePlace
from tests.shops.catalogs.drawn_catalog import draw
from trainer.data.dataset import Sample, read_dataset
from trainer.data.parts.split import split


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return draw(tmp_path / "shop")


def test_too_few_products_is_an_error(tmp_path: Path) -> None:
    dataset = read_dataset(read_catalog(draw(tmp_path, per_category=2)))
    with pytest.raises(CatalogError, match="too few different products"):
        split(dataset.samples, holdout=0.2, validation=0.2, seed=0)


sizes = st.lists(st.integers(1, 6), min_size=8, max_size=25)


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


def test_another_seed_is_another_split(catalog: Path) -> None:
    samples = read_dataset(read_catalog(catalog)).samples
    splits = [split(samples, holdout=0.4, validation=0.3, seed=seed) for seed in range(4)]
    assert len({tuple(sample.key for sample in parts.held_out) for parts in splits}) > 1
