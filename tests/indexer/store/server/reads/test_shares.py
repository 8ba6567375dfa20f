"""What a filter keeps is asked of a server once, and a search is sent the way that the share wants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import models

from indexer.fields.types import FieldType
from indexer.store.filters.check import DEEPEST
from indexer.store.filters.tree import Except, Filter, IsEmpty, Match, Range, both
from indexer.store.policy import Walk, Way, way_to_search
from indexer.store.server.engine import ServerStore
from indexer.store.server.reads.shares import FEW_PRODUCTS, REMEMBERED, Shares, counted, search_params
from searcher.search.ground.published import without_products
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, make_index, points, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

GOLD, NEW, CHEAP = Match("metal", ("gold",)), Match("tags", ("new",)), Range("price", lt=100)
POINTS = 1_000_000


class Counts:
    """Estimates of a server, and what it was asked for."""

    def __init__(self, kept: int = 300_000) -> None:
        self.kept, self.asked = kept, list[Filter | None]()

    def __call__(self, where: Filter | None) -> int:
        self.asked.append(where)
        return POINTS if where is None else self.kept


@pytest.mark.parametrize("kept", [10, 5_000, 200_000, 300_000, 500_000, 700_000, POINTS])
def test_the_way_is_that_of_both_engines(kept: int) -> None:
    counts = Counts(kept)
    assert Shares(counts, POINTS).walk(Filter(must=(GOLD,)), 10) == way_to_search(kept, POINTS, 10)


def test_without_a_filter_nothing_is_asked() -> None:
    counts = Counts()
    shares = Shares(counts)
    for where in (None, Filter(), Filter(must=(Filter(),)), without_products(["R1", "R2"])):
        assert shares.walk(where, 10) == way_to_search(POINTS, POINTS, 10)
        assert shares.walk(where, 500).ef == 500
    assert counts.asked == []


def test_each_filter_is_asked_for_once() -> None:
    counts = Counts()
    shares = Shares(counts, POINTS)
    where = Filter(must=(GOLD, NEW))
    for product in ("R1", "R2", "R3"):  # each question leaves its own product out
        shares.walk(both(where, without_products([product])), 10)
        shares.walk(both(without_products([product, "R9"]), Filter(must=(NEW, GOLD))), 20)
    assert counts.asked == [where]
    shares.walk(Filter(must=(GOLD,)), 10)
    assert len(counts.asked) == 2


def test_how_many_there_are_is_asked_where_nobody_said() -> None:
    counts = Counts()
    shares = Shares(counts)
    for where in (Filter(must=(GOLD,)), Filter(must=(NEW,)), Filter(must=(GOLD,))):
        shares.walk(where, 10)
    assert sorted(map(str, counts.asked)) == sorted(map(str, [None, Filter(must=(GOLD,)), Filter(must=(NEW,))]))


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    counts = Counts()
    shares = Shares(counts, POINTS)
    for number in range(REMEMBERED):
        shares.walk(Filter(must=(Range("price", gte=number),)), 10)
    shares.walk(Filter(must=(Range("price", gte=0),)), 10)  # in use
    shares.walk(Filter(must=(GOLD,)), 10)
    assert len(counts.asked) == REMEMBERED + 1
    shares.walk(Filter(must=(Range("price", gte=0),)), 10)
    assert len(counts.asked) == REMEMBERED + 1
    shares.walk(Filter(must=(Range("price", gte=1),)), 10)
    assert len(counts.asked) == REMEMBERED + 2


def test_a_count_that_fails_is_asked_again() -> None:
    asked: list[Filter | None] = []

    def failing(where: Filter | None) -> int:
        asked.append(where)
        if len(asked) == 1:
            raise RuntimeError("the line went dead")
        return 10

    shares = Shares(failing, POINTS)
    with pytest.raises(RuntimeError):
        shares.walk(Filter(must=(GOLD,)), 10)
    assert shares.walk(Filter(must=(GOLD,)), 10) == Walk(Way.EXACT)


SAME = {
    "order": (Filter(must=(GOLD, NEW)), Filter(must=(NEW, GOLD))),
    "twice": (Filter(must=(GOLD,)), Filter(must=(GOLD, GOLD))),
    "order of values": (Filter(must=(Match("metal", ("a", "b")),)), Filter(must=(Match("metal", ("b", "a", "b")),))),
    "order of values left out": (
        Filter(should=(Except("metal", ("a", "b")),)),
        Filter(should=(Except("metal", ("b", "a")),)),
    ),
    "put together": (both(Filter(must=(GOLD,)), Filter(must=(NEW,))), Filter(must=(GOLD, NEW))),
    "a denial put together": (Filter(must=(GOLD, Filter(must_not=(NEW,)))), Filter(must=(GOLD,), must_not=(NEW,))),
    "a choice put together": (
        Filter(must=(Filter(should=(NEW, CHEAP)), GOLD)),
        Filter(must=(GOLD,), should=(CHEAP, NEW)),
    ),
    "far down": (
        Filter(must_not=(Filter(must=(Filter(must=(GOLD,)), NEW)),)),
        Filter(must_not=(Filter(must=(NEW, GOLD)),)),
    ),
    "its product": (Filter(must=(GOLD,)), Filter(must=(GOLD,), must_not=(Match("product_id", ("R1",)),))),
}
OTHER = {
    "must and should": (Filter(must=(GOLD, NEW)), Filter(should=(GOLD, NEW))),
    "must and must not": (Filter(must=(GOLD,)), Filter(must_not=(GOLD,))),
    "two choices": (
        Filter(must=(Filter(should=(GOLD, NEW)), Filter(should=(CHEAP, IsEmpty("price"))))),
        Filter(should=(GOLD, NEW, CHEAP, IsEmpty("price"))),
    ),
    "not both, and neither": (Filter(must_not=(Filter(must=(GOLD, NEW)),)), Filter(must_not=(GOLD, NEW))),
    "true and its text": (Filter(must=(Match("x", (True,)),)), Filter(must=(Match("x", ("True",)),))),
    "many products": (
        None,
        Filter(must_not=(Match("product_id", tuple(f"R{n}" for n in range(FEW_PRODUCTS + 1))),)),
    ),
    "a product asked for": (None, Filter(must=(Match("product_id", ("R1",)),))),
    "a product not left out": (None, Filter(must_not=(Filter(must_not=(Match("product_id", ("R1",)),)),))),
}


@pytest.mark.parametrize("name", SAME)
def test_filters_that_keep_the_same_are_one(name: str) -> None:
    first, second = SAME[name]
    assert counted(first) == counted(second)
    assert hash(counted(first)) == hash(counted(second))


@pytest.mark.parametrize("name", OTHER)
def test_filters_that_do_not_are_two(name: str) -> None:
    first, second = OTHER[name]
    assert counted(first) != counted(second)


def test_what_is_counted_is_no_deeper_than_what_was_asked() -> None:
    where = Filter(should=(GOLD, NEW))
    for level in range(DEEPEST - 1):
        where = Filter(should=(where, CHEAP), must=(GOLD,)) if level % 2 else Filter(must_not=(where,), must=(NEW,))
    found = counted(where)
    assert found is not None
    assert depth(found) <= depth(where)


def depth(where: Filter) -> int:
    inside = [c for part in (where.must, where.should, where.must_not) for c in part if isinstance(c, Filter)]
    return 1 + max(map(depth, inside), default=0)


@pytest.mark.parametrize("walk", [Walk(Way.EXACT), Walk(Way.ACORN, 384), Walk(Way.PLAIN, 128)])
def test_the_parameters_are_what_qdrants_models_take(walk: Walk) -> None:
    sent = search_params(walk)
    read = models.SearchParams.model_validate(sent)
    assert read.model_dump(mode="json", exclude_unset=True) == sent
    assert bool(read.exact) is (walk.way is Way.EXACT)
    assert bool(read.acorn and read.acorn.enable) is (walk.way is Way.ACORN)
    if walk.way is not Way.EXACT:
        assert read.hnsw_ef == walk.ef
        assert read.quantization == models.QuantizationSearchParams(rescore=True, oversampling=2.0)


def test_a_search_is_sent_the_way_its_filter_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index: Any = make_index("server", tmp_path)
    build(index, points(0, 30), record(table={"metal": FieldType.KEYWORD}))
    client, estimates, sent = index.connection.client, list[Any](), list[dict[str, Any]]()
    kept = {"gold": 300_000, "silver": 12, "tin": 900_000}
    original = client.query_batch_points

    def count(collection: str, count_filter: Any, *, exact: bool) -> models.CountResult:
        [first, *_] = count_filter.must or count_filter.should
        estimates.append((first.match.any[0], exact))
        return models.CountResult(count=kept[first.match.any[0]])

    def query(collection: str, requests: list[models.QueryRequest]) -> Any:
        sent.extend(request.params.model_dump(exclude_unset=True) for request in requests if request.params)
        return original(collection, requests)

    monkeypatch.setattr(client, "count", count)
    monkeypatch.setattr(client, "query_batch_points", query)
    store = ServerStore(index.connection, "shop-1", record(table={"metal": FieldType.KEYWORD}), points=POINTS)
    row = np.eye(1, 16, dtype=np.float32)
    for metal in ("gold", "silver", "tin", "gold"):
        store.search(row, limit=3, where=Filter(must=(Match("metal", (metal,)),)))
    store.search(row, limit=3, where=Filter(must=(Match("metal", ("copper",)),)), exact=True)
    store.search(row, limit=3)
    ways = [search_params(way_to_search(kept[metal], POINTS, 3)) for metal in ("gold", "silver", "tin", "gold")]
    assert sent == [*ways, {"exact": True}, search_params(way_to_search(POINTS, POINTS, 3))]
    assert [("acorn" in way, "exact" in way) for way in ways] == [
        (True, False),
        (False, True),
        (False, False),
        (True, False),
    ]
    assert estimates == [("gold", False), ("silver", False), ("tin", False)]
    index.read().search(row, limit=3, where=Filter(must=(Match("metal", ("silver",)),)))
    assert estimates[3:] == [("silver", False)]  # how many there are says the collection itself
    either = Filter(should=(Match("metal", ("gold",)), Match("metal", ("tin",))))  # of which it says too much
    for _ in range(2):
        store.search(row, limit=3, where=either)
    assert [exact for _, exact in estimates[4:]] == [True]
