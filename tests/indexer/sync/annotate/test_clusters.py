"""The cluster field: written to every photo, filterable, and kept by syncs whatever they change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from indexer.errors import CatalogError, FilterError, StoreError, StoreMissing, UsageError
from indexer.fields.roles import CLUSTER
from indexer.fields.types import FieldType
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.filters.tree import Filter, Match
from indexer.store.interface import Index
from indexer.sync.annotate.clusters import update_clusters
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_small_catalog
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, make_index
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

CLUSTERS = {"P000": "P000", "P001": "P000", "P002": "P002", "P003": "P002"}


class Shop:
    """A catalog, a model, and an index of either engine."""

    def __init__(self, root: Path, engine: str) -> None:
        self.root = root
        self.catalog = write_small_catalog(root / "catalog", products=6)
        self.model = write_tiny_model(root / "model")
        self.index: Index = make_index(engine, root)
        self.sync()

    def sync(self, **options: Any) -> SyncReport:
        return sync(self.catalog, self.model, self.index, **options)  # type: ignore[arg-type]

    def clusters(self) -> dict[str, str]:
        """By product; all photos of a product say the same."""
        found: dict[str, str | None] = {}
        store = self.index.read()
        for point in store.scroll():
            here = point.payload.get(CLUSTER)
            assert found.setdefault(point.payload["product_id"], here) == here
        store.close()
        return {product: cluster for product, cluster in found.items() if cluster is not None}


@pytest.fixture(params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    return Shop(tmp_path, request.param)


def test_every_photo_has_its_products_cluster_and_can_be_filtered_by_it(shop: Shop) -> None:
    before = shop.index.read()
    with pytest.raises(FilterError, match="cluster"):
        before.count(Filter(must=(Match(CLUSTER, ("P000",)),)))
    vectors = {point.id: point.vector.tolist() for point in before.scroll(vectors=True) if point.vector is not None}
    photos = before.count()
    before.close()
    report = update_clusters(shop.index, {**CLUSTERS, "gone": "P002"})
    assert (report.clusters, report.products, report.published) == (2, 4, True)
    assert shop.clusters() == CLUSTERS
    store = shop.index.read()
    assert store.record.field_table[CLUSTER] is FieldType.KEYWORD
    found = {p.payload["product_id"] for p in store.scroll(Filter(must=(Match(CLUSTER, ("P002",)),)))}
    assert found == {"P002", "P003"}
    assert sum(count for _, count in store.facet(CLUSTER)) == report.photos_written
    assert store.count() == photos
    assert {p.id: p.vector.tolist() for p in store.scroll(vectors=True) if p.vector is not None} == vectors
    store.close()


def test_the_same_again_writes_nothing_and_others_replace_them(shop: Shop) -> None:
    update_clusters(shop.index, CLUSTERS)
    assert update_clusters(shop.index, CLUSTERS).published is False
    update_clusters(shop.index, {"P004": "P004", "P005": "P004"})
    assert shop.clusters() == {"P004": "P004", "P005": "P004"}
    update_clusters(shop.index, {"P000": "P000"}, within=frozenset({"P000", "P004"}))
    assert shop.clusters() == {"P000": "P000", "P005": "P004"}


def test_a_sync_sees_no_change_in_them_and_keeps_them(shop: Shop) -> None:
    update_clusters(shop.index, CLUSTERS)
    assert shop.sync().published is False
    rows = read_manifest(shop.catalog)
    for row in rows:
        row["title"] = f"New {row['product_id']}"
    write_manifest(shop.catalog, [row for row in rows if row["product_id"] != "P003"])
    assert shop.sync(allow_removal=True).published is True
    assert shop.clusters() == {product: cluster for product, cluster in CLUSTERS.items() if product != "P003"}
    store = shop.index.read()
    assert store.record.field_table[CLUSTER] is FieldType.KEYWORD
    store.close()


def test_another_model_keeps_them(shop: Shop) -> None:
    update_clusters(shop.index, CLUSTERS)
    shop.model = write_tiny_model(shop.root / "other", seed=7)
    assert shop.sync().rebuilt is True
    assert shop.clusters() == CLUSTERS
    store = shop.index.read()
    assert store.count(Filter(must=(Match(CLUSTER, ("P000",)),))) > 0
    store.close()


def test_clusters_of_another_model_are_refused(shop: Shop) -> None:
    with pytest.raises(StoreError, match="was built anew by another model"):
        update_clusters(shop.index, CLUSTERS, model="0" * 64)
    with pytest.raises(UsageError, match="empty id"):
        update_clusters(shop.index, {"P000": ""})
    assert shop.clusters() == {}


def test_without_an_index_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="no index here yet"):
        update_clusters(EmbeddedIndex(tmp_path / "index"), CLUSTERS)
    assert not (tmp_path / "index").exists()


def test_a_column_of_that_name_is_refused(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "embedded")
    rows = read_manifest(shop.catalog)
    write_manifest(shop.catalog, [row | {"cluster": "A"} for row in rows])
    with pytest.raises(CatalogError, match="'cluster' is written by the index itself; rename it"):
        shop.sync()
