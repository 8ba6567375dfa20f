"""Whether a payload passes a filter, asked of no engine: for what a catalog says and no index has yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

from indexer.fields.types import Payload
from indexer.store.filters.tree import (
    Condition,
    DateRange,
    Except,
    Filter,
    IsEmpty,
    Match,
    Prefix,
    Range,
    Text,
    is_finite_number,
    value_at,
)

Passes: TypeAlias = "Callable[[Payload], bool]"

_WORD = re.compile(r"[^\W_]+")


def passing(condition: Condition) -> Passes:
    """A function that says whether a payload passes, as the docstrings of the filter tree have it."""
    match condition:
        case Filter(must, should, must_not):
            return _all_of([*map(passing, must)], [*map(passing, should)], [*map(passing, must_not)])
        case Match(field, wanted):
            kinds = {(type(value), value) for value in wanted}  # True is no 1, and "1" is neither
            return _any_value(field, lambda value: (type(value), value) in kinds)
        case Except(field, unwanted):
            return _any_value(field, lambda value: isinstance(value, str) and value not in unwanted)
        case Range(field):
            return _any_value(field, _within(condition, lambda value: value if is_finite_number(value) else None))
        case DateRange(field):
            return _any_value(field, _within(condition, _moment))
        case Text(field, text):
            words = _words(text)
            return _any_value(field, lambda value: bool(words) and isinstance(value, str) and words <= _words(value))
        case Prefix(field, prefix):
            return _any_value(field, lambda value: isinstance(value, str) and value.startswith(prefix))
        case IsEmpty(field):
            return lambda payload: next(_values(payload, field), None) is None


def _all_of(must: list[Passes], should: list[Passes], must_not: list[Passes]) -> Passes:
    def passes(payload: Payload) -> bool:
        return (
            all(test(payload) for test in must)
            and (not should or any(test(payload) for test in should))
            and not any(test(payload) for test in must_not)
        )

    return passes


def _any_value(field: str, fits: Callable[[Any], bool]) -> Passes:
    return lambda payload: any(fits(value) for value in _values(payload, field))


def _values(payload: Payload, field: str) -> Iterator[Any]:
    """What a field holds, a list's elements one by one; nothing where it is missing, null or an empty list."""
    found = value_at(payload, field)
    for value in found if isinstance(found, list) else (found,):
        if value is not None:
            yield value


def _within(bounds: Range | DateRange, place: Callable[[Any], Any]) -> Callable[[Any], bool]:
    gte, gt, lte, lt = (None if b is None else place(b) for b in (bounds.gte, bounds.gt, bounds.lte, bounds.lt))

    def fits(value: Any) -> bool:
        at = place(value)
        return at is not None and not (
            (gte is not None and at < gte)
            or (gt is not None and at <= gt)
            or (lte is not None and at > lte)
            or (lt is not None and at >= lt)
        )

    return fits


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
