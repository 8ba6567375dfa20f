"""How values, ranges and what there is of a field are named in a sentence, and not all of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest

from indexer.fields.types import parse_date
from indexer.store.filters.tree import DateRange, Range, bounds_of
from indexer.system.names import composed
from searcher.answers.facet import Facet, bound_text, value_text
from searcher.answers.wording import MIDNIGHT

NAMED = 3
"""Values that are named in one sentence."""
LONGEST = 60
"""Letters of a value that are repeated."""


def in_turn(found: Sequence[Sequence[str]]) -> list[str]:
    """The best of each, then the second best of each, and so on, each once."""
    return list(dict.fromkeys(one for rank in zip_longest(*found) for one in rank if one is not None))


def any_of(said: Iterable[str]) -> str:
    """Alternatives for a sentence, not all of many."""
    named = list(said)
    if len(named) > NAMED + 1:
        named = [*named[:NAMED], f"any of {len(named) - NAMED} more"]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"


def quoted(values: Iterable[str | bool]) -> list[str]:
    """Values as they were asked for."""
    return [f'"{cut(one)}"' if isinstance(one, str) else str(one).lower() for one in values]


def value_written(field: str, value: str | bool) -> str:
    """A value as a filter text has it."""
    return cut(value_text(field, value).removeprefix(f"{field}="))


def cut(text: str) -> str:
    """As much of a text as is repeated."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def composed_value(value: str | bool) -> str | bool:
    """A value in one normal form."""
    return composed(value) if isinstance(value, str) else value


def range_text(span: Range | DateRange) -> str:
    """A range as filter texts have it; a whole day as that day."""
    bounds = bounds_of(span)
    low, high = bounds.get("gte"), bounds.get("lte", bounds.get("lt"))
    if low is not None and high is not None and len(bounds) == 2:
        whole_day = isinstance(span, DateRange) and "lt" in bounds and _day_after(low) == high
        if low == high or whole_day:
            return f"{span.field}={plain(low)}"
        if "lte" in bounds:
            return f"{span.field}={plain(low)}..{plain(high)}"
    signs = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
    return " and ".join(f"{span.field}{signs[name]}{plain(bound)}" for name, bound in bounds.items())


def _day_after(moment: str) -> str | None:
    try:
        return parse_date((datetime.fromisoformat(moment) + timedelta(days=1)).isoformat())
    except OverflowError:
        return None


def plain(bound: float | str) -> str:
    """A number or a date as people write it: 12.5, 2026-01-31."""
    return MIDNIGHT.sub(r"\1", bound) if isinstance(bound, str) else bound_text(float(bound))


def ending(facet: Facet, near: Mapping[str, int]) -> str:
    """How a sentence on a field ends: the values that are near, else those there are, each with its products."""
    if near:
        return f"; near: {_with_counts(facet.field, near.items())}."
    there = [(one.value, one.count) for one in facet.values]
    if not there:
        return "."
    said = "the most frequent are" if len(there) > NAMED else "there is only"
    return f"; {said} {_with_counts(facet.field, there[:NAMED])}."


def _with_counts(field: str, values: Iterable[tuple[str | bool, int]]) -> str:
    return ", ".join(f"{value_written(field, value)} ({count:,})" for value, count in values)
