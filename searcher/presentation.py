"""How payload values read to people: which fields are shown, in what order, and how a value is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

FIRST = ("title", "price", "brand", "metal", "stone", "in_stock")
"""Fields shown first, where the catalog has them; the others follow in the catalog's order."""

_NOT_SHOWN = {"product_id", "category", "photo", "currency", "predicted_category", "predicted_confidence",
              "indexed_at", "role"}  # fmt: skip
"""Shown elsewhere (a column of their own, beside the price), or the index's own book-keeping."""

_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00Z\Z")
"""What a date without a time became in the index."""


def shown_fields(payloads: Iterable[Mapping[str, Any]]) -> list[str]:
    """The catalog fields that at least one payload has, most telling first."""
    present = dict.fromkeys(name for payload in payloads for name, value in payload.items() if value not in (None, []))
    first = [name for name in FIRST if name in present]
    return first + [name for name in present if name not in first and name not in _NOT_SHOWN]


def written(payload: Mapping[str, Any], field: str) -> str:
    """A value as text: 1,250.00 EUR, yes, gold, silver; empty where there is none. Control characters are marked."""
    value = payload.get(field)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return printable(", ".join(str(item) for item in value))
    if isinstance(value, int | float):
        if field == "price":
            return printable(f"{_amount(value)} {payload.get('currency') or ''}".strip())
        return (
            f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"
        )  # a year has no comma
    return printable(_MIDNIGHT.sub(r"\1", str(value)))


def printable(text: str) -> str:
    """Without line breaks and control characters: catalogs come from strangers, and a terminal obeys escape codes."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def _amount(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
