"""Which way a search goes, by what its filter keeps: the numbers of docs/results.md, and what lies between them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.store.filters.tree import Filter, IsEmpty, Match, Range, Text
from indexer.store.policy import POLICY, Walk, Way, is_estimable, way_to_search, without_alternatives

GOLD, RING = Match("metal", ("gold",)), Match("category", ("ring",))


@pytest.mark.parametrize(
    ("points", "share", "way"),
    [
        (1_000, 1.0, Way.PLAIN),
        (1_000, 0.5, Way.EXACT),
        (1_000, 0.0, Way.EXACT),
        (100_000, 0.8, Way.PLAIN),
        (100_000, 0.5, Way.ACORN),
        (100_000, 0.25, Way.EXACT),
        (100_000, 0.125, Way.EXACT),
        (1_000_000, 0.8, Way.PLAIN),
        (1_000_000, 0.5, Way.ACORN),
        (1_000_000, 0.25, Way.EXACT),
        (1_000_000, 0.05, Way.EXACT),
        (1_000_000, 0.001, Way.EXACT),
        (10_000_000, 0.25, Way.ACORN),
        (10_000_000, 0.05, Way.EXACT),
        (100_000_000, 0.001, Way.EXACT),
    ],
)
def test_the_way_goes_by_what_is_kept_and_by_how_many_points_that_is(points: int, share: float, way: Way) -> None:
    assert way_to_search(round(share * points), points, 10).way is way


def test_without_a_filter_the_graph_is_walked_plainly() -> None:
    assert way_to_search(0, 0, 10).way is Way.EXACT  # there is no graph of nothing
    assert way_to_search(1, 1, 10) == way_to_search(10**9, 10**9, 10) == Walk(Way.PLAIN, POLICY.plain_ef)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 10_000))
def test_a_walk_keeps_as_many_candidates_as_answers_are_wanted(kept: int, points: int, limit: int) -> None:
    walk = way_to_search(min(kept, points), points, limit)
    assert walk.ef == 0 if walk.way is Way.EXACT else walk.ef >= limit


def test_acorn_keeps_more_candidates_the_less_a_filter_keeps() -> None:
    shares = [share / 100 for share in range(70, 0, -1)]
    walks = [way_to_search(round(share * 10**9), 10**9, 10) for share in shares]
    assert {walk.way for walk in walks} == {Way.ACORN}
    assert all(earlier.ef <= later.ef for earlier, later in pairwise(walks))
    assert walks[0].ef < walks[-1].ef
    assert [row.share for row in POLICY.middles] == sorted((row.share for row in POLICY.middles), reverse=True)
    assert POLICY.middles[-1].share == 0


@given(st.sampled_from([0.01, 0.3, 10.0]), st.integers(0, 100))
def test_a_scaled_policy_is_the_same_for_an_index_of_another_size(factor: float, percent: int) -> None:
    points = 1_000_000
    here = way_to_search(percent * points // 100, points, 10)
    there = way_to_search(round(factor * percent * points / 100), round(factor * points), 10, POLICY.scaled(factor))
    assert here == there


@pytest.mark.parametrize(
    ("where", "estimable"),
    [
        (Filter(), True),
        (Filter(must=(GOLD,)), True),
        (Filter(must=(GOLD, RING, Range("price", lt=100.0)), must_not=(IsEmpty("price"),)), True),
        (Filter(should=(GOLD,)), True),
        (Filter(must=(Filter(must=(GOLD,)), RING)), True),
        (Filter(should=(GOLD, Text("title", "gold"))), False),
        (Filter(must=(RING, Filter(should=(GOLD, Text("title", "gold"))))), False),
        (Filter(should=(Filter(should=(GOLD, RING)),)), False),
        (Filter(must_not=(Filter(must=(GOLD, RING)),)), False),
    ],
)
def test_what_a_filter_with_alternatives_keeps_cannot_be_estimated(where: Filter, *, estimable: bool) -> None:
    assert is_estimable(where) is estimable


def test_of_alternatives_the_one_that_keeps_most_is_estimated() -> None:
    counts = {"metal": 3, "category": 2, "title": 1, "price": 0}
    words = Text("title", "gold")

    def count(where: Filter) -> int:
        return sum(counts[condition.field] for condition in where.must if not isinstance(condition, Filter))

    where = Filter(must=(RING,), should=(words, GOLD), must_not=(IsEmpty("price"),))
    assert without_alternatives(where, count) == Filter(must=(RING, Filter(must=(GOLD,))), must_not=(IsEmpty("price"),))
    assert is_estimable(without_alternatives(Filter(must_not=(where,)), count))
    for plain in (Filter(), Filter(must=(RING,), must_not=(GOLD,))):
        assert without_alternatives(plain, count) == plain
