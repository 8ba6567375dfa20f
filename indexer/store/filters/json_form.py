"""Qdrant's filter JSON ⇄ filter tree: what Qdrant's REST interface calls a filter, checked against the fields."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

from indexer.errors import FilterError
from indexer.fields.types import FieldTable, FieldType
from indexer.store.filters.check import check_depth, field_type
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
    bounds_of,
    is_finite_number,
    known_fields,
)

_BOUNDS = ("gte", "gt", "lte", "lt")
_CLAUSES = ("must", "should", "must_not")
_OTHERS = ("geo_bounding_box", "geo_radius", "geo_polygon", "values_count", "is_null")
"""What else Qdrant can ask of a field: refused, but null stands for "not asked", as clients write it."""
# What Qdrant's parser, pydantic's and Python's all read alike; "20260131" would be seconds since 1970 to one of them.
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?)?\Z", re.ASCII
)


def read_filter(document: Any, table: FieldTable) -> Filter:
    """Read a filter in Qdrant's JSON form (https://qdrant.tech/documentation/concepts/filtering/).

    Args:
        document: parsed JSON; ``must``, ``should`` and ``must_not`` hold one condition or a list of them.
        table: the catalog's fields; those every point has are added.

    Raises:
        FilterError: an unknown field, a value of the wrong type, or a condition this project does not know
            (geo, nested objects, ids, counts): it is refused, never left out.
    """
    return _filter(document, known_fields(table), 0)


def write_filter(tree: Filter) -> dict[str, Any]:
    """The JSON for a tree; `read_filter` reads it back as one that means the same."""
    return {name: [_write(condition) for condition in getattr(tree, name)] for name in _CLAUSES if getattr(tree, name)}


def _filter(document: Any, fields: FieldTable, depth: int) -> Filter:
    check_depth(depth)
    if not isinstance(document, Mapping):
        raise FilterError(f"a filter is an object with must, should or must_not, not {_shown(document)}")
    for name, value in document.items():
        if name not in _CLAUSES and not (name == "min_should" and value is None):
            raise FilterError(f"{_shown(name)} is not known in a filter; use must, should or must_not")
    return Filter(**{name: _conditions(document[name], fields, depth) for name in _CLAUSES if name in document})


def _conditions(value: Any, fields: FieldTable, depth: int) -> tuple[Condition, ...]:
    if value is None:
        return ()
    return tuple(_condition(item, fields, depth) for item in (value if _is_list(value) else [value]))


def _condition(item: Any, fields: FieldTable, depth: int) -> Condition:
    if not isinstance(item, Mapping):
        raise FilterError(f"a condition is an object, not {_shown(item)}")
    if "key" not in item and "is_empty" not in item:
        return _filter(item, fields, depth + 1)
    if "key" not in item:
        inner = item["is_empty"]
        if len(item) > 1 or not isinstance(inner, Mapping) or set(inner) != {"key"}:
            raise FilterError(f'is_empty is written {{"is_empty": {{"key": FIELD}}}}, not {_shown(item)}')
        return IsEmpty(_field(inner["key"], fields))
    field = _field(item["key"], fields)
    asked = {name: value for name, value in item.items() if name != "key"}
    for name, value in asked.items():
        if name not in ("match", "range", "is_empty") and not (name in _OTHERS and value is None):
            raise FilterError(f"{field}: {_shown(name)} is not known here; use match, range or is_empty")
    given = {name: value for name, value in asked.items() if value is not None}
    if len(given) != 1:
        raise FilterError(f"{field}: a condition asks one thing (match, range or is_empty), not {len(given)}")
    if "match" in given:
        return _match(field, fields[field], given["match"])
    if "range" in given:
        return _range(field, fields[field], given["range"])
    if not isinstance(given["is_empty"], bool):
        raise FilterError(f"{field}: is_empty is true or false, not {_shown(given['is_empty'])}")
    return IsEmpty(field) if given["is_empty"] else Filter(must_not=(IsEmpty(field),))


def _field(name: Any, fields: FieldTable) -> str:
    if not isinstance(name, str):
        raise FilterError(f"a field is named by text, not {_shown(name)}")
    field_type(name, fields)
    return name


def _match(field: str, kind: FieldType, match: Any) -> Condition:
    if not isinstance(match, Mapping) or len(match) != 1:
        raise FilterError(f"{field}: match takes exactly one of value, any, except, text, prefix")
    ((how, wanted),) = match.items()
    if how == "value" and kind in (FieldType.KEYWORD, FieldType.BOOLEAN):
        return Match(field, (_typed(field, kind, wanted),))
    if how == "any" and kind is FieldType.KEYWORD and _is_list(wanted):
        return Match(field, tuple(_typed(field, kind, value) for value in wanted))
    if how == "any" and kind is FieldType.BOOLEAN and _is_list(wanted) and not wanted:
        return Match(field, ())
    if how == "except" and kind is FieldType.KEYWORD and _is_list(wanted):
        return Except(field, tuple(str(_typed(field, kind, value)) for value in wanted))
    if how == "text" and kind is FieldType.TEXT and isinstance(wanted, str):
        if not any(character.isalnum() for character in wanted):
            raise FilterError(f"{field}: {_shown(wanted)} holds no word to look for")
        return Text(field, wanted)
    if how == "prefix" and kind is FieldType.KEYWORD and isinstance(wanted, str):
        return Prefix(field, wanted)
    hint = "; use range" if kind in (FieldType.NUMBER, FieldType.DATE) else ""
    raise FilterError(f"{field}: match {_shown(how)} with {_shown(wanted)} does not go with a {kind} field{hint}")


def _typed(field: str, kind: FieldType, value: Any) -> str | bool:
    if isinstance(value, str if kind is FieldType.KEYWORD else bool):
        return value
    raise FilterError(f"{field} is a {kind} field, which {_shown(value)} does not fit")


def _range(field: str, kind: FieldType, bounds: Any) -> Condition:
    if not isinstance(bounds, Mapping) or not set(bounds) <= set(_BOUNDS):
        raise FilterError(f"{field}: a range takes {', '.join(_BOUNDS)}")
    given = {name: value for name, value in bounds.items() if value is not None}
    if kind is FieldType.NUMBER and all(is_finite_number(value) for value in given.values()):
        return Range(field, **{name: float(value) for name, value in given.items()})
    if kind is FieldType.DATE:
        for value in given.values():
            if not isinstance(value, str) or not _DATE.match(value):
                raise FilterError(f"{field}: {_shown(value)} is not a date as 2026-01-31 or 2026-01-31T12:00:00Z")
        return DateRange(field, **given)
    raise FilterError(f"{field} is a {kind} field, which the range {_shown(bounds)} does not fit")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _write(condition: Condition) -> dict[str, Any]:
    match condition:
        case Filter():
            return write_filter(condition)
        case Match(field, values):
            if len(values) == 1:
                return {"key": field, "match": {"value": values[0]}}
            if any(isinstance(value, bool) for value in values):  # Qdrant's "any" takes no true or false
                return {"should": [{"key": field, "match": {"value": value}} for value in values]}
            return {"key": field, "match": {"any": list(values)}}
        case Except(field, values):
            return {"key": field, "match": {"except": list(values)}}
        case Text(field, text):
            return {"key": field, "match": {"text": text}}
        case Prefix(field, prefix):
            return {"key": field, "match": {"prefix": prefix}}
        case IsEmpty(field):
            return {"is_empty": {"key": field}}
        case Range() | DateRange():
            if condition.boundless:
                return {"must_not": [{"is_empty": {"key": condition.field}}]}
            return {"key": condition.field, "range": bounds_of(condition)}


def _shown(value: Any) -> str:
    return _BRIEF.repr(value)


_BRIEF = reprlib.Repr()
_BRIEF.maxstring = 60
