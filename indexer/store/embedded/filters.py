"""The filter tree as conditions of the embedded engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import qdrant_edge as edge

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


def compile_filter(where: Filter | None) -> Any:
    """The project's filter tree as Edge's classes; None stays None."""
    if where is None:
        return None
    return edge.Filter(
        must=[_condition(c) for c in where.must] or None,
        should=[_condition(c) for c in where.should] or None,
        must_not=[_condition(c) for c in where.must_not] or None,
    )


def _condition(condition: Condition) -> Any:
    match condition:
        case Filter():
            return compile_filter(condition)
        case Match(field, values):
            return _match(field, values)
        case Except(field, values):
            return edge.FieldCondition(field, match=edge.MatchExcept(list(values)))
        case Range(field) | DateRange(field) if condition.boundless:
            return edge.Filter(must_not=[edge.IsEmptyCondition(field)])
        case Range(field):
            return edge.FieldCondition(field, range=edge.RangeFloat(**tight_bounds(condition)))
        case DateRange(field):
            return edge.FieldCondition(field, range=edge.RangeDateTime(**tight_bounds(condition)))
        case Text(field, text):
            return edge.FieldCondition(field, match=edge.MatchText(text))
        case Prefix(field, prefix):
            return edge.FieldCondition(field, match=edge.MatchPrefix(prefix))
        case IsEmpty(field):
            return edge.IsEmptyCondition(field)


def _match(field: str, values: tuple[str | bool, ...]) -> Any:
    if not values:  # passes nothing, whatever index the field has
        return edge.Filter(must=[edge.IsEmptyCondition(field)], must_not=[edge.IsEmptyCondition(field)])
    words = [value for value in values if isinstance(value, str)]
    # One value is compared, several are hashed: a tenth of a filtered search.
    match = edge.MatchValue(words[0]) if len(words) == 1 else edge.MatchAny(words)
    conditions: list[Any] = [edge.FieldCondition(field, match=match)] if words else []
    for value in values:
        if isinstance(value, bool):
            # The engine reads a Python bool as an integer and finds nothing; numpy's it reads right.
            boolean: Any = np.bool_(value)
            conditions.append(edge.FieldCondition(field, match=edge.MatchValue(boolean)))
    return conditions[0] if len(conditions) == 1 else edge.Filter(should=conditions)
