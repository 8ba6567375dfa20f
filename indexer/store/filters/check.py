"""Checks a filter against the fields of a generation before an engine sees it: one question, one answer or refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from indexer.errors import FilterError
from indexer.fields.types import FieldTable, FieldType
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
    known_fields,
)

SHOWN = 80
"""Characters of a text that an error message quotes."""

MAX_DEPTH = 16
"""Levels of filters in a filter that is given, whatever its form."""
DEEPEST = 2 * MAX_DEPTH
"""Levels that an engine is asked with: what is given, and what a question puts around it (a preset, what it leaves
out). A server's JSON reader gives up at 128 levels of brackets."""

_ASKED_OF: Mapping[type, FieldType] = {
    Except: FieldType.KEYWORD,
    Range: FieldType.NUMBER,
    DateRange: FieldType.DATE,
    Text: FieldType.TEXT,
    Prefix: FieldType.KEYWORD,
}


def check_filter(where: Filter | None, table: FieldTable, *, deepest: int = DEEPEST) -> None:
    """Refuse what engines answer differently: a field that is not indexed, or a condition of another type.

    Args:
        where: the filter; None passes.
        table: the catalog's fields (``record.field_table``); those every point has are added.
        deepest: levels of filters in filters, `MAX_DEPTH` for what is given.

    Raises:
        FilterError: it names such a field, compares it with a value of another type, or is nested too deep.
    """
    if where is not None:
        _check(where, known_fields(table), deepest, 0)


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
        raise FilterError(f"{no_field(field, fields)}. {listing(fields)}")
    return fields[field]


def check_depth(depth: int, deepest: int = MAX_DEPTH) -> None:
    """Refuse a level that is too deep, before a recursion goes into it; raises ``FilterError``."""
    if depth > deepest:
        raise FilterError(f"the filter is nested deeper than {deepest} levels; write it flatter")


def _check(condition: Condition, fields: FieldTable, deepest: int, depth: int) -> None:
    if isinstance(condition, Filter):
        check_depth(depth, deepest)
        for part in (*condition.must, *condition.should, *condition.must_not):
            _check(part, fields, deepest, depth + 1)
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


def kind_of(field: str, fields: FieldTable) -> FieldType:
    """The field's type; raises ``ValueError`` that suggests the nearest name when there is no such field."""
    if field in fields:
        return fields[field]
    raise ValueError(no_field(field, fields))


def no_field(name: str, fields: Iterable[str]) -> str:
    """That there is no such field, with what may have been meant: several names in one text, or the nearest name.

    Args:
        name: what was given as a field's name.
        fields: the names there are.
    """
    known, said = tuple(fields), f"there is no field {shown(name)}"
    several = [one.strip() for one in name.split(",")] if len(name) <= SHOWN else [name]
    if len(several) > 1 and set(several) <= set(known):
        return f"{said} (give each by itself: {', '.join(map(repr, several))})"
    near = get_close_matches(name[:SHOWN], known, n=1, cutoff=0.6)
    return f"{said} (did you mean {near[0]!r}?)" if near else said


def listing(fields: FieldTable) -> str:
    """The fields there are with their types, as an error message ends."""
    return "Fields: " + ", ".join(f"{name} ({kind})" for name, kind in fields.items())


def shown(text: str) -> str:
    """The text as an error message quotes it: on one line, without control characters, and not all of a long one."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")


def is_unicode(text: str) -> bool:
    """Whether it can be stored at all: bytes of a command line that are not UTF-8 arrive as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
