"""An index of an earlier version gets colours at its next sync: photos are looked at, and none is embedded again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from indexer.photos.colour.palette import COLOURS, colours_of, no_colours
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.interface import Index
from indexer.store.records import GenerationRecord, Point
from indexer.store.server.index import ServerIndex
from indexer.store.transfer.copy import copy_index, transfer
from indexer.store.transfer.tables import read_table, write_table
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_small_catalog
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@dataclass(frozen=True)
class Shop:
    catalog: Path
    model: Path
    index: Index

    def sync(self, **options: Any) -> SyncReport:
        return sync(self.catalog, self.model, self.index, **options)

    @property
    def points(self) -> dict[str, Point]:
        """By their photo."""
        store = self.index.read()
        try:
            return {point.payload["photo"]["path"]: point for point in store.scroll(vectors=True)}
        finally:
            store.close()

    @property
    def record(self) -> GenerationRecord:
        found = self.index.record()
        assert found is not None
        return found

    def forget_colours(self) -> None:
        """As a version before colours would have left the index."""
        plain = replace(self.record, colours=0, schema_version=1)
        build(self.index, [replace(point, colour_vector=None) for point in self.points.values()], plain)

    def check(self) -> None:
        """Every photo of the catalog is there, with its own vector and its own colours."""
        found, embedder = self.points, Embedder(self.model)
        keys = [key for row in read_manifest(self.catalog) for key in row["image"].split("|")]
        assert sorted(found) == sorted(keys)
        for key, point in found.items():
            pixels = embedder.prepare(self.catalog / key)
            assert point.vector == pytest.approx(embedder.run(pixels[None]).embeddings[0], abs=1e-6)
            assert point.colour_vector == pytest.approx(colours_of(pixels), abs=1e-6)


@pytest.fixture(params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    catalog = write_small_catalog(tmp_path / "catalog", products=6)
    return Shop(catalog, write_tiny_model(tmp_path / "model"), make_index(request.param, tmp_path))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, nothing may be embedded."""

    def forbid() -> None:
        monkeypatch.setattr(Embedder, "run", lambda *_: pytest.fail("a photo was embedded"))

    return forbid


def test_a_sync_writes_them_and_the_record_says_so(shop: Shop) -> None:
    shop.sync()
    shop.check()
    assert (shop.record.schema_version, shop.record.colours) == (3, COLOURS)
    assert GenerationRecord.from_json(json.loads(json.dumps(shop.record.to_json()))) == shop.record
    assert shop.sync().published is False


