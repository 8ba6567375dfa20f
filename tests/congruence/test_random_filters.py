"""Random filters over random typed catalogs: engines and judge agree on every one, and so does the filter's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.fields.identity import point_id
from indexer.store.filters.json_form import read_filter, write_filter
from indexer.store.filters.passes import passing
from indexer.store.filters.tree import Filter
from indexer.store.records import Point
from tests.congruence import judge
from tests.congruence.engines import AnyStore, Engine
from tests.congruence.random_filters import METALS, MOMENTS, NUMBERS, TAGS, TITLES, filters
from tests.congruence.shop import QUERIES, TABLE, vector

CATALOG_SIZE = 70
CATALOGS = (11, 12)
FEW, MANY = 50, 200
"""Examples for each catalog and engine: of the quick tests and of the slow ones."""


class Catalog(list[Point]):
    """Points that hypothesis can name in a failing example without printing their vectors."""

    def __repr__(self) -> str:
        return f"<catalog of {len(self)} points>"


def random_catalog(seed: int) -> list[Point]:
    """Points whose payloads hold, lack, null or list each field at random."""
    random = np.random.default_rng(seed)

    def one_of(values: tuple[Any, ...]) -> Any:
        return values[random.integers(len(values))]

    def some_of(values: tuple[Any, ...]) -> list[Any]:
        return [one_of(values) for _ in range(random.integers(4))]

    points = Catalog()
    for number in range(CATALOG_SIZE):
        whole = {
            "metal": one_of((*METALS, some_of(METALS))),
            "tags": some_of(TAGS),
            "price": one_of(NUMBERS),
            "in_stock": bool(random.integers(2)),
            "created": one_of(MOMENTS),
            "title": " ".join(some_of(TITLES)),
            "photo": {"rank": float(random.integers(3))},
        }
        kept: dict[str, Any] = {"product_id": f"P{number % 20}"}
        for field, value in whole.items():
            match random.integers(6):
                case 0:
                    continue
                case 1 if field != "photo":
                    kept[field] = None
                case _:
                    kept[field] = value
        points.append(Point(point_id(str(seed), str(number)), kept, vector(seed * 1000 + number)))
    return points


@pytest.fixture(scope="module", params=CATALOGS)
def catalog(request: pytest.FixtureRequest) -> list[Point]:
    return random_catalog(request.param)


@pytest.fixture(scope="module")
def filled(engine: Engine, catalog: list[Point]) -> Iterator[AnyStore]:
    store = engine.new(TABLE)
    store.upsert(catalog)
    yield store
    engine.drop(store)


def agree(engine: Engine, filled: AnyStore, catalog: list[Point], data: st.DataObject) -> None:
    where = data.draw(filters(prefixes=engine.prefixes))
    expected = judge.filtered(catalog, where)
    assert [point.id for point in filled.scroll(where, fields=[])] == [point.id for point in expected]
    assert filled.count(where) == len(expected)
    (hits,) = filled.search(QUERIES[2:], limit=5, where=where, exact=True, fields=[])
    judge.check_hits(hits, catalog, QUERIES[2], 5, where)
    again = read_filter(write_filter(where), TABLE)
    assert [point.id for point in filled.scroll(again, fields=[])] == [point.id for point in expected]


@settings(max_examples=FEW, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_engine_and_judge_agree(engine: Engine, filled: AnyStore, catalog: list[Point], data: st.DataObject) -> None:
    agree(engine, filled, catalog, data)


@pytest.mark.slow
@settings(max_examples=MANY, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_engine_and_judge_agree_on_many(
    engine: Engine, filled: AnyStore, catalog: list[Point], data: st.DataObject
) -> None:
    agree(engine, filled, catalog, data)


@settings(max_examples=2 * FEW, deadline=None)
@given(where=filters())
def test_what_no_engine_is_asked_agrees_with_the_judge(catalog: list[Point], where: Filter) -> None:
    passes = passing(where)
    assert [passes(point.payload) for point in catalog] == [judge.passes(point.payload, where) for point in catalog]


@settings(max_examples=FEW // 2, deadline=None)
@given(data=st.data())
def test_facets_under_random_filters(
    engine: Engine, filled: AnyStore, catalog: list[Point], data: st.DataObject
) -> None:
    where = data.draw(filters(prefixes=engine.prefixes))
    for field in ("metal", "tags", "in_stock"):
        expected = judge.facet(catalog, field, where)
        assert filled.facet(field, where, limit=1000) == expected
        assert filled.facet(field, where, limit=2) == expected[:2]
