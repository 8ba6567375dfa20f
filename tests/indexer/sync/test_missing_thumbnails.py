"""Thumbnails that are gone while their photos stay in the index: the next sync draws them and says so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.cli.main import main
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.interface import Index
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_small_catalog
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, make_index
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


class Shop:
    def __init__(self, root: Path, engine: str) -> None:
        self.catalog = write_small_catalog(root / "catalog", products=5, photos=1)
        self.model = write_tiny_model(root / "model")
        self.index: Index = make_index(engine, root)
        assert self.sync().repairs == []
        self.drawn = self.pictures()

    def sync(self) -> SyncReport:
        return sync(self.catalog, self.model, self.index)

    def pictures(self) -> dict[str, bytes]:
        store = ThumbnailStore(self.index.local)
        return {name: store.path(name).read_bytes() for name in store.digests()}


@pytest.fixture(params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    return Shop(tmp_path, request.param)


def test_the_next_sync_draws_them_again_though_nothing_is_to_be_published(shop: Shop) -> None:
    assert len(shop.drawn) == 5
    shutil.rmtree(shop.index.local / "thumbnails")
    report = shop.sync()
    assert report.repairs == ["5 thumbnails were missing and were drawn again"]
    assert (report.published, report.embedded) == (False, 0)
    assert shop.pictures() == shop.drawn
    assert shop.sync().repairs == []


def test_one_of_a_product_with_a_new_price_is_drawn_too(shop: Shop) -> None:
    rows = read_manifest(shop.catalog)
    rows[0]["price"] = "1"
    write_manifest(shop.catalog, rows)
    point = next(p for p in shop.index.read().scroll() if p.payload["product_id"] == rows[0]["product_id"])
    gone = ThumbnailStore(shop.index.local).path(point.payload["photo"]["sha256"])
    gone.unlink()
    report = shop.sync()
    assert report.repairs == ["1 thumbnail was missing and was drawn again"]
    assert report.published
    assert gone.is_file()


def test_a_photo_that_is_another_now_lends_no_picture(shop: Shop) -> None:
    keys = sorted(point.payload["photo"]["path"] for point in shop.index.read().scroll())
    first, second = (shop.catalog / key for key in keys[:2])
    stat = first.stat()
    data = second.read_bytes()
    first.write_bytes(data + b"\0" * max(0, stat.st_size - len(data)))
    with first.open("r+b") as file:
        file.truncate(stat.st_size)
    os.utime(first, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    shutil.rmtree(shop.index.local / "thumbnails")
    report = shop.sync()
    assert report.repairs == ["5 thumbnails were missing; 4 drawn again, 1 not, as the photos cannot be used"]
    assert set(shop.pictures()) < set(shop.drawn)


def test_a_dry_run_draws_none_and_the_command_line_says_what_it_did(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "embedded")
    shutil.rmtree(shop.index.local / "thumbnails")
    command = ["sync", str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index.local)]
    assert CliRunner().invoke(main, [*command, "--dry-run"]).exit_code == 0
    assert shop.pictures() == {}
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert "Repaired: 5 thumbnails were missing and were drawn again.\n" in result.output
