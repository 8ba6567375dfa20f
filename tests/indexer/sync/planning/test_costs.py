"""What a sync asks of the store and of the disk is what changed; counted, not timed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from indexer.catalog import manifest
from indexer.catalog.columns import Columns
from indexer.fields.roles import KEPT_TABLE
from indexer.store.beside.ledger import NAME, Ledger
from indexer.store.embedded import checksums
from indexer.store.embedded.engine import EdgeStore
from indexer.store.interface import Index
from indexer.store.records import Point
from indexer.store.server.engine import ServerStore
from indexer.sync.annotate.writing import annotating, replace_payloads
from indexer.sync.planning import known
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, touch, write_manifest, write_photo, write_small_catalog
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, make_index
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@dataclass
class Asked:
    """What was asked of any generation."""

    opened: int = 0
    scrolled: int = 0
    fields: list[Any] = field(default_factory=list)
    """Of each scroll, those that were asked for."""
    retrieved: list[str] = field(default_factory=list)


@dataclass
class Shop:
    catalog: Path
    model: Path
    index: Index
    asked: Asked

    def sync(self, **options: Any) -> SyncReport:
        self.asked.__init__()  # type: ignore[misc]
        return sync(self.catalog, self.model, self.index, **options)

    def change(self, number: int, **cells: str) -> None:
        rows = read_manifest(self.catalog)
        rows[number] |= cells
        write_manifest(self.catalog, rows)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found = Asked()
    for engine in (EdgeStore, ServerStore):
        scroll, retrieve = engine.scroll, engine.retrieve

        def counted_scroll(self: Any, *given: Any, of: Any = scroll, **options: Any) -> Iterator[Point]:
            found.scrolled += 1
            found.fields.append(options.get("fields"))
            yield from of(self, *given, **options)

        def counted_retrieve(self: Any, ids: Sequence[str], *, of: Any = retrieve, **options: Any) -> list[Point]:
            found.retrieved += ids
            points: list[Point] = of(self, ids, **options)
            return points

        monkeypatch.setattr(engine, "scroll", counted_scroll)
        monkeypatch.setattr(engine, "retrieve", counted_retrieve)
    load = EdgeStore.load.__func__  # type: ignore[attr-defined]

    def counted_load(cls: Any, *given: Any) -> EdgeStore:
        found.opened += 1
        store: EdgeStore = load(cls, *given)
        return store

    monkeypatch.setattr(EdgeStore, "load", classmethod(counted_load))
    return found


def filled(engine: str, folder: Path, asked: Asked) -> Shop:
    catalog = write_small_catalog(folder / "catalog", products=6, photos=2, size=16)
    found = Shop(catalog, write_tiny_model(folder / "model"), make_index(engine, folder), asked)
    found.sync()
    return found


@pytest.fixture
def shop(tmp_path: Path, asked: Asked) -> Shop:
    return filled("server", tmp_path, asked)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_night_without_change_opens_no_point_and_a_new_price_those_of_its_product(
    engine: str, tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = filled(engine, tmp_path, asked)
    with monkeypatch.context() as without_products:
        without_products.setattr(manifest, "Product", None)
        report = shop.sync()
    assert (report.photos["unchanged"], report.products, report.published) == (12, 6, False)
    assert (shop.asked.opened, shop.asked.scrolled, shop.asked.retrieved) == (0, 0, [])
    shop.change(2, price="77")
    report = shop.sync(dry_run=True)
    assert report.photos["updated"] == 2
    assert (len(shop.asked.retrieved), shop.asked.scrolled) == (2, 0)
    of_the_product = set(shop.asked.retrieved)
    report = shop.sync()
    assert report.photos["updated"] == 2
    assert set(shop.asked.retrieved) == of_the_product  # by the plan, and by what is summed beside the points
    assert ["photo.sha256"] not in shop.asked.fields  # which pictures are shown is known from the ledgers
    assert shop.sync().photos["unchanged"] == 12
    assert shop.asked.retrieved == []


def test_without_a_ledger_the_points_are_gone_through_once_and_it_is_there_again(shop: Shop) -> None:
    path = shop.index.companion(NAME)
    assert path is not None
    path.unlink()
    assert shop.sync().photos["unchanged"] == 12
    assert (shop.asked.scrolled, shop.asked.retrieved) == (1, [])
    assert shop.sync().photos["unchanged"] == 12
    assert (shop.asked.opened, shop.asked.scrolled, shop.asked.retrieved) == (0, 0, [])


def test_a_ledger_that_is_damaged_is_made_again(shop: Shop) -> None:
    path = shop.index.companion(NAME)
    assert path is not None
    data = bytearray(path.read_bytes())
    data[-130] ^= 1
    path.write_bytes(data)
    assert shop.sync().photos["unchanged"] == 12
    assert shop.asked.scrolled == 1
    assert Ledger.read(shop.index.companion(NAME, whole=True)) is not None


def test_what_is_annotated_between_two_nights_costs_the_next_one_nothing(shop: Shop) -> None:
    with annotating(shop.index) as (writer, published):
        replace_payloads(writer, published, lambda payload: {**payload, "cluster": "c1"}, fields=KEPT_TABLE)
    assert shop.sync().photos["unchanged"] == 12
    assert (shop.asked.opened, shop.asked.scrolled, shop.asked.retrieved) == (0, 0, [])
    shop.change(2, price="77")
    shop.sync()
    store = shop.index.read()
    assert {point.payload["cluster"] for point in store.scroll()} == {"c1"}
    assert "cluster" in store.record.field_table
    store.close()


def test_rows_are_read_anew_where_their_cells_may_mean_something_else(shop: Shop) -> None:
    (shop.catalog / "catalog.toml").write_text('[fields]\ncreated = "keyword"\n')
    assert shop.sync().photos["updated"] == 12
    (shop.catalog / "catalog.toml").write_text('[fields]\ncreated = "date"\n')
    assert shop.sync().photos["updated"] == 12
    assert shop.sync().photos["unchanged"] == 12


def test_another_version_of_the_program_reads_rows_anew_and_opens_no_point_for_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "code_digest", lambda: "another version")
    read: list[Any] = []
    monkeypatch.setattr(Columns, "read", _counting(Columns.read, read))
    assert shop.sync().photos["unchanged"] == 12
    assert (len(read), shop.asked.opened, shop.asked.scrolled, shop.asked.retrieved) == (6, 0, 0, [])
    read.clear()
    assert shop.sync().photos["unchanged"] == 12
    assert read == []


def _counting(of: Any, calls: list[Any]) -> Any:
    def counted(self: Any, cells: Any) -> Any:
        calls.append(cells)
        return of(self, cells)

    return counted


def test_rejects_are_told_again_each_night(shop: Shop) -> None:
    shop.change(1, price="dear")
    shop.change(3, image="none.jpg")
    first, second = shop.sync(allow_removal=True), shop.sync(allow_removal=True)
    assert first.rejects == second.rejects
    assert len(second.rejects) == 2
    assert second.photos["kept"] == 2


def test_a_photo_that_was_missing_or_broken_is_found_when_it_is_there(shop: Shop) -> None:
    rows = read_manifest(shop.catalog)
    missing, broken = (shop.catalog / rows[number]["image"].split("|")[0] for number in (1, 2))
    data = broken.read_bytes()
    missing.rename(missing.with_suffix(".gone"))
    broken.write_bytes(b"no photo")
    for _ in range(2):
        report = shop.sync()
        assert {reject.product_id for reject in report.rejects} == {"P001", "P002"}
    missing.with_suffix(".gone").rename(missing)
    broken.write_bytes(data)
    report = shop.sync()
    assert (report.rejects, report.photos["new"], report.photos["updated"]) == (
        [],
        1,
        2,
    )  # the order of the others, too
    assert shop.sync().photos["unchanged"] == 12


def test_a_photo_with_another_time_is_read_and_one_with_other_content_embedded(shop: Shop) -> None:
    rows = read_manifest(shop.catalog)
    touch(shop.catalog / rows[0]["image"].split("|")[0])
    write_photo(shop.catalog / rows[1]["image"].split("|")[0], 99, size=16)
    shop.sync(dry_run=True)
    assert (len(shop.asked.retrieved), shop.asked.scrolled) == (4, 0)
    report = shop.sync()
    assert (report.photos["updated"], report.photos["changed"], report.embedded) == (1, 1, 1)


def test_pictures_that_are_missing_are_drawn_from_photos_that_were_put_aside(shop: Shop) -> None:
    pictures = sorted((shop.index.local / "thumbnails").glob("*/*.webp"))
    pictures[3].unlink()
    report = shop.sync()
    assert report.repairs == ["1 thumbnail was missing and was drawn again"]
    assert sorted((shop.index.local / "thumbnails").glob("*/*.webp")) == pictures
    assert len(shop.asked.retrieved) == 1


def test_a_folder_of_photos_is_put_aside_too(tmp_path: Path, asked: Asked) -> None:
    catalog = write_small_catalog(tmp_path / "catalog", products=6, photos=2, size=16)
    (catalog / "catalog.csv").unlink()
    shop = Shop(catalog, write_tiny_model(tmp_path / "model"), make_index("server", tmp_path), asked)
    shop.sync()
    assert shop.sync().photos["unchanged"] == 12
    assert (shop.asked.scrolled, shop.asked.retrieved) == (0, [])
    write_photo(catalog / "rings/new.jpg", 99, size=16)
    report = shop.sync(dry_run=True)
    assert (report.photos["new"], shop.asked.scrolled, shop.asked.retrieved) == (1, 0, [])
    assert shop.sync().photos["new"] == 1


@pytest.fixture
def large_files_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that are read through although they are large."""
    found: list[str] = []
    checksum_of = checksums.checksum_of

    def counted(path: Path) -> str:
        if path.stat().st_blocks * 512 > checksums.SMALL:
            found.append(path.name)
        return checksum_of(path)

    monkeypatch.setattr(checksums, "checksum_of", counted)
    return found


