from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import FilterError, UsageError
from indexer.fields.types import FieldType
from indexer.store.filters.text_form import parse
from indexer.store.filters.tree import Filter, IsEmpty, Match, Range
from searcher.answers.facet import Facet, value_text
from searcher.search.facets import census as product_census
from searcher.search.facets.counting import FacetBasis, facets, facets_of, parse_facets
from searcher.search.facets.ranges import date_bounds, number_bounds, pairs
from tests.congruence import judge
from tests.congruence.both_stores import ENGINES, filled, open_engine
from tests.congruence.engines import STAND_IN_WARNINGS, AnyStore, Engine
from tests.congruence.random_filters import METALS, MOMENTS, NUMBERS, TAGS, filters
from tests.congruence.shop import TABLE

pytestmark = [pytest.mark.filterwarnings(message) for message in STAND_IN_WARNINGS]
FIELDS = ("metal", "tags", "price", "in_stock", "created", "seller", "category", "photo.rank", "predicted_category")
PRODUCTS = 50
Payload = dict[str, Any]


def draw_catalog(kind: str) -> list[Payload]:
    """``single``: a photo each. ``even``: photos that agree. ``uneven``: some products lack their first photo, have
    two of them, or photos that differ."""
    random = np.random.default_rng(7)

    def one_of(values: tuple[Any, ...]) -> Any:
        return values[random.integers(len(values))]

    def fields() -> Payload:
        drawn = {
            "metal": one_of((*METALS, 'qu"ote', "a..b", " x", "gold|silver", ["gold", "silver"])),
            "tags": [one_of(TAGS) for _ in range(random.integers(4))],
            "price": one_of((*NUMBERS, *map(float, range(20, 60)))),
            "in_stock": bool(random.integers(2)),
            "created": one_of((*MOMENTS, *(f"2025-{month:02d}-{month + 9}T08:00:00Z" for month in range(1, 13)))),
            "title": one_of(("Gold ring", "pearl", "")),
            "category": one_of(("rings", "watches")),
        }
        return {name: value for name, value in drawn.items() if random.random() > 0.2}

    payloads = []
    for number in range(PRODUCTS):
        shared = fields()
        oddity = number % 8 if kind == "uneven" else -1
        for rank in range(1 if kind == "single" else int(random.integers(1, 5))):
            place = {0: rank + 1, 1: max(0, rank - 1)}.get(oddity, rank)
            own = {**shared, **fields()} if oddity == 2 else shared
            photo = {"photo": {"rank": float(place)}, "predicted_category": one_of(("rings", "watches"))}
            payloads.append({"product_id": f"P{number:02d}", **own, **photo})
    return payloads


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine(request.param, tmp_path_factory.mktemp("shards")) as made:
        yield made


@pytest.fixture(scope="module", params=["single", "even", "uneven"])
def catalog(request: pytest.FixtureRequest, engine: Engine) -> Iterator[tuple[AnyStore, list[Payload]]]:
    payloads = draw_catalog(request.param)
    with filled(engine, TABLE, payloads) as store:
        yield store, payloads


