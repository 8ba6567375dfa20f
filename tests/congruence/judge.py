"""The judge: what a filter means, in plain Python over payloads, and exact cosine in numpy. No engine is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    value_at,
)
from indexer.store.records import Hit, Point

SCORE_ERROR = 1e-4
"""Engines sum 128 products in float32 and may normalise once more."""
TIE = 1e-5
"""Scores this near count as equal: their order is the engine's own."""

_WORD = re.compile(r"[^\W_]+")


def passes(payload: dict[str, Any], condition: Condition) -> bool:
    """Whether a payload passes a condition, as the docstrings of the filter tree have it."""
    match condition:
        case Filter(must, should, must_not):
            return (
                all(passes(payload, part) for part in must)
                and (not should or any(passes(payload, part) for part in should))
                and not any(passes(payload, part) for part in must_not)
            )
        case Match(field, wanted):
            return any(type(v) is type(w) and v == w for v in values(payload, field) for w in wanted)
        case Except(field, unwanted):
            return any(isinstance(v, str) and v not in unwanted for v in values(payload, field))
        case Range(field):
            return any(_is_number(v) and _between(v, condition) for v in values(payload, field))
        case DateRange(field):
            bounds = Range(field, *(None if b is None else _moment(b).timestamp() for b in _bounds(condition)))
            return any(_between(_moment(v).timestamp(), bounds) for v in values(payload, field))
        case Text(field, text):
            return any(bool(words(text)) and words(text) <= words(v) for v in values(payload, field))
        case Prefix(field, prefix):
            return any(isinstance(v, str) and v.startswith(prefix) for v in values(payload, field))
        case IsEmpty(field):
            return not values(payload, field)


def values(payload: dict[str, Any], field: str) -> list[Any]:
    """What a field holds, a list's elements one by one; nothing where it is missing, null or an empty list."""
    found = value_at(payload, field)
    return [v for v in (found if isinstance(found, list) else [found]) if v is not None]


def words(text: str) -> set[str]:
    """The words of a text: runs of letters and digits, in lower case."""
    return {word.lower() for word in _WORD.findall(text)}


def filtered(points: Iterable[Point], where: Filter | None) -> list[Point]:
    """The points that pass, in order of id."""
    return sorted((p for p in points if where is None or passes(p.payload, where)), key=lambda point: point.id)


def scores(points: Sequence[Point], query: NDArray[np.float32]) -> dict[str, float]:
    """Exact cosine of each point's vector with the query, by id."""
    if not points:
        return {}
    stored = np.stack([point.vector for point in points if point.vector is not None]).astype(np.float64)
    wanted = query.astype(np.float64)
    cosines = stored @ wanted / (np.linalg.norm(stored, axis=1) * np.linalg.norm(wanted))
    return {point.id: float(cosine) for point, cosine in zip(points, cosines, strict=True)}


def check_hits(
    hits: Sequence[Hit], points: Iterable[Point], query: NDArray[np.float32], limit: int, where: Filter | None = None
) -> None:
    """Assert that the hits are the ``limit`` nearest of the points that pass, best first, ties in any order."""
    check_ranking([(hit.id, hit.score) for hit in hits], scores(filtered(points, where), query), limit)


def check_ranking(found: Sequence[tuple[str, float]], exact: Mapping[str, float], limit: int) -> None:
    """Assert that (name, score) pairs are the ``limit`` best of ``exact``, best first, ties in any order."""
    names = [name for name, _ in found]
    assert len(found) == min(limit, len(exact))
    assert len(set(names)) == len(names), "something was returned twice"
    assert set(names) <= set(exact), "something was returned that does not pass the filter"
    for (name, score), best in zip(found, sorted(exact.values(), reverse=True), strict=False):
        assert abs(score - exact[name]) <= SCORE_ERROR
        assert abs(exact[name] - best) <= TIE, "another one is nearer"
    for (_, first), (_, second) in pairwise(found):
        assert first >= second, "not best first"


def products(points: Iterable[Point], queries: NDArray[np.float32], where: Filter | None = None) -> dict[str, float]:
    """Each product's best cosine over its photos that pass and over the queries."""
    candidates = filtered(points, where)
    product_of = {point.id: str(point.payload["product_id"]) for point in candidates}
    best: dict[str, float] = {}
    for query in queries:
        for name, score in scores(candidates, query).items():
            best[product_of[name]] = max(best.get(product_of[name], -1.0), score)
    return best


def facet(points: Iterable[Point], field: str, where: Filter | None = None) -> list[tuple[str | bool, int]]:
    """Values of a field with the number of points that hold them, most frequent first, then by name."""
    counts: dict[str | bool, int] = {}
    for point in filtered(points, where):
        for value in set(values(point.payload, field)):
            counts[value] = counts.get(value, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _between(value: float, bounds: Range) -> bool:
    gte, gt, lte, lt = _bounds(bounds)
    return (
        (gte is None or value >= gte)
        and (gt is None or value > gt)
        and (lte is None or value <= lte)
        and (lt is None or value < lt)
    )


def _bounds(condition: Range | DateRange) -> tuple[Any, Any, Any, Any]:
    return condition.gte, condition.gt, condition.lte, condition.lt


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
