"""The filter tree as Qdrant's plain JSON, in the form that a server answers right; models are made of that.

A server that finds points by the index of a condition leaves that condition out when it looks at what it found, and out
of the negations beside it too: ``must: [X], must_not: [X]`` is all of X (seen with 1.18.1, over ``must`` and ``should``
alike). It does not look into filters within the filter, so a negation that has company goes into one of its own.
"""

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
    return _filter(*([_condition(c) for c in part] for part in (where.must, where.should, where.must_not)))


def compile_beside(where: Filter | None) -> dict[str, Any] | None:
    """`compile_filter` for a request to whose filter a server adds conditions, as it does for each value of a facet: no
    negation stands where these come to stand.
    """
    compiled = compile_filter(where)
    return {"must": [compiled]} if compiled and "must_not" in compiled else compiled


def _filter(must: list[dict[str, Any]], should: list[dict[str, Any]], must_not: list[dict[str, Any]]) -> dict[str, Any]:
    if must_not and (must or should):
        must, must_not = [*must, {"must_not": must_not}], []
    clauses = {"must": must, "should": should, "must_not": must_not}
    return {name: conditions for name, conditions in clauses.items() if conditions}


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
        return _filter([_is_empty(field)], [], [_is_empty(field)])
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
