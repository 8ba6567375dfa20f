"""Copying an index to another place: the same points and answers, again after a failure, and never the wrong way."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from indexer.errors import StoreError, StoreMissing, UsageError
from indexer.settings import IndexerSettings, open_server
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.interface import Index
from indexer.store.records import Point
from indexer.store.server.engine import ServerStore
from indexer.store.server.index import ServerIndex
from indexer.store.tally import Tally
from indexer.store.transfer.compare import Kind, differences
from indexer.store.transfer.copy import copy_index
from tests.faults.loopback_qdrant import Fault, loopback_qdrant
from tests.shops.copies import copied
from tests.shops.indexes.answers import COUNT, answers, scored, stored
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, make_index, points, published_products, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    made = make_index("embedded", folder)
    build(made, points(0, COUNT))
    (made.local / "thumbnails" / "ab").mkdir(parents=True)
    (made.local / "thumbnails" / "ab" / "abcd.webp").write_bytes(b"picture")
    return folder


@pytest.fixture
def source(built: Path, tmp_path: Path) -> Index:
    copied(built, tmp_path / "source")
    return make_index("embedded", tmp_path / "source")


def test_embedded_to_embedded_is_the_same_to_the_last_bit(source: Index, tmp_path: Path) -> None:
    target = make_index("embedded", tmp_path / "target")
    report = copy_index(source, target)
    assert (report.points, report.sent, report.generation, report.published, report.bit_for_bit) == (
        COUNT,
        COUNT,
        "1",
        True,
        True,
    )
    for one, other in zip(stored(source), stored(target), strict=True):
        assert one.vector is not None
        assert other.vector is not None
        assert (one.id, one.payload, one.vector.tobytes()) == (other.id, other.payload, other.vector.tobytes())
    for exact in (True, False):
        assert answers(source, exact=exact) == answers(target, exact=exact)
    theirs, ours = source.record(), target.record()
    assert theirs is not None
    assert ours is not None
    assert dataclasses.replace(ours, created_at=theirs.created_at) == theirs
    assert (target.local / "thumbnails/ab/abcd.webp").read_bytes() == b"picture"


def test_to_the_server_engine_and_back(source: Index, tmp_path: Path) -> None:
    server, back = make_index("server", tmp_path / "server"), make_index("embedded", tmp_path / "back")
    assert (copy_index(source, server).points, copy_index(server, back).points) == (COUNT, COUNT)
    for place in (server, back):
        for one, other in zip(stored(source), stored(place), strict=True):
            assert (one.id, one.payload) == (other.id, other.payload)
            np.testing.assert_allclose(one.vector, other.vector, atol=1e-6, rtol=0)  # type: ignore[arg-type]
    assert answers(back, exact=True) == scored(source, exact=True)
    assert answers(server, exact=True) == scored(source, exact=True)
    assert (back.local / "thumbnails/ab/abcd.webp").read_bytes() == b"picture"


@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_what_is_there_already_is_not_copied_again(source: Index, tmp_path: Path, engine: str) -> None:
    target = make_index(engine, tmp_path / "target")
    first, again = copy_index(source, target), copy_index(source, target)
    assert (again.published, again.sent, again.generation, again.checksum) == (False, 0, "1", first.checksum)
    assert target.generations() == ["1"]


@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_one_other_price_is_reason_enough_to_copy(source: Index, tmp_path: Path, engine: str) -> None:
    target = make_index(engine, tmp_path / "target")
    copy_index(source, target)
    with source.write() as writer:
        draft = writer.draft(record(), from_published=True)
        draft.replace_payload([Point(points(0, 1)[0].id, {"product_id": "P0", "price": 99.5})])
        draft.publish()
    assert copy_index(source, target).published
    assert target.current() == "2"
    assert stored(target)[0].payload["price"] == 99.5


@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_another_catalog_or_model_is_replaced_only_when_asked_to(source: Index, tmp_path: Path, engine: str) -> None:
    target = make_index(engine, tmp_path / "target")
    build(target, points(500, 5), record("e" * 64))
    with pytest.raises(UsageError, match=r"built by another model \(eeeeeeeeeeee, not ffffffffffff\).*--replace"):
        copy_index(source, target)
    elsewhere = dataclasses.replace(record(), catalog_root="/other/shop")
    build(target, points(500, 5), elsewhere)
    with pytest.raises(UsageError, match="holds the catalog /other/shop, not /shop; choose another place"):
        copy_index(source, target)
    assert published_products(target) == {f"P{500 + i}" for i in range(5)}
    reader = target.read()
    copy_index(source, target, overwrite=True)
    assert {point.payload["product_id"] for point in reader.scroll()} == {f"P{500 + i}" for i in range(5)}
    reader.close()
    assert published_products(target) == {f"P{i}" for i in range(COUNT)}
    target.rollback()
    assert published_products(target) == {f"P{500 + i}" for i in range(5)}


def test_a_failed_push_to_a_server_goes_on_where_it_was(
    source: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.store.server.engine.WRITE_BATCH", 10)
    target = make_index("server", tmp_path / "target")
    assert isinstance(target, ServerIndex)
    client, sent = target.connection.client, list[str]()
    upsert = client.upsert

    def breaking(collection: str, batch: list[Any], **options: Any) -> Any:
        if len(sent) == 30:
            raise ConnectionError("the line went dead")
        sent.extend(str(point.id) for point in batch)
        return upsert(collection, batch, **options)

    monkeypatch.setattr(client, "upsert", breaking)
    with pytest.raises(StoreError, match="the line went dead"):
        copy_index(source, target)
    assert (target.current(), target.generations()) == (None, [])
    # Meanwhile one of the points that arrived is damaged, and one appears that was never sent.
    client.overwrite_payload("shop-1", {"price": -1.0}, [sent[4]])
    client.upsert = upsert  # type: ignore[method-assign]
    ServerStore(target.connection, "shop-1", record()).upsert(points(900, 1))
    report = copy_index(source, target)
    assert (report.points, report.sent, report.generation) == (COUNT, COUNT - 30 + 1, "1")
    assert [(p.id, p.payload) for p in stored(target)] == [(p.id, p.payload) for p in stored(source)]


def test_an_unfinished_push_of_something_else_is_cleared_away(
    source: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make_index("server", tmp_path / "target")
    assert isinstance(target, ServerIndex)
    with monkeypatch.context() as patch:
        patch.setattr(ServerStore, "upsert", _refuse)
        with pytest.raises(StoreError, match="full"):
            copy_index(source, target)
    other = make_index("embedded", tmp_path / "other")
    build(other, points(300, 5), record("e" * 64))
    copy_index(other, target)
    assert [c.name for c in target.connection.client.get_collections().collections] == ["shop-1"]
    assert published_products(target) == {f"P{300 + i}" for i in range(5)}


def _refuse(*_: Any) -> None:
    raise StoreError("full")


def test_a_copy_that_differs_is_not_published(source: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = make_index("server", tmp_path / "target")
    build(target, points(0, 3))
    upsert = ServerStore.upsert

    def altering(self: ServerStore, batch: Any) -> None:
        upsert(self, (dataclasses.replace(p, payload={**p.payload, "price": round(p.payload["price"])}) for p in batch))

    monkeypatch.setattr(ServerStore, "upsert", altering)
    with pytest.raises(StoreError, match="is different after copying; nothing was published"):
        copy_index(source, target)
    assert published_products(target) == {"P0", "P1", "P2"}


def test_nothing_to_copy_and_nowhere_to_copy_to(source: Index, tmp_path: Path) -> None:
    empty = make_index("embedded", tmp_path / "empty")
    with pytest.raises(StoreMissing):
        copy_index(empty, make_index("embedded", tmp_path / "target"))
    with pytest.raises(UsageError, match="is both what is copied and where to"):
        copy_index(source, EmbeddedIndex(tmp_path / "source" / "." / "index"))


def test_checksums_do_not_depend_on_order_and_see_every_change() -> None:
    def checksum(batch: list[Point]) -> str:
        tally = Tally()
        for point in batch:
            tally.add(point)
        return tally.checksum

    batch = points(0, 8)
    first = batch[0]
    assert first.vector is not None
    assert checksum(batch) == checksum(batch[::-1])
    nudged = np.nextafter(first.vector, np.float32(2))
    others = [
        batch[1:],
        [*batch, first],
        [*batch, first, first],
        [dataclasses.replace(first, vector=nudged), *batch[1:]],
        [dataclasses.replace(first, payload={**first.payload, "price": 0}), *batch[1:]],
        [dataclasses.replace(first, id=points(50, 1)[0].id), *batch[1:]],
        [
            dataclasses.replace(first, payload=batch[1].payload),
            dataclasses.replace(batch[1], payload=first.payload),
            *batch[2:],
        ],
    ]
    assert len({checksum(other) for other in [batch, *others]}) == len(others) + 1


def test_differences_names_what_is_missing_changed_and_extra() -> None:
    wanted, found = points(0, 6), points(0, 8)
    found[2] = dataclasses.replace(found[2], payload={"product_id": "P2", "price": True})
    wanted[1] = dataclasses.replace(wanted[1], payload={"product_id": "P1", "price": 1})
    found[1] = dataclasses.replace(found[1], payload={"product_id": "P1", "price": True})
    del found[4]
    assert [(kind, point.payload["product_id"]) for kind, point in differences(iter(wanted), iter(found))] == [
        (Kind.CHANGED, "P1"),
        (Kind.CHANGED, "P2"),
        (Kind.MISSING, "P4"),
        (Kind.EXTRA, "P6"),
        (Kind.EXTRA, "P7"),
    ]


def start(*arguments: str, state: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from indexer.cli.main import main; main()", *arguments]
    environment = {**os.environ, "JEWELRY_STATE": str(state)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def kill_when(victim: subprocess.Popen[str], happened: Any) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert victim.poll() is None, victim.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    found: dict[str, Any] = json.loads(output)
    return found


def test_a_killed_push_to_a_directory_is_finished_by_the_next(source: Index, tmp_path: Path) -> None:
    target = make_index("embedded", tmp_path / "target")
    build(target, points(500, 5))
    arguments = ("push", "--to", target.location, "--index", source.location, "--json")
    generations = Path(target.location) / "generations"
    victim = start(*arguments, state=tmp_path)
    kill_when(victim, lambda: (generations / "2.building" / "shard").is_dir())
    assert published_products(target) == {f"P{500 + i}" for i in range(5)}
    report = finished(start(*arguments, state=tmp_path))
    assert (report["generation"], report["points"], report["bit_for_bit"]) == ("2", COUNT, True)
    assert answers(source, exact=False) == answers(target, exact=False)
    assert sorted(path.name for path in generations.iterdir()) == ["1", "2"]


def test_a_killed_push_to_a_server_goes_on_with_what_arrived(tmp_path: Path) -> None:
    source = make_index("embedded", tmp_path / "source")
    build(source, points(0, 1200))
    with loopback_qdrant() as server:
        second_batch = "PUT /collections/jewelry-1/points"
        server.faults.append(Fault(second_batch, hang=5, skip=1))
        arguments = ("push", "--to", server.url, "--index", source.location, "--json")
        victim = start(*arguments, state=tmp_path / "state")
        kill_when(victim, lambda: server.requests.count(second_batch) == 2)
        assert len(server.points("jewelry-1")) == 1000
        report = finished(start(*arguments, state=tmp_path / "state"))
        assert (report["points"], report["sent"], report["generation"]) == (1200, 200, "1")
        assert server.points("jewelry-1") == {point.id: point.payload for point in stored(source)}
        environment = {"JEWELRY_STATE": str(tmp_path / "state")}
        again = json.loads(run(*arguments, env=environment).stdout)
        assert (again["sent"], again["published"]) == (0, False)
        back = tmp_path / "back"
        pulled = run("pull", "--from", server.url, "--index", str(back), "--api-key", "k", "--json", env=environment)
        assert json.loads(pulled.stdout)["points"] == 1200
    assert [(p.id, p.payload) for p in stored(EmbeddedIndex(back))] == [(p.id, p.payload) for p in stored(source)]


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.skipif("QDRANT_URL" not in os.environ, reason="no real server under test: QDRANT_URL is not set")
def test_a_killed_push_to_a_real_server_goes_on_with_what_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GRPC", "GRPC_PORT", "SHARDS", "REPLICAS"):
        if value := os.environ.get(f"QDRANT_{name}"):
            monkeypatch.setenv(f"JEWELRY_{'QDRANT_' if name.startswith('GRPC') else ''}{name}", value)
    url, name = os.environ["QDRANT_URL"], f"push-{os.getpid()}"
    source = make_index("embedded", tmp_path / "source")
    build(source, points(0, 5000))
    key = ["--api-key", os.environ["QDRANT_API_KEY"]] if "QDRANT_API_KEY" in os.environ else []
    target = open_server(
        IndexerSettings(collection=name, state=tmp_path / "state", qdrant_api_key=os.environ.get("QDRANT_API_KEY")), url
    )  # type: ignore[arg-type,unused-ignore]

    def some_arrived() -> bool:
        return any(target.open(state).count() >= 1000 for state in target.layout.states())

    arguments = ("push", "--to", url, "--collection", name, *key, "--index", source.location, "--json")
    try:
        kill_when(start(*arguments, state=tmp_path / "state"), some_arrived)
        assert target.current() is None
        report = finished(start(*arguments, state=tmp_path / "state"))
        assert (report["points"], report["generation"]) == (5000, "1")
        assert report["sent"] <= 4000
        assert [(p.id, p.payload) for p in stored(target)] == [(p.id, p.payload) for p in stored(source)]
    finally:
        for state in target.layout.states():
            target.layout.remove(state.collection)


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    from indexer.cli.main import main

    return CliRunner().invoke(main, list(arguments), env=env)


def test_the_commands_say_what_they_did(source: Index, tmp_path: Path) -> None:
    place, there = source.location, str(tmp_path / "there")
    pushed = run("push", "--to", there, "--index", place)
    assert pushed.exit_code == 0, pushed.stderr
    assert pushed.stdout.startswith(f"Copied {COUNT} of {COUNT} points from {place}, bit for bit the same\nPublished")
    again = run("push", "--to", there, "--index", place)
    assert again.stdout == f"Already there: generation 1 in {there} holds these {COUNT} points\n"
    pulled = run("pull", "--from", there, "--index", str(tmp_path / "third"), "--json")
    assert json.loads(pulled.stdout)["published"] is True
    for arguments in (
        ("push", "--index", place),
        ("push", "--to", place, "--index", place),
        ("push", "--to", "ftp://host", "--index", place),
        ("push", "--to", "http://127.0.0.1:9", "--collection", "a/b", "--index", place),
    ):
        assert run(*arguments).exit_code == 2, arguments
    assert run("pull", "--from", str(tmp_path / "nowhere"), "--index", str(tmp_path / "x")).exit_code == 1
    assert not (tmp_path / "x").exists()
