"""Draws filter trees over the shop's fields, from values that random catalogs hold and some that they do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from indexer.store.filters.tree import Condition, DateRange, Except, Filter, IsEmpty, Match, Prefix, Range, Text

METALS = ("gold", "Gold", "gold ", "rose gold", "", "золото", "silver")
TAGS = ("new", "sale", "a|b", "", "💍", "новый")
NUMBERS = (-5.0, -0.0, 0.1, 1.0, 2.5, 100.0, 16777217.0, 1e300)
MOMENTS = (
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T12:00:00.123456Z",
    "9999-12-31T23:59:59.999999Z",
)
TITLES = ("Gold", "ring", "rose-gold", "perlé", "with_pearl", "КОЛЬЦО", "14k", "don't", "-", "戒指", "x²")
FIELDS = ("metal", "tags", "price", "in_stock", "created", "title", "seller", "photo.rank")


def filters(depth: int = 3, *, prefixes: bool = True) -> st.SearchStrategy[Filter]:
    """Trees of up to ``depth`` levels of filters; clauses may be empty, and deny what another asks for.

    Args:
        depth: levels.
        prefixes: draw prefixes too, which a server before 1.19 does not know.
    """
    conditions = _conditions(prefixes)
    parts = conditions if depth == 1 else st.one_of(conditions, filters(depth - 1, prefixes=prefixes))
    clause = st.lists(parts, max_size=3).map(tuple)
    drawn = st.builds(Filter, must=clause, should=clause, must_not=clause)
    return st.one_of(drawn, drawn, drawn.map(_against_itself))


def _against_itself(where: Filter) -> Filter:
    return replace(where, must_not=(*where.must_not, *where.must[:1], *where.should[:1]))


def _conditions(prefixes: bool) -> st.SearchStrategy[Condition]:
    numbers, moments = _bounds(NUMBERS), _bounds((*MOMENTS, "2026-01-01", "2026-01-01T01:00:00+01:00"))
    words = st.lists(st.sampled_from(TITLES), max_size=2).map(" ".join)
    by_prefix = (
        st.builds(Prefix, st.just("metal"), st.sampled_from(("", "g", "gold", "Go", "з", "x"))),
        st.builds(Prefix, st.just("tags"), st.sampled_from(("", "n", "💍", "a|"))),
    )
    return st.one_of(
        st.builds(Match, st.just("metal"), _some(METALS)),
        st.builds(Match, st.just("tags"), _some(TAGS)),
        st.builds(Match, st.just("seller"), _some(METALS)),
        st.builds(Match, st.just("in_stock"), _some((True, False))),
        st.builds(Except, st.just("metal"), _some(METALS)),
        st.builds(Except, st.just("tags"), _some(TAGS)),
        st.builds(lambda bounds: Range("price", **bounds), numbers),
        st.builds(lambda bounds: Range("photo.rank", **bounds), numbers),
        st.builds(lambda bounds: DateRange("created", **bounds), moments),
        st.builds(Text, st.just("title"), words.filter(lambda text: any(c.isalnum() for c in text))),
        st.builds(IsEmpty, st.sampled_from(FIELDS)),
        *(by_prefix if prefixes else ()),
    )


def _some(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), max_size=3, unique=True).map(tuple)


def _bounds(values: tuple[Any, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(("gte", "gt", "lte", "lt")), st.sampled_from(values), max_size=2)
