"""The filter tree: what can be asked of payloads, independent of any engine and of how it was written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from indexer.fields import BUILT_IN, FieldTable


@dataclass(frozen=True, slots=True)
class Match:
    """The field holds one of these values; of a list field, any element does."""

    field: str
    any: tuple[str | bool, ...]


@dataclass(frozen=True, slots=True)
class Except:
    """The field holds a value that is none of these; a point without the field does not match."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A number between bounds; a bound that is None is open."""

    field: str
    gte: float | None = None
    gt: float | None = None
    lte: float | None = None
    lt: float | None = None


@dataclass(frozen=True, slots=True)
class DateRange:
    """A moment between bounds, each RFC 3339 text."""

    field: str
    gte: str | None = None
    gt: str | None = None
    lte: str | None = None
    lt: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Every word of ``text`` is a word of the field, whatever the case."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """The keyword begins with ``prefix``, case and all."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class IsEmpty:
    """The field is missing, null or an empty list."""

    field: str


@dataclass(frozen=True, slots=True)
class Filter:
    """All of ``must``, at least one of ``should`` (where there are any), none of ``must_not``."""

    must: tuple[Condition, ...] = ()
    should: tuple[Condition, ...] = ()
    must_not: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.must or self.should or self.must_not)


Condition = Match | Except | Range | DateRange | Text | Prefix | IsEmpty | Filter


def both(first: Filter | None, second: Filter | None) -> Filter | None:
    """A filter that holds when both do; None stands for no filter."""
    present = tuple(part for part in (first, second) if part)
    return present[0] if len(present) == 1 else Filter(must=present) if present else None


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
