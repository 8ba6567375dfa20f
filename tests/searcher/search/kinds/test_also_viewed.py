"""What is scored for "also viewed": weighted looks, weighted co-views, and a record of what each part came from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.fields.co_views import CoViewed, to_payload
from indexer.fields.roles import CO_VIEWED
from indexer.fields.types import FieldType
from indexer.store.filters.tree import Filter, Match
from searcher.questions.example import Example
from searcher.search.ground.candidate import Candidate
from searcher.search.kinds.also_viewed import AlsoViewed
from searcher.search.kinds.also_viewed_scores import (
    Blended,
    CoView,
    Visited,
    blend,
    co_view_scores,
    visited_products,
    worth_showing,
)

X, Y, Z = np.eye(3, dtype=np.float32)


def payload(product: str, *others: tuple[str, int, float]) -> dict[str, Any]:
    if not others:
        return {"product_id": product}
    return {"product_id": product, CO_VIEWED: to_payload([CoViewed(*other) for other in others])}


def between(one: NDArray[np.float32], other: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    """A unit vector that many degrees from the first towards the second."""
    angle = math.radians(degrees)
    return (math.cos(angle) * one + math.sin(angle) * other).astype(np.float32)


def candidate(product: str, vector: NDArray[np.float32]) -> Candidate:
    return Candidate(product, 0.0, 0.0, {"product_id": product}, vector)


def visit(*products: tuple[str, dict[str, Any], NDArray[np.float32]], decay: float = 0.5) -> list[Visited]:
    return visited_products([(name, stored, np.atleast_2d(vectors)) for name, stored, vectors in products], decay)


def scores(blended: list[Blended]) -> dict[str, float]:
    return {found.candidate.product_id: found.candidate.score for found in blended}


def test_the_newest_counts_most_and_a_repeated_visit_once() -> None:
    seen = visit(("A", payload("A"), X), ("B", payload("B"), Y), ("A", payload("A"), X), ("C", payload("C"), Z))
    assert [(product.product_id, product.weight) for product in seen] == [("A", 1.0), ("B", 0.5), ("C", 0.25)]
    assert {product.weight for product in visit(("A", payload("A"), X), ("B", payload("B"), Y), decay=1.0)} == {1.0}


@pytest.mark.parametrize("decay", [0.0, -0.5, 1.5, math.nan, math.inf])
def test_a_decay_that_makes_no_sense_is_refused(decay: float) -> None:
    with pytest.raises(UsageError, match=r"decay is .*; give more than 0, 1 at most"):
        AlsoViewed([Example("A")], decay=decay, co_view_weight=0.5)


@pytest.mark.parametrize("weight", [-0.1, 1.1, math.nan, math.inf])
def test_a_weight_that_makes_no_sense_is_refused(weight: float) -> None:
    with pytest.raises(UsageError, match=r"co_view_weight is .*; give 0 to 1"):
        AlsoViewed([Example("A")], decay=0.8, co_view_weight=weight)


def test_nothing_visited_is_refused_and_no_candidates_are_no_answer() -> None:
    with pytest.raises(UsageError, match="no product was visited"):
        blend([candidate("C", X)], [], {}, 0.5)
    assert blend([], visit(("A", payload("A"), X)), {}, 0.5) == []
    assert co_view_scores([]) == {}


def test_even_the_smallest_decay_and_the_longest_visit_give_finite_scores() -> None:
    seen = visit(*((f"P{n}", payload(f"P{n}", ("C", 1, 1.0)), X) for n in range(2000)), decay=1e-9)
    (found,) = blend([candidate("C", X)], seen, co_view_scores(seen), 0.5)
    assert found.candidate.score == pytest.approx(1.0)


def test_co_view_scores_are_the_weighted_mean_over_all_visited() -> None:
    seen = visit(
        ("A", payload("A", ("C", 4, 0.4), ("B", 9, 0.9)), X),
        ("B", payload("B", ("C", 9, 0.9), ("D", 1, 0.1)), Y),
        ("E", payload("E"), Z),
    )
    found = co_view_scores(seen)
    assert found == {
        "C": CoView("C", pytest.approx((0.4 + 0.5 * 0.9) / 1.75), 9, "B"),
        "D": CoView("D", pytest.approx(0.5 * 0.1 / 1.75), 1, "B"),
    }


def test_content_is_the_weighted_mean_of_the_best_cosines() -> None:
    both_sides = np.stack([X, Z])  # two photos: the better one counts
    seen = visit(("A", payload("A"), both_sides), ("B", payload("B"), Y))
    found = blend([candidate("C", between(X, Y, 60)), candidate("D", Z), candidate("E", -X)], seen, {}, 0.7)
    cosines = {"C": (0.5 + 0.5 * math.sin(math.radians(60))) / 1.5, "D": 1.0 / 1.5, "E": 0.0}
    assert scores(found) == pytest.approx(cosines, abs=1e-6)
    assert [item.candidate.product_id for item in found] == ["D", "C", "E"]
    assert {item.candidate.product_id: item.alike for item in found} == {"C": "A", "D": "A", "E": "A"}
    older = blend([candidate("C", between(X, Y, 80))], seen, {}, 0.7)[0]
    assert older.alike == "B"


def test_without_co_views_the_weight_has_no_effect() -> None:
    seen = visit(("A", payload("A"), X))
    candidates = [candidate("C", between(X, Y, 30)), candidate("D", between(X, Y, 10))]
    alone, heavy = (blend(candidates, seen, co_view_scores(seen), weight) for weight in (0.0, 1.0))
    assert alone == heavy
    assert [found.weight for found in heavy] == [0.0, 0.0]
    assert heavy[0].parts() == {"content": heavy[0].content, "alike": "A", "co_view_weight": 0.0}


def test_co_views_of_products_that_are_no_candidates_have_no_effect_either() -> None:
    seen = visit(("A", payload("A", ("GONE", 100, 1.0)), X))
    assert scores(blend([candidate("C", X)], seen, co_view_scores(seen), 0.5)) == {"C": 1.0}
    seen = visit(("A", payload("A", ("GONE", 100, 1.0), ("C", 1, 0.1)), X))
    (found,) = blend([candidate("C", between(X, Y, 60))], seen, co_view_scores(seen), 0.5)
    assert (found.co_view, found.candidate.score) == (1.0, pytest.approx(0.75))


def test_the_blend_and_where_it_came_from() -> None:
    seen = visit(("A", payload("A", ("C", 3, 0.3), ("D", 1, 0.1)), X))
    candidates = [candidate("C", Y), candidate("D", between(X, Y, 60)), candidate("E", X)]
    found = blend(candidates, seen, co_view_scores(seen), 0.25)
    assert scores(found) == pytest.approx({"E": 0.75, "D": 0.75 * 0.5 + 0.25 / 3, "C": 0.25}, abs=1e-6)
    assert [item.candidate.product_id for item in found] == ["E", "D", "C"]
    by_product = {item.candidate.product_id: item.parts() for item in found}
    assert by_product["C"] == {
        "content": 0.0,
        "alike": "A",
        "co_view_weight": 0.25,
        "co_view": 1.0,
        "co_view_score": 0.3,
        "co_view_count": 3,
        "co_viewed_with": "A",
    }
    assert by_product["E"] == {"content": 1.0, "alike": "A", "co_view_weight": 0.25, "co_view": 0.0}


def test_the_weight_goes_from_looks_alone_to_co_views_alone() -> None:
    seen = visit(("A", payload("A", ("C", 3, 0.3)), X))
    candidates = [candidate("C", Y), candidate("E", X)]
    firsts = [blend(candidates, seen, co_view_scores(seen), w)[0].candidate.product_id for w in (0.0, 0.4, 0.6, 1.0)]
    assert firsts == ["E", "E", "C", "C"]


def test_equal_scores_go_by_product_id() -> None:
    found = blend([candidate(name, X) for name in "DBC"], visit(("A", payload("A"), X)), {}, 0.5)
    assert [item.candidate.product_id for item in found] == ["B", "C", "D"]


@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.floats(0.001, 1.0)), max_size=12),
    weight=st.floats(0, 1),
    decay=st.floats(0.01, 1),
    seed=st.integers(0, 99),
)
def test_every_part_stays_between_0_and_1(
    rows: list[tuple[int, float]], weight: float, decay: float, seed: int
) -> None:
    vectors = np.random.default_rng(seed).standard_normal((13, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    others = [(f"P{number}", number + 1, value) for number, value in dict(rows).items()]
    seen = visit(
        ("V0", payload("V0", *others[:6]), vectors[10:12]), ("V1", payload("V1", *others[3:]), vectors[12]), decay=decay
    )
    co_views = co_view_scores(seen)
    found = blend([candidate(f"P{n}", vectors[n]) for n in range(10)], seen, co_views, weight)
    assert len(found) == 10
    for item in found:
        assert all(0.0 <= value <= 1.0 for value in (item.content, item.co_view, item.candidate.score))
        assert (item.co_viewed is None) == (item.candidate.product_id not in co_views)
    assert max(item.co_view for item in found) == (1.0 if others else 0.0)
    ordered = [(-item.candidate.score, item.candidate.product_id) for item in found]
    assert ordered == sorted(ordered)


def test_the_filter_leaves_out_what_was_seen_and_what_is_sold_out() -> None:
    seen, sold_out = Match("product_id", ("A", "B")), Match("in_stock", (False,))
    assert worth_showing(["A", "B"], {"in_stock": FieldType.BOOLEAN}) == Filter(must_not=(seen, sold_out))
    assert worth_showing(["A", "B"], {}) == Filter(must_not=(seen,))
    assert worth_showing(["A", "B"], {"in_stock": FieldType.KEYWORD}) == Filter(must_not=(seen,))
    assert not worth_showing([], {})
