"""Qdrant's filter JSON: what is read, what is refused by name, and that nothing changes its meaning on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qdrant_client import models

from indexer.errors import FilterError
from indexer.fields.types import FieldType
from indexer.store.filters.check import MAX_DEPTH
from indexer.store.filters.json_form import read_filter, write_filter
from indexer.store.filters.tree import DateRange, Except, Filter, IsEmpty, Match, Prefix, Range, Text
from tests.congruence import judge
from tests.congruence.random_filters import filters
from tests.congruence.shop import POINTS, TABLE

GOLD = {"key": "metal", "match": {"value": "gold"}}

READ: list[tuple[Any, Filter]] = [
    ({}, Filter()),
    ({"must": None, "should": [], "min_should": None}, Filter()),
    ({"must": GOLD}, Filter(must=(Match("metal", ("gold",)),))),
    ({"must": [GOLD, {}]}, Filter(must=(Match("metal", ("gold",)), Filter()))),
    ({"should": [{"key": "tags", "match": {"any": ["a", "b"]}}]}, Filter(should=(Match("tags", ("a", "b")),))),
    ({"must": [{"key": "tags", "match": {"any": []}}]}, Filter(must=(Match("tags", ()),))),
    ({"must_not": [{"key": "in_stock", "match": {"value": False}}]}, Filter(must_not=(Match("in_stock", (False,)),))),
    ({"must": [{"key": "metal", "match": {"except": ["tin"]}}]}, Filter(must=(Except("metal", ("tin",)),))),
    ({"must": [{"key": "title", "match": {"text": "rose gold"}}]}, Filter(must=(Text("title", "rose gold"),))),
    ({"must": [{"key": "metal", "match": {"prefix": "go"}}]}, Filter(must=(Prefix("metal", "go"),))),
    ({"must": [{"key": "price", "range": {"gte": 1, "lt": 2.5}}]}, Filter(must=(Range("price", gte=1, lt=2.5),))),
    ({"must": [{"key": "price", "range": {"gte": None, "gt": 0}}]}, Filter(must=(Range("price", gt=0),))),
    ({"must": [{"key": "created", "range": {}}]}, Filter(must=(DateRange("created"),))),
    (
        {"must": [{"key": "created", "range": {"gte": "2026-01-31", "lt": "2026-02-01T01:00:00+01:00"}}]},
        Filter(must=(DateRange("created", gte="2026-01-31T00:00:00Z", lt="2026-02-01T00:00:00Z"),)),
    ),
    ({"must": [{"is_empty": {"key": "photo.rank"}}]}, Filter(must=(IsEmpty("photo.rank"),))),
    ({"must": [{"key": "price", "is_empty": True}]}, Filter(must=(IsEmpty("price"),))),
    ({"must": [{"key": "price", "is_empty": False}]}, Filter(must=(Filter(must_not=(IsEmpty("price"),)),))),
    (
        {"must": [{"should": [{"must_not": GOLD}]}]},
        Filter(must=(Filter(should=(Filter(must_not=(Match("metal", ("gold",)),)),)),)),
    ),
]

REFUSED: list[tuple[Any, str]] = [
    (None, "a filter is an object"),
    ([], "a filter is an object"),
    ("price<5", "a filter is an object"),
    ({"must": ["price<5"]}, "a condition is an object"),
    ({"must": "price"}, "a condition is an object"),
    ({"must": [[GOLD]]}, "a condition is an object"),
    ({"filter": {"must": []}}, "'filter' is not known"),
    ({"min_should": {"conditions": [GOLD], "min_count": 1}}, "'min_should' is not known"),
    ({"must": [{"has_id": ["00000000-0000-0000-0000-000000000000"]}]}, "'has_id' is not known"),
    ({"must": [{"has_vector": "image"}]}, "'has_vector' is not known"),
    ({"must": [{"slice": {"total": 2, "index": 0}}]}, "'slice' is not known"),
    ({"must": [{"nested": {"key": "photo", "filter": {}}}]}, "'nested' is not known"),
    ({"must": [{"is_null": {"key": "price"}}]}, "'is_null' is not known"),
    ({"must": [{"key": "price", "is_null": True}]}, "'is_null' is not known"),
    ({"must": [{"key": "tags", "values_count": {"gt": 1}}]}, "'values_count' is not known"),
    ({"must": [{"key": "metal", "geo_radius": {"center": {"lat": 0, "lon": 0}, "radius": 1}}]}, "'geo_radius'"),
    ({"must": [{"key": "metal", "geo_bounding_box": {}}]}, "'geo_bounding_box'"),
    ({"must": [{"key": "metal", "geo_polygon": {}}]}, "'geo_polygon'"),
    ({"must": [{"key": "metal", "matches": {"value": "gold"}}]}, "'matches' is not known"),
    ({"must": [{"key": "metal", "matches": None, **GOLD}]}, "'matches' is not known"),
    ({"must": [{**GOLD, "range": {"gte": 1}}]}, "asks one thing"),
    ({"must": [{**GOLD, "must": []}]}, "'must' is not known here"),
    ({"must": [{"key": "metal"}]}, "asks one thing"),
    ({"must": [{"key": "metal", "match": None}]}, "asks one thing"),
    ({"must": [{"key": "metal", "match": {}}]}, "match takes exactly one"),
    ({"must": [{"key": "metal", "match": "gold"}]}, "match takes exactly one"),
    ({"must": [{"key": "metal", "match": {"value": "a", "any": ["b"]}}]}, "match takes exactly one"),
    ({"must": [{"key": "metal", "match": {"value": True}}]}, "metal is a keyword field"),
    ({"must": [{"key": "metal", "match": {"value": 3}}]}, "metal is a keyword field"),
    ({"must": [{"key": "metal", "match": {"value": None}}]}, "metal is a keyword field"),
    ({"must": [{"key": "metal", "match": {"any": "gold"}}]}, "does not go with a keyword field"),
    ({"must": [{"key": "metal", "match": {"any": ["gold", 3]}}]}, "metal is a keyword field"),
    ({"must": [{"key": "metal", "match": {"except": "gold"}}]}, "does not go with a keyword field"),
    ({"must": [{"key": "metal", "match": {"text": "gold"}}]}, "does not go with a keyword field"),
    ({"must": [{"key": "metal", "match": {"substring": "old"}}]}, "'substring'"),
    ({"must": [{"key": "metal", "match": {"value": "\ud800"}}]}, "half a character"),
    ({"must": [{"key": "title", "match": {"value": "Gold"}}]}, "does not go with a text field"),
    ({"must": [{"key": "title", "match": {"phrase": "rose gold"}}]}, "'phrase'"),
    ({"must": [{"key": "title", "match": {"text_any": "rose gold"}}]}, "'text_any'"),
    ({"must": [{"key": "title", "match": {"text": "--"}}]}, "holds no word"),
    ({"must": [{"key": "title", "match": {"prefix": "Go"}}]}, "does not go with a text field"),
    ({"must": [{"key": "in_stock", "match": {"value": "true"}}]}, "in_stock is a boolean field"),
    ({"must": [{"key": "in_stock", "match": {"value": 1}}]}, "in_stock is a boolean field"),
    ({"must": [{"key": "in_stock", "match": {"any": [True]}}]}, "does not go with a boolean field"),
    ({"must": [{"key": "price", "match": {"value": 3}}]}, "use range"),
    ({"must": [{"key": "price", "match": {"any": [3]}}]}, "use range"),
    ({"must": [{"key": "price", "range": {"gte": "3"}}]}, "price is a number field"),
    ({"must": [{"key": "price", "range": {"gte": True}}]}, "price is a number field"),
    ({"must": [{"key": "price", "range": {"gte": float("nan")}}]}, "price is a number field"),
    ({"must": [{"key": "price", "range": {"gte": 10**400}}]}, "price is a number field"),
    ({"must": [{"key": "price", "range": {"from": 3}}]}, "a range takes"),
    ({"must": [{"key": "price", "range": [1, 2]}]}, "a range takes"),
    ({"must": [{"key": "price", "range": {"gte": "2026-01-01"}}]}, "price is a number field"),
    ({"must": [{"key": "metal", "range": {"gte": 1}}]}, "metal is a keyword field"),
    ({"must": [{"key": "created", "range": {"gte": 20260131}}]}, "is not a date"),
    ({"must": [{"key": "created", "range": {"gte": "20260131"}}]}, "is not a date"),
    ({"must": [{"key": "created", "range": {"gte": "2026-W05-6"}}]}, "is not a date"),
    ({"must": [{"key": "created", "range": {"gte": "2026-02-30"}}]}, "is not a date"),
    ({"must": [{"key": "created", "range": {"gte": "0001-01-01T00:00:00+01:00"}}]}, "is not a date"),
    ({"must": [{"key": "created", "match": {"value": "2026-01-31"}}]}, "use range"),
    ({"must": [{"key": "colour", "match": {"value": "red"}}]}, "there is no field 'colour'"),
    ({"must": [{"key": "photo", "is_empty": True}]}, "there is no field 'photo'"),
    ({"must": [{"key": "tags[]", "match": {"value": "a"}}]}, "there is no field"),
    ({"must": [{"key": 3, "match": {"value": "a"}}]}, "named by text"),
    ({"must": [{"key": None, "is_empty": True}]}, "named by text"),
    ({"must": [{"key": "price", "is_empty": "yes"}]}, "true or false"),
    ({"must": [{"is_empty": True}]}, "is_empty is written"),
    ({"must": [{"is_empty": {"key": "price", "more": 1}}]}, "is_empty is written"),
    ({"must": [{"is_empty": {"key": "price"}, "must": []}]}, "is_empty is written"),
]


@pytest.mark.parametrize(("document", "tree"), READ)
def test_read(document: Any, tree: Filter) -> None:
    assert read_filter(document, TABLE) == tree
    models.Filter.model_validate(document)


@pytest.mark.parametrize(("document", "message"), REFUSED)
def test_refused(document: Any, message: str) -> None:
    with pytest.raises(FilterError) as error:
        read_filter(document, TABLE)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_refusal_of_something_enormous_is_short() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    long = "x" * 10_000
    documents: list[Any] = [{"must": [deep]}, {"must": [long]}, {long: []}, {"must": [{"key": long}]}]
    for document in documents:
        with pytest.raises(FilterError) as error:
            read_filter(document, {"metal": FieldType.KEYWORD})
        assert len(str(error.value)) < 1000


def test_depth() -> None:
    document: dict[str, Any] = {"must": [GOLD]}
    for _ in range(MAX_DEPTH):
        document = {"must": [document]}
    read_filter(document, TABLE)
    with pytest.raises(FilterError, match=f"deeper than {MAX_DEPTH}"):
        read_filter({"must": [document]}, TABLE)


def test_what_clients_write_out_is_read() -> None:
    """qdrant-client's own dump spells out every null."""
    condition = models.FieldCondition(key="metal", match=models.MatchExcept(**{"except": ["tin"]}))
    dumped = json.loads(models.Filter(must=[condition]).model_dump_json(by_alias=True))
    assert read_filter(dumped, TABLE) == Filter(must=(Except("metal", ("tin",)),))


