"""The filter tree as Qdrant's plain JSON; what wants qdrant-client's models makes them of that."""

from __future__ import annotations

from typing import Any

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
    tight_bounds,
)


def compile_filter(where: Filter | None) -> dict[str, Any] | None:
    """The project's filter tree as Qdrant's REST interface takes it; None stays None."""
    if where is None:
        return None
    clauses = {"must": where.must, "should": where.should, "must_not": where.must_not}
    return {name: [_condition(c) for c in conditions] for name, conditions in clauses.items() if conditions}


def _condition(condition: Condition) -> dict[str, Any]:
    match condition:
        case Filter():
            return compile_filter(condition) or {}
        case Match(field, values):
            return _match(field, values)
        case Except(field, values):
            return {"key": field, "match": {"except": list(values)}}
        case Range(field) | DateRange(field) if condition.boundless:
            # Without bounds a server could not tell a range of dates from one of numbers.
            return {"must_not": [_is_empty(field)]}
        case Range(field) | DateRange(field):
            return {"key": field, "range": tight_bounds(condition)}
        case Text(field, text):
            return {"key": field, "match": {"text": text}}
        case Prefix(field, prefix):
            return {"key": field, "match": {"prefix": prefix}}
        case IsEmpty(field):
            return _is_empty(field)


def _match(field: str, values: tuple[str | bool, ...]) -> dict[str, Any]:
    if not values:  # passes nothing, whatever index the field has
        return {"must": [_is_empty(field)], "must_not": [_is_empty(field)]}
    words = [value for value in values if isinstance(value, str)]
    conditions: list[dict[str, Any]] = [{"key": field, "match": {"any": words}}] if words else []
    conditions += [{"key": field, "match": {"value": value}} for value in values if isinstance(value, bool)]
    return conditions[0] if len(conditions) == 1 else {"should": conditions}


def _is_empty(field: str) -> dict[str, Any]:
    return {"is_empty": {"key": field}}


def has_prefix(condition: Condition) -> bool:
    """Whether a tree compares by prefix anywhere, which older servers cannot."""
    if isinstance(condition, Filter):
        return any(map(has_prefix, (*condition.must, *condition.should, *condition.must_not)))
    return isinstance(condition, Prefix)
