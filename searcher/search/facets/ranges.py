"""Round bounds for the ranges of a facet: numbers by the quantiles of a sample, dates by a step of the calendar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from indexer.fields.types import parse_date
from searcher.answers.facet import Bounds, Span

RANGES = 6
"""Number ranges aimed at; fewer where the sample has fewer values."""
DATE_RANGES = 12
"""Date ranges at most, without the open ones at both ends."""
_MONTHS = (1, 3, 12, 60, 120, 600, 1200, 12_000)
"""Steps of a calendar longer than a week: month, quarter, year, 5 years, and on to a millennium."""


def number_bounds(sample: Iterable[float]) -> tuple[float, ...]:
    """Rising inner bounds that part a sample into about `RANGES` like shares; none where all are one value.

    Each quantile is moved to the nearest multiple of 1, 2 or 5 times a power of ten, a step no longer than the
    distance to its neighbours: narrow ranges keep fine bounds and wide ones get round bounds. The outer ranges
    are open, so that every value has its range whatever the sample missed.
    """
    values = sorted(Decimal(value) for value in sample if math.isfinite(value))
    distinct = sorted(set(values))
    if len(distinct) <= RANGES:  # ratings, sizes: each value is a range of its own
        return tuple(float(value) + 0.0 for value in distinct[1:])
    cuts = _quantiles(values)
    if len(cuts) <= RANGES // 2:  # mostly one value, such as 0: the others are parted by themselves
        cuts = _quantiles(distinct)
    bounds = set()
    for before, cut, after in zip(cuts, cuts[1:], [*cuts[2:], distinct[-1]], strict=False):
        step = _round_step(min(cut - before, after - cut) or cut - before)
        bounds.add(float((cut / step).to_integral_value() * step) + 0.0)  # + 0.0 makes -0.0 plain
    return tuple(sorted(bound for bound in bounds if math.isfinite(bound)))


def date_bounds(sample: Iterable[str]) -> tuple[str, ...]:
    """Rising inner bounds, ISO dates: days, weeks, months, quarters, years … so that there are at most `DATE_RANGES`.

    The span is that of the middle 96 % of the sample (RFC 3339 texts): one wrong year must not make all the others
    one range. The outer ranges are open.
    """
    days = sorted(date.fromisoformat(parse_date(text)[:10]) for text in sample)
    if not days:
        return ()
    first, last = days[len(days) // 50], days[-1 - len(days) // 50]
    for step in (1, 7):
        if (last - first).days < step * DATE_RANGES:
            return tuple(day.isoformat() for day in _every_days(first, last, step))
    bounds: list[date] = []
    for months in _MONTHS:
        bounds = list(_every_months(first, last, months))
        if len(bounds) <= DATE_RANGES:
            break
    return tuple(day.isoformat() for day in bounds)


def pairs(bounds: Bounds) -> list[Span]:
    """Ranges [low, high) between bounds, the first and the last open; without bounds one that is open on both sides."""
    edges: list[float | str | None] = [None, *bounds, None]
    return list(pairwise(edges))


def _quantiles(values: Sequence[Decimal]) -> list[Decimal]:
    return sorted({values[place * len(values) // RANGES] for place in range(RANGES)})


def _round_step(width: Decimal) -> Decimal:
    """The largest of 1, 2 and 5 times a power of ten that is no longer than ``width`` > 0."""
    unit = Decimal(1).scaleb(width.adjusted())
    return next(unit * factor for factor in (5, 2, 1) if unit * factor <= width)


def _every_days(first: date, last: date, step: int) -> Iterator[date]:
    """Steps of days, weeks beginning on Mondays, after ``first`` and up to ``last``; a single day is its own bound."""
    start = first.toordinal() - (first.toordinal() - 1) % step
    if first == last:
        yield first
    while (start := start + step) <= last.toordinal():
        yield date.fromordinal(start)


def _every_months(first: date, last: date, months: int) -> Iterator[date]:
    number = (first.year * 12 + first.month - 1) // months * months
    while (number := number + months) <= last.year * 12 + last.month - 1:
        yield date(number // 12, number % 12 + 1, 1)
