"""Generations of the embedded index: readers never see half of one, writers exclude each other by name."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest

from indexer.errors import StoreError, StoreLocked, StoreMissing, StoreUnwritable, VectorError
from indexer.fields.types import FieldType
from indexer.store.embedded.engine import _called
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import GenerationRecord, Point
from indexer.system.files import replace_text

RECORD = GenerationRecord(
    fingerprint="f" * 64,
    dimension=128,
    field_table={"price": FieldType.NUMBER},
    catalog_root="/shop",
    model_path="/shop/model",
    created_at="2026-01-01T00:00:00Z",
)


def points(first: int, count: int) -> list[Point]:
    vectors = np.random.default_rng(first).standard_normal((count, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        Point(f"00000000-0000-0000-0000-{first + i:012d}", {"product_id": f"P{first + i}", "price": float(i)}, vector)
        for i, vector in enumerate(vectors)
    ]


def publish(index: EmbeddedIndex, batch: list[Point], *, from_published: bool = True) -> str:
    with index.write() as writer:
        draft = writer.draft(RECORD, from_published=from_published)
        draft.upsert(batch)
        return draft.publish()


@pytest.fixture
def index(tmp_path: Path) -> EmbeddedIndex:
    return EmbeddedIndex(tmp_path / "index")


def test_nothing_published_yet_says_what_to_do(index: EmbeddedIndex) -> None:
    with pytest.raises(StoreMissing, match="indexer sync"):
        index.read()


def test_a_copy_of_the_published_generation_is_extended(index: EmbeddedIndex) -> None:
    assert publish(index, points(0, 10)) == "1"
    assert publish(index, points(10, 5)) == "2"
    store = index.read()
    assert (store.generation, store.count(), store.record) == ("2", 15, RECORD)
    store.close()


def test_a_fresh_generation_starts_empty(index: EmbeddedIndex) -> None:
    publish(index, points(0, 10))
    publish(index, points(10, 5), from_published=False)
    store = index.read()
    assert store.count() == 5
    store.close()


def test_vectors_survive_copying_bit_for_bit(index: EmbeddedIndex) -> None:
    written = points(0, 50)
    publish(index, written)
    publish(index, points(50, 1))
    store = index.read()
    stored = {point.id: point.vector for point in store.scroll(vectors=True)}
    store.close()
    for point in written:
        np.testing.assert_allclose(stored[point.id], point.vector, atol=1e-7)


def test_an_open_reader_stays_with_its_generation_even_when_that_is_pruned(index: EmbeddedIndex) -> None:
    publish(index, points(0, 10))
    reader = index.read()
    for round_number in range(3):
        publish(index, points(10 * (round_number + 1), 10))
    assert index.generations() == ["3", "4"]
    assert (reader.generation, reader.count(), len(list(reader.scroll(vectors=True)))) == ("1", 10, 10)
    reader.close()


def test_leaving_without_publishing_changes_nothing(index: EmbeddedIndex) -> None:
    publish(index, points(0, 10))
    with index.write() as writer:
        writer.draft(RECORD, from_published=True).upsert(points(10, 5))
    assert [p.name for p in (index.root / "generations").iterdir()] == ["1"]
    store = index.read()
    assert store.count() == 10
    store.close()


def test_what_a_dead_writer_left_is_cleared_away(index: EmbeddedIndex) -> None:
    publish(index, points(0, 10))
    left = index.root / "generations" / "2.building" / "shard"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"x")
    assert publish(index, points(10, 1)) == "2"
    assert not left.parent.exists()


def test_the_second_writer_is_told_who_is_first(index: EmbeddedIndex) -> None:
    with index.write(), pytest.raises(StoreLocked, match=r"being written by process \d+ on "), index.write():
        pass
    with index.write():  # and the lock is free again
        pass


def test_an_unwritable_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match="cannot be written"), EmbeddedIndex(tmp_path / "file" / "index").write():
        pass


FULL = OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_too_full_for_the_lock_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.write", Mock(side_effect=FULL))
    with (
        pytest.raises(StoreUnwritable, match=r"No space left on device.+make room"),
        EmbeddedIndex(tmp_path / "index").write(),
    ):
        pass


def test_a_full_disk_leaves_no_half_of_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", Mock(side_effect=FULL))
    with pytest.raises(OSError, match="No space left"):
        replace_text(tmp_path / "report.html", "<p>")
    assert not list(tmp_path.iterdir())


def test_payloads_and_deletions_wait_for_room_too(index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(index, points(0, 10))
    free = [10**12]
    monkeypatch.setattr("shutil.disk_usage", lambda _root: SimpleNamespace(free=free[0]))
    with index.write() as writer:
        draft = writer.draft(RECORD, from_published=True)
        free[0] = 10**6
        with pytest.raises(StoreUnwritable, match="make room"):
            draft.replace_payload(points(0, 10))
        with pytest.raises(StoreUnwritable, match="make room"):
            draft.delete([points(0, 1)[0].id])
        with pytest.raises(StoreUnwritable, match="make room"):
            writer.draft(RECORD, from_published=False)
    assert [folder.name for folder in (index.root / "generations").iterdir()] == ["1"]


def test_what_was_copied_goes_when_publishing_fails(index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(index, points(0, 10))
    with index.write() as writer:
        draft = writer.draft(RECORD, from_published=True)
        monkeypatch.setattr("indexer.store.embedded.draft.fsync_tree", Mock(side_effect=FULL))
        with pytest.raises(StoreUnwritable, match="published index is untouched; make room"):
            draft.publish()
    assert [folder.name for folder in (index.root / "generations").iterdir()] == ["1"]


def test_a_copy_that_fails_leaves_nothing(index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(index, points(0, 10))
    monkeypatch.setattr("indexer.store.embedded.engine.EdgeStore.ensure_field_indexes", Mock(side_effect=FULL))
    with index.write() as writer, pytest.raises(StoreUnwritable, match="make room"):
        writer.draft(RECORD, from_published=True)
    assert [folder.name for folder in (index.root / "generations").iterdir()] == ["1"]


def test_what_the_engine_says_of_a_full_disk_is_translated() -> None:
    def load() -> None:
        raise RuntimeError('Failed to save: No space left on device (os error 28) at path "shard/.atomicwrite"')

    with pytest.raises(StoreError, match=r"^the disk of the index is full; make room"):
        _called(load)


def test_a_full_disk_stops_before_anything_is_copied(index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(index, points(0, 10))
    monkeypatch.setattr("indexer.system.files.FREE_BYTES_MARGIN", 10**18)
    with pytest.raises(StoreUnwritable, match="MB free"), index.write() as writer:
        writer.draft(RECORD, from_published=True)
    assert index.current() == "1"


def test_a_disk_that_fills_up_on_the_way_stops_the_writer(
    index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine would be ended by the system instead, as its files are mapped into memory."""
    publish(index, points(0, 10))
    free = [10**12]
    monkeypatch.setattr("shutil.disk_usage", lambda _root: SimpleNamespace(free=free[0]))

    def while_others_write() -> Iterator[Point]:
        for number, point in enumerate(points(10, 3_000)):
            if number == 1_500:
                free[0] = 10**6
            yield point

    with pytest.raises(StoreUnwritable, match="make room and run it again"), index.write() as writer:
        writer.draft(RECORD, from_published=True).upsert(while_others_write())
    assert (index.current(), index.read().count()) == ("1", 10)
    free[0] = 10**12
    with index.write() as writer:
        draft = writer.draft(RECORD, from_published=True)
        draft.upsert(points(10, 10))
        free[0] = 10**6
        with pytest.raises(StoreUnwritable, match="make room and run it again"):
            draft.publish()
    assert (index.current(), index.read().count()) == ("1", 10)
    free[0] = 10**12
    assert publish(index, points(10, 10)) == "2"