@pytest.fixture(scope="module", params=[0, 30, 2_000])
def few(request: pytest.FixtureRequest) -> Iterator[int]:
    """Small enough that this catalog is counted as a large one is: by the store, or both ways together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(product_census, "FEW", request.param)
        yield request.param


def products(payloads: list[Payload], *wheres: Filter | None) -> set[str]:
    """The judge: products with one photo that passes all the filters."""
    whole = Filter(must=tuple(where for where in wheres if where))
    return {payload["product_id"] for payload in payloads if judge.passes(payload, whole)}


def check(facet: Facet, payloads: list[Payload], where: Filter | None) -> None:
    """Each count is that of its own filter texts, and nothing is left out."""
    selected = set()
    for part in (*facet.values, *facet.ranges):
        own = products(payloads, where, parse(part.where, TABLE))
        assert part.count == len(own) > 0, part
        selected |= own
    named = Filter(must_not=(IsEmpty(facet.field), Match(facet.field, ("",)))) if facet.values else None
    if facet.kind in (FieldType.NUMBER, FieldType.DATE):
        assert selected == products(payloads, where, Filter(must_not=(IsEmpty(facet.field),)))
    elif named:
        assert {part.value for part in facet.values} == {
            value
            for payload in payloads
            if judge.passes(payload, where or Filter())
            for value in judge.values(payload, facet.field)
            if value != ""
        }
        counts = [(-part.count, str(part.value)) for part in facet.values]
        assert counts == sorted(counts)


def test_every_count_is_the_number_of_products_its_texts_select(
    catalog: tuple[AnyStore, list[Payload]], few: int
) -> None:
    store, payloads = catalog
    found = facets(store, parse_facets(FIELDS, TABLE, 1_000))
    assert [facet.field for facet in found] == list(FIELDS)
    assert {facet.field for facet in found if facet.values or facet.ranges} == {*FIELDS} - {"seller"}
    for facet in found:
        assert facet.counted == "products"
        assert not facet.more
        check(facet, payloads, None)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=filters(), field=st.sampled_from(FIELDS))
def test_counts_under_random_filters(
    catalog: tuple[AnyStore, list[Payload]], few: int, where: Filter, field: str
) -> None:
    store, payloads = catalog
    (facet,) = facets(store, parse_facets([field], TABLE, 1_000), where)
    check(facet, payloads, where)


def test_the_most_frequent_values_come_first_whatever_the_limit(
    catalog: tuple[AnyStore, list[Payload]], few: int
) -> None:
    store, _ = catalog
    basis = FacetBasis(store)
    for field in ("metal", "tags", "in_stock"):
        (whole,) = facets(store, parse_facets([field], TABLE, 1_000), basis=basis)
        for limit in range(1, len(whole.values) + 2):
            (part,) = facets(store, parse_facets([field], TABLE, limit), basis=basis)
            assert part.values == whole.values[:limit]
            assert part.more == (len(whole.values) > limit)
            assert facets(store, parse_facets([field], TABLE, limit), basis=basis) == (part,), "asked again"


def test_an_index_too_large_to_read_says_that_first_photos_are_counted(
    catalog: tuple[AnyStore, list[Payload]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, payloads = catalog
    monkeypatch.setattr(product_census, "FEW", 0)
    monkeypatch.setattr(product_census, "CEILING", 10)
    first = [payload for payload in payloads if payload["photo"]["rank"] == 0]
    (facet,) = facets(store, parse_facets(["in_stock"], TABLE))
    assert facet.to_json()["counted"] == "first photos"
    assert {part.value: part.count for part in facet.values} == {
        value: sum(payload.get("in_stock") is value for payload in first) for value in (True, False)
    }


def test_facets_of_a_result_count_its_payloads(catalog: tuple[AnyStore, list[Payload]]) -> None:
    store, payloads = catalog
    result = list({payload["product_id"]: payload for payload in payloads[::3]}.values())
    for basis in (None, FacetBasis(store)):
        found = facets_of(result, parse_facets(FIELDS, TABLE, 1_000), basis=basis)
        assert [facet.field for facet in found] == list(FIELDS)
        for facet in found:
            check(facet, result, None)
    (metals,) = facets_of(result, parse_facets(["metal"], TABLE, 1))
    assert len(metals.values) == 1
    assert metals.more
    (nothing,) = facets_of([], parse_facets(["price"], TABLE))
    assert nothing.ranges == ()


def test_facets_as_json(catalog: tuple[AnyStore, list[Payload]]) -> None:
    store, _ = catalog
    stock, price = [
        facet.to_json()
        for facet in facets(store, parse_facets(["in_stock", "price"], TABLE), Filter(must=(Range("price"),)))
    ]
    assert {value["where"][0] for value in stock["values"]} == {"in_stock=true", "in_stock=false"}
    assert stock | {"values": []} == {
        "field": "in_stock",
        "kind": "boolean",
        "counted": "products",
        "values": [],
        "more": False,
    }
    assert price["ranges"][0]["gte"] is None
    assert price["ranges"][-1]["lt"] is None
    assert set(price) == {"field", "kind", "counted", "ranges"}
    assert json.loads(json.dumps(price)) == price


def test_what_has_no_facet_is_refused_in_one_line(catalog: tuple[AnyStore, list[Payload]]) -> None:
    store, _ = catalog
    with pytest.raises(FilterError, match=r"title is a text field; facets need a keyword, number, boolean or date"):
        parse_facets(["title"], TABLE)
    with pytest.raises(FilterError, match="there is no field 'colour'"):
        parse_facets(["colour"], TABLE)
    for limit in (0, -1, 1_001):
        with pytest.raises(UsageError, match="give 1 to 1000"):
            parse_facets(["metal"], TABLE, limit)
    with pytest.raises(FilterError, match="colour"):
        facets(store, parse_facets(["metal"], TABLE), Filter(must=(Match("colour", ("red",)),)))
    assert facets(store, parse_facets([], TABLE)) == ()
    assert len(facets(store, parse_facets(["metal", "metal"], TABLE))) == 1


@given(st.text(min_size=1))
def test_the_text_of_any_keyword_selects_it(value: str) -> None:
    assert parse([value_text("metal", value)], TABLE) == Filter(must=(Match("metal", (value,)),))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=40))
def test_number_bounds_rise_and_stay_few(values: list[float]) -> None:
    bounds = number_bounds(values)
    assert list(bounds) == sorted(set(bounds))
    assert len(bounds) <= 5
    assert bool(bounds) == (len({value + 0.0 for value in values}) > 1)


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ([5.0, 5.0], ()),
        ([1.0, 2.0, 3.0, 4.0, 5.0] * 9, (2, 3, 4, 5)),
        ([float(year) for year in range(1900, 2026)], (1920, 1940, 1960, 1980, 2000)),
        ([10.0 * 1.01**step for step in range(600)], (30, 80, 200, 600, 1500)),
        ([0.0] * 900 + [float(price) for price in range(100)], (20, 30, 50, 70, 80)),
    ],
)
def test_number_bounds_are_round(values: list[float], bounds: tuple[float, ...]) -> None:
    assert number_bounds(values) == bounds


@pytest.mark.parametrize(
    ("days", "bounds"),
    [
        ([], ()),
        (["2026-01-31"], ("2026-01-31",)),
        (["2026-01-30", "2026-02-01"], ("2026-01-31", "2026-02-01")),
        (["2026-01-01", "2026-01-31"], ("2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26")),
        (["2025-11-03", "2026-02-20"], ("2025-12-01", "2026-01-01", "2026-02-01")),
        (["2024-02-03", "2025-02-20"], tuple(f"{2024 + m // 12}-{m % 12 + 1:02d}-01" for m in range(2, 14))),
        (["2023-02-03", "2026-02-20"], tuple(f"{2023 + m // 12}-{m % 12 + 1:02d}-01" for m in range(3, 39, 3))),
        (["2019-05-01", "2026-02-20"], tuple(f"{year}-01-01" for year in range(2020, 2027))),
        (["2026-01-30", "2026-02-01"] * 50 + ["0001-01-01"], ("2026-01-31", "2026-02-01")),
    ],
)
def test_date_bounds_follow_the_calendar(days: list[str], bounds: tuple[str, ...]) -> None:
    assert date_bounds(f"{day}T12:00:00Z" for day in days) == bounds


@given(st.lists(st.dates(), max_size=30))
def test_date_bounds_rise_and_stay_few(days: list[Any]) -> None:
    bounds = date_bounds(f"{day.isoformat()}T23:59:59.999999Z" for day in days)
    assert list(bounds) == sorted(set(bounds))
    assert len(bounds) <= 12
    assert len(pairs(bounds)) == len(bounds) + 1
    assert bool(bounds) == bool(days)
