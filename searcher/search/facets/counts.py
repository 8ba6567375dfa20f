"""Counts for facets: by the store where it counts products, product by product where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from indexer.fields.types import FieldType, Payload, parse_date
from indexer.store.filters.tree import DateRange, Filter, Match, Range, both, values_at
from indexer.store.interface import Store
from searcher.answers.facet import Bounds, Span
from searcher.search.facets.census import Counting
from searcher.search.facets.ranges import pairs

_ALL = 100_000
"""More values than any list of a few thousand products holds."""


def count_values(store: Store, field: str, counting: Counting, limit: int) -> Mapping[str | bool, int]:
    """At least the ``limit`` most frequent values, and one more where there are more, with their products."""
    counts = tally_values(field, counting.payloads)
    if not counting.store_counts:
        return counts
    asked = limit + 2 + len(counts)  # one to see that there are more, one for the empty text
    hits = store.facet(field, counting.by_store, limit=asked)
    further = [value for value in counts if value not in dict(hits)]
    if further and len(hits) == asked:
        those = both(counting.by_store, Filter(must=(Match(field, tuple(further)),)))
        hits += [hit for hit in store.facet(field, those, limit=_ALL) if hit[0] in further]
    for value, count in hits:
        counts[value] += count
    return counts


def count_ranges(
    store: Store, field: str, kind: FieldType, bounds: Bounds, counting: Counting
) -> Iterable[tuple[Span, int]]:
    """Each range with its products."""
    ranges = pairs(bounds)
    counts = tally_ranges(field, kind, ranges, counting.payloads)
    for span, count in zip(ranges, counts, strict=True):
        asked = Filter(must=(_condition(field, kind, *span),))
        yield span, count + (store.count(both(counting.by_store, asked)) if counting.store_counts else 0)


def _condition(field: str, kind: FieldType, gte: Any, lt: Any) -> Range | DateRange:
    return DateRange(field, gte=gte, lt=lt) if kind is FieldType.DATE else Range(field, gte=gte, lt=lt)


def tally_values(field: str, products: Iterable[Sequence[Payload]]) -> Counter[str | bool]:
    """Products, given by their photos, that hold each value."""
    return Counter(
        value
        for photos in products
        for value in {value for payload in photos for value in values_at(payload, field)}
        if isinstance(value, str | bool)
    )


def tally_ranges(
    field: str, kind: FieldType, ranges: Sequence[Span], products: Iterable[Sequence[Payload]]
) -> list[int]:
    """Products with a value in each range; of a date only the day counts, whose ISO texts sort as the days do."""
    counts = [0] * len(ranges)
    for photos in products:
        values = [value for payload in photos for value in values_at(payload, field)]
        placed: list[Any] = [parse_date(value)[:10] for value in values] if kind is FieldType.DATE else values
        for number, (gte, lt) in enumerate(ranges):
            counts[number] += any((gte is None or v >= gte) and (lt is None or v < lt) for v in placed)
    return counts
