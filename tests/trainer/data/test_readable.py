"""A photo that vanishes during a fit is named once and done without."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from tests.shops.catalogs.drawn_catalog import draw
from trainer.data.dataset import Sample, read_dataset
from trainer.data.readable import Readable


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, tuple[Sample, ...]]:
    folder = draw(tmp_path, per_category=2, size=16)
    return folder, read_dataset(read_catalog(folder)).samples


def test_what_vanished_or_broke_is_named_once(shop: tuple[Path, tuple[Sample, ...]]) -> None:
    folder, samples = shop
    reader = Readable(samples)
    assert reader.open(0) is not None
    (folder / samples[7].key).write_bytes((folder / samples[0].key).read_bytes())
    (folder / samples[2].key).unlink()
    (folder / samples[5].key).write_bytes(b"")
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(reader.open, [*range(len(samples))] * 3))
    assert [number for number, image in enumerate(opened[: len(samples)]) if image is None] == [2, 5, 7]
    assert [(one.where, one.product_id) for one in reader.rejects] == [
        (samples[n].key, samples[n].product_id) for n in (2, 5, 7)
    ]
    assert "cannot be read" in reader.rejects[0].reason
    assert "empty" in reader.rejects[1].reason
    assert "has changed since it was read" in reader.rejects[2].reason
    assert reader.lost == {samples[2].key, samples[5].key, samples[7].key}


def test_in_a_batch_another_photo_of_the_category_stands_in(shop: tuple[Path, tuple[Sample, ...]]) -> None:
    folder, samples = shop
    reader = Readable(samples)
    discs = [number for number, sample in enumerate(samples) if sample.category == "discs"]
    (folder / samples[discs[-1]].key).unlink()
    first = reader.open(discs[0])
    assert first is not None
    assert reader.stand_in(discs[-1]).tobytes() == first.tobytes()  # round the end, past the other categories
    assert reader.stand_in(discs[0]).tobytes() == first.tobytes()
    for number in discs:
        (folder / samples[number].key).unlink(missing_ok=True)
    with pytest.raises(CatalogError, match="not one of the photos of discs can be read any more"):
        reader.stand_in(discs[0])
