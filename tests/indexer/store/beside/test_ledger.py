"""The ledger has what the last write of each point said, in order of id, and a file of it gives the same again."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.store.beside.ledger import NAME, VERSION, Ledger, LedgerRows, made_of
from indexer.store.records import Point

NUMBERS = st.integers(0, 15)
WRITES = st.lists(st.one_of(st.tuples(NUMBERS, st.integers(0, 3)), NUMBERS), max_size=40)
"""Points by number, each with what is said of it; a number alone is removed."""


def identifier(number: int) -> str:
    """Ids whose first halves are the same in part: order goes by both."""
    return str(UUID(int=((number // 4) << 64) + number % 4))


def point(number: int, said: int = 0, **payload: Any) -> Point:
    photo = {"path": f"é/{number}.jpg", "rank": 0, "bytes": said, "mtime_ns": -said, "sha256": f"{number:064x}"}
    return Point(identifier(number), {"product_id": f"P{number}", "price": float(said), "photo": photo, **payload})


def written(base: Ledger | None, writes: list[tuple[int, int] | int]) -> Ledger:
    rows = LedgerRows(base)
    for one in writes:
        if isinstance(one, int):
            rows.remove(identifier(one))
        else:
            rows.add(point(*one))
    return rows.ledger()


def content(ledger: Ledger) -> dict[str, int]:
    ids = ledger.ids(np.arange(len(ledger)))
    assert ids == sorted(ids)
    return dict(zip(ids, ledger.rows["bytes"].tolist(), strict=True))


@given(WRITES, WRITES)
def test_the_last_word_on_a_point_counts(
    first: list[tuple[int, int] | int], second: list[tuple[int, int] | int]
) -> None:
    held: dict[str, int] = {}
    base = None
    for writes in (first, second):
        for one in writes:
            if isinstance(one, int):
                held.pop(identifier(one), None)
            else:
                held[identifier(one[0])] = one[1]
        base = written(base, writes)
        assert content(base) == held
    assert base is not None
    numbers = base.find([identifier(number) for number in range(16)])
    assert [int(number) >= 0 for number in numbers] == [identifier(number) in held for number in range(16)]


def test_what_rows_said_stays_true_only_where_the_same_is_said_again() -> None:
    base = written(None, [(number, 1) for number in range(4)])
    rows: Any = np.array(base.rows)
    rows["rows"] = 7
    base = Ledger(rows, base.categories, base.salt, "a reading")
    after = written(base, [(0, 1), (1, 2), (9, 1), 3])
    assert after.reading == "a reading"
    assert [bool(one.any()) for one in after.rows["rows"]] == [True, False, True, False]
    assert content(after) == {identifier(n): said for n, said in ((0, 1), (1, 2), (2, 1), (9, 1))}


def test_a_file_of_it_is_mapped_and_the_same(tmp_path: Path) -> None:
    ledger = LedgerRows()
    ledger.add(point(1, 2, category="rings", co_viewed={"product_ids": []}))
    ledger.add(point(2, 2))
    made = ledger.ledger()
    made.write(tmp_path / NAME)
    found = Ledger.read(tmp_path / NAME)
    assert found is not None
    assert found.rows.tobytes() == made.rows.tobytes()
    assert (found.categories, found.salt, found.reading) == (["rings"], made.salt, "")
    assert found.rows["category"].tolist() == [0, -1]
    assert found.kept_fields() == {"co_viewed"}
    assert found.hash("é/1.jpg") == int(found.rows["path"][0])
    assert isinstance(found.rows, np.memmap)


def test_an_empty_one_is_one(tmp_path: Path) -> None:
    Ledger.empty().write(tmp_path / NAME)
    found = Ledger.read(tmp_path / NAME)
    assert found is not None
    assert len(found) == 0
    assert found.kept_fields() == set()
    assert found.find([identifier(1)]).tolist() == [-1]


def test_a_file_that_this_version_does_not_read_is_none(tmp_path: Path) -> None:
    path = tmp_path / NAME
    written(None, [(1, 1)]).write(path)
    data = path.read_bytes()
    newer = data.replace(bytes([VERSION, 0, 0, 0]), bytes([VERSION + 1, 0, 0, 0]), 1)
    for damaged in (b"", data[:10], data[:20], data[:-1], b"x" + data[1:], newer):
        path.write_bytes(damaged)
        assert Ledger.read(path) is None
    assert Ledger.read(None) is None
    assert Ledger.read(tmp_path / "none") is None


@pytest.mark.parametrize("payload", [{}, {"product_id": "P"}, {"product_id": "P", "photo": {"path": "a"}}])
def test_of_points_that_no_sync_wrote_there_is_none(payload: dict[str, Any]) -> None:
    assert made_of(lambda: [Point(identifier(1), payload)]) is None


def test_two_ledgers_hide_names_each_in_its_own_way() -> None:
    assert Ledger.empty().hash("P1") != Ledger.empty().hash("P1")


def test_a_number_is_said_the_same_however_an_engine_gives_it_back() -> None:
    ledger = Ledger.empty()
    assert ledger.said({"price": 5, "x": True}, 0) == ledger.said({"x": True, "price": 5.0}, 0)
    assert ledger.said({"price": 5}, 0) != ledger.said({"price": 5}, 1)
    assert ledger.said({"price": 5}, 0) != ledger.said({"price": 5, "x": True}, 0)
    assert ledger.said({"price": 5, "co_viewed": 1, "photo": {}}, 0) == ledger.said({"price": 5}, 0)
