"""Searching, grouping, scrolling, retrieving, counting: each engine against the judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from indexer.errors import FilterError, UsageError, VectorError
from indexer.store.filters.tree import Condition, Filter, IsEmpty, Match, Range, Text
from indexer.store.records import Point
from searcher.search.ground.nearest import nearest_products
from tests.congruence import judge
from tests.congruence.engines import DIMENSION, AnyStore
from tests.congruence.shop import POINTS, QUERIES, TABLE, payload, vector

BY_ID = {point.id: point for point in POINTS}
RINGS = Filter(must=(Match("category", ("rings",)),))
STOCK = Filter(must=(Match("in_stock", (True,)), Range("price", lt=300)), must_not=(Match("tags", ("sale",)),))
NOBODY = Filter(must=(Match("seller", ("me",)),))
FILTERS = pytest.mark.parametrize("where", [None, RINGS, STOCK, NOBODY], ids=["all", "rings", "stock", "nobody"])


@FILTERS
@pytest.mark.parametrize("limit", [1, 3, 10, len(POINTS), 1000])
def test_search(shop: AnyStore, where: Filter | None, limit: int) -> None:
    found = shop.search(QUERIES, limit=limit, where=where, exact=True)
    assert len(found) == len(QUERIES)
    for query, hits in zip(QUERIES, found, strict=True):
        judge.check_hits(hits, POINTS, query, limit, where)


def test_search_over_the_graph_finds_the_nearest_of_few_points(shop: AnyStore) -> None:
    for query, hits in zip(QUERIES, shop.search(QUERIES, limit=10), strict=True):
        judge.check_hits(hits, POINTS, query, 10)


def test_search_with_more_queries_than_one_request_holds(shop: AnyStore) -> None:
    queries = np.stack([vector(seed) for seed in range(150)])
    for query, hits in zip(queries, shop.search(queries, limit=4, exact=True), strict=True):
        judge.check_hits(hits, POINTS, query, 4)


def test_search_without_queries(shop: AnyStore) -> None:
    assert shop.search(np.empty((0, DIMENSION), np.float32), limit=3) == []


def test_search_in_an_empty_store(store: AnyStore) -> None:
    assert store.search(QUERIES, limit=3, exact=True) == [[], [], []]
    assert store.count() == 0
    assert list(store.scroll()) == []
    assert store.facet("metal") == []


def test_queries_of_any_length_are_scored_alike(shop: AnyStore) -> None:
    for scale in (0.002, 0.3, 7.0, 5e5):
        query = (QUERIES[0] * scale).astype(np.float32)
        (hits,) = shop.search(query[None], limit=5, exact=True)
        judge.check_hits(hits, POINTS, query, 5)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(shop: AnyStore, limit: int) -> None:
    with pytest.raises(UsageError, match="limit must be 1 or more"):
        shop.search(QUERIES, limit=limit)
    with pytest.raises(UsageError, match="limit must be 1 or more"):
        shop.facet("metal", limit=limit)


@pytest.mark.parametrize(
    "bad",
    [
        np.full((1, DIMENSION), np.nan, np.float32),
        np.full((1, DIMENSION), np.inf, np.float32),
        np.zeros((1, DIMENSION), np.float32),
        np.full((1, DIMENSION), 1e-7, np.float32),
        np.full((1, DIMENSION), 1e20, np.float32),
        np.ones((1, DIMENSION - 1), np.float32),
        np.ones(DIMENSION, np.float32),
    ],
    ids=["nan", "infinite", "zero", "tiny", "huge", "short", "flat"],
)
def test_bad_queries_are_refused(shop: AnyStore, bad: np.ndarray) -> None:
    with pytest.raises(VectorError):
        shop.search(bad, limit=3)


@pytest.mark.parametrize(
    "fields", [[], ["product_id"], ["tags", "price"], ["photo"], ["photo.rank", "title"], ["nobody.has"], None]
)
def test_only_the_fields_asked_for(shop: AnyStore, fields: list[str] | None) -> None:
    expected = {point.id: _selected(point.payload, fields) for point in POINTS}
    (hits,) = shop.search(QUERIES[:1], limit=1000, exact=True, fields=fields)
    assert {hit.id: hit.payload for hit in hits} == expected
    assert {point.id: point.payload for point in shop.scroll(fields=fields)} == expected


def _selected(whole: dict[str, object], fields: list[str] | None) -> dict[str, object]:
    if fields is None:
        return whole
    chosen: dict[str, object] = {name: whole[name] for name in fields if name in whole}
    if "photo.rank" in fields and isinstance(photo := whole.get("photo"), dict):
        chosen["photo"] = {"rank": photo["rank"]}
    return chosen


@FILTERS
@pytest.mark.parametrize("k", [1, 5, 200])
def test_grouped_by_product(shop: AnyStore, where: Filter | None, k: int) -> None:
    found = nearest_products(shop, QUERIES[:1], k, where, exact=True)
    best = judge.products(POINTS, QUERIES[:1], where)
    judge.check_ranking([(product.product_id, product.score) for product in found], best, k)


def test_grouped_by_product_over_several_photos(shop: AnyStore) -> None:
    found = nearest_products(shop, QUERIES, 12, exact=True)
    judge.check_ranking([(p.product_id, p.score) for p in found], judge.products(POINTS, QUERIES), 12)


def test_recommended_by_average_vector(shop: AnyStore) -> None:
    """avg + avg - neg, as Qdrant's average_vector strategy has it, with the examples themselves left out."""
    likes, dislikes = ["P004", "P009"], ["P013"]

    def average(names: list[str]) -> np.ndarray:
        points = shop.scroll(Filter(must=(Match("product_id", tuple(names)),)), vectors=True)
        return np.asarray(np.mean([point.vector for point in points if point.vector is not None], axis=0))

    query = (2 * average(likes) - average(dislikes)).astype(np.float32)
    others = Filter(must_not=(Match("product_id", (*likes, *dislikes)),))
    (hits,) = shop.search(query[None], limit=8, where=others, exact=True)
    stored: dict[str, list[Any]] = {point.payload["product_id"]: [] for point in POINTS}
    for point in POINTS:
        stored[point.payload["product_id"]].append(point.vector)
    expected = 2 * np.mean([v for name in likes for v in stored[name]], axis=0) - np.mean(stored["P013"], axis=0)
    judge.check_hits(hits, POINTS, expected.astype(np.float32), 8, others)
    assert not {hit.payload["product_id"] for hit in hits} & {*likes, *dislikes}


