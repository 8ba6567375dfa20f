"""The figures of a model as its record has them, whatever was measured: value, interval, and what stands beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WHAT = {
    "P@1": "the first hit is of the right category",
    "P@10": "share of the first ten hits of the right category",
    "mAP": "how early all photos of the category come",
    "edited copy": "an edited copy finds its original first",
    "product": "another photo of the same product comes first",
    "accuracy": "the category of a photo is told right",
}
"""Figures by name, and what they say."""
_CATEGORY = ("P@1", "P@10", "mAP")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, 0..1: its value and interval, and the same before training and of the classic recipe, where known."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    before: float | None = None
    classic: float | None = None

    @property
    def what(self) -> str:
        """What it says, in words."""
        return WHAT[self.name]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        interval = None if self.interval is None else list(self.interval)
        return {"value": self.value, "interval": interval, "before": self.before, "classic": self.classic}


def figures(metrics: Mapping[str, Any]) -> list[Figure]:
    """The figures that ``metrics`` of model.json has, the most telling first."""
    return list(_figures(metrics, _part(metrics, "intervals")))


def level(metrics: Mapping[str, Any]) -> float:
    """The share of draws that lies within an interval."""
    found = _part(metrics, "intervals").get("level")
    return float(found) if isinstance(found, int | float) else 0.95


def _figures(metrics: Mapping[str, Any], intervals: Mapping[str, Any]) -> Iterator[Figure]:
    category, untrained, classic = (_part(metrics, name) for name in ("category", "untrained", "classic"))
    for key in _CATEGORY:
        yield from _figure(
            key,
            category.get(key),
            _part(intervals, "category").get(key),
            _part(untrained, "category").get(key, untrained.get(key)),
            _part(classic, "category").get(key),
        )
    yield from _figure(
        "edited copy",
        _part(metrics, "edited_copy").get("R@1"),
        _part(intervals, "edited_copy").get("R@1"),
        _part(untrained, "edited_copy").get("R@1"),
        _part(classic, "edited_copy").get("R@1"),
    )
    for protocol, row in _part(metrics, "product").items():
        if isinstance(row, Mapping):
            edges = _part(_part(intervals, "product"), protocol)
            yield from _figure("product", row.get("R@1"), edges.get("R@1"), None, None)
            break
    yield from _figure("accuracy", _part(metrics, "classification").get("accuracy"), None, None, None)


def _figure(name: str, value: object, edges: object, before: object, classic: object) -> Iterator[Figure]:
    known = _number(value)
    if known is None:
        return
    interval = None
    if isinstance(edges, list | tuple) and len(edges) == 2:
        low, high = _number(edges[0]), _number(edges[1])
        interval = None if low is None or high is None else (low, high)
    yield Figure(name, known, interval, _number(before), _number(classic))


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a record, empty where it has none: older models and small shops lack many."""
    part = of.get(name)
    return part if isinstance(part, Mapping) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
