"""What a server answers otherwise than it is asked, and what is sent so that the answer is right all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qdrant_client import models

from indexer.fields.identity import point_id
from indexer.fields.types import FieldTable, FieldType
from indexer.store.filters.check import MAX_DEPTH
from indexer.store.filters.tree import Condition, DateRange, Filter, IsEmpty, Match, Range, Text
from indexer.store.records import GenerationRecord, Point
from indexer.store.server.collection import CollectionState, create_collection
from indexer.store.server.connection import Connection, ServerAddress, connect
from indexer.store.server.engine import ServerStore
from indexer.store.server.filters import compile_beside, compile_filter
from indexer.store.server.options import CollectionOptions
from indexer.store.server.reads.plain import ask_collection
from tests.faults.loopback_qdrant import LoopbackQdrant, loopback_qdrant
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

TABLE: FieldTable = {
    "metal": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
    "in_stock": FieldType.BOOLEAN,
    "created": FieldType.DATE,
    "title": FieldType.TEXT,
}
RECORD = GenerationRecord("f" * 64, 4, TABLE, "/catalog", "/model", "2026-01-01T00:00:00Z")
GOLD, CHEAP = Match("metal", ("gold",)), Range("price", lt=10)
METALS = ("gold", "silver", "rose gold", "platinum", "tin", "brass")


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackQdrant]:
    with loopback_qdrant("1.18.1") as running:
        yield running


@pytest.fixture(scope="module")
def connection(server: LoopbackQdrant) -> Iterator[Connection]:
    connection = connect(ServerAddress(server.url))
    yield connection
    connection.client.close()


def drawn(number: int) -> Point:
    random = np.random.default_rng(number)
    payload = {
        "product_id": f"P{number}",
        "metal": None if number % 10 == 9 else METALS[min(int(random.exponential(2)), 5)],
        "price": float(random.integers(20)),
        "in_stock": bool(random.integers(2)),
        "created": f"2026-01-{1 + number % 28:02d}T00:00:00Z",
        "title": f"a {METALS[number % 6]} ring",
    }
    return Point(point_id(f"P{number}", "0"), payload, random.normal(size=4).astype(np.float32))


POINTS = [drawn(number) for number in range(60)]


def filled(connection: Connection, name: str, shards: int) -> ServerStore:
    create_collection(connection, CollectionState(name, RECORD, complete=True), CollectionOptions(shards=shards))
    store = ServerStore(connection, name, RECORD)
    store.upsert(POINTS)
    return store


@pytest.fixture(scope="module")
def store(connection: Connection) -> ServerStore:
    return filled(connection, "shop-1", 1)


@pytest.fixture(scope="module")
def sharded(connection: Connection) -> ServerStore:
    return filled(connection, "shop-2", 2)


CONDITIONS: dict[str, Condition] = {
    "keyword": GOLD,
    "number": CHEAP,
    "boolean": Match("in_stock", (True,)),
    "date": DateRange("created", gte="2026-01-10"),
    "text": Text("title", "gold"),
    "empty": IsEmpty("metal"),
    "a filter": Filter(must=(GOLD, CHEAP)),
    "nothing": Match("metal", ()),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_and_its_opposite_keep_nothing(store: ServerStore, name: str) -> None:
    it = CONDITIONS[name]
    for where in (
        Filter(must=(it,), must_not=(it,)),
        Filter(should=(it,), must_not=(it,)),
        Filter(must=(Filter(must=(it,)), Filter(must_not=(it,)))),
        Filter(must=(Filter(should=(it, it), must_not=(it,)),)),
        Filter(should=(Filter(must=(it,), must_not=(it,)),)),
    ):
        assert store.count(where) == 0
        assert list(store.scroll(where)) == []
        assert store.search(np.eye(1, 4, dtype=np.float32), limit=5, where=where, exact=True) == [[]]
        assert store.facet("metal", where) == []
    not_so = Filter(must_not=(Filter(must=(it,), must_not=(it,)),))
    assert store.count(not_so) == len(POINTS)


def levels(where: Any) -> Iterator[dict[str, Any]]:
    """Every filter in a filter as it is sent."""
    if isinstance(where, dict):
        if where.keys() & {"must", "should", "must_not"}:
            yield where
        for inside in where.values():
            yield from levels(inside)
    elif isinstance(where, list):
        for inside in where:
            yield from levels(inside)


@pytest.mark.parametrize(
    "where",
    [
        Filter(must=(GOLD,), must_not=(CHEAP,)),
        Filter(should=(GOLD,), must_not=(CHEAP, GOLD)),
        Filter(must=(GOLD,), should=(GOLD, CHEAP), must_not=(CHEAP,)),
        Filter(must=(Filter(must=(GOLD,), must_not=(Filter(should=(GOLD,), must_not=(GOLD,)),)),)),
        Filter(must=(Match("metal", ()),)),
        Filter(must=(Range("price"), IsEmpty("price")), must_not=(Range("price"),)),
    ],
)
def test_no_negation_is_sent_in_company(where: Filter) -> None:
    sent = compile_filter(where)
    models.Filter.model_validate(sent)
    found = list(levels(sent))
    assert any("must_not" in level for level in found)
    assert all(not ("must_not" in level and len(level) > 1) for level in found)


def test_a_negation_alone_is_sent_as_it_is() -> None:
    [sent] = levels(compile_filter(Filter(must_not=(GOLD,))))
    assert list(sent) == ["must_not"]


def test_a_facet_sends_no_negation_where_its_values_come_to_stand() -> None:
    """A server counts each value by the filter with one more condition in its ``must``."""
    denied = Filter(must_not=(GOLD,))
    assert compile_beside(denied) == {"must": [compile_filter(denied)]}
    for where in (None, Filter(), Filter(must=(GOLD,)), Filter(must=(GOLD,), must_not=(CHEAP,))):
        assert compile_beside(where) == compile_filter(where)


def test_the_deepest_filter_that_may_be_asked_stays_within_what_a_server_reads() -> None:
    where = Filter(must=(GOLD,), must_not=(GOLD,))
    for _ in range(MAX_DEPTH - 1):
        where = Filter(must=(CHEAP,), must_not=(where, GOLD))
    around = Filter(must=(Filter(must=(where,)), Filter(must_not=(Match("product_id", ("P1",)),))))
    assert brackets(json.dumps({"searches": [{"filter": compile_filter(around)}]})) < 128


def brackets(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


def counts(field: str, below: float = 100.0) -> list[tuple[Any, int]]:
    values = [p.payload[field] for p in POINTS if p.payload["price"] < below and p.payload[field] is not None]
    return sorted(((v, values.count(v)) for v in set(values)), key=lambda pair: (-pair[1], str(pair[0])))


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_the_first_values_of_several_shards_are_the_first_of_all(sharded: ServerStore, limit: int) -> None:
    assert sharded.facet("metal", limit=limit) == counts("metal")[:limit]
    assert sharded.facet("in_stock", limit=limit) == counts("in_stock")[:limit]
    assert sharded.facet("product_id", limit=limit) == counts("product_id")[:limit]
    cheap = counts("metal", below=10)
    assert sharded.facet("metal", Filter(must=(CHEAP,)), limit=limit) == cheap[:limit]


def test_the_shards_of_the_loopback_server_are_wrong_near_the_limit(
    connection: Connection, sharded: ServerStore
) -> None:
    """What would these tests be worth over shards that agree?"""
    client = connection.client
    for limit in (1, 2, 3):
        hits = client.facet(sharded.collection, "metal", limit=limit, exact=True).hits
        if [(hit.value, hit.count) for hit in hits] != counts("metal")[:limit]:
            return
    raise AssertionError("every first value was right")


def test_a_full_list_is_asked_for_again_longer(sharded: ServerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def listen(connection: Connection, collection: str, what: str, body: Any) -> Any:
        asked.append(body["limit"])
        return ask_collection(connection, collection, what, body)

    monkeypatch.setattr("indexer.store.server.engine.ask_collection", listen)
    monkeypatch.setattr("indexer.store.server.engine.ALL_VALUES", 6)
    assert sharded.facet("metal", limit=2) == counts("metal")[:2]
    assert asked == [6, 60]
    assert sharded.facet("product_id", limit=60) == counts("product_id")
    assert asked[2:] == [61]
    assert sharded.facet("in_stock", limit=1) == counts("in_stock")[:1]
    assert asked[3:] == [6]
