"""The second vector, for texts: searched, read, kept and refused by each engine as the first one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.errors import UsageError, VectorError
from indexer.fields.types import FieldType
from indexer.store.filters.tree import Filter, Match
from indexer.store.records import Point
from searcher.search.ground.nearest import nearest_products
from tests.congruence import judge
from tests.congruence.engines import DIMENSION, TEXT_DIMENSION, AnyStore
from tests.congruence.shop import POINTS as PLAIN
from tests.congruence.shop import QUERIES, TABLE, payload

RINGS = Filter(must=(Match("category", ("rings",)),))


def text_vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).normal(size=(count, TEXT_DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


POINTS = [replace(point, text_vector=row) for point, row in zip(PLAIN, text_vectors(len(PLAIN)), strict=True)]
BY_TEXT = [replace(point, vector=point.text_vector) for point in POINTS]
"""The same points as the judge sees them who asks the second vector."""
TEXTS = text_vectors(3, seed=1)


@pytest.fixture
def store(new_store: Callable[..., AnyStore]) -> AnyStore:
    store = new_store(texts=True)
    store.upsert(POINTS)
    return store


def holds(store: AnyStore, points: list[Point]) -> None:
    found = list(store.scroll(vectors=True))
    assert [point.id for point in found] == sorted(point.id for point in points)
    by_id = {point.id: point for point in points}
    for point in found:
        wanted = by_id[point.id]
        assert point.payload == wanted.payload
        assert point.vector == pytest.approx(wanted.vector, abs=1e-6)
        assert point.text_vector == pytest.approx(wanted.text_vector, abs=1e-6)


@pytest.mark.parametrize("where", [None, RINGS], ids=["all", "rings"])
@pytest.mark.parametrize("exact", [True, False], ids=["exact", "graph"])
def test_each_vector_is_searched_by_itself(store: AnyStore, where: Filter | None, exact: bool) -> None:
    for query, hits in zip(TEXTS, store.search(TEXTS, limit=8, where=where, exact=exact, using="text"), strict=True):
        judge.check_hits(hits, BY_TEXT, query, 8, where)
    for query, hits in zip(QUERIES, store.search(QUERIES, limit=8, where=where, exact=exact), strict=True):
        judge.check_hits(hits, POINTS, query, 8, where)


def test_nearest_products_by_text(store: AnyStore) -> None:
    found = nearest_products(store, TEXTS, 10, RINGS, using="text")
    judge.check_ranking([(c.product_id, c.score) for c in found], judge.products(BY_TEXT, TEXTS, RINGS), 10)
    looks = {point.id: point.vector for point in POINTS}
    kept = {point.payload["photo"]["path"]: looks[point.id] for point in POINTS if "photo" in point.payload}
    for candidate in found:  # variety among them is a matter of looks
        assert candidate.vector == pytest.approx(kept[candidate.payload["photo"]["path"]], abs=1e-6)


def test_both_vectors_are_read_and_survive_a_new_payload_and_new_fields(
    store: AnyStore, engine: object, new_store: Callable[..., AnyStore]
) -> None:
    holds(store, POINTS)
    some = [point.id for point in POINTS[:3]]
    assert all(point.text_vector is not None for point in store.retrieve(some, vectors=True))
    assert all(point.text_vector is None and point.vector is None for point in store.retrieve(some))
    for found in (store.retrieve(some, vectors="image"), list(store.scroll(vectors="image"))):
        assert all(point.vector is not None and point.text_vector is None for point in found)
    for found in (store.retrieve(some, vectors="text"), list(store.scroll(vectors="text"))):
        assert all(point.vector is None and point.text_vector is not None for point in found)
    store.replace_payload([Point(POINTS[0].id, payload(7))])
    changed = [replace(POINTS[0], payload=payload(7)), *POINTS[1:]]
    holds(store, changed)
    store.upsert([replace(POINTS[1], text_vector=TEXTS[0])])
    changed[1] = replace(POINTS[1], text_vector=TEXTS[0])
    holds(store, changed)
    store.delete([POINTS[2].id])
    holds(store, [*changed[:2], *changed[3:]])


def test_more_points_than_one_request_holds(new_store: Callable[..., AnyStore]) -> None:
    store = new_store({"n": FieldType.NUMBER}, texts=True)
    looks = np.random.default_rng(3).normal(size=(2300, DIMENSION)).astype(np.float32)
    points = [
        Point(f"00000000-0000-0000-0000-{n:012d}", {"product_id": str(n), "n": float(n)}, look, row)
        for n, (look, row) in enumerate(
            zip(looks / np.linalg.norm(looks, axis=1, keepdims=True), text_vectors(2300), strict=True)
        )
    ]
    store.upsert(points)
    holds(store, points)


BAD = {
    "missing": None,
    "of the other's length": PLAIN[0].vector,
    "NaN": np.full(TEXT_DIMENSION, np.nan, np.float32),
    "zero": np.zeros(TEXT_DIMENSION, np.float32),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_text_vector_is_refused_before_the_engine_sees_it(store: AnyStore, bad: str) -> None:
    with pytest.raises(VectorError):
        store.upsert([replace(POINTS[0], payload={}, text_vector=BAD[bad])])
    holds(store, POINTS)
    with pytest.raises(VectorError):
        store.search(QUERIES, limit=3, using="text")
    with pytest.raises(VectorError):
        store.search(TEXTS, limit=3)


def test_without_a_text_model_there_are_none(shop: AnyStore, new_store: Callable[..., AnyStore]) -> None:
    with pytest.raises(UsageError, match="no vectors 'text'; a sync with --text-model"):
        shop.search(TEXTS, limit=3, using="text")
    assert all(point.text_vector is None for point in shop.scroll(vectors=True))
    with pytest.raises(VectorError, match="no text model"):
        new_store(TABLE).upsert(POINTS[:1])
