"""How payload values read to people: which fields are shown, in what order, and how a value is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from indexer.fields.roles import ROLES
from indexer.system.text import printable
from searcher.answers.variants import OWN_VERSIONS

if TYPE_CHECKING:
    from searcher.answers.answer import Answer, Query

FIRST = ("title", "price", "brand", "metal", "stone", "in_stock")
"""Fields shown first, where the catalog has them; the others follow in the catalog's order."""

_NOT_SHOWN = {*(role.name for role in ROLES), "currency", "role"}
"""Shown elsewhere (a column of their own, beside the price), or the index's own book-keeping."""

MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00Z\Z")
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
        # A year has no comma.
        return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"
    return printable(MIDNIGHT.sub(r"\1", str(value)))


def in_words(query: Query) -> str:
    """What was asked with, for people: ``J0004``, ``J0004, photo.jpg but not J0042``, ``"gold ring"``."""
    asked = query.asked
    if "text" in asked:
        return f'"{asked["text"]}"'
    if "viewed" in asked:
        return f"what goes with {', '.join(asked['viewed'])}"
    if "positive" in asked:
        liked, disliked = (", ".join(map(_named, asked[side])) for side in ("positive", "negative"))
        return f"{liked} but not {disliked}" if liked and disliked else liked or f"anything but {disliked}"
    if "context" in asked:
        rather = ", ".join(f"rather {_named(first)} than {_named(second)}" for first, second in asked["context"])
        target = "" if asked["target"] is None else _named(asked["target"])
        return ", ".join(part for part in (target, rather) if part)
    return _named(asked)


def nothing(answer: Answer) -> str:
    """Why an answer holds no product, in one sentence: it begins with what was asked for first."""
    query, options = answer.query, answer.query.options
    if options.offset:
        return f"There are no more products: the answer ends before number {options.offset + 1:,}."
    wanted = " AND ".join(query.filters)
    if OWN_VERSIONS in answer.notes:
        return f"No product of another group passes {wanted}." if wanted else "There is no product of another group."
    if query.asked.get("mode") == "words":
        passes = f" that passes {wanted}" if wanted else ""
        enough = " enough of" if options.min_score else ""
        return f"No product{passes} has{enough} what is asked for: {in_words(query)}."
    if wanted:
        return f"No product passes {wanted}."
    if options.where:
        return "No product passes the filter."
    if options.min_score is not None:
        return f"No product has a score of {options.min_score:g} or more."
    return "There is no other product in the index."


def _named(example: Mapping[str, Any]) -> str:
    """An example by its product id, file name or address; a vector has no name."""
    return str(example.get("product_id") or example.get("image") or example.get("url") or "a vector")


def _amount(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
