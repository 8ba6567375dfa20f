"""The filter tree as conditions of qdrant-client, in the form that a server answers right.

A server that finds points by the index of a condition leaves that condition out when it looks at what it found, and out
of the negations beside it too: ``must: [X], must_not: [X]`` is all of X (seen with 1.18.1, over ``must`` and ``should``
alike). It does not look into filters within the filter, so a negation that has company goes into one of its own.
"""

from __future__ import annotations

from typing import Any

from qdrant_client import models

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


def compile_filter(where: Filter | None) -> models.Filter | None:
    """The project's filter tree as qdrant-client's models; None stays None."""
    if where is None:
        return None
    return _filter(*([_condition(c) for c in part] for part in (where.must, where.should, where.must_not)))


def _filter(must: list[Any], should: list[Any], must_not: list[Any]) -> models.Filter:
    if must_not and (must or should):
        must, must_not = [*must, models.Filter(must_not=must_not)], []
    return models.Filter(must=must or None, should=should or None, must_not=must_not or None)


def _condition(condition: Condition) -> Any:
    match condition:
        case Filter():
            return compile_filter(condition)
        case Match(field, values):
            return _match(field, values)
        case Except(field, values):
            return models.FieldCondition(key=field, match=models.MatchExcept(**{"except": list(values)}))
        case Range(field) | DateRange(field) if condition.boundless:
            # Without bounds a server could not tell a range of dates from one of numbers.
            return models.Filter(must_not=[_is_empty(field)])
        case Range(field):
            return models.FieldCondition(key=field, range=models.Range(**tight_bounds(condition)))
        case DateRange(field):
            return models.FieldCondition(key=field, range=models.DatetimeRange(**tight_bounds(condition)))
        case Text(field, text):
            return models.FieldCondition(key=field, match=models.MatchText(text=text))
        case Prefix(field, prefix):
            return models.FieldCondition(key=field, match=models.MatchPrefix(prefix=prefix))
        case IsEmpty(field):
            return _is_empty(field)


def _match(field: str, values: tuple[str | bool, ...]) -> Any:
    if not values:  # passes nothing, whatever index the field has
        return _filter([_is_empty(field)], [], [_is_empty(field)])
    words = [value for value in values if isinstance(value, str)]
    conditions: list[Any] = []
    if words:
        conditions.append(models.FieldCondition(key=field, match=models.MatchAny(any=words)))
    conditions += [
        models.FieldCondition(key=field, match=models.MatchValue(value=value))
        for value in values
        if isinstance(value, bool)
    ]
    return conditions[0] if len(conditions) == 1 else models.Filter(should=conditions)


def _is_empty(field: str) -> models.IsEmptyCondition:
    return models.IsEmptyCondition(is_empty=models.PayloadField(key=field))


def has_prefix(condition: Condition) -> bool:
    """Whether a tree compares by prefix anywhere, which older servers cannot."""
    if isinstance(condition, Filter):
        return any(map(has_prefix, (*condition.must, *condition.should, *condition.must_not)))
    return isinstance(condition, Prefix)
