"""A summary that is corrected for the points that were touched says what one says that is made of all points."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.store.beside.companions import Companions
from indexer.store.beside.summary import kept, making
from indexer.store.beside.summary.kept import NAME, KeptSummary
from indexer.store.beside.summary.making import correct_summary, make_summary
from indexer.store.beside.summary.products import product_of
from indexer.store.beside.summary.samples import SAMPLE
from indexer.store.beside.summary.tables import Unusable
from indexer.store.beside.summary.touched import Touched
from indexer.store.records import Point
from tests.indexer.store.beside.summary.listed_store import RECORD, ListedStore, tables

PRODUCTS = ("J-0004", "j 4", "ring-doré-12", "ring-dore\u0301-12", "12-034", "---", "P\u0661", "A/17 b")
TITLES = (
    "Gold ring",
    "gold GOLD Gold",
    "Perle dorée",
    "Perle dore\u0301e",
    "x² 14k don't",
    "İnci Straße",
    "",
    None,
    ["one", "of two"],
)
IDS = [str(UUID(int=(number * 0x9E3779B97F4A7C15) % 2**128)) for number in range(1, 13)]

payloads = st.fixed_dictionaries(
    {
        "product_id": st.sampled_from(PRODUCTS),
        "photo": st.builds(lambda rank: {"rank": rank}, st.sampled_from((0.0, 0, 1.0, 2.0, None))),
    },
    optional={
        "category": st.sampled_from(("rings", "watches", None)),
        "title": st.sampled_from(TITLES),
        "metal": st.sampled_from(("gold", "or é", ["gold", "silver"], ["silver", "gold"], [], None)),
        "price": st.sampled_from((-1.0, -2.0, 0.0, -0.0, 5, 5.0, None)),
        "in_stock": st.sampled_from((True, False, None)),
        "created": st.sampled_from(("2026-01-01T00:00:00Z", "2025-06-01T12:00:00.5Z", None)),
    },
)
writes = st.tuples(st.sampled_from(IDS), st.one_of(payloads, st.none()))
"""A point is written, or what it was is replaced; None: it is deleted."""
Writes = list[tuple[str, dict[str, Any] | None]]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def apply(store: ListedStore, identifier: str, payload: dict[str, Any] | None) -> None:
    if payload is None:
        store.points.pop(identifier, None)
    else:
        store.points[identifier] = Point(identifier, payload)


def fresh(path: Path) -> Path:
    path.unlink(missing_ok=True)
    return path


def anew(store: ListedStore, folder: Path) -> dict[str, list[Any]]:
    make_summary(store, fresh(folder / "anew"))
    return tables(folder / "anew")


@settings(max_examples=60, deadline=None)
@given(st.lists(writes, max_size=20), st.lists(writes, max_size=20))
def test_a_corrected_summary_is_the_one_that_is_made_anew(folder: Path, before: Writes, after: Writes) -> None:
    store = ListedStore([])
    for one in before:
        apply(store, *one)
    make_summary(store, fresh(folder / "before"))
    touched = Touched()
    for identifier, payload in after:
        if identifier not in touched.ids:
            touched.note([identifier], store.retrieve([identifier]), RECORD.field_table)
        apply(store, identifier, payload)
    correct_summary(folder / "before", store, fresh(folder / "corrected"), touched)
    assert tables(folder / "corrected") == anew(store, folder)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(writes, min_size=1, max_size=8), min_size=2, max_size=4))
def test_it_is_so_through_any_number_of_generations(folder: Path, generations: list[Writes]) -> None:
    store, base = ListedStore([]), None
    for number, batch in enumerate(generations):
        keeping = KeptSummary(store, base, known=True)
        for identifier, payload in batch:
            keeping.before([identifier])
            apply(store, identifier, payload)
        base = Companions(folder / f"generation-{number}", "these points")
        base.put(NAME, partial(_written, keeping, store))
        path = base.path(NAME, whole=True)
        assert path is not None
        assert tables(path) == anew(store, folder)


def _written(keeping: KeptSummary, store: ListedStore, path: Path) -> None:
    assert keeping.write(store, path)


@given(st.lists(payloads, min_size=1, max_size=5))
def test_a_product_is_uneven_where_two_of_its_photos_differ(photos: list[dict[str, Any]]) -> None:
    found = product_of("J", photos, ["price", "metal"])
    pairs = [(one, other) for one in photos for other in photos]
    differing = {name for name in ("price", "metal") if any(a.get(name) != b.get(name) for a, b in pairs)}
    firsts = [photo for photo in photos if photo["photo"]["rank"] == 0]
    assert set(found.uneven) - {""} == differing
    assert ("" in found.uneven) == (len(firsts) != 1)
    assert (found.photos, found.first) == (len(photos), len(firsts))


def shop(photos: int) -> ListedStore:
    """Two photos a product, of which every twentieth differs in its price."""
    return ListedStore(
        [
            Point(
                str(UUID(int=number)),
                {
                    "product_id": f"J{number // 2:05d}",
                    "category": "rings",
                    "photo": {"rank": float(number % 2)},
                    "title": f"Gold ring {number // 2 % 300}",
                    "metal": f"metal {number // 2 % 7}",
                    "price": float(number // 2 % 50 if number // 2 % 20 else number),
                    "created": "2026-01-01T00:00:00Z",
                    "in_stock": True,
                },
            )
            for number in range(photos)
        ]
    )


def test_only_what_was_touched_is_read_again(tmp_path: Path) -> None:
    store = shop(5_000)
    base = Companions(tmp_path / "1", "these points")
    base.put(NAME, lambda path: make_summary(store, path))
    store.read = 0
    keeping = KeptSummary(store, base, known=True)
    changed = list(store.points)[:50]
    keeping.before(changed)
    for identifier in changed:
        apply(store, identifier, {**store.points[identifier].payload, "price": 1.5})
    assert keeping.write(store, tmp_path / NAME)
    samples = 3 * SAMPLE  # of all photos, of those with a price, of those with a date
    assert store.read <= samples + 4 * len(changed)
    assert tables(tmp_path / NAME) == anew(store, tmp_path)


def test_where_much_is_touched_all_is_read_once_and_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "FEW", 100)
    store = shop(2_000)
    base = Companions(tmp_path / "1", "these points")
    base.put(NAME, lambda path: make_summary(store, path))
    store.read = 0
    keeping = KeptSummary(store, base, known=True)
    for identifier in list(store.points):
        keeping.before([identifier])
        apply(store, identifier, {**store.points[identifier].payload, "metal": "platinum"})
    assert store.read == 200
    assert keeping.write(store, tmp_path / NAME)
    assert tables(tmp_path / NAME) == anew(store, tmp_path)


def test_words_are_counted_a_part_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Titles with a number of their own have as many words as there are photos; they are not all held at once."""
    store = shop(600)
    wanted = anew(store, tmp_path)
    monkeypatch.setattr(making, "WORDS_AT_ONCE", 7)
    assert anew(store, tmp_path) == wanted


def test_what_does_not_fit_is_not_corrected(tmp_path: Path) -> None:
    """A summary of other points than the draft began with: words that it does not have are taken away."""
    store = shop(10)
    make_summary(ListedStore([]), tmp_path / "before")
    touched = Touched()
    touched.note(list(store.points), store.retrieve(list(store.points)), RECORD.field_table)
    with pytest.raises(Unusable, match="does not fit"):
        correct_summary(tmp_path / "before", ListedStore([]), tmp_path / "corrected", touched)
    with pytest.raises(Unusable, match="not all there are"):
        correct_summary(tmp_path / "before", store, tmp_path / "corrected", Touched())