def test_files_that_nobody_wrote_to_are_not_read_again_and_one_that_somebody_did_is(
    tmp_path: Path, asked: Asked, large_files_read: list[str]
) -> None:
    catalog = write_small_catalog(tmp_path / "catalog", products=60, photos=2, size=16)
    shop = Shop(catalog, write_tiny_model(tmp_path / "model"), make_index("embedded", tmp_path), asked)
    shop.sync()
    assert large_files_read != []
    large = next((tmp_path / "index" / "generations").rglob(large_files_read[0]))
    large_files_read.clear()
    shop.index.read().close()
    shop.sync()
    assert large_files_read == []
    os.utime(large)
    shop.sync()
    assert large.name in large_files_read
    large_files_read.clear()
    shop.sync()
    assert large_files_read == []
    shop.change(0, price="7")
    shop.sync()
    assert large.name in large_files_read  # a copy of it was published: that is looked at, too


def test_nothing_of_a_model_is_loaded_where_nothing_is_embedded(tmp_path: Path) -> None:
    catalog = write_small_catalog(tmp_path / "catalog", products=2, photos=1, size=16)
    model, index = write_tiny_model(tmp_path / "model"), tmp_path / "index"
    sync(catalog, model, index)
    code = (
        "import sys; from indexer.sync.run import sync; "
        f"print(sync({str(catalog)!r}, {str(model)!r}, {str(index)!r}).photos['unchanged'], "
        "{'onnxruntime', 'qdrant_edge'}.intersection(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "set()"]
