"""What a facet is: values or ranges of a field, the products each selects, and the filter texts that select them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from indexer.fields.types import FieldType

PRODUCTS, FIRST_PHOTOS = "products", "first photos"


_PLAIN = re.compile(r"\w([\w .,'&/+-]*\w)?\Z")
"""Values that need no quotes in a filter text."""

Bound = float | str
Bounds = tuple[float, ...] | tuple[str, ...]
Span = tuple[Bound | None, Bound | None]
"""From, and up to but not with; None is open."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a keyword or boolean field; ``where`` are the filter texts that select it, all of which hold."""

    value: str | bool
    count: int
    where: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"value": self.value, "count": self.count, "where": list(self.where)}


@dataclass(frozen=True, slots=True)
class FacetRange:
    """Numbers, or days of ISO dates, from ``gte`` to below ``lt``; a bound that is None is open."""

    gte: Bound | None
    lt: Bound | None
    count: int
    where: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"gte": self.gte, "lt": self.lt, "count": self.count, "where": list(self.where)}


@dataclass(frozen=True, slots=True)
class Facet:
    """One field's values, most frequent first, or its ranges in order; what selects nothing is left out."""

    field: str
    kind: FieldType
    values: tuple[FacetValue, ...] = ()
    ranges: tuple[FacetRange, ...] = ()
    more: bool = False
    """Whether there are more values than were asked for."""
    counted: str = PRODUCTS
    """What the counts are of: "products", or "first photos" where reading an index this large would take too long."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values: ``values`` of keywords and booleans, ``ranges`` of numbers and dates."""
        head = {"field": self.field, "kind": str(self.kind), "counted": self.counted}
        if self.kind in (FieldType.NUMBER, FieldType.DATE):
            return {**head, "ranges": [found.to_json() for found in self.ranges]}
        return {**head, "values": [value.to_json() for value in self.values], "more": self.more}


def value_text(field: str, value: str | bool) -> str:
    """The filter text that selects a value; quoted where it would be read as something else."""
    if isinstance(value, bool):
        return f"{field}={'true' if value else 'false'}"
    return f"{field}={value}" if _PLAIN.match(value) else '{}="{}"'.format(field, value.replace('"', '""'))


def range_texts(field: str, gte: Bound | None, lt: Bound | None) -> tuple[str, ...]:
    """The filter texts that select a range; a range open on both sides asks for the field to be there."""
    texts = [f"{field}{sign}{_written(b)}" for sign, b in ((">=", gte), ("<", lt)) if b is not None]
    return tuple(texts) or (f"{field}!=",)


def _written(bound: Bound) -> str:
    if isinstance(bound, str):
        return bound
    return f"{bound:.0f}" if bound.is_integer() and abs(bound) < 1e15 else repr(bound)
