"""Two machines and one alias: the second writer is told who writes, and what a killed one left is taken over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient

from indexer.errors import StoreError, StoreLocked
from indexer.store.server import writers
from indexer.store.server.connection import Connection, ServerAddress, connect
from indexer.store.server.index import ServerIndex
from indexer.store.server.writers import KEY, STALE, marks_of, metadata_of, one_writer
from tests.faults.loopback_qdrant import loopback_qdrant
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, points, published_products, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

OTHER_MODEL = record("e" * 64)


@pytest.fixture
def machines(tmp_path: Path) -> tuple[ServerIndex, ServerIndex]:
    """Two machines, each with its own state folder and so its own lock, before one server."""
    connection = Connection(QdrantClient(":memory:"), "memory", attempts=1)
    one, other = (ServerIndex(connection, "shop", tmp_path / name) for name in ("one", "other"))
    return one, other


def metadata(index: ServerIndex, collection: str = "shop-1") -> dict[str, Any]:
    return dict(engine(index).get_collection(collection).config.metadata or {})


def engine(index: ServerIndex) -> QdrantClient:
    return index.connection.client


def marked(index: ServerIndex) -> list[str]:
    """The collections of an index that somebody marked."""
    return [one.collection for one in index.layout.states() if marks_of(one.collection, metadata_of(one.info))]


def leave(index: ServerIndex, ago: timedelta, *, place: str = "shop2:/srv/state", key: str = "dead") -> None:
    """What a writer that was killed leaves behind."""
    seen = (datetime.now(UTC) - ago).isoformat()
    said = {"holder": "process 7 on shop2 (indexer sync, since then)", "place": place, "seen": seen}
    engine(index).update_collection("shop-1", metadata={KEY + key: said})


WRITES: dict[str, Callable[[ServerIndex], Any]] = {
    "in place": lambda index: index.write().__enter__(),
    "resumed": lambda index: index.write(resume=OTHER_MODEL).__enter__(),
    "rollback": lambda index: index.rollback(),
    "prune": lambda index: index.prune(),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("model", [record(), OTHER_MODEL], ids=["in place", "beside"])
def test_a_second_writer_is_told_who_writes(write: str, model: Any, machines: tuple[ServerIndex, ServerIndex]) -> None:
    one, other = machines
    build(one, points(0, 4))
    build(one, points(0, 4), OTHER_MODEL)
    with one.write() as writer:
        draft = writer.draft(model, from_published=model.fingerprint == OTHER_MODEL.fingerprint)
        draft.upsert(points(4, 2))
        with pytest.raises(StoreLocked, match=r"memory/collections/shop: being written by process \d+ on .*; wait for"):
            WRITES[write](other)
        assert other.current() == one.current() == "2"  # readers are not concerned
        draft.publish()
    assert marked(one) == []
    with other.write() as writer:
        writer.draft(OTHER_MODEL, from_published=False)


@pytest.mark.parametrize("error", [StoreError("full"), KeyboardInterrupt(), SystemExit(1)])
def test_the_mark_goes_however_the_writing_ends(
    error: BaseException, machines: tuple[ServerIndex, ServerIndex]
) -> None:
    one, other = machines
    build(one, points(0, 4))

    def write() -> None:
        with one.write() as writer:
            writer.draft(OTHER_MODEL, from_published=False)
            assert marked(one) == ["shop-1", "shop-2"]
            raise error

    with pytest.raises(type(error)):
        write()
    assert marked(one) == []
    assert build(other, points(0, 3)) == "2"


def test_readers_see_nothing_of_it(machines: tuple[ServerIndex, ServerIndex], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "REFRESH", 0.01)
    one, other = machines
    build(one, points(0, 4))
    before = other.mark(), other.current(), other.record(), other.layout.current(), other.describe()
    with one.write():
        assert wait_for(lambda: len(signs_of_life(one)) > 0)
        assert (other.mark(), other.current(), other.record(), other.layout.current(), other.describe()) == before
    assert (other.mark(), other.current(), other.record(), other.layout.current(), other.describe()) == before


def test_a_writer_shows_that_it_is_alive(
    machines: tuple[ServerIndex, ServerIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()
    monkeypatch.setattr(writers, "REFRESH", 0.01)
    monkeypatch.setattr(writers, "now", lambda: f"moment {next(numbers)}")
    one, _ = machines
    build(one, points(0, 4))

    def another(collection: str, than: list[str]) -> bool:
        return signs_of_life(one, collection) != than

    with one.write() as writer:
        writer.draft(OTHER_MODEL, from_published=False)
        for collection in ("shop-1", "shop-2"):  # also in the one that readers will have next
            first = signs_of_life(one, collection)
            assert wait_for(partial(another, collection, first))
    assert not [thread for thread in threading.enumerate() if thread.name == "writer-mark"]


def test_what_a_killed_writer_left_is_taken_over_and_said(
    machines: tuple[ServerIndex, ServerIndex], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writers, "WATCH", 0.05)
    one, _ = machines
    build(one, points(0, 4))
    leave(one, timedelta(seconds=STALE - 30))
    with pytest.raises(
        StoreLocked, match=r"written by process 7 on shop2 .*; wait for it to end, or, if it was killed"
    ):
        build(one, points(0, 5))
    leave(one, timedelta(seconds=STALE + 30))
    assert build(one, points(0, 5)) == "2"
    assert [entry.levelno for entry in caplog.records] == [logging.WARNING] * 2
    assert "taken over from process 7 on shop2 (indexer sync, since then), of which nothing was heard" in caplog.text
    assert marked(one) == []


def test_of_the_same_machine_it_is_taken_over_at_once(
    machines: tuple[ServerIndex, ServerIndex], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = machines
    build(one, points(0, 4))
    leave(one, timedelta(0), place=one.layout.signature())
    with pytest.raises(StoreLocked, match="written by process 7"):
        other.prune()
    assert (one.prune(), marked(one), caplog.records) == ([], [], [])


@pytest.mark.parametrize("ago", [timedelta(hours=1), timedelta(hours=-1), None])
def test_a_clock_that_is_wrong_does_not_cost_a_living_writer_its_place(
    ago: timedelta | None, machines: tuple[ServerIndex, ServerIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()

    def wrong() -> str:
        moved = timedelta(0) if ago is None else ago
        text = (datetime.now(UTC) - moved + timedelta(milliseconds=next(numbers))).isoformat()
        return text if ago is not None else f"around {text}"

    monkeypatch.setattr(writers, "REFRESH", 0.02)
    monkeypatch.setattr(writers, "WATCH", 5.0)
    monkeypatch.setattr(writers, "now", wrong)
    one, other = machines
    build(one, points(0, 4))
    with one.write() as writer:
        draft = writer.draft(record(), from_published=True)
        with pytest.raises(StoreLocked, match="being written by process"):
            other.prune()
        draft.upsert(points(4, 1))
        assert draft.publish() == "1.1"


@pytest.mark.parametrize("beside", [False, True])
def test_a_writer_that_was_taken_for_dead_publishes_nothing(
    beside: bool, machines: tuple[ServerIndex, ServerIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that slept: when it wakes up, another machine has gone on."""
    monkeypatch.setattr(writers, "WATCH", 0.05)
    one, other = machines
    build(one, points(0, 4))
    with one.write() as writer:
        draft = writer.draft(OTHER_MODEL if beside else record(), from_published=not beside)
        draft.upsert(points(4, 1))
        (key,) = (name for name in metadata(one) if name.startswith(KEY))
        leave(one, timedelta(hours=1), key=key.removeprefix(KEY))
        if beside:
            engine(one).update_collection("shop-2", metadata={key: {**metadata(one)[key]}})
        with other.write() as second:
            live = second.draft(record(), from_published=True)
            live.upsert(points(9, 1))
            assert live.publish() == "1.1"
        with pytest.raises(StoreLocked, match="another writer took this one for dead; run it again"):
            draft.publish()
    assert (other.current(), marked(other)) == ("1.1", [])


