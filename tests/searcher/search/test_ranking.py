"""Pages, thresholds, style and fallback on a real index, against plain loops over its payloads."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import FilterError, UsageError
from indexer.store.filters.tree import Filter, Match
from searcher.questions.options import MAX_PRODUCTS, STYLE_POOL, Options
from searcher.service import SearchService
from tests.shops.indexes.built_index import Built, nearest_in_a_plain_loop


@pytest.fixture(scope="module")
def service(built: Built) -> SearchService:
    return SearchService(built.index)


def own_vectors(built: Built, product_id: str) -> np.ndarray:
    return built.vectors[[p["product_id"] == product_id for p in built.payloads]]


STYLES: list[dict[str, Any]] = [
    {},
    {"where": ["category!=watches"]},
    {"boosts": ["in_stock:0.2", "price:0.1@0..500"]},
    {"caps": ["brand:2"]},
    {"diversity": 0.5},
    {"diversity": 0.3, "caps": ["category:4"], "boosts": ["in_stock:0.1"], "where": ["price>=100"]},
    {"where": ["category=rings", "price<=100"], "relax": ["price", "category"]},
    {"preset": "other-category"},
]


@pytest.mark.parametrize("style", STYLES, ids=str)
@given(cuts=st.lists(st.integers(1, 9), min_size=1, max_size=6))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_fit_together(service: SearchService, style: dict[str, Any], cuts: list[int]) -> None:
    whole = service.similar("P007", k=sum(cuts), **style).matches
    pages, offset = [], 0
    for size in cuts:
        pages += service.similar("P007", k=size, offset=offset, **style).matches
        offset += size
    assert [(m.product_id, m.score) for m in pages] == [(m.product_id, m.score) for m in whole]


def test_a_page_beyond_the_end_is_empty(service: SearchService) -> None:
    assert service.similar("P007", k=10, offset=9_000).matches == ()


@pytest.mark.parametrize("least", [-1.0, 0.0, 0.1, 0.25, 1.0])
def test_least_score(built: Built, service: SearchService, least: float) -> None:
    found = service.similar("P007", k=59, min_score=least).matches
    judge = nearest_in_a_plain_loop(built, own_vectors(built, "P007"), 59, without="P007")
    assert [m.product_id for m in found] == [product for product, score in judge if score >= least]


def test_a_filter_in_qdrants_json_is_the_filter_text(service: SearchService) -> None:
    document = {
        "must": [{"key": "price", "range": {"lte": 300}}],
        "must_not": [{"key": "category", "match": {"value": "watches"}}],
    }
    by_json = service.similar("P003", k=30, where=document)
    by_text = service.similar("P003", k=30, where=["price<=300", "category!=watches"])
    assert [m.product_id for m in by_json.matches] == [m.product_id for m in by_text.matches]
    assert by_json.to_json()["query"]["where"] == document
    with pytest.raises(FilterError):
        service.similar("P003", where={"must": [{"key": "colour", "match": {"value": "red"}}]})


def test_chosen_payload_fields(service: SearchService) -> None:
    for match in service.similar("P003", k=20, fields=["price"]).matches:
        assert set(match.payload) <= {"price"}
    assert any("price" in m.payload for m in service.similar("P003", k=20, fields=["price"]).matches)


def test_boosts_add_to_the_cosine(service: SearchService) -> None:
    plain = {m.product_id: m for m in service.similar("P003", k=59).matches}
    boosted = service.similar("P003", k=59, boosts=["in_stock:0.5"], explain=True).matches
    for match in boosted:
        added = 0.5 if match.payload.get("in_stock") else 0.0
        assert match.score == pytest.approx(plain[match.product_id].score + added, abs=1e-7)
        assert match.explanation is not None
        assert match.explanation.cosine == pytest.approx(plain[match.product_id].score, abs=1e-7)
        assert sum(match.explanation.boosts.values()) == pytest.approx(added)
    assert [m.score for m in boosted] == sorted((m.score for m in boosted), reverse=True)


def test_caps_hold_over_filters_that_were_dropped(service: SearchService) -> None:
    found = service.similar("P003", k=12, where=["category=rings", "price<=150"], relax=["*"], caps=["brand:2"])
    brands = Counter(m.payload["brand"] for m in found.matches if "brand" in m.payload)
    assert brands
    assert max(brands.values()) <= 2
    assert found.relaxed


def test_fallback_keeps_the_strict_ones_first_and_says_what_it_dropped(service: SearchService) -> None:
    strict = service.similar("P003", k=59, where=["category=rings", "price<=300"]).matches
    assert strict
    relaxed = service.similar(
        "P003", k=len(strict) + 2, where=["category=rings", "price<=300"], relax=["price", "category"]
    )
    assert [m.product_id for m in relaxed.matches[: len(strict)]] == [m.product_id for m in strict]
    assert all(not m.relaxed for m in relaxed.matches[: len(strict)])
    assert all(m.relaxed == ("price<=300",) and m.category == "rings" for m in relaxed.matches[len(strict) :])
    assert relaxed.relaxed == ("price<=300",)
    assert len({m.product_id for m in relaxed.matches}) == len(relaxed.matches)
    enough = service.similar("P003", k=len(strict), where=["category=rings", "price<=300"], relax=["price"])
    assert enough.relaxed == ()


def test_a_preset_is_relative_to_the_product(service: SearchService) -> None:
    asked = service.product("P003").payload
    assert asked["price"] > 0
    for match in service.similar("P003", k=20, preset="same-price").matches:
        assert abs(match.payload["price"] - asked["price"]) <= 0.3 * asked["price"] + 1e-6
    with pytest.raises(UsageError, match="Presets: "):
        service.similar("P007", preset="other-taste")
    with pytest.raises(UsageError, match="what is asked with has no"):
        service.similar(vector=[1.0] + [0.0] * 127, preset="same-price")


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"k": 0}, "give 1 to"),
        ({"k": 10**9}, "give 1 to"),
        ({"offset": -1}, "give 0 to"),
        ({"k": 2, "offset": MAX_PRODUCTS - 1}, "out of bounds"),
        ({"k": 2, "offset": STYLE_POOL - 1, "diversity": 0.1}, "choose among the"),
        ({"min_score": 1.1}, "give -1 to 1"),
        ({"min_score": float("nan")}, "give -1 to 1"),
        ({"diversity": -0.1}, "diversity is"),
        ({"diversity": float("nan")}, "diversity is"),
        ({"caps": "brand:2"}, "give a list of texts"),
        ({"relax": ["*"], "where": Filter(must=(Match("category", ("rings",)),))}, "cannot be relaxed"),
    ],
)
def test_options_that_make_no_sense(wanted: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Options(**wanted)


@pytest.mark.parametrize(
    "bad", [{"relax": ["colour"]}, {"caps": ["colour:2"]}, {"boosts": ["colour:1"]}, {"facets": ["colour"]}]
)
def test_names_that_are_no_fields_are_refused_even_where_they_would_not_matter(
    service: SearchService, bad: Any
) -> None:
    with pytest.raises(UsageError, match="colour"):
        service.similar("P003", **bad)


def test_an_explanation_says_what_can_be_checked(built: Built, service: SearchService) -> None:
    own = own_vectors(built, "P007")
    for match in service.similar("P007", k=10, explain=True, where=["price>=0"]).matches:
        why = match.explanation
        assert why is not None
        row = next(i for i, p in enumerate(built.payloads) if p["photo"]["path"] == match.photo)
        cosines = own.astype(np.float64) @ built.vectors[row].astype(np.float64)
        assert why.cosine == pytest.approx(cosines.max(), abs=1e-6)
        assert why.euclidean == pytest.approx(np.linalg.norm(own[cosines.argmax()] - built.vectors[row]), abs=1e-5)
        assert (
            why.asked_photo
            == [p["photo"]["path"] for p in built.payloads if p["product_id"] == "P007"][cosines.argmax()]
        )
        assert why.matched_photo == match.photo
        assert why.percentile is not None
        assert why.percentile > 0.5
        assert why.probability is None, "no model is at hand"
        assert why.filters == ("price>=0",)
