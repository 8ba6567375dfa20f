"""Photos are embedded apart from an index: the folder is the whole or it is refused, and no shard is made twice."""

from __future__ import annotations

import errno
import json
import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from indexer.errors import JewelryError, StoreError, StoreUnwritable, UsageError
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import EmbeddedIndex, open_index
from indexer.store.records import Point
from indexer.store.transfer.shards.importing import import_shards
from indexer.store.transfer.shards.shard_folder import shards_in
from indexer.sync.apart.run import embed
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_photo, write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model

pytest.importorskip("pyarrow", reason="shards are Parquet files")


class Shop:
    """A catalog, a model, and where shards and indexes go."""

    def __init__(self, root: Path, products: int = 20) -> None:
        self.catalog = write_small_catalog(root / "catalog", products=products)
        self.model = write_tiny_model(root / "model")
        self.out, self.index = root / "out", root / "index"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def points(index: Path) -> dict[str, Point]:
    with closing(EmbeddedIndex(index).read()) as store:
        return {point.id: point for point in store.scroll(vectors=True)}


def same_as_a_sync(shop: Shop) -> None:
    """What was imported is what a sync makes, and the next sync has nothing to do."""
    beside = shop.index.with_name("synced")
    sync(shop.catalog, shop.model, beside)
    ours, theirs = points(shop.index), points(beside)
    assert ours.keys() == theirs.keys()
    for name, point in ours.items():
        other = theirs[name]
        assert point.payload | {"indexed_at": ""} == other.payload | {"indexed_at": ""}
        assert point.vector is not None
        assert other.vector is not None
        assert np.abs(point.vector - other.vector).max() <= 1e-6
    assert ThumbnailStore(shop.index).digests() == ThumbnailStore(beside).digests()
    for digest in ThumbnailStore(beside).digests():
        path = ThumbnailStore(beside).path(digest)
        assert ThumbnailStore(shop.index).path(digest).read_bytes() == path.read_bytes()
    again = sync(shop.catalog, shop.model, shop.index)
    assert (again.published, again.embedded, again.repairs) == (False, 0, [])


def test_embedded_and_imported_it_is_what_a_sync_makes(tmp_path: Path) -> None:
    shop = Shop(tmp_path, products=100)
    twin = shop.catalog / "rings" / "P003" / "0.jpg"
    twin.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shop.catalog / read_manifest(shop.catalog)[0]["image"].split("|")[0], twin)
    report = embed(shop.catalog, shop.model, shop.out, shard_photos=50)
    assert (report.points, report.shards, report.made, report.rejects) == (200, 4, 4, [])
    assert import_shards(shop.out, open_index(shop.index)).points == 200
    same_as_a_sync(shop)


def test_killed_between_shards_it_goes_on_with_those_that_are_missing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "Embedding" and len(shards_in(shop.out)) == 2:
            raise Killed

    with pytest.raises(Killed):
        embed(shop.catalog, shop.model, shop.out, shard_photos=10, progress=kill)
    first = {number: path.stat().st_mtime_ns for number, path in shards_in(shop.out).items()}
    assert len(first) == 2
    with pytest.raises(StoreError, match="missing"):
        import_shards(shop.out, open_index(shop.index))
    assert not shop.index.exists()
    report = embed(shop.catalog, shop.model, shop.out, shard_photos=10)
    assert (report.there, report.made) == (2, 2)
    assert first.items() <= {number: path.stat().st_mtime_ns for number, path in shards_in(shop.out).items()}.items()
    import_shards(shop.out, open_index(shop.index))
    same_as_a_sync(shop)


def test_after_a_change_of_the_catalog_the_shards_that_it_concerns_are_made_anew(shop: Shop) -> None:
    embed(shop.catalog, shop.model, shop.out, shard_photos=5)
    rows = read_manifest(shop.catalog)
    write_photo(shop.catalog / rows[3]["image"].split("|")[0], seed=999)
    report = embed(shop.catalog, shop.model, shop.out)
    assert (report.shards, report.made, report.anew) == (8, 1, 1)
    write_manifest(shop.catalog, rows[:-1])
    report = embed(shop.catalog, shop.model, shop.out)
    assert 1 <= report.anew <= 2
    import_shards(shop.out, open_index(shop.index))
    same_as_a_sync(shop)