def test_what_is_lost_is_noticed_before_the_next_photos(
    machines: tuple[ServerIndex, ServerIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "REFRESH", 0.01)
    one, _ = machines
    build(one, points(0, 4))
    with one.write() as writer:
        draft = writer.draft(record(), from_published=True)
        keys = [name for name in metadata(one) if name.startswith(KEY)]
        engine(one).update_collection("shop-1", metadata=dict.fromkeys(keys))

        def refused() -> bool:
            with suppress(StoreLocked):
                draft.upsert(points(0, 1))
                return False
            return True

        assert wait_for(refused)
        with pytest.raises(StoreLocked):
            draft.delete([points(0, 1)[0].id])
        with pytest.raises(StoreLocked):
            draft.replace_payload(points(0, 1))
    assert published_products(one) == {f"P{i}" for i in range(4)}


def test_before_the_first_generation_the_collection_that_is_built_is_marked(
    machines: tuple[ServerIndex, ServerIndex],
) -> None:
    one, other = machines
    with one.write() as writer, other.write() as late:  # nothing is there to be marked
        draft = writer.draft(record(), from_published=False)
        with pytest.raises(StoreLocked, match="being written by process"):
            late.draft(record(), from_published=False)
        draft.upsert(points(0, 3))
        with pytest.raises(StoreLocked, match="being written by process"), one_writer(other.layout):
            pytest.fail("began")
        assert draft.publish() == "1"
    assert [state.collection for state in one.layout.states()] == ["shop-1"]
    assert marked(one) == []


def test_two_first_generations_at_the_very_same_time(machines: tuple[ServerIndex, ServerIndex]) -> None:
    """Both look, see nothing, and take the same number."""
    one, other = machines
    with one.write() as writer, other.write() as late:
        drafts = []

        def next_number() -> int:
            drafts.append(writer.draft(record(), from_published=False))
            return 1

        other.layout.next_number = next_number  # type: ignore[method-assign]
        with pytest.raises(StoreLocked, match="being written by process"):
            late.draft(record(), from_published=False)
        drafts[0].upsert(points(0, 3))
        assert drafts[0].publish() == "1"
    assert (other.current(), marked(one)) == ("1", [])


def test_what_was_published_meanwhile_is_not_replaced(machines: tuple[ServerIndex, ServerIndex]) -> None:
    """By an earlier version, which does not look at marks, or while there was nothing to be marked."""
    one, other = machines
    with one.write() as late:
        build(other, points(0, 5))
        draft = late.draft(record(), from_published=False)
        draft.upsert(points(0, 3))
        with pytest.raises(StoreLocked, match="another writer published meanwhile; run it again"):
            draft.publish()
    assert [state.collection for state in one.layout.states()] == ["shop-1"]


def test_marks_that_came_with_a_snapshot_are_of_nobody(machines: tuple[ServerIndex, ServerIndex]) -> None:
    one, _ = machines
    build(one, points(0, 4))
    with one_writer(one.layout) as mark:
        leave(one, timedelta(seconds=5))
        mark.claim("shop-1", copied=True)
        assert [found.holder[:12] for found in marks_of("shop-1", metadata(one))] != ["process 7 on"]
        mark.check()
    assert marked(one) == []


def test_a_forked_child_leaves_its_parents_mark(
    machines: tuple[ServerIndex, ServerIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = machines
    build(one, points(0, 4))
    with one_writer(one.layout) as mark:
        with monkeypatch.context() as child:
            child.setattr("os.getpid", lambda: 1)
            mark.end()
        assert marked(one) == ["shop-1"]
    assert marked(one) == []


def test_never_two_at_once(tmp_path: Path) -> None:
    """Four machines that begin together, again and again, over a real wire."""
    inside: list[str] = []
    most: list[int] = []
    refused: list[str] = []

    with loopback_qdrant() as server:
        indexes = [
            ServerIndex(connect(ServerAddress(server.url, first_wait=0.0)), "shop", tmp_path / name)
            for name in ("a", "b", "c", "d")
        ]
        build(indexes[0], points(0, 3))

        def write(index: ServerIndex) -> None:
            for _ in range(4):
                begin.wait(30)
                try:
                    with index.write():
                        inside.append(index.local.name)
                        most.append(len(inside))
                        begun.wait(0.1)
                        inside.remove(index.local.name)
                except StoreLocked as error:
                    refused.append(str(error))

        begin, begun = threading.Barrier(len(indexes)), threading.Event()
        threads = [threading.Thread(target=write, args=(index,)) for index in indexes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert set(most) == {1}
        assert len(most) + len(refused) == 16
        assert len(most) >= 4  # each time somebody gets it
        assert marked(indexes[0]) == []


def signs_of_life(index: ServerIndex, collection: str = "shop-1") -> list[str]:
    return [mark.seen for mark in marks_of(collection, metadata(index, collection))]


def wait_for(true: Callable[[], bool]) -> bool:
    """Whether something comes true within some seconds."""
    moments: Iterator[int] = iter(range(500))
    pause = threading.Event()
    return any(true() or pause.wait(0.01) for _ in moments)