@settings(max_examples=200, deadline=None)
@given(where=filters())
def test_written_and_read_again_it_means_the_same(where: Filter) -> None:
    document = json.loads(json.dumps(write_filter(where)))
    models.Filter.model_validate(document)
    again = read_filter(document, TABLE)
    assert [judge.passes(p.payload, again) for p in POINTS] == [judge.passes(p.payload, where) for p in POINTS]


_KEYS = st.sampled_from(
    ["metal", "tags", "price", "in_stock", "created", "title", "photo.rank", "colour", "tags[]", "", 3, None]
)
_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.text(max_size=5),
    st.just("2026-01-31"),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|z|[+-]\d\d:?\d\d)?", fullmatch=True),
)
_MATCHES = st.dictionaries(
    st.sampled_from(["value", "any", "except", "text", "prefix", "phrase"]),
    st.one_of(_VALUES, st.lists(_VALUES, max_size=2)),
    min_size=1,
    max_size=2,
)
_RANGES = st.dictionaries(st.sampled_from(["gte", "gt", "lte", "lt", "from"]), _VALUES, max_size=2)
_CONDITIONS = st.one_of(
    st.fixed_dictionaries({"key": _KEYS, "match": _MATCHES}),
    st.fixed_dictionaries({"key": _KEYS, "range": _RANGES}, optional={"match": st.none(), "geo_radius": st.none()}),
    st.fixed_dictionaries({"key": _KEYS, "is_empty": st.one_of(st.booleans(), _VALUES)}),
    st.fixed_dictionaries({"is_empty": st.fixed_dictionaries({"key": _KEYS}, optional={"x": _VALUES})}),
    _VALUES,
)


@settings(max_examples=500, deadline=None)
@given(
    condition=_CONDITIONS,
    clause=st.sampled_from(["must", "should", "must_not", "min_should", "x"]),
    alone=st.booleans(),
)
def test_whatever_is_accepted_is_a_filter_of_qdrants(condition: Any, clause: str, alone: bool) -> None:
    document = {clause: condition if alone else [condition]}
    try:
        tree = read_filter(document, TABLE)
    except FilterError:
        return
    parsed = models.Filter.model_validate(document)
    again = read_filter(json.loads(parsed.model_dump_json(by_alias=True)), TABLE)
    assert again == tree