@FILTERS
def test_scroll_is_in_order_of_id_and_complete(shop: AnyStore, where: Filter | None) -> None:
    found = list(shop.scroll(where))
    assert [(p.id, p.payload, p.vector) for p in found] == [
        (p.id, p.payload, None) for p in judge.filtered(POINTS, where)
    ]


def test_scroll_over_several_pages(store: AnyStore, new_store: Callable[..., AnyStore]) -> None:
    points = [Point(str(uuid4()), {"product_id": f"Q{n}", "price": float(n % 7)}, vector(n % 50)) for n in range(2300)]
    store.upsert(points)
    assert [p.id for p in store.scroll(fields=[])] == sorted(p.id for p in points)
    where = Filter(must=(Range("price", gte=3),))
    assert [p.id for p in store.scroll(where)] == [p.id for p in judge.filtered(points, where)]
    assert len(store.retrieve([p.id for p in points])) == len(points)


def test_vectors_come_back(shop: AnyStore) -> None:
    for point in [*shop.scroll(vectors=True), *shop.retrieve(list(BY_ID), vectors=True)]:
        expected = BY_ID[point.id].vector
        assert point.vector is not None
        assert expected is not None
        assert point.vector.dtype == np.float32
        assert np.abs(point.vector - expected).max() <= 1e-6