@pytest.mark.parametrize("vector", [np.full(128, np.nan), np.full(128, np.inf), np.zeros(128), np.ones(64)])
def test_bad_vectors_never_reach_the_engine(index: EmbeddedIndex, vector: np.ndarray) -> None:
    bad = Point("00000000-0000-0000-0000-000000000001", {"product_id": "P"}, vector.astype(np.float32))
    with pytest.raises(VectorError), index.write() as writer:
        writer.draft(RECORD, from_published=False).upsert([bad])


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "not json", json.dumps({**RECORD.to_json(), "schema_version": 99})]
)
def test_a_damaged_or_newer_record_is_one_line(index: EmbeddedIndex, content: str) -> None:
    publish(index, points(0, 3))
    (index.root / "generations/1/generation.json").write_text(content)
    with pytest.raises(StoreError, match=r"repair it with: indexer sync|upgrade"):
        index.read()


def test_a_damaged_current_is_one_line(index: EmbeddedIndex) -> None:
    publish(index, points(0, 3))
    (index.root / "CURRENT").write_text("one")
    with pytest.raises(StoreError, match="CURRENT"):
        index.read()


def test_queries_change_no_file(index: EmbeddedIndex) -> None:
    publish(index, points(0, 30))
    files = sorted(path for path in index.root.rglob("*") if path.is_file())
    before = {path: path.read_bytes() for path in files}
    store = index.read()
    store.search(np.ones((1, 128), np.float32), limit=5)
    list(store.scroll(vectors=True))
    store.close()
    assert {path: path.read_bytes() for path in index.root.rglob("*") if path.is_file()} == before
