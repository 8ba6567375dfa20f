"""One product a group, against a plain loop over the payloads, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searcher.answers.answer import Answer, Match
from searcher.answers.variants import OWN_VERSIONS
from searcher.answers.wording import nothing
from searcher.service import SearchService
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS
from tests.shops.indexes.grouped_index import Grouped, Passes, make_grouped, unit_of

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

FILTERS: list[tuple[list[str], Passes]] = [
    ([], lambda _: True),
    (["metal=silver"], lambda p: p["metal"] == "silver"),
    (["price<=200"], lambda p: p["price"] <= 200),
    (["metal=gold|silver", "in_stock=true"], lambda p: p["metal"] in ("gold", "silver") and p["in_stock"]),
]


@pytest.fixture(scope="module", params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Grouped:
    return make_grouped(request.param, tmp_path_factory.mktemp(f"groups-{request.param}"))


@pytest.fixture(scope="module")
def service(shop: Grouped) -> Iterator[SearchService]:
    made = SearchService(shop.index)
    yield made
    made.close()


def shown(answer: Answer) -> list[tuple[str, float]]:
    return [(match.product_id, match.score) for match in answer.matches]


def a_query(seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 9),
    kind=st.sampled_from(FILTERS),
    boosted=st.booleans(),
    capped=st.sampled_from([None, "brand", "metal"]),
    k=st.integers(1, 30),
    offset=st.integers(0, 12),
    exact=st.booleans(),
)
def test_the_best_of_each_group_as_a_plain_loop_has_it(
    shop: Grouped,
    service: SearchService,
    seed: int,
    kind: tuple[list[str], Passes],
    boosted: bool,
    capped: str | None,
    k: int,
    offset: int,
    exact: bool,
) -> None:
    where, passes = kind
    query = a_query(seed)
    wanted: dict[str, Any] = {"k": k, "offset": offset, "where": where, "exact": exact}
    wanted |= {"boosts": ["in_stock:0.3"]} if boosted else {}
    wanted |= {"caps": [f"{capped}:2"]} if capped else {}
    answer = service.similar(vector=query.tolist(), **wanted)
    judge = shop.ranked(query[None], passes, (lambda p: bool(p["in_stock"])) if boosted else None)
    expected = shop.one_a_group(judge, capped)[offset : offset + k]
    assert [product for product, _ in shown(answer)] == [product for product, _ in expected]
    assert [score for _, score in shown(answer)] == pytest.approx([score for _, score in expected], abs=1e-6)
    for match in answer.matches:
        named = shop.versions(match.product_id, passes) if "group_id" in match.payload else [match.product_id]
        if len(named) == 1:
            assert match.variants is None
        else:
            assert match.variants is not None
            assert (match.variants.count, list(match.variants.product_ids)) == (len(named), named[:20])
            assert match.variants.group_id == match.payload["group_id"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 9), kind=st.sampled_from(FILTERS), k=st.integers(1, 60))
def test_per_product_each_stands_for_itself(
    shop: Grouped, service: SearchService, seed: int, kind: tuple[list[str], Passes], k: int
) -> None:
    query, (where, passes) = a_query(seed), kind
    answer = service.similar(vector=query.tolist(), k=k, where=where, per="product")
    expected = shop.ranked(query[None], passes)[:k]
    assert [product for product, _ in shown(answer)] == [product for product, _ in expected]
    assert all(match.variants is None for match in answer.matches)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    style=st.sampled_from(
        [
            {},
            {"diversity": 0.6},
            {"boosts": ["in_stock:0.3", "price:-0.1@0..400"]},
            {"caps": ["metal:2"], "diversity": 0.3},
            {"where": ["metal=silver", "price<=150"], "relax": ["*"]},
            {"where": ["metal=silver", "price<=150"], "relax": ["*"], "caps": ["brand:3"], "boosts": ["in_stock:0.2"]},
        ]
    ),
)
def test_pages_fit_together_and_hold_no_group_twice(
    shop: Grouped, service: SearchService, cuts: list[int], style: dict[str, Any]
) -> None:
    query = a_query(3).tolist()
    whole = service.similar(vector=query, k=sum(cuts), **style).matches
    pages: list[Match] = []
    offset = 0
    for size in cuts:
        pages += service.similar(vector=query, k=size, offset=offset, **style).matches
        offset += size
    assert [(m.product_id, m.score) for m in pages] == [(m.product_id, m.score) for m in whole]
    units = [unit_of(shop.payload(match.product_id)) for match in whole]
    assert len(set(units)) == len(units)


def test_the_group_asked_with_is_left_out_as_the_product_is(shop: Grouped, service: SearchService) -> None:
    asked = next(p["product_id"] for p in shop.payloads if p.get("group_id") == "G03")
    own = shop.versions(asked)
    assert len(own) == 9
    found = {match.product_id for match in service.similar(asked, k=60).matches}
    assert not found & set(own)
    assert len(found) == len({unit_of(payload) for payload in shop.payloads}) - 1
    siblings = [match.product_id for match in service.similar(asked, k=60, per="product").matches]
    assert set(siblings) >= set(own) - {asked}
    assert asked not in siblings
    assert not {match.product_id for match in service.recommend([asked], k=60).matches} & set(own)
    assert not {match.product_id for match in service.discover(asked, k=60).matches} & set(own)
    assert not {match.product_id for match in service.also_viewed([asked], k=60).matches} & set(own)


def test_one_picture_is_not_shown_again_and_again(shop: Grouped, service: SearchService) -> None:
    asked = next(p for p in shop.payloads if p.get("group_id") == "G04")  # five products, three pictures
    query = shop.vectors_of(asked["product_id"])[0].tolist()
    by_group = [match.photo for match in service.similar(vector=query, k=8).matches]
    assert len(set(by_group)) == len(by_group)
    by_product = [match.photo for match in service.similar(vector=query, k=8, per="product").matches]
    assert len(set(by_product)) < len(by_product)


@pytest.mark.parametrize("asked", ["ring number 3", "silver ring", "ring not gold", "S007"])
def test_words_find_one_of_each_group(shop: Grouped, service: SearchService, asked: str) -> None:
    by_group = service.text(asked, k=60).matches
    units = [unit_of(shop.payload(match.product_id)) for match in by_group]
    assert len(set(units)) == len(units)
    every = service.text(asked, k=200, per="product").matches
    assert {unit_of(shop.payload(match.product_id)) for match in every} == set(units)
    best: dict[str, float] = {}
    for match in every:
        best.setdefault(unit_of(shop.payload(match.product_id)), match.score)
    assert [match.score for match in by_group] == [best[unit] for unit in units]
    if asked == "ring not gold":  # those that are shown as versions have no gold either
        named = {one for match in by_group if match.variants for one in match.variants.product_ids}
        assert named
        assert {shop.payload(one)["metal"] for one in named} == {"silver"}
    if asked == "S007":
        assert by_group[0].product_id == "S007"


def test_a_relaxed_match_names_what_passes_the_relaxed_filter(shop: Grouped, service: SearchService) -> None:
    answer = service.similar(vector=a_query(1).tolist(), k=22, where=["metal=silver", "price<=100"], relax=["price"])
    strict = [match for match in answer.matches if not match.relaxed]
    loose = [match for match in answer.matches if match.relaxed]
    assert strict
    assert loose
    for match in strict:
        named = shop.versions(match.product_id, lambda p: p["metal"] == "silver" and p["price"] <= 100)
        assert (match.variants.product_ids if match.variants else (match.product_id,)) == tuple(named)
    for match in loose:
        named = shop.versions(match.product_id, lambda p: p["metal"] == "silver")
        assert (match.variants.product_ids if match.variants else (match.product_id,)) == tuple(named)


def test_facets_count_each_product_by_itself(shop: Grouped, service: SearchService) -> None:
    for least in (None, -1.0):
        answer = service.similar(vector=a_query(1).tolist(), k=5, facets=["metal"], min_score=least)
        counts = {value.value: value.count for value in answer.facets[0].values}
        products = {p["product_id"]: p["metal"] for p in shop.payloads}
        assert counts == {metal: list(products.values()).count(metal) for metal in set(products.values())}
        assert answer.facets[0].counted == "products"
        assert sum(value.count for value in answer.result_facets[0].values) == 5


def test_where_only_versions_of_what_was_asked_with_pass_the_answer_says_so(
    shop: Grouped, service: SearchService
) -> None:
    asked = next(p["product_id"] for p in shop.payloads if p.get("group_id") == "G03")
    answer = service.similar(asked, where=["group_id=G03"])
    assert answer.matches == ()
    assert answer.notes == (OWN_VERSIONS,)
    assert nothing(answer) == "No product of another group passes group_id=G03."
    assert len(service.similar(asked, where=["group_id=G03"], per="product").matches) == 8
    none = service.similar(asked, where=["group_id=G99"])
    assert OWN_VERSIONS not in none.notes


def test_a_product_names_the_others_of_its_group(shop: Grouped, service: SearchService) -> None:
    asked = next(p["product_id"] for p in shop.payloads if p.get("group_id") == "G05")
    variants = service.product(asked).variants
    assert variants is not None
    assert list(variants.product_ids) == shop.versions(asked)
    alone = next(p["product_id"] for p in shop.payloads if "group_id" not in p)
    assert service.product(alone).variants is None