def test_retrieve(shop: AnyStore) -> None:
    wanted = [POINTS[7].id, POINTS[3].id, str(uuid4()), POINTS[7].id]
    found = shop.retrieve(wanted)
    assert sorted(p.id for p in found) == sorted({POINTS[7].id, POINTS[3].id})
    assert {p.id: p.payload for p in found} == {POINTS[n].id: POINTS[n].payload for n in (3, 7)}
    assert all(p.vector is None for p in found)
    assert shop.retrieve([]) == []
    assert shop.retrieve([str(uuid4())], vectors=True) == []


@pytest.mark.parametrize("field", ["metal", "tags", "in_stock", "category", "product_id", "seller"])
@FILTERS
def test_facet(shop: AnyStore, field: str, where: Filter | None) -> None:
    assert shop.facet(field, where, limit=1000) == judge.facet(POINTS, field, where)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 20])
@FILTERS
def test_facet_of_the_most_frequent(shop: AnyStore, limit: int, where: Filter | None) -> None:
    for field in ("metal", "tags", "in_stock", "category", "product_id"):
        assert shop.facet(field, where, limit=limit) == judge.facet(POINTS, field, where)[:limit]


@pytest.mark.parametrize("field", ["price", "created", "title", "photo.rank", "photo.path", "colour"])
def test_what_cannot_be_counted_by_value_is_refused_by_name(shop: AnyStore, field: str) -> None:
    with pytest.raises(FilterError, match=field):
        shop.facet(field)


@FILTERS
def test_count(shop: AnyStore, where: Filter | None) -> None:
    assert shop.count(where) == len(judge.filtered(POINTS, where))


def test_answers_are_about_one_store_alone(shop: AnyStore, store: AnyStore) -> None:
    store.upsert([Point(POINTS[0].id, payload(1), vector(1))])
    assert store.count() == 1
    assert shop.count() == len(POINTS)
    assert shop.record.field_table == TABLE
    assert shop.retrieve([POINTS[0].id])[0].payload == POINTS[0].payload


def test_the_judge_can_tell_an_answer_from_a_wrong_one() -> None:
    """What would be worth a judge that passes everything: by hand, over a payload of every type."""
    row = {
        "metal": ["gold", "silver"],
        "price": 10.0,
        "in_stock": True,
        "created": "2026-01-01T00:00:00Z",
        "title": "Rose-gold ring",
        "tags": [],
        "photo": {"rank": 0.0},
    }
    good: list[Condition] = [
        Match("metal", ("silver",)),
        Match("in_stock", (True,)),
        Range("price", gte=10, lt=11),
        IsEmpty("tags"),
        Text("title", "RING rose"),
        Range("photo.rank", lte=0),
        IsEmpty("stone"),
    ]
    wrong: list[Condition] = [
        Match("metal", ("Silver",)),
        Match("in_stock", (False,)),
        Range("price", gt=10),
        IsEmpty("metal"),
        Text("title", "rin"),
        Text("title", ""),
        Match("price", ("10.0",)),
        Match("metal", (True,)),
    ]
    assert [judge.passes(row, condition) for condition in good] == [True] * len(good)
    assert [judge.passes(row, condition) for condition in wrong] == [False] * len(wrong)
    assert judge.passes(row, Filter(must=tuple(good), should=(wrong[0], good[0]), must_not=tuple(wrong)))
    assert not judge.passes(row, Filter(should=tuple(wrong)))
    exact = {"a": 0.9, "b": 0.5, "c": 0.5 + 1e-7}
    judge.check_ranking([("a", 0.9), ("b", 0.5)], exact, 2)
    for mistake in ([("b", 0.5), ("a", 0.9)], [("a", 0.9)], [("a", 0.9), ("a", 0.9)], [("a", 0.9), ("b", 0.6)]):
        with pytest.raises(AssertionError):
            judge.check_ranking(mistake, exact, 2)
