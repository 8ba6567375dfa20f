"""Qdrant's filter JSON ⇄ filter tree: what Qdrant's REST interface calls a filter, checked against the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.errors import FilterError
from indexer.fields import FieldTable, FieldType, parse_date
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

_BOUNDS = ("gte", "gt", "lte", "lt")
_CLAUSES = ("must", "should", "must_not")
MAX_DEPTH = 16


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
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels; write it flatter")
    if not isinstance(document, Mapping):
        raise FilterError(f"a filter is an object with must, should or must_not, not {_shown(document)}")
    for name in document:
        if name not in _CLAUSES:
            raise FilterError(f"{_shown(name)} is not known in a filter; use must, should or must_not")
    return Filter(**{name: _conditions(document[name], fields, depth) for name in _CLAUSES if name in document})


def _conditions(value: Any, fields: FieldTable, depth: int) -> tuple[Condition, ...]:
    if value is None:
        return ()
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return tuple(_condition(item, fields, depth) for item in listed)


def _condition(item: Any, fields: FieldTable, depth: int) -> Condition:
    if not isinstance(item, Mapping):
        raise FilterError(f"a condition is an object, not {_shown(item)}")
    if "key" not in item and "is_empty" not in item:
        return _filter(item, fields, depth + 1)
    if set(item) == {"is_empty"} and isinstance(item["is_empty"], Mapping):
        return IsEmpty(_field(item["is_empty"].get("key"), fields))
    field = _field(item.get("key"), fields)
    kinds = set(item) - {"key"}
    if kinds == {"match"}:
        return _match(field, fields[field], item["match"])
    if kinds == {"range"}:
        return _range(field, fields[field], item["range"])
    if kinds == {"is_empty"} and isinstance(item["is_empty"], bool):
        return IsEmpty(field) if item["is_empty"] else Filter(must_not=(IsEmpty(field),))
    raise FilterError(f"{field}: {', '.join(sorted(map(str, kinds))) or 'nothing'} is not known here; "
                      "use match, range or is_empty")  # fmt: skip


def _field(name: Any, fields: FieldTable) -> str:
    if not isinstance(name, str) or name not in fields:
        listing = ", ".join(f"{field} ({kind})" for field, kind in fields.items())
        raise FilterError(f"there is no field {_shown(name)}. Fields: {listing}")
    return name


def _match(field: str, kind: FieldType, match: Any) -> Condition:
    if not isinstance(match, Mapping) or len(match) != 1:
        raise FilterError(f"{field}: match takes exactly one of value, any, except, text, prefix")
    ((how, wanted),) = match.items()
    if how == "value":
        return _equals(field, kind, wanted)
    if how == "any" and isinstance(wanted, Sequence) and not isinstance(wanted, str):
        if kind is FieldType.NUMBER:
            return Filter(should=tuple(_equals(field, kind, value) for value in wanted)) if wanted else Match(field, ())
        return Match(field, tuple(_typed(field, kind, value) for value in wanted))
    if how == "except" and kind is FieldType.KEYWORD and isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return Except(field, tuple(str(_typed(field, kind, value)) for value in wanted))
    if how == "text" and kind is FieldType.TEXT and isinstance(wanted, str) and any(c.isalnum() for c in wanted):
        return Text(field, wanted)
    if how == "prefix" and kind is FieldType.KEYWORD and isinstance(wanted, str):
        return Prefix(field, wanted)
    raise FilterError(f"{field}: match {_shown(how)} with {_shown(wanted)} does not go with a {kind} field")


def _equals(field: str, kind: FieldType, value: Any) -> Condition:
    if kind is FieldType.NUMBER and _is_number(value):
        return Range(field, gte=float(value), lte=float(value))
    return Match(field, (_typed(field, kind, value),))


def _typed(field: str, kind: FieldType, value: Any) -> str | bool:
    if (kind is FieldType.KEYWORD and isinstance(value, str)) or (
        kind is FieldType.BOOLEAN and isinstance(value, bool)
    ):
        return value
    raise FilterError(f"{field} is a {kind} field, which {_shown(value)} does not fit")


def _range(field: str, kind: FieldType, bounds: Any) -> Condition:
    if not isinstance(bounds, Mapping) or not set(bounds) <= set(_BOUNDS):
        raise FilterError(f"{field}: a range takes {', '.join(_BOUNDS)}")
    given = {name: value for name, value in bounds.items() if value is not None}
    if kind is FieldType.NUMBER and all(_is_number(value) for value in given.values()):
        return Range(field, **{name: float(value) for name, value in given.items()})
    if kind is FieldType.DATE and all(isinstance(value, str) for value in given.values()):
        try:
            return DateRange(field, **{name: parse_date(value) for name, value in given.items()})
        except (ValueError, OverflowError) as error:
            raise FilterError(f"{field}: {error}; write dates as 2026-01-31 or 2026-01-31T12:00:00Z") from error
    raise FilterError(f"{field} is a {kind} field, which the range {_shown(bounds)} does not fit")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _write(condition: Condition) -> dict[str, Any]:
    match condition:
        case Filter():
            return write_filter(condition)
        case Match(field, values):
            if len(values) == 1:
                return {"key": field, "match": {"value": values[0]}}
            if any(isinstance(value, bool) for value in values):  # Qdrant's "any" takes words and integers alone
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
            bounds = {name: value for name in _BOUNDS if (value := getattr(condition, name)) is not None}
            return {"key": condition.field, "range": bounds}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
