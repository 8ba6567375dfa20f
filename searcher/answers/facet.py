"""What a facet is: values or ranges of a field, the products each selects, and the filter texts that select them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Self

from indexer.fields.types import FieldType
from indexer.system.plain_json import AS_TEXT, AT_TIMES, PlainJson

PRODUCTS, FIRST_PHOTOS = "products", "first photos"

_PLAIN = re.compile(r"\w([\w .,'&/+-]*\w)?\Z")
"""Values that need no quotes in a filter text."""

Bound = float | str
Bounds = tuple[float, ...] | tuple[str, ...]
Span = tuple[Bound | None, Bound | None]
"""From, and up to but not with; None is open."""


@dataclass(frozen=True, slots=True)
class FacetValue(PlainJson):
    """A value of a keyword or boolean field."""

    value: str | bool
    count: int
    where: tuple[str, ...]
    """Filter texts that select it, all of which hold."""


@dataclass(frozen=True, slots=True)
class FacetRange(PlainJson):
    """Numbers, or days of ISO dates, from ``gte`` to below ``lt``; a bound that is None is open."""

    gte: Bound | None
    lt: Bound | None
    count: int
    where: tuple[str, ...]
    """Filter texts that select it, all of which hold."""


@dataclass(frozen=True, slots=True)
class Facet(PlainJson):
    """One field's values, most frequent first, or its ranges in order; what selects nothing is left out."""

    field: str
    kind: Annotated[FieldType, AS_TEXT]
    counted: str = PRODUCTS
    """What the counts are of: "products", each one of a group by itself, or "first photos" where reading an index this
    large would take too long."""
    values: Annotated[tuple[FacetValue, ...], AT_TIMES] = ()
    """Of keywords and booleans."""
    ranges: Annotated[tuple[FacetRange, ...], AT_TIMES] = ()
    """Of numbers and dates."""
    more: Annotated[bool, AT_TIMES] = False
    """Whether there are more values than were asked for."""

    def leave_out(self) -> tuple[str, ...]:
        """What a field of the other sort has."""
        return ("values", "more") if self.kind in (FieldType.NUMBER, FieldType.DATE) else ("ranges",)


class FacetList(tuple[Facet, ...]):
    """Facets in the order that they were asked for, and what a person should know of them: a tuple with ``notes``."""

    notes: tuple[str, ...]
    """Why the filter passes no product, a sentence each; none where it passes some."""

    def __new__(cls, facets: Iterable[Facet] = (), notes: tuple[str, ...] = ()) -> Self:
        """Take both; a tuple is made here and not in ``__init__``."""
        made = super().__new__(cls, facets)
        made.notes = notes
        return made

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; notes where there are any."""
        notes = {"notes": list(self.notes)} if self.notes else {}
        return {"facets": [facet.to_json() for facet in self], **notes}


def value_text(field: str, value: str | bool) -> str:
    """The filter text that selects a value; quoted where it would be read as something else."""
    if isinstance(value, bool):
        return f"{field}={'true' if value else 'false'}"
    return f"{field}={value}" if _PLAIN.match(value) else '{}="{}"'.format(field, value.replace('"', '""'))


def range_texts(field: str, gte: Bound | None, lt: Bound | None) -> tuple[str, ...]:
    """The filter texts that select a range; a range open on both sides asks for the field to be there."""
    texts = [f"{field}{sign}{bound_text(b)}" for sign, b in ((">=", gte), ("<", lt)) if b is not None]
    return tuple(texts) or (f"{field}!=",)


def bound_text(bound: Bound) -> str:
    """A bound of a range as filter texts have it."""
    if isinstance(bound, str):
        return bound
    return f"{bound:.0f}" if bound.is_integer() and abs(bound) < 1e15 else repr(bound)
