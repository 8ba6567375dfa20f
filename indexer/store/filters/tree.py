"""The filter tree: what can be asked of payloads, independent of any engine and of how it was written down."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from indexer.errors import FilterError
from indexer.fields.roles import BUILT_IN
from indexer.fields.types import FieldTable, parse_date


@dataclass(frozen=True, slots=True)
class Match:
    """The field holds one of these values; of a list field, any element does. Without values nothing passes."""

    field: str
    any: tuple[str | bool, ...]

    def __post_init__(self) -> None:
        for value in self.any:
            if not isinstance(value, bool):
                _check_text(self.field, value)


@dataclass(frozen=True, slots=True)
class Except:
    """The field holds a value that is not among these; of a list field, any element is. A point without the field
    does not pass."""

    field: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        for value in self.values:
            _check_text(self.field, value)


@dataclass(frozen=True, slots=True)
class Range:
    """A number between bounds; a bound that is None is open. A point without the field does not pass."""

    field: str
    gte: float | None = None
    gt: float | None = None
    lte: float | None = None
    lt: float | None = None

    def __post_init__(self) -> None:
        for bound in bounds_of(self).values():
            if not is_finite_number(bound):  # JSON has no infinity, and one engine panics at NaN
                raise FilterError(f"{self.field}: the bound {bound!r} is not a finite number; leave an open bound out")

    @property
    def boundless(self) -> bool:
        """Whether it only asks for the field to be there."""
        return not bounds_of(self)


@dataclass(frozen=True, slots=True)
class DateRange:
    """A moment between bounds; each is ISO 8601 text and kept as RFC 3339 in UTC, where a date is its midnight.

    Moments are compared to the microsecond. A point without the field does not pass.
    """

    field: str
    gte: str | None = None
    gt: str | None = None
    lte: str | None = None
    lt: str | None = None

    def __post_init__(self) -> None:
        for name, bound in bounds_of(self).items():
            try:
                object.__setattr__(self, name, parse_date(bound))
            except (ValueError, TypeError) as error:
                raise FilterError(
                    f"{self.field}: {bound!r} is not a date; write 2026-01-31 or 2026-01-31T12:00:00Z"
                ) from error

    @property
    def boundless(self) -> bool:
        """Whether it only asks for the field to be there."""
        return not bounds_of(self)


@dataclass(frozen=True, slots=True)
class Text:
    """Every word of ``text`` is a whole word of the field, whatever the case, the order and the number of times.

    A word is a run of letters and digits (Unicode's Alphabetic and Numeric): ``rose-gold_ring`` is three. Accents
    count: ``perle`` is not ``perlé``. Text without a word passes nothing.
    """

    field: str
    text: str

    def __post_init__(self) -> None:
        _check_text(self.field, self.text)


@dataclass(frozen=True, slots=True)
class Prefix:
    """The keyword begins with ``prefix``, case and all; of a list field, any element does."""

    field: str
    prefix: str

    def __post_init__(self) -> None:
        _check_text(self.field, self.prefix)


@dataclass(frozen=True, slots=True)
class IsEmpty:
    """The field is missing, null or an empty list; an empty text is a value."""

    field: str


@dataclass(frozen=True, slots=True)
class Filter:
    """All of ``must``, at least one of ``should`` (where there are any), none of ``must_not``; empty passes all."""

    must: tuple[Condition, ...] = ()
    should: tuple[Condition, ...] = ()
    must_not: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.must or self.should or self.must_not)


Condition = Match | Except | Range | DateRange | Text | Prefix | IsEmpty | Filter


def bounds_of(condition: Range | DateRange) -> dict[str, Any]:
    """The bounds that are not open, by name."""
    named = {name: getattr(condition, name) for name in ("gte", "gt", "lte", "lt")}
    return {name: bound for name, bound in named.items() if bound is not None}


def tight_bounds(condition: Range | DateRange) -> dict[str, Any]:
    """At most one bound on either side, by name: of ``gt`` and ``gte``, or ``lt`` and ``lte``, the stricter.

    Qdrant's index heeds only one of the two when both are given, and not always the stricter one.
    """
    bounds = bounds_of(condition)
    for strict, loose, is_tighter in (("gt", "gte", operator.ge), ("lt", "lte", operator.le)):
        if strict in bounds and loose in bounds:
            keeps_strict = is_tighter(_position(bounds[strict]), _position(bounds[loose]))
            del bounds[loose if keeps_strict else strict]
    return bounds


def _position(bound: float | str) -> float | datetime:
    """A bound as something to compare; date bounds are RFC 3339 text, which does not sort by itself."""
    return datetime.fromisoformat(bound) if isinstance(bound, str) else bound


def is_finite_number(value: object) -> bool:
    """Whether it is a number that a 64-bit float can hold; True and False are not."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer beyond 1.8e308
        return False


def _check_text(field: str, value: object) -> None:
    if not isinstance(value, str):
        raise FilterError(f"{field}: {value!r} is neither text nor true or false")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise FilterError(f"{field}: {value!r} holds half a character, which no index holds") from error


def both(first: Filter | None, second: Filter | None) -> Filter | None:
    """A filter that holds when both do; None stands for no filter."""
    present = tuple(part for part in (first, second) if part)
    return present[0] if len(present) == 1 else Filter(must=present) if present else None


def all_of(filters: Iterable[Filter | None]) -> Filter | None:
    """A filter that holds when all do, no deeper than they are; they ask nothing by ``should``."""
    parts = tuple(part for part in filters if part)
    must = tuple(condition for part in parts for condition in part.must)
    must_not = tuple(condition for part in parts for condition in part.must_not)
    return Filter(must=must, must_not=must_not) if must or must_not else None


def known_fields(table: FieldTable) -> FieldTable:
    """Everything a filter may name: the catalog's fields and those every point has."""
    return {**table, **BUILT_IN}


def value_at(payload: dict[str, Any], field: str) -> Any:
    """The payload value at a dotted path, or None."""
    value: Any = payload
    for part in field.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def values_at(payload: dict[str, Any], field: str) -> list[Any]:
    """What a field holds, a list's elements one by one; nothing where it is missing, null or an empty list."""
    found = value_at(payload, field)
    return [value for value in (found if isinstance(found, list) else [found]) if value is not None]
