"""Pictures of photos that left go when no generation has them; what killed commands left goes with them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from indexer.cli.main import main
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.interface import Index
from indexer.sync.run import sync
from indexer.sync.upkeep.sweep import prune, sweep
from indexer.system.marks import NAME as MARK
from searcher.http.app import create_app
from searcher.settings import ServeSettings
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_photo, write_small_catalog
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, make_index
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


class Shop:
    def __init__(self, root: Path, engine: str) -> None:
        self.catalog = write_small_catalog(root / "catalog", products=5, photos=1)
        self.model = write_tiny_model(root / "model")
        self.index: Index = make_index(engine, root)
        self.sync()
        self.shown = self.pictures()

    def sync(self) -> None:
        sync(self.catalog, self.model, self.index, allow_removal=True)

    def pictures(self) -> set[str]:
        return ThumbnailStore(self.index.local).digests()

    def indexed(self) -> set[str]:
        store = self.index.read()
        found = {point.payload["photo"]["sha256"] for point in store.scroll()}
        store.close()
        return found

    def remove_a_product(self) -> None:
        write_manifest(self.catalog, read_manifest(self.catalog)[:-1])
        self.sync()


@pytest.fixture(params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    return Shop(tmp_path, request.param)


def test_they_stay_as_long_as_one_can_go_back_and_go_with_prune(shop: Shop) -> None:
    assert len(shop.shown) == 5
    shop.remove_a_product()
    if len(shop.index.generations()) > 1:
        assert shop.pictures() == shop.shown
        assert prune(shop.index) == (["1"], 1)
    assert shop.pictures() == shop.indexed()
    assert len(shop.pictures()) == 4
    assert prune(shop.index) == ([], 0)


def test_they_go_with_the_sync_after_the_next(shop: Shop) -> None:
    shop.remove_a_product()
    rows = read_manifest(shop.catalog)
    write_manifest(shop.catalog, [row | {"price": "5"} for row in rows])
    shop.sync()
    assert shop.pictures() == shop.indexed()
    assert len(shop.pictures()) == 4


def test_a_photo_with_other_bytes_leaves_its_old_picture(shop: Shop) -> None:
    write_photo(shop.catalog / "rings/P003/0.jpg", seed=77)
    shop.sync()
    prune(shop.index)
    assert shop.pictures() == shop.indexed()


def test_pictures_of_unfinished_work_stay(shop: Shop) -> None:
    drawn = ThumbnailStore(shop.index.local).path("ab" * 32)
    drawn.parent.mkdir(exist_ok=True)
    drawn.write_bytes(b"RIFF")
    (shop.index.local / "work").mkdir(exist_ok=True)
    (shop.index.local / "work" / "x.journal").write_bytes(b"x")
    with shop.index.write():
        assert sweep(shop.index) == 0
    (shop.index.local / "work" / "x.journal").unlink()
    with shop.index.write():
        assert sweep(shop.index) == 1
    assert not drawn.exists()


def test_files_that_a_killed_command_was_writing_go_after_an_hour(shop: Shop) -> None:
    old, new = shop.index.local / ".CURRENT-0123abcd", shop.index.local / ".CURRENT-4567abcd"
    for path in (old, new, shop.index.local / ".env"):
        path.write_text("1")
        if path != new:
            os.utime(path, (time.time() - 7200,) * 2)
    prune(shop.index)
    assert set(hidden(shop.index.local)) == {".CURRENT-4567abcd", ".env"}


def test_the_service_shows_no_picture_of_a_product_that_left(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "embedded")
    settings = ServeSettings(_env_file=None, index=shop.index.local, allowed_hosts=("testserver",))  # type: ignore[call-arg]
    with TestClient(create_app(settings)) as client:
        assert {client.get(f"/v1/pictures/{name}").status_code for name in shop.shown} == {200}
        shop.remove_a_product()
        [left] = shop.shown - shop.indexed()
        assert client.get("/v1/products/P004").status_code == 404
        assert client.get(f"/v1/pictures/{left}").status_code == 404
        assert {client.get(f"/v1/pictures/{name}").status_code for name in shop.indexed()} == {200}
        shop.index.rollback()
        assert client.get(f"/v1/pictures/{left}").status_code == 200


KILLED = """
import os, signal, sys
from pathlib import Path
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.transfer import snapshots
from indexer.system import files
here = sys.argv[1]
def stop(*_): os.kill(os.getpid(), signal.SIGKILL)
if here == "snapshot":
    snapshots.write_manifest = stop
    snapshots.take_snapshot(EmbeddedIndex(Path(sys.argv[2])), Path(sys.argv[3]))
else:
    snapshots.check_snapshot = stop
    snapshots.restore_snapshot(Path(sys.argv[3]), EmbeddedIndex(Path(sys.argv[2])))
"""


def killed(*arguments: str | Path) -> None:
    process = subprocess.run([sys.executable, "-c", KILLED, *map(str, arguments)], capture_output=True)
    assert process.returncode == -9, process.stderr


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".") and path.name != MARK]


def test_a_killed_snapshot_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    shop, backups = Shop(tmp_path, "embedded"), tmp_path / "backups"
    killed("snapshot", shop.index.local, backups / "monday")
    assert len(hidden(backups)) == 1
    result = CliRunner().invoke(main, ["snapshot", str(backups / "tuesday"), "--index", str(shop.index.local)])
    assert result.exit_code == 0, result.output
    assert [path.name for path in backups.iterdir()] == ["tuesday"]


@pytest.mark.parametrize("by", ["prune", "sync"])
def test_a_killed_restore_is_cleared_away(tmp_path: Path, by: str) -> None:
    shop = Shop(tmp_path, "embedded")
    place = ["--index", str(shop.index.local)]
    assert CliRunner().invoke(main, ["snapshot", str(tmp_path / "kept"), *place]).exit_code == 0
    killed("restore", shop.index.local, tmp_path / "kept")
    assert len(hidden(shop.index.local)) == 1
    arguments = ["prune", *place] if by == "prune" else ["sync", str(shop.catalog), "--model", str(shop.model), *place]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert hidden(shop.index.local) == []
