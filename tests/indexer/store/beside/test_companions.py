"""Files beside a generation are whole and of these very points, or they are not there; on both engines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from indexer.store.beside.companions import Companions
from indexer.store.beside.ledger import NAME, Ledger
from indexer.store.interface import Index, Store
from indexer.store.records import Point
from indexer.store.server.index import ServerIndex
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index, points, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


def as_synced(batch: list[Point]) -> list[Point]:
    """The same points, with the photo that a sync writes."""
    return [
        Point(point.id, {**point.payload, "photo": photo_of(number)}, point.vector)
        for number, point in enumerate(batch)
    ]


def some_content(path: Path) -> None:
    path.write_bytes(b"content")


def photo_of(number: int) -> dict[str, object]:
    return {"path": f"{number}.jpg", "rank": 0, "bytes": 10 + number, "mtime_ns": number, "sha256": f"{number:064x}"}


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    found = make_index(request.param, tmp_path)
    build(found, as_synced(points(0, 12)))
    return found


def ledger_of(source: Index | Store) -> Ledger | None:
    return Ledger.read(source.companion(NAME, whole=True))


def test_a_file_is_whole_or_missing(tmp_path: Path) -> None:
    beside = Companions(tmp_path / "beside", "these points")
    assert beside.path("a") is None
    beside.put("a", some_content)
    path = beside.path("a", whole=True)
    assert path is not None
    assert path.read_bytes() == b"content"
    assert Companions(tmp_path / "beside", "other points").path("a") is None
    assert Companions(tmp_path / "beside", "").path("a") is None
    path.write_bytes(b"c0ntent")
    assert beside.path("a") == path  # of the same length: who wants to know looks at every byte
    assert beside.path("a", whole=True) is None
    path.write_bytes(b"cont")
    assert beside.path("a") is None
    path.unlink()
    assert beside.path("a") is None


@pytest.mark.parametrize("seal", [b"", b"{", b"[]", b'{"bytes": 7}', b"\xff"])
def test_without_its_seal_a_file_is_missing(seal: bytes, tmp_path: Path) -> None:
    beside = Companions(tmp_path, "these points")
    beside.put("a", some_content)
    (tmp_path / "a.seal").write_bytes(seal)
    assert beside.path("a") is None


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    beside = Companions(tmp_path, "these points")
    beside.put("a", some_content)

    def fails(path: Path) -> None:
        path.write_bytes(b"cont")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        beside.put("a", fails)
    assert beside.path("a", whole=True) is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.seal"]


def test_nothing_is_kept_of_points_without_a_name(tmp_path: Path) -> None:
    Companions(tmp_path / "beside", "").put("a", some_content)
    assert not (tmp_path / "beside").exists()


def test_each_generation_has_its_own(index: Index) -> None:
    first = ledger_of(index)
    assert first is not None
    assert len(first) == 12
    with index.write() as writer:
        draft = writer.draft(record(), from_published=True)
        draft.delete([points(0, 1)[0].id])
        draft.upsert(as_synced(points(40, 2)))
        draft.publish()
    second = ledger_of(index)
    assert second is not None
    assert len(second) == 13
    assert second.salt == first.salt
    assert [None if path is None else True for path in index.companions(NAME)] == [True] * len(index.generations())
    store = index.read()
    assert (found := ledger_of(store)) is not None
    assert len(found) == store.count()
    store.close()


def test_rolled_back_it_is_that_of_the_earlier_one(tmp_path: Path) -> None:
    index = make_index("embedded", tmp_path)
    build(index, as_synced(points(0, 3)))
    build(index, as_synced(points(0, 5)))
    index.rollback()
    assert (found := ledger_of(index)) is not None
    assert len(found) == 3


def test_points_that_no_sync_wrote_have_none_and_are_written_all_the_same(index: Index) -> None:
    with index.write() as writer:
        draft = writer.draft(record(), from_published=True)
        draft.upsert(points(60, 1))
        draft.publish()
    assert ledger_of(index) is None
    store = index.read()
    assert store.count() == 13
    store.close()


def test_damage_beside_a_generation_is_no_damage_to_it(tmp_path: Path) -> None:
    index = make_index("embedded", tmp_path)
    build(index, as_synced(points(0, 3)))
    path = index.companion(NAME)
    assert path is not None
    path.write_bytes(b"x")
    assert [one.damage for one in index.check()] == [()]
    shutil.rmtree(path.parent)
    assert [one.damage for one in index.check()] == [()]
    assert index.companion(NAME) is None


def test_it_can_be_made_again_without_publishing(index: Index) -> None:
    generation = index.current()
    with index.write() as writer:
        writer.accompany("a", some_content)
    path = index.companion("a", whole=True)
    assert path is not None
    assert path.read_bytes() == b"content"
    assert index.current() == generation
    assert ledger_of(index) is not None


def another_machine(index: Index, tmp_path: Path) -> ServerIndex:
    assert isinstance(index, ServerIndex)
    return ServerIndex(index.connection, index.layout.name, tmp_path / "other")


def test_what_another_machine_publishes_makes_it_void(tmp_path: Path) -> None:
    index = make_index("server", tmp_path)
    build(index, as_synced(points(0, 3)))
    other = another_machine(index, tmp_path)
    assert other.companion(NAME) is None
    with other.write() as writer:
        writer.accompany("a", some_content)
    assert ledger_of(index) is not None  # nothing was written to the points
    with other.write() as writer:
        writer.draft(record(), from_published=True).publish()
    assert other.companion("a") is None
    assert index.companion(NAME) is None


def test_a_writer_that_dies_while_it_changes_points_in_place_leaves_none(tmp_path: Path) -> None:
    index = make_index("server", tmp_path)
    build(index, as_synced(points(0, 3)))
    with index.write() as writer:
        draft = writer.draft(record(), from_published=True)
        assert index.companion(NAME) is not None  # nothing is changed yet
        draft.upsert(as_synced(points(7, 1)))
    assert index.companion(NAME) is None
    with index.write() as writer:
        writer.accompany(NAME, Ledger.empty().write)
    assert index.companion(NAME) is not None


def test_they_go_with_their_collection(tmp_path: Path) -> None:
    index = make_index("server", tmp_path)
    for count in (3, 4, 5):
        build(index, as_synced(points(0, count)))
    assert len(list((index.local / "beside").iterdir())) == len(index.generations()) == 2
