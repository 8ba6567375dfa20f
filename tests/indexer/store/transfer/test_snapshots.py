"""Putting a generation aside and publishing it again, on both engines."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from indexer.errors import StoreError, StoreMissing, UsageError
from indexer.settings import IndexerSettings, open_server
from indexer.store.interface import Index
from indexer.store.server.index import ServerIndex
from indexer.store.transfer.snapshots import restore_snapshot, take_snapshot
from tests.faults.loopback_qdrant import Fault, LoopbackQdrant
from tests.indexer.store.transfer.snapshot_server import snapshot_qdrant, snapshots
from tests.shops.copies import copied
from tests.shops.indexes.answers import answers, scored, stored
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, make_index, points, published_products, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

COUNT = 40


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    made = make_index("embedded", folder)
    build(made, points(0, COUNT))
    (made.local / "thumbnails" / "ab").mkdir(parents=True)
    (made.local / "thumbnails" / "ab" / "abcd.webp").write_bytes(b"picture")
    take_snapshot(made, folder / "snapshot", thumbnails=True)
    return folder


@pytest.fixture
def index(built: Path, tmp_path: Path) -> Index:
    copied(built / "index", tmp_path / "index")
    return make_index("embedded", tmp_path)


@pytest.fixture
def aside(built: Path, tmp_path: Path) -> Path:
    return copied(built / "snapshot", tmp_path / "aside")


@pytest.fixture
def server() -> Iterator[LoopbackQdrant]:
    with snapshot_qdrant() as running:
        yield running


@pytest.fixture
def remote(server: LoopbackQdrant, tmp_path: Path) -> ServerIndex:
    server.api_key = "k"
    settings = IndexerSettings(
        qdrant_api_key="k", state=tmp_path / "state", collection="shop", qdrant_attempts=2, qdrant_first_wait=0
    )  # type: ignore[call-arg,arg-type,unused-ignore]
    made = open_server(settings, server.url)
    build(made, points(0, COUNT))
    return made


def test_an_embedded_snapshot_comes_back_as_the_next_generation(index: Index, aside: Path) -> None:
    before, found = stored(index), answers(index, exact=False)
    build(index, points(100, 5))
    report = restore_snapshot(aside, index)
    assert (report.generation, report.points, report.bit_for_bit) == ("3", COUNT, True)
    after = stored(index)
    assert [(p.id, p.payload) for p in after] == [(p.id, p.payload) for p in before]
    assert all((p.vector == q.vector).all() for p, q in zip(after, before, strict=True))  # type: ignore[union-attr]
    assert answers(index, exact=False) == found
    assert index.rollback() == "2"
    assert published_products(index) == {f"P{100 + i}" for i in range(5)}


def test_a_snapshot_fills_a_new_place_of_either_engine(built: Path, aside: Path, tmp_path: Path) -> None:
    shutil.rmtree(aside / "thumbnails")
    for engine in ("embedded", "server"):
        place = make_index(engine, tmp_path / engine)
        assert restore_snapshot(aside, place).points == COUNT
        assert answers(place, exact=True) == scored(make_index("embedded", built), exact=True)
        assert not (place.local / "thumbnails").exists()
        assert restore_snapshot(aside, place).published is False
        assert [p.name for p in place.local.iterdir() if p.name.startswith(".snapshot")] == []
    full = make_index("embedded", tmp_path / "with pictures")
    restore_snapshot(built / "snapshot", full)
    assert (full.local / "thumbnails/ab/abcd.webp").read_bytes() == b"picture"


def test_a_snapshot_is_not_changed_by_restoring_it(aside: Path, tmp_path: Path) -> None:
    def state() -> dict[str, tuple[int, bytes]]:
        return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in aside.rglob("*") if p.is_file()}

    before = state()
    restore_snapshot(aside, make_index("embedded", tmp_path / "new"))
    assert state() == before


def test_damage_is_found_before_anything_is_published(index: Index, aside: Path) -> None:
    manifest = json.loads((aside / "snapshot.json").read_text())
    largest = max(manifest["files"], key=lambda name: manifest["files"][name]["bytes"])
    whole = (aside / largest).read_bytes()
    (aside / largest).write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    with pytest.raises(StoreError, match="was altered or is damaged; take another snapshot"):
        restore_snapshot(aside, index)
    (aside / largest).unlink()
    with pytest.raises(StoreError, match=r"cannot be read .*; take another snapshot"):
        restore_snapshot(aside, index)
    (aside / largest).write_bytes(whole)
    changes: tuple[dict[str, Any], ...] = ({"format": "zip"}, {"files": 3}, {"record": {}}, {"points": "many"})
    for change in changes:
        (aside / "snapshot.json").write_text(json.dumps(manifest | change))
        with pytest.raises(StoreError, match=r"snapshot\.json: cannot be read"):
            restore_snapshot(aside, index)
    outside = {"../index/CURRENT": {"bytes": 2, "sha256": "0"}}
    (aside / "snapshot.json").write_text(json.dumps(manifest | {"files": manifest["files"] | outside}))
    with pytest.raises(StoreError, match="outside the snapshot"):
        restore_snapshot(aside, index)
    (aside / "snapshot.json").write_text(json.dumps(manifest | {"checksum": "0" * 32}))
    with pytest.raises(StoreError, match="are not those that were put aside"):
        restore_snapshot(aside, index)
    (aside / "snapshot.json").unlink()
    with pytest.raises(StoreError, match="is not a snapshot"):
        restore_snapshot(aside, index)
    assert index.generations() == ["1"]


def test_another_catalogs_index_is_not_restored_over(aside: Path, tmp_path: Path) -> None:
    other = make_index("embedded", tmp_path / "other")
    build(other, points(0, 5), dataclasses.replace(record(), catalog_root="/other"))
    with pytest.raises(UsageError, match="holds the catalog /other"):
        restore_snapshot(aside, other)
    assert restore_snapshot(aside, other, overwrite=True).generation == "2"


def test_where_a_snapshot_goes(index: Index, aside: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists already"):
        take_snapshot(index, aside)
    with pytest.raises(StoreMissing):
        take_snapshot(make_index("embedded", tmp_path / "empty"), tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    (tmp_path / "empty folder").mkdir()
    assert take_snapshot(index, tmp_path / "empty folder").points == COUNT
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_servers_snapshot_is_downloaded_and_comes_back(
    remote: ServerIndex, server: LoopbackQdrant, tmp_path: Path
) -> None:
    before = stored(remote)
    report = take_snapshot(remote, tmp_path / "aside")
    assert (report.engine, report.points, report.generation) == ("server", COUNT, "1")
    assert snapshots(server) == {}  # it was removed there
    build(remote, points(100, 5))
    restored = restore_snapshot(tmp_path / "aside", remote)
    assert (restored.generation, restored.points, restored.published) == ("3", COUNT, True)
    assert [(p.id, p.payload) for p in stored(remote)] == [(p.id, p.payload) for p in before]
    assert remote.rollback() == "2"
    with pytest.raises(UsageError, match="restore it to a server, then: indexer pull"):
        restore_snapshot(tmp_path / "aside", make_index("embedded", tmp_path / "new"))


def test_what_a_server_lost_on_the_way_is_not_published(
    remote: ServerIndex, server: LoopbackQdrant, tmp_path: Path
) -> None:
    take_snapshot(remote, tmp_path / "aside")
    path = tmp_path / "aside" / "snapshot.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"points": COUNT + 1}))
    with pytest.raises(StoreError, match="other points came back than were put aside; nothing was published"):
        restore_snapshot(tmp_path / "aside", remote)
    assert (remote.current(), remote.generations()) == ("1", ["1"])


def test_a_server_that_fails_leaves_no_half_snapshot(
    remote: ServerIndex, server: LoopbackQdrant, tmp_path: Path
) -> None:
    server.faults.append(Fault("POST .*/snapshots", status=500, times=2))
    with pytest.raises(StoreError, match="the server failed with status 500"):
        take_snapshot(remote, tmp_path / "aside")
    server.remote_shards.append({"shard_id": 1, "peer_id": 2, "state": "Active"})
    with pytest.raises(StoreError, match=r"lies on several nodes.*indexer export"):
        take_snapshot(remote, tmp_path / "aside")
    assert not (tmp_path / "aside").exists()


def test_local_mode_has_no_snapshots(aside: Path, tmp_path: Path) -> None:
    memory = make_index("server", tmp_path / "memory")
    build(memory, points(0, 5))
    with pytest.raises(StoreError, match="only a Qdrant server has; use: indexer export FILE"):
        take_snapshot(memory, tmp_path / "new")


def run(*arguments: str | Path) -> Result:
    from indexer.cli.main import main

    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_commands(index: Index, tmp_path: Path) -> None:
    place, folder = ("--index", index.location), tmp_path / "new"
    taken = run("snapshot", folder, "--thumbnails", *place)
    assert (taken.exit_code, taken.stderr) == (0, "")
    assert taken.stdout == f"Put {COUNT} points and 1 thumbnails of {index.location} aside in {folder}\n"
    build(index, points(100, 5))
    restored = run("restore", folder, *place)
    assert (restored.exit_code, restored.stderr) == (0, "")
    assert f"Published generation 3 in {index.location}" in restored.stdout
    assert run("snapshot", folder, *place).exit_code == 2
    (folder / "generation.json").write_text("{}")
    broken = run("restore", folder, *place)
    assert (broken.exit_code, len(broken.stderr.splitlines())) == (1, 1)
