"""Checks a filter against the fields of a generation before an engine sees it: one question, one answer or refusal."""

from __future__ import annotations

from collections.abc import Mapping

from indexer.errors import FilterError
from indexer.fields.types import FieldTable, FieldType
from indexer.stores.filter_tree import (
    Condition,
    DateRange,
    Except,
    Filter,
    IsEmpty,
    Match,
    Prefix,
    Range,
    Text,
    known_fields,
)

MAX_DEPTH = 32
"""Levels of filters in filters; a server's JSON reader gives up at 128 levels of brackets."""

_ASKED_OF: Mapping[type, FieldType] = {
    Except: FieldType.KEYWORD,
    Range: FieldType.NUMBER,
    DateRange: FieldType.DATE,
    Text: FieldType.TEXT,
    Prefix: FieldType.KEYWORD,
}


def check_filter(where: Filter | None, table: FieldTable) -> None:
    """Refuse what engines answer differently: a field that is not indexed, or a condition of another type.

    Args:
        where: the filter; None passes.
        table: the catalog's fields (``record.field_table``); those every point has are added.

    Raises:
        FilterError: it names such a field, compares it with a value of another type, or is nested too deep.
    """
    if where is not None:
        _check(where, known_fields(table), 0)


def check_facet(field: str, table: FieldTable) -> None:
    """Refuse to count the values of a field whose values engines do not count.

    Raises:
        FilterError: an unknown field, or one that is neither keyword nor boolean.
    """
    kind = field_type(field, known_fields(table))
    if kind not in (FieldType.KEYWORD, FieldType.BOOLEAN):
        raise FilterError(f"{field} is a {kind} field; only values of keyword and boolean fields can be counted")


def field_type(field: str, fields: FieldTable) -> FieldType:
    """The type of a field.

    Raises:
        FilterError: there is no such field; the message lists those there are.
    """
    if field not in fields:
        listing = ", ".join(f"{name} ({kind})" for name, kind in fields.items())
        raise FilterError(f"there is no field {_shown(field)}. Fields: {listing}")
    return fields[field]


def _check(condition: Condition, fields: FieldTable, depth: int) -> None:
    if isinstance(condition, Filter):
        if depth > MAX_DEPTH:
            raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels; write it flatter")
        for part in (*condition.must, *condition.should, *condition.must_not):
            _check(part, fields, depth + 1)
        return
    kind = field_type(condition.field, fields)
    if isinstance(condition, Match):
        fits = kind in (FieldType.KEYWORD, FieldType.BOOLEAN) and all(
            isinstance(value, bool) == (kind is FieldType.BOOLEAN) for value in condition.any
        )
    else:
        fits = isinstance(condition, IsEmpty) or _ASKED_OF[type(condition)] is kind
    if not fits:
        raise FilterError(f"{condition.field} is a {kind} field, which {_shown(condition)} does not fit")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
