"""Every method of SearchService with every kind of wrong value for every parameter: a right answer, or one line."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from indexer.errors import FilterError, JewelryError, UsageError
from searcher.questions.declared import declared
from searcher.questions.example import Example
from searcher.questions.options import Options, Per
from searcher.service import SearchService
from tests.shops.indexes.built_index import Built
from tests.shops.wrong_values import (
    LISTS,
    NUMBERS,
    SETS,
    TEXTS,
    TRUTHS,
    VALUES,
    WHOLE,
    assert_readable,
    assert_refused_or_right,
)

NOTHING = {"nothing"}
VECTORS = {name for name in VALUES if name.startswith(("list", "array", "empty list", "pair"))}
PATHS = (TEXTS | {"path"}) - {"empty text", "long text"}
PHOTOS = {"bytes", "path", "function"}
EXAMPLES = TEXTS | VECTORS | PHOTOS
FILTERS = SETS | TEXTS | NOTHING | {"dictionary", "dictionary of numbers"}

RIGHT: dict[str, dict[str, set[str]]] = {
    "similar": {
        "product_id": TEXTS,
        "image": TEXTS | PHOTOS,
        "url": TEXTS,
        "vector": VECTORS | {"numpy number", "numpy fraction", "numpy truth"},
        "crop": NOTHING,
    },
    "similar_batch": {"examples": (LISTS | VECTORS | {"generator of numbers"}) - {"array of one number"}},
    "recommend": {
        "positive": (SETS | VECTORS)
        - {"list of numbers", "list of nothing", "list of objects", "array of numbers"}
        - {"array of one number"},
        "negative": (SETS | VECTORS)
        - {"list of numbers", "list of nothing", "list of objects", "array of numbers"}
        - {"array of one number"},
        "strategy": set(),
    },
    "discover": {
        "target": EXAMPLES | NOTHING,
        "context": {"empty list", "array of rows"} - {"array of rows"},
    },
    "also_viewed": {"product_ids": LISTS, "decay": NUMBERS, "co_view_weight": NUMBERS},
    "text": {"text": TEXTS, "mode": set()},
    "classify": {"image": TEXTS | PHOTOS, "url": TEXTS, "crop": NOTHING, "k": WHOLE},
    "mislabels": {"where": FILTERS, "limit": WHOLE},
    "outliers": {"where": FILTERS, "limit": WHOLE},
    "clusters": {"where": FILTERS, "granularity": NUMBERS, "limit": WHOLE, "map_size": WHOLE},
    "facets": {"fields": SETS, "where": FILTERS, "limit": WHOLE},
    "product": {"product_id": TEXTS},
    "duplicates": {
        "where": FILTERS,
        "since": TEXTS | NOTHING,
        "k": WHOLE,
        "budget": NUMBERS,
        "verifier": PATHS | NOTHING,
        "progress": NOTHING | {"function", "class"},
    },
    "check_duplicates": {"image": TEXTS | PHOTOS, "url": TEXTS, "crop": NOTHING},
    "calibrate_duplicates": {"photos": WHOLE, "seed": WHOLE, "progress": NOTHING | {"function", "class"}},
}
"""By method and parameter, the kinds of values that may be right."""
BESIDE: dict[str, dict[str, Any]] = {
    "crop": {"image": b"x"},
    "negative": {"positive": ["P000"]},
    "strategy": {"positive": ["P000"]},
    "decay": {"product_ids": ["P000"]},
    "co_view_weight": {"product_ids": ["P000"]},
    "mode": {"text": "ring"},
    "k": {"image": b"x"},
}
"""What is given besides, so that the value is looked at; ``k`` of classify."""
COSTLY = {"mislabels", "outliers", "clusters", "duplicates", "calibrate_duplicates"}
"""Their right values are not tried here: a report takes its time, and `tests/searcher/insights` makes them."""


def test_every_parameter_is_tried() -> None:
    methods = {name for name in vars(SearchService) if not name.startswith("_")} - {"published", "of_one", "close"}
    assert set(RIGHT) == methods
    for name, parameters in RIGHT.items():
        own = [*inspect.signature(getattr(SearchService, name)).parameters][1:]
        assert set(parameters) == set(own) - {"wanted"}


@pytest.mark.parametrize(
    ("method", "parameter"), [(method, parameter) for method, those in RIGHT.items() for parameter in those]
)
def test_a_value_of_a_wrong_kind_is_refused_in_one_line(built: Built, method: str, parameter: str) -> None:
    service, right = SearchService(built.index), RIGHT[method][parameter]
    beside = BESIDE.get(parameter, {}) if method != "duplicates" else {}
    not_given = NOTHING if parameter in ("product_id", "image", "url", "vector") and method != "product" else set()
    assert_refused_or_right(
        lambda value: getattr(service, method)(**{**beside, parameter: value}),
        {"crop": "crop box"}.get(parameter, parameter),
        right | not_given,
        JewelryError,
        VALUES.keys() - right if method in COSTLY else VALUES,
    )


OPTIONS: dict[Any, set[str]] = {int: WHOLE, float: NUMBERS, bool: TRUTHS, str: TEXTS, Per: set()}


@pytest.mark.parametrize("option", declared(Options), ids=lambda one: one.name)
def test_an_option_is_of_its_kind(option: Any) -> None:
    right = FILTERS if option.is_filter else SETS if option.many else OPTIONS[option.kind]
    right = right | (NOTHING if option.nullable else set())
    assert_refused_or_right(lambda value: Options(**{option.name: value}), option.name, right, UsageError)


def test_numbers_and_lists_of_other_libraries_are_taken_as_plain_ones(built: Built) -> None:
    service = SearchService(built.index)
    wanted = service.similar("P003", k=3, min_score=0.0, fields=["title", "price"], where=["price<=300"])
    given: dict[str, Any] = {
        "k": np.int64(3),
        "min_score": np.float64(0),
        "fields": np.array(["title", "price"]),
        "where": (text for text in ["price<=300"]),
        "explain": np.bool_(False),
    }
    found = service.similar("P003", **given)
    assert found.to_json()["query"] == wanted.to_json()["query"]
    assert [m.to_json() for m in found.matches] == [m.to_json() for m in wanted.matches]
    assert service.similar("P003", k=3.0).to_json()["query"]["k"] == 3  # type: ignore[arg-type]
    relaxed = service.similar("P003", k=60, where=(text for text in ["price<=0"]), relax=["price"])
    assert relaxed.relaxed == ("price<=0",), "filters that can be gone through once are dropped too"
    vector = built.vectors[0].astype(np.float64)
    assert service.similar(vector=list(vector)).matches == service.similar(vector=vector).matches


CALLS: dict[str, tuple[Any, str]] = {
    "recommend a text": (lambda s: s.recommend("P000"), "positive is the text 'P000'; give a list of product ids"),
    "dislike a text": (lambda s: s.recommend(["P000"], "P001"), "negative is the text 'P001'; give a list"),
    "view a text": (lambda s: s.also_viewed("P000"), "product_ids is the text 'P000'; give a list of product ids"),
    "view a number": (lambda s: s.also_viewed([1]), "product_ids holds 1; give a list of product ids"),
    "count a text": (lambda s: s.facets("category"), "fields is the text 'category'; give a list of texts"),
    "filter by a number": (lambda s: s.facets(where=5), "where is 5; give filter texts"),
    "a batch of a text": (lambda s: s.similar_batch("P000"), "examples is the text 'P000'; give a list"),
    "a batch of a number": (lambda s: s.similar_batch(5), "examples is 5; give a list of product ids, photos or"),
    "a flat pair": (lambda s: s.discover("P000", ["P001", "P002"]), "context holds the text 'P001'; give pairs"),
    "a pair of three": (lambda s: s.discover("P000", [("a", "b", "c")]), "context holds a tuple of 3; give pairs"),
    "a pair of numbers": (lambda s: s.discover(None, [(1, 2)]), "context: 1 cannot be compared with; give a product"),
    "k of text": (lambda s: s.similar("P000", k="5"), "k is the text '5'; give a whole number, 1 to 10000"),
    "k of nothing": (lambda s: s.similar("P000", k=None), "k is None; give a whole number, 1 to 10000"),
    "k of truth": (lambda s: s.similar("P000", k=True), "k is True; give a whole number"),
    "half a k": (lambda s: s.similar("P000", k=2.5), "k is 2.5; give a whole number"),
    "a great k": (lambda s: s.similar("P000", k=10**5000), "k is a number of more than 20 digits; give 1 to 10000"),
    "explain as text": (lambda s: s.similar("P000", explain="yes"), "explain is the text 'yes'; give True or False"),
    "an unknown name": (lambda s: s.similar("P000", wher=["a=1"]), "there is no option 'wher'; did you mean where?"),
    "a crop of three": (lambda s: s.similar(image=b"x", crop=(0, 0, 1)), "the crop box is (0, 0, 1); give left, top"),
    "a crop as text": (lambda s: s.similar(image=b"x", crop="0,0,1,1"), "the crop box is the text '0,0,1,1'"),
    "texts as a vector": (lambda s: s.similar(vector=["1"] * 128), "the query vector cannot be used: it holds what"),
    "truths as a vector": (lambda s: s.similar(vector=[True] * 128), "the query vector cannot be used: it holds what"),
    "rows of two lengths": (lambda s: s.similar(vector=[[1.0], [1.0, 2.0]]), "it holds what is no number"),
    "an Example as a list": (
        lambda s: s.recommend(Example("P000")),
        "positive is a value of type Example; give a list",
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_is_said(built: Built, call: str) -> None:
    ask, complaint = CALLS[call]
    with pytest.raises(UsageError) as caught:
        ask(SearchService(built.index))
    assert complaint in assert_readable(caught.value)


def test_in_a_batch_a_wrong_kind_is_the_error_in_its_place(built: Built) -> None:
    asked: Any = ["P000", 5, None, Example("P001"), {"product_id": "P002"}]
    answers = SearchService(built.index).similar_batch((one for one in asked), k=2)
    assert [isinstance(answer, UsageError) for answer in answers] == [False, True, True, False, True]
    assert str(answers[1]).startswith("5 cannot be compared with; give a product id as text")


def test_what_is_no_filter_is_an_error_of_filters() -> None:
    for where in (5, b"price<=5", [5], [["price<=5"]], object()):
        with pytest.raises(FilterError, match=r"^where "):
            Options(where=where)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameter", "right"),
    [
        ("index", PATHS),
        ("model", PATHS | NOTHING),
        ("catalog", PATHS | NOTHING),
        ("text_model", PATHS | NOTHING),
        ("allow_private", TRUTHS),
        ("at_once", WHOLE - {"below 0"}),
        ("most_pixels", (WHOLE - {"below 0"}) | NOTHING),
    ],
)
def test_a_service_is_made_of_what_it_may_be_made_of(built: Built, parameter: str, right: set[str]) -> None:
    def make(value: Any) -> SearchService:
        given: dict[str, Any] = {"index": built.index, parameter: value}
        return SearchService(**given)

    assert_refused_or_right(make, parameter, right, UsageError)