def test_an_index_without_them_gets_them_once_and_nothing_is_embedded(
    shop: Shop, no_network: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sync()
    before = shop.points
    shop.forget_colours()
    assert "colours" not in shop.record.to_json()
    with monkeypatch.context() as patch:
        patch.setattr(Embedder, "run", lambda *_: pytest.fail("a photo was embedded"))
        planned = shop.sync(dry_run=True)
        assert ("has no colours yet" in planned.notes[-1], shop.record.colours) == (True, 0)
        report = shop.sync()
    assert (report.published, report.coloured, report.embedded, report.rebuilt) == (True, 12, 0, False)
    assert {name: n for name, n in report.photos.items() if n} == {"unchanged": 12}
    shop.check()
    assert {key: point.payload for key, point in shop.points.items()} == {k: p.payload for k, p in before.items()}
    no_network()
    monkeypatch.setattr("indexer.sync.embedding.colouring.colours_of", lambda _: pytest.fail("a photo was read"))
    again = shop.sync()
    assert (again.published, again.coloured) == (False, 0)


@pytest.mark.slow
def test_what_changed_meanwhile_is_done_in_the_same_sync(shop: Shop) -> None:
    shop.sync()
    shop.forget_colours()
    rows = read_manifest(shop.catalog)
    rows[0]["price"] = "999"
    moved = rows[1]["image"].split("|")[0]
    (shop.catalog / moved).rename(shop.catalog / "moved.jpg")
    rows[1]["image"] = rows[1]["image"].replace(moved, "moved.jpg")
    Image.new("RGB", (50, 50), "red").save(shop.catalog / rows[2]["image"].split("|")[0])
    write_manifest(shop.catalog, rows[:-1])
    report = shop.sync(allow_removal=True)
    assert (report.embedded, report.coloured) == (1, 12)
    assert {name: n for name, n in report.photos.items() if n} == {
        "changed": 1,
        "moved": 1,
        "updated": 2,
        "unchanged": 6,
        "gone": 3,
    }
    shop.check()
    assert shop.sync().published is False


@pytest.mark.slow
def test_a_photo_that_cannot_be_read_gets_those_of_its_picture_and_else_none(shop: Shop) -> None:
    shop.sync()
    shop.forget_colours()
    keys = sorted(shop.points)
    for key in keys[:2]:
        (shop.catalog / key).write_bytes(b"broken")
    other = shop.points[keys[1]].payload["photo"]["sha256"]
    ThumbnailStore(shop.index.local).path(other).unlink()
    report = shop.sync()
    assert (report.photos["kept"], report.coloured) == (2, 11)
    assert "photos that cannot be looked at now have no colours until they change: 1" in report.notes
    pictures, preprocessing = ThumbnailStore(shop.index.local), load_model(shop.model).preprocessing
    picture = pictures.find(shop.points[keys[0]].payload["photo"]["sha256"])
    assert picture is not None
    assert shop.points[keys[0]].colour_vector == pytest.approx(colours_of(preprocessing.load(picture)), abs=1e-6)
    assert shop.points[keys[1]].colour_vector == pytest.approx(no_colours(), abs=1e-6)


@pytest.mark.slow
def test_a_sync_with_a_scope_goes_on_without_them(shop: Shop) -> None:
    shop.sync()
    shop.forget_colours()
    rows = read_manifest(shop.catalog)
    Image.new("RGB", (50, 50), "red").save(shop.catalog / rows[2]["image"].split("|")[0])
    report = shop.sync(scope=f"product_id={rows[2]['product_id']}")
    assert (report.embedded, report.coloured, shop.record.colours) == (1, 0, 0)
    assert all(point.colour_vector is None for point in shop.points.values())
    assert shop.sync().coloured == 12
    shop.check()


@pytest.mark.slow
def test_a_sync_that_dies_leaves_the_index_as_it_was_and_the_next_one_adds_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sync()
    shop.forget_colours()
    generation = shop.index.current()
    with monkeypatch.context() as patch:
        for name in ("embedded.draft.EmbeddedDraft", "server.draft.BuiltDraft"):
            patch.setattr(f"indexer.store.{name}.publish", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shop.sync()
    assert (shop.index.current(), shop.record.colours) == (generation, 0)
    assert shop.sync().coloured == 12
    shop.check()


@pytest.mark.slow
def test_new_photos_that_an_interrupted_sync_embedded_keep_their_colours(
    shop: Shop, no_network: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for name in ("embedded.draft.EmbeddedDraft", "server.draft.BuiltDraft"):
            patch.setattr(f"indexer.store.{name}.publish", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shop.sync()
    with monkeypatch.context() as patch:
        patch.setattr(Embedder, "run", lambda *_: pytest.fail("a photo was embedded"))
        report = shop.sync()
    assert (report.embedded, report.recovered) == (0, 12)
    shop.check()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["copy", "npz", "parquet"])
@pytest.mark.parametrize("other", ENGINES)
def test_copies_and_files_of_points_keep_them(shop: Shop, other: str, way: str, tmp_path: Path) -> None:
    shop.sync()
    target = make_index(other, tmp_path / "target")
    if isinstance(target, ServerIndex):  # by another name than the one it is copied from
        target = ServerIndex(target.connection, "copy", tmp_path / "target")
    if way == "copy":
        copy_index(shop.index, target)
        assert copy_index(shop.index, target).published is False
    else:
        store, path = shop.index.read(), tmp_path / f"points.{way}"
        write_table(store, path)
        store.close()
        transfer(read_table(path), str(path), target)
    copied = replace(shop, index=target)
    copied.check()
    assert copied.sync().published is False


@pytest.mark.slow
def test_a_copy_whose_colours_differ_is_mended(shop: Shop, tmp_path: Path) -> None:
    shop.sync()
    target = replace(shop, index=make_index("embedded", tmp_path / "target"))
    copy_index(shop.index, target.index)
    first = next(iter(target.points.values()))
    assert first.colour_vector is not None
    with target.index.write() as writer:
        draft = writer.draft(target.record, from_published=True)
        draft.upsert([replace(first, colour_vector=np.roll(first.colour_vector, 1))])
        draft.publish()
    assert copy_index(shop.index, target.index).published
    target.check()
