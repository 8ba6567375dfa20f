"""Upserting, replacing payloads, deleting and changing fields: what is in the store afterwards, on each engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from indexer.errors import StoreError, VectorError
from indexer.fields.types import FieldType
from indexer.store.filters.tree import Filter, IsEmpty, Match, Prefix, Range, Text
from indexer.store.records import Point
from tests.congruence import judge
from tests.congruence.engines import DIMENSION, AnyStore, Engine
from tests.congruence.shop import POINTS, QUERIES, TABLE, payload, vector

UNICODE: dict[str, Any] = {
    "product_id": "кольцо/№1 💍",
    "ключ": "значение",
    "metal": ["rosé", "金"],
    "deep": {"list": [{"x": 1.5, "y": [None, True]}], "empty": {}},
    "whole": 2**53,
    "null": None,
    "line": 'a\nb\t"c"\\ \u0000',
    "photo": {"rank": 0.0},
}


def holds(store: AnyStore, expected: Sequence[Point]) -> None:
    """Assert that the store holds these points and nothing else, by every way of asking."""
    found = {point.id: point for point in store.scroll(vectors=True)}
    assert {name: point.payload for name, point in found.items()} == {point.id: point.payload for point in expected}
    for point in expected:
        stored = found[point.id].vector
        assert stored is not None
        assert point.vector is not None
        np.testing.assert_allclose(stored, point.vector / np.linalg.norm(point.vector), atol=1e-6)
    assert store.count() == len(expected)
    for field in ("metal", "tags", "in_stock"):
        assert store.facet(field, limit=1000) == judge.facet(expected, field)
    for where in (Filter(must=(Match("metal", ("gold",)),)), Filter(must=(IsEmpty("price"),))):
        assert store.count(where) == len(judge.filtered(expected, where))
    for query, hits in zip(QUERIES, store.search(QUERIES, limit=5, exact=True), strict=True):
        judge.check_hits(hits, expected, query, 5)


def new(number: int, **more: Any) -> Point:
    return Point(str(uuid4()), {**payload(number), **more}, vector(500 + number))


def test_upsert_new_points(store: AnyStore) -> None:
    store.upsert(POINTS[:10])
    store.upsert(iter(POINTS[10:20]))
    holds(store, POINTS[:20])


def test_upsert_nothing(store: AnyStore) -> None:
    store.upsert([])
    store.upsert(iter(()))
    holds(store, [])


def test_upsert_replaces_payload_and_vector(store: AnyStore) -> None:
    store.upsert(POINTS[:5])
    changed = Point(POINTS[2].id, {"product_id": "other", "metal": "tin"}, vector(77))
    store.upsert([changed])
    holds(store, [*POINTS[:2], changed, *POINTS[3:5]])


def test_upsert_twice_is_upsert_once(store: AnyStore) -> None:
    store.upsert(POINTS)
    store.upsert(POINTS)
    holds(store, POINTS)


def test_the_last_of_equal_ids_in_one_upsert_stays(store: AnyStore) -> None:
    first, last = Point(POINTS[0].id, {"metal": "tin"}, vector(1)), Point(POINTS[0].id, {"tags": ["x"]}, vector(2))
    store.upsert([first, last])
    holds(store, [last])


def test_upsert_more_than_one_request_holds(store: AnyStore) -> None:
    points = [Point(str(uuid4()), payload(n % 40), vector(n % 60)) for n in range(2500)]
    store.upsert(points)
    assert store.count() == len(points)
    where = Filter(must=(Match("tags", ("sale",)), Range("price", gte=100)))
    assert [p.id for p in store.scroll(where)] == [p.id for p in judge.filtered(points, where)]


def test_upsert_of_large_payloads(store: AnyStore) -> None:
    points = [new(n, note="long " * 40_000) for n in range(60)]
    store.upsert(points)
    assert {p.id: len(p.payload["note"]) for p in store.scroll(fields=["note"])} == {p.id: 200_000 for p in points}


def test_unicode_nested_and_null_payloads_come_back_as_they_were(store: AnyStore) -> None:
    point = Point(str(uuid4()), UNICODE, vector(3))
    store.upsert([point])
    holds(store, [point])
    store.replace_payload([Point(point.id, {**UNICODE, "more": "ß"})])
    holds(store, [Point(point.id, {**UNICODE, "more": "ß"}, point.vector)])


def test_vectors_of_any_length_are_stored_at_unit_length(store: AnyStore) -> None:
    points = [
        Point(str(uuid4()), payload(n), (vector(n) * scale).astype(np.float32))
        for n, scale in enumerate((0.002, 0.5, 3.0, 9e5))
    ]
    store.upsert(points)
    holds(store, points)


@pytest.mark.parametrize(
    "bad",
    [
        np.full(DIMENSION, np.nan, np.float32),
        np.full(DIMENSION, -np.inf, np.float32),
        np.zeros(DIMENSION, np.float32),
        np.full(DIMENSION, 1e-6, np.float32),
        np.full(DIMENSION, 1e25, np.float32),
        np.ones(DIMENSION + 1, np.float32),
        np.ones((1, DIMENSION), np.float32),
        np.empty(0, np.float32),
        None,
    ],
    ids=["nan", "infinite", "zero", "tiny", "huge", "long", "nested", "empty", "none"],
)
def test_a_bad_vector_is_refused_before_any_of_its_batch_is_written(store: AnyStore, bad: Any) -> None:
    store.upsert(POINTS[:2])
    with pytest.raises(VectorError):
        store.upsert([new(1), Point(str(uuid4()), payload(2), bad), new(3)])
    with pytest.raises(VectorError):
        store.upsert([Point(POINTS[0].id, {}, bad)])
    holds(store, POINTS[:2])


def test_replace_payload_removes_what_was_there_and_leaves_the_vector(store: AnyStore) -> None:
    store.upsert(POINTS[:6])
    replaced = [Point(POINTS[1].id, {"metal": "tin", "tags": ["x", "y"]}), Point(POINTS[4].id, {})]
    store.replace_payload(replaced)
    by_id = {p.id: p for p in POINTS[:6]}
    for point in replaced:
        by_id[point.id] = Point(point.id, point.payload, by_id[point.id].vector)
    holds(store, list(by_id.values()))


def test_replace_payload_of_nothing(store: AnyStore) -> None:
    store.upsert(POINTS[:2])
    store.replace_payload([])
    holds(store, POINTS[:2])


def test_replace_more_payloads_than_one_request_holds(store: AnyStore) -> None:
    points = [Point(str(uuid4()), payload(n % 40), vector(n % 60)) for n in range(1300)]
    store.upsert(points)
    store.replace_payload(Point(p.id, {"product_id": f"R{n}", "price": float(n)}) for n, p in enumerate(points))
    assert store.count(Filter(must=(Range("price", gte=1000),))) == 300
    assert store.count(Filter(must=(IsEmpty("metal"),))) == 1300


def test_replace_payload_of_an_unknown_point_is_an_error(store: AnyStore) -> None:
    store.upsert(POINTS[:2])
    with pytest.raises(StoreError):
        store.replace_payload([Point(str(uuid4()), {"metal": "tin"})])
    holds(store, POINTS[:2])


def test_delete(store: AnyStore) -> None:
    store.upsert(POINTS[:10])
    store.delete([POINTS[3].id, POINTS[8].id])
    holds(store, [*POINTS[:3], *POINTS[4:8], POINTS[9]])


def test_delete_unknown_twice_and_nothing(store: AnyStore) -> None:
    store.upsert(POINTS[:3])
    store.delete([])
    store.delete([str(uuid4())])
    store.delete([POINTS[0].id, POINTS[0].id, str(uuid4())])
    store.delete([POINTS[0].id])
    holds(store, POINTS[1:3])


def test_delete_more_than_one_request_holds_and_fill_again(store: AnyStore) -> None:
    points = [Point(str(uuid4()), payload(n % 40), vector(n % 60)) for n in range(1500)]
    store.upsert(points)
    store.delete([p.id for p in points])
    holds(store, [])
    store.upsert(POINTS[:4])
    holds(store, POINTS[:4])


def test_a_value_nobody_holds_any_more_is_not_counted(store: AnyStore) -> None:
    store.upsert([new(0, metal="tin"), new(1, metal="gold")])
    (tin,) = store.scroll(Filter(must=(Match("metal", ("tin",)),)))
    store.replace_payload([Point(tin.id, {"metal": "gold"})])
    assert store.facet("metal") == [("gold", 2)]


def test_a_long_history_ends_where_the_judge_says(store: AnyStore) -> None:
    """Inserts, replacements, payload changes and deletions at random; a dict keeps the books."""
    random = np.random.default_rng(7)
    books: dict[str, Point] = {}
    names = [str(uuid4()) for _ in range(40)]
    for step in range(60):
        chosen = [names[i] for i in random.choice(40, size=6, replace=False)]
        kind = random.integers(3)
        if kind == 0:
            points = [Point(name, payload(int(random.integers(40))), vector(step)) for name in chosen]
            store.upsert(points)
            books |= {point.id: point for point in points}
        elif kind == 1:
            known = [books[name] for name in chosen if name in books]
            changed = [Point(p.id, payload(int(random.integers(40))), p.vector) for p in known]
            store.replace_payload([Point(p.id, p.payload) for p in changed])
            books |= {point.id: point for point in changed}
        else:
            store.delete(chosen)
            books = {name: point for name, point in books.items() if name not in chosen}
    holds(store, list(books.values()))


# Making a shard's indexes takes seconds on a busy disk, so all changes of type are made at once.
BEFORE = {"size": FieldType.NUMBER, "carat": FieldType.KEYWORD, "ours": FieldType.KEYWORD, "line": FieldType.TEXT}
AFTER = {"size": FieldType.KEYWORD, "carat": FieldType.NUMBER, "ours": FieldType.BOOLEAN, "line": FieldType.KEYWORD}


def test_fields_change_their_types(engine: Engine) -> None:
    made = engine.new({**TABLE, **BEFORE})
    try:
        old = {"size": 1.0, "carat": "12", "ours": "yes", "line": "a b"}
        points = [Point(str(uuid4()), {"product_id": str(n), **old}, vector(n)) for n in range(3)]
        made.upsert(points)
        assert made.count(Filter(must=(Range("size", gte=1), Match("carat", ("12",)), Text("line", "A")))) == 3
        fresh = zip(["12", "14", "XL"], [12.0, 14.5, 9.0], [True, False, True], ["a b", "a c", "b"], strict=True)
        changed = [
            Point(p.id, {**p.payload, "size": size, "carat": carat, "ours": ours, "line": line}, p.vector)
            for p, (size, carat, ours, line) in zip(points, fresh, strict=True)
        ]
        made.replace_payload(changed)
        made = engine.with_fields(made, {**TABLE, **AFTER})
        by_prefix = [Prefix("line", "a ")] if engine.prefixes else []
        for condition in (Match("size", ("XL",)), Range("carat", gt=10), Match("ours", (True,)), *by_prefix):
            asked = Filter(must=(condition,))
            expected = [p.id for p in judge.filtered(changed, asked)]
            assert 0 < len(expected) < 3
            assert [p.id for p in made.scroll(asked)] == expected
            assert made.count(asked) == len(expected)
        for field in ("size", "ours", "line"):
            assert made.facet(field) == judge.facet(changed, field)
    finally:
        engine.drop(made)


def test_a_new_field_is_indexed_over_the_points_there_are(engine: Engine) -> None:
    made = engine.new(TABLE)
    try:
        points = [new(n, finish="matt" if n % 2 else "polished") for n in range(6)]
        made.upsert(points)
        made = engine.with_fields(made, {**TABLE, "finish": FieldType.KEYWORD})
        assert made.facet("finish") == [("matt", 3), ("polished", 3)]
        assert made.count(Filter(must=(Match("finish", ("matt",)),))) == 3
        holds(made, points)
    finally:
        engine.drop(made)


def test_the_store_of_another_dimension_refuses_ours(new_store: Callable[..., AnyStore]) -> None:
    store = new_store()
    with pytest.raises(VectorError, match=str(DIMENSION)):
        store.upsert([Point(str(uuid4()), {}, np.ones(64, np.float32))])
    with pytest.raises(VectorError, match=str(DIMENSION)):
        store.search(np.ones((1, 64), np.float32), limit=1)
