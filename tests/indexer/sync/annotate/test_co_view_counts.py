"""Counts and scores of co-views are those of a plain loop over the sessions, and only the best and latest are kept."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sync.annotate.co_view_counts import CHUNK, SESSION_CAP, TOP, CoViewTable, count_co_views

PRODUCTS = 6
VIEWS = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, PRODUCTS - 1), st.integers(0, 5)), max_size=60)
Rows = list[tuple[int, int, float]]


def counted(
    views: list[tuple[int, int, int]], number: int = PRODUCTS, min_count: int = 1, chunk: int = CHUNK
) -> CoViewTable:
    sessions, products, times = (np.array([view[i] for view in views]) for i in range(3))
    return count_co_views(
        sessions.astype(np.int64),
        products.astype(np.int64),
        times.astype(np.float64),
        number,
        min_count=min_count,
        chunk=chunk,
    )


def rows(table: CoViewTable, product: int) -> Rows:
    begin, end = table.starts[product], table.starts[product + 1]
    return [
        (int(o), int(c), float(s))
        for o, c, s in zip(table.others[begin:end], table.counts[begin:end], table.scores[begin:end], strict=True)
    ]


def by_hand(views: list[tuple[int, int, int]], product: int, min_count: int = 1) -> Rows:
    baskets = [{p for s, p, _ in views if s == session} for session in {s for s, _, _ in views}]
    found = []
    for other in range(PRODUCTS):
        both = sum({product, other} <= basket for basket in baskets)
        if other != product and both >= min_count:
            alone = [sum(p in basket for basket in baskets) for p in (product, other)]
            found.append((other, both, both / math.sqrt(alone[0] * alone[1])))
    return found


@pytest.mark.parametrize("chunk", [3, CHUNK])
@pytest.mark.parametrize("min_count", [1, 2])
@given(views=VIEWS)
def test_it_counts_what_a_loop_counts(chunk: int, min_count: int, views: list[tuple[int, int, int]]) -> None:
    table = counted(views, min_count=min_count, chunk=chunk)  # a small one: many runs to merge and many blocks
    assert (table.sessions, table.capped) == (len({s for s, _, _ in views}), 0)
    for product in range(PRODUCTS):
        found, expected = rows(table, product), by_hand(views, product, min_count)
        assert sorted(found) == [(o, c, pytest.approx(s)) for o, c, s in expected]
        assert found == sorted(found, key=lambda row: (-row[2], -row[1], row[0]))
    assert table.products == sum(bool(by_hand(views, product, min_count)) for product in range(PRODUCTS))


def test_without_views_there_is_nothing() -> None:
    for number in (0, PRODUCTS):
        table = counted([], number)
        assert (table.products, table.sessions, len(table.starts)) == (0, 0, number + 1)


def test_of_a_long_session_only_the_latest_products_count() -> None:
    many = 3 * SESSION_CAP
    crawler = [(7, product, product) for product in range(many)]
    crawler += [(7, 0, many)]  # seen again at the end, so it is among the latest
    table = counted([*crawler, (8, 1, 0), (8, 2, 0)], many)
    assert (table.sessions, table.capped) == (2, 1)
    latest = [0, *range(many - SESSION_CAP + 1, many)]
    assert {p for p in range(many) if rows(table, p)} == {1, 2, *latest}
    assert {other for other, _, _ in rows(table, 0)} == set(latest) - {0}
    assert rows(table, 1) == [(2, 1, 1.0)]


def test_of_equal_times_the_later_line_is_the_later_view() -> None:
    number = SESSION_CAP + 1
    for order in (range(number), reversed(range(number))):
        first, *others = order
        table = counted([(1, product, 0) for product in (first, *others)], number)
        assert table.capped == 1
        assert {product for product in range(number) if rows(table, product)} == set(others)


def test_only_the_best_of_many_others_are_kept() -> None:
    others = range(1, TOP + 11)
    views = [(other, product, 0) for other in others for product in (0, other)]
    views += [(-other, product, 0) for other in others if other > 5 for product in (0, other)]
    found = rows(counted(views, TOP + 11), 0)
    assert len(found) == TOP
    assert [other for other, _, _ in found] == list(range(6, TOP + 6))


def test_it_is_symmetric_whatever_the_order_of_lines() -> None:
    views = [(1, 0, 0), (1, 4, 1), (2, 4, 0), (2, 5, 3)]
    tables = [counted(list(order)) for order in permutations(views)]
    assert all(rows(table, product) == rows(tables[0], product) for table in tables for product in range(PRODUCTS))
    assert rows(tables[0], 4) == [(0, 1, pytest.approx(0.5**0.5)), (5, 1, pytest.approx(0.5**0.5))]
