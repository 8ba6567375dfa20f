"""Caps: ``brand:2`` lets at most two products of one brand into an answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.errors import UsageError
from indexer.fields.types import FieldTable, FieldType, Payload
from indexer.store.filters.check import kind_of, listing, shown
from indexer.store.filters.tree import known_fields, value_at

_CAP = re.compile(r"\s*([^\s:]+)\s*:\s*([0-9]{1,9})\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``most`` products, 1 or more, for each value of a keyword field."""

    field: str
    most: int


def parse_caps(texts: Sequence[str], table: FieldTable) -> tuple[Cap, ...]:
    """Read cap texts, ``FIELD:COUNT`` with a keyword field and a count of 1 or more.

    Of two caps on one field the smaller one tells.

    Args:
        texts: cap texts.
        table: the catalog's fields (``record.field_table``); the fields every point has are added.

    Raises:
        UsageError: an unknown field, one that is not a keyword, or malformed text. The message is one line that
            quotes the text and lists the keyword fields there are.
    """
    fields = known_fields(table)
    keywords = {name: kind for name, kind in fields.items() if kind is FieldType.KEYWORD}
    caps = []
    for text in texts:
        try:
            caps.append(_parse_one(text, fields))
        except ValueError as error:
            raise UsageError(f"cap {shown(text)}: {error}. {listing(keywords)}") from None
    return tuple(caps)


def _parse_one(text: str, fields: FieldTable) -> Cap:
    found = _CAP.match(text)
    if not found:
        raise ValueError("cannot be read; write FIELD:COUNT, for example brand:2")
    field, most = found[1], int(found[2])
    kind = kind_of(field, fields)
    if kind is not FieldType.KEYWORD:
        raise ValueError(f"{field} is a {kind}; only the values of a keyword field can be capped")
    if most < 1:
        raise ValueError("a cap of 0 lets nothing in; to leave products out, use a filter")
    return Cap(field, most)


class CapCounter:
    """Counts what was let in. A list field counts for each of its values; a product without the field is not capped.

    Args:
        caps: the caps.
        once: names what is let in once: the group of a product, or the product.
    """

    def __init__(self, caps: Sequence[Cap], once: Callable[[Payload], Hashable] | None = None) -> None:
        self._caps, self._once = caps, once
        self._counts: list[Counter[str]] = [Counter() for _ in caps]
        self._there: set[Hashable] = set()

    def admits(self, payload: Payload) -> bool:
        """Whether one more product like this keeps every cap; once False, it stays so."""
        if self._once is not None and self._once(payload) in self._there:
            return False
        return all(
            counts[value] < cap.most
            for cap, counts in zip(self._caps, self._counts, strict=True)
            for value in _values(payload, cap.field)
        )

    def add(self, payload: Payload) -> None:
        """Count a product that was let in."""
        if self._once is not None:
            self._there.add(self._once(payload))
        for cap, counts in zip(self._caps, self._counts, strict=True):
            counts.update(_values(payload, cap.field))


def told_apart(payloads: Iterable[Payload], caps: Sequence[Cap], once: Callable[[Payload], Hashable]) -> list[bool]:
    """Of products in their order: whether it is the first of what is let in once that has these values of the caps.

    Where one is not let in, whatever has the same values is not either, so that the others need not be looked at.
    """
    there: set[Hashable] = set()
    first = []
    for payload in payloads:
        key = (once(payload), *(frozenset(_values(payload, cap.field)) for cap in caps))
        first.append(key not in there)
        there.add(key)
    return first


def _values(payload: Payload, field: str) -> set[str]:
    found: Any = value_at(payload, field)
    return {value for value in (found if isinstance(found, list) else [found]) if isinstance(value, str)}
