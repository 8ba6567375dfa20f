"""One name, however its accents are written: ``é`` is one character or two, and a filter finds both (Unicode, UAX 15).

A sync writes one of the two, NFC. An index made before may hold the other, and engines compare bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from indexer.store.filters.tree import Condition, Except, Filter, Match, Prefix, Text
from indexer.system.names import composed, decomposed

_Value = TypeVar("_Value", str, str | bool)


def spellings(values: Iterable[_Value]) -> tuple[_Value, ...]:
    """The values as they are and in both normal forms, each once."""
    return tuple(dict.fromkeys(form for value in values for form in _forms(value)))


def in_both_forms(where: Filter) -> Filter:
    """The filter, asking for each text in both normal forms; the same one where that is one and the same."""
    parts = {
        name: tuple(_condition(condition) for condition in getattr(where, name))
        for name in ("must", "should", "must_not")
    }
    return replace(where, **parts)


def _forms(value: _Value) -> Iterator[_Value]:
    yield value
    if isinstance(value, str) and not value.isascii():
        yield composed(value)
        yield decomposed(value)


def _condition(condition: Condition) -> Condition:
    match condition:
        case Filter():
            return in_both_forms(condition)
        case Match(field, values):
            return Match(field, spellings(values))
        case Except(field, values):
            return Except(field, spellings(values))
        case Prefix(field, text):
            return _any_of([Prefix(field, one) for one in spellings((text,))])
        case Text(field, text):
            return _any_of([Text(field, one) for one in spellings((text,))])
    return condition


def _any_of(conditions: list[Prefix] | list[Text]) -> Condition:
    return conditions[0] if len(conditions) == 1 else Filter(should=tuple(conditions))
