"""The numbers and dates nearest to a range that holds none, found by a store that can only filter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from indexer.fields.types import parse_date
from indexer.store.filters.tree import DateRange, Filter, Range, bounds_of, value_at
from indexer.store.interface import Store

READ = 256
"""Photos that are read at a time. They come in order of their ids, which are hashes and so a fair draw: of 100,000,
three readings leave none that is nearer."""
READINGS = 20
"""Readings after which the nearest so far is taken for it."""

Bound = float | str


def below_and_above(store: Store, span: Range | DateRange) -> tuple[Bound | None, Bound | None]:
    """The greatest value below a range that holds none, and the least one above it; None where there is none."""
    bounds = bounds_of(span)
    low = next((bounds[name] for name in ("gt", "gte") if name in bounds), None)
    high = next((bounds[name] for name in ("lt", "lte") if name in bounds), None)
    field = replace(span, gt=None, gte=None, lt=None, lte=None)
    below = None if low is None else _best(store, replace(field, lte=low), "gt", max)
    above = None if high is None else _best(store, replace(field, gte=high), "lt", min)
    return below, above


def _best(store: Store, span: Range | DateRange, side: str, choose: Callable[..., Bound]) -> Bound | None:
    """The greatest or least value of a span: of some photos, then of some that are better still, until none is."""
    best: Bound | None = None
    for _ in range(READINGS):
        points = islice(store.scroll(Filter(must=(span,)), fields=[span.field]), READ)
        found = [value for point in points if (value := value_at(point.payload, span.field)) is not None]
        if not found or (better := choose(found, key=_place)) == best:
            break
        best = better
        beyond: dict[str, Any] = {side: best}
        span = replace(span, **beyond)
    return best


def _place(value: Bound) -> float | datetime:
    return datetime.fromisoformat(parse_date(value)) if isinstance(value, str) else value
