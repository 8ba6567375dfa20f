"""Each category left out of the training in turn, on cached features of a real backbone."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError, UsageError
from tests.shops.catalogs.drawn_catalog import SHAPES, draw
from trainer.fit.unseen import measure_unseen
from trainer.settings import FitSettings


@pytest.mark.slow
def test_a_drawn_shop_without_each_of_its_shapes(imagenet_weights: Path, tmp_path: Path) -> None:
    catalog = read_catalog(draw(tmp_path / "shop", per_category=14, photos=1))
    settings = FitSettings.for_run(weights=str(imagenet_weights), size=64, epochs=5, holdout=0.4)
    found = measure_unseen(catalog, settings, cache=tmp_path / "features")
    assert set(found) == set(SHAPES)
    for row in found.values():
        assert 0 < row["unseen"]["P@10"] <= 1
        assert row["seen"]["queries"] == row["unseen"]["queries"] > 2
        assert row["kept"] == pytest.approx(row["unseen"]["P@10"] / row["seen"]["P@10"])
    assert any((tmp_path / "features").iterdir())
    again = measure_unseen(catalog, settings, cache=tmp_path / "features")
    assert again == found


def test_two_categories_are_too_few(tmp_path: Path) -> None:
    folder = draw(tmp_path / "shop", per_category=6, photos=1)
    (folder / "rings").rename(tmp_path / "rings")
    with pytest.raises(CatalogError, match="has 2 categories"):
        measure_unseen(read_catalog(folder), FitSettings())


def test_a_whole_network_is_not_trained_five_times(tmp_path: Path) -> None:
    catalog = read_catalog(draw(tmp_path / "shop", per_category=2, photos=1))
    with pytest.raises(UsageError, match="frozen backbone"):
        measure_unseen(catalog, FitSettings.for_run(recipe="classic", weights="none"))