def test_a_shard_that_is_broken_or_of_another_state_or_model_is_refused(shop: Shop, tmp_path: Path) -> None:
    embed(shop.catalog, shop.model, shop.out, shard_photos=10)
    path = shards_in(shop.out)[1]
    whole = path.read_bytes()
    middle = bytearray(whole)
    middle[len(whole) // 3] ^= 1
    other, other_model = tmp_path / "other", write_tiny_model(tmp_path / "other-model", seed=5)
    embed(shop.catalog, other_model, other, shard_photos=10)
    for wrong in (whole[: len(whole) // 2], bytes(middle), b"", shards_in(shop.out)[0].read_bytes()):
        path.write_bytes(wrong)
        with pytest.raises(StoreError, match=path.name):
            import_shards(shop.out, open_index(shop.index))
    path.write_bytes(shards_in(other)[1].read_bytes())
    with pytest.raises(StoreError, match="another model"):
        import_shards(shop.out, open_index(shop.index))
    assert not shop.index.exists()
    path.unlink()
    assert embed(shop.catalog, shop.model, shop.out).made == 1
    with pytest.raises(UsageError, match="--anew"):
        embed(shop.catalog, other_model, shop.out)
    assert embed(shop.catalog, other_model, shop.out, shard_photos=10, anew=True).made == 4


def test_what_is_rejected_is_told_each_time_and_the_rest_is_there(shop: Shop) -> None:
    key = read_manifest(shop.catalog)[2]["image"].split("|")[0]
    (shop.catalog / key).write_bytes(b"\xff\xd8 no photo")
    for _ in range(2):
        report = embed(shop.catalog, shop.model, shop.out, shard_photos=10)
        assert [one.where for one in report.rejects] == [key]
        assert json.loads((shop.out / "rejects.jsonl").read_text())["where"] == key
    assert import_shards(shop.out, open_index(shop.index)).points == 39


def test_without_room_what_is_finished_stays(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    import indexer.sync.apart.filling as filling

    real, written = filling.replacing, 0

    def full(path: Path) -> object:
        nonlocal written
        written += 1
        if written > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path)

    monkeypatch.setattr(filling, "replacing", full)
    with pytest.raises(StoreUnwritable, match="make room"):
        embed(shop.catalog, shop.model, shop.out, shard_photos=10)
    monkeypatch.undo()
    assert embed(shop.catalog, shop.model, shop.out).there == 2


def test_a_folder_of_something_else_is_refused(shop: Shop) -> None:
    shop.out.mkdir()
    (shop.out / "letter.txt").write_text("Dear customer")
    with pytest.raises(UsageError, match="other things"):
        embed(shop.catalog, shop.model, shop.out)
    with pytest.raises(StoreError, match="no folder of shards"):
        import_shards(shop.out, open_index(shop.index))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:::ray")  # of its own deprecated settings
@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_on_ray_it_is_the_same_and_goes_on_after_a_kill(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra ray")
    shop = Shop(tmp_path, products=50)
    embed(shop.catalog, shop.model, shop.out, shard_photos=25)
    for number in (0, 2):
        shards_in(shop.out)[number].unlink()
    report = embed(shop.catalog, shop.model, shop.out, engine="ray")
    assert (report.there, report.made) == (2, 2)
    import_shards(shop.out, open_index(shop.index))
    same_as_a_sync(shop)


def test_ray_that_is_not_there_is_said_in_one_line(shop: Shop) -> None:
    try:
        import ray  # noqa: F401
    except ImportError:
        with pytest.raises(JewelryError, match=r"jewelry-similarity\[ray\]"):
            embed(shop.catalog, shop.model, shop.out, engine="ray")
    with pytest.raises(UsageError, match="--engine ray"):
        embed(shop.catalog, shop.model, shop.out, ray_address="auto")
