"""Presets: named filters relative to the product asked with, such as the same style in another metal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from indexer.errors import UsageError
from indexer.fields.types import FieldTable, FieldType
from indexer.store.filters.check import shown
from indexer.store.filters.tree import (
    Condition,
    Filter,
    IsEmpty,
    Match,
    Range,
    is_finite_number,
    known_fields,
    value_at,
)

CHEAPER, DEARER = 0.7, 1.3
"""Of the price: what is cheaper costs at most so much of it, what is dearer at least so much, the same between."""

Payload = Mapping[str, Any]


class Preset(NamedTuple):
    """A named filter: what it asks for, and how it comes from the payload of what is asked with."""

    description: str
    filter: Callable[[Payload, FieldTable], Filter]
    """Raises ``ValueError`` when the payload lacks what is needed."""
    field: str
    kind: FieldType


PresetFilter = Callable[[Payload], Filter]
"""From the payload of the product asked with to the filter; combine it with others by `filters.tree.both`. A photo has
an empty payload, which no preset can work with. Raises ``UsageError`` where the value that is needed is missing."""


def parse_preset(name: str, table: FieldTable) -> PresetFilter:
    """Read the name of a preset.

    Args:
        name: one of `PRESETS`.
        table: the catalog's fields (``record.field_table``); the fields every point has are added.

    Raises:
        UsageError: an unknown name (the message lists the names), or a catalog without the field that is needed (it
            lists the presets that work).
    """
    if name not in PRESETS:
        near = get_close_matches(name[:80], PRESETS, n=1, cutoff=0.6)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise UsageError(f"there is no preset {shown(name)}{hint}. Presets: {', '.join(PRESETS)}")
    preset, fields = PRESETS[name], known_fields(table)
    if fields.get(preset.field) is not preset.kind:
        working = [other for other, its in PRESETS.items() if fields.get(its.field) is its.kind]
        raise UsageError(
            f"preset {name} needs a {preset.kind} field {preset.field!r}, which this catalog does not have; "
            f"presets that work here: {', '.join(working)}"
        )

    def build(payload: Payload) -> Filter:
        try:
            return preset.filter(payload, fields)
        except ValueError as error:
            raise UsageError(f"preset {name}: {error}") from None

    return build


def _same(field: str) -> Callable[[Payload, FieldTable], Filter]:
    def build(payload: Payload, _: FieldTable) -> Filter:
        return Filter(must=(Match(field, _keywords(payload, field)),))

    return build


def _other(field: str) -> Callable[[Payload, FieldTable], Filter]:
    """The field is known, and holds none of the values."""

    def build(payload: Payload, _: FieldTable) -> Filter:
        return Filter(must_not=(Match(field, _keywords(payload, field)), IsEmpty(field)))

    return build


def _priced(low: float | None, high: float | None) -> Callable[[Payload, FieldTable], Filter]:
    """The price lies between two multiples of the price, in the same currency where currencies are known."""

    def build(payload: Payload, fields: FieldTable) -> Filter:
        price: Any = payload.get("price")
        if not is_finite_number(price) or price <= 0:
            raise ValueError(_lacking("price") if price is None else f"a price of {price!r} has no price band")
        gte, lte = (None if share is None else _tidy(share * price) for share in (low, high))
        must: list[Condition] = [Range("price", gte=gte, lte=lte)]
        currency = payload.get("currency")
        if isinstance(currency, str) and currency and fields.get("currency") is FieldType.KEYWORD:
            must.append(Match("currency", (currency,)))
        return Filter(must=tuple(must))

    return build


def _keywords(payload: Payload, field: str) -> tuple[str, ...]:
    found = value_at(dict(payload), field)
    values = tuple(v for v in (found if isinstance(found, list) else [found]) if isinstance(v, str) and v)
    if not values:
        raise ValueError(_lacking(field))
    return values


def _lacking(field: str) -> str:
    return f"what is asked with has no {field}; ask with a product of the index that has one, or use a filter instead"


def _tidy(number: float) -> float:
    """Without the last digits, where 0.7 times 3 is not 2.1."""
    return float(f"{number:.12g}")


_KEYWORD, _NUMBER = FieldType.KEYWORD, FieldType.NUMBER

PRESETS: Mapping[str, Preset] = {
    "same-category": Preset("of the same category", _same("category"), "category", _KEYWORD),
    "other-category": Preset("of another category", _other("category"), "category", _KEYWORD),
    "same-metal": Preset("with a metal in common", _same("metal"), "metal", _KEYWORD),
    "other-metal": Preset("in another metal", _other("metal"), "metal", _KEYWORD),
    "same-stone": Preset("with a stone in common", _same("stone"), "stone", _KEYWORD),
    "other-stone": Preset("with another stone", _other("stone"), "stone", _KEYWORD),
    "same-brand": Preset("of the same brand", _same("brand"), "brand", _KEYWORD),
    "other-brand": Preset("of another brand", _other("brand"), "brand", _KEYWORD),
    "cheaper": Preset("at 70 % of the price or less", _priced(None, CHEAPER), "price", _NUMBER),
    "same-price": Preset("at 70 to 130 % of the price", _priced(CHEAPER, DEARER), "price", _NUMBER),
    "dearer": Preset("at 130 % of the price or more", _priced(DEARER, None), "price", _NUMBER),
}
"""By name, for help texts and documentation to list."""
