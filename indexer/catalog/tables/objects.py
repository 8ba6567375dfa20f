"""Values with a shape, as JSON and Parquet have them, become cells: nested prices, lists of images, inner objects."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from indexer.catalog.tables.headers import name_of, squeezed
from indexer.fields.types import LIST_SEPARATOR

_AMOUNTS, _MICROS, _CURRENCIES = ("value", "amount"), ("amountmicros", "micros"), ("currency", "currencycode")
_PLACES = ("url", "src", "href", "link", "path", "file", "image", "value", "name", "title")
"""What stands for an object in a list, the first of them that it has."""
_IMAGES = frozenset(
    {"image", "images", "imagelink", "additionalimagelink", "additionalimagelinks", "photo", "photos", "picture"}
)
_MICRO = decimal.Decimal(1_000_000)


def cells_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The cells of an object by their names; those of an object inside it have its name and ``_`` before theirs.

    A price of an amount and a currency becomes ``19.99 EUR``, or two cells where it is called ``price``; a list
    becomes its parts joined with ``|``; ``images`` is ``image`` where there is none beside it.
    """
    cells: dict[str, str] = {}
    for name, text in _cells("", record):
        if name != "currency" or text:
            cells[name] = text
    if "image" not in cells and "images" in cells:
        cells["image"] = cells.pop("images")
    return cells


def _cells(prefix: str, record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        name = f"{prefix}{name_of(str(key))}"
        if not isinstance(value, Mapping):
            yield name, text_of(value)
        elif (money := _money(value)) is not None:
            apart = squeezed(name) == "price"
            yield name, money[0] if apart else " ".join(filter(None, money))
            if apart and not record.get("currency"):
                yield "currency", money[1]
        elif squeezed(name) in _IMAGES:
            yield name, _standing_for(value)
        else:
            yield from _cells(f"{name}_", value)


def text_of(value: object) -> str:
    """A value as a cell holds it; blank for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _standing_for(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Sequence):
        return LIST_SEPARATOR.join(filter(None, map(text_of, value)))
    if isinstance(value, datetime.date):  # a moment is one, too
        return value.isoformat()
    return f"{value:f}" if isinstance(value, decimal.Decimal) else str(value)


def _money(value: Mapping[str, Any]) -> tuple[str, str] | None:
    """Amount and currency of an object that is a price; None where it is none."""
    by_name = {squeezed(str(key)): text_of(one) for key, one in value.items() if not isinstance(one, Mapping)}
    currency = next((by_name[name] for name in _CURRENCIES if name in by_name), None)
    if currency is None:
        return None
    if amount := next((by_name[name] for name in _AMOUNTS if by_name.get(name)), None):
        return amount, currency
    micros = next((by_name[name] for name in _MICROS if by_name.get(name)), "")
    return (f"{decimal.Decimal(micros) / _MICRO:f}", currency) if micros.isdecimal() else None


def _standing_for(value: Mapping[str, Any]) -> str:
    by_name = {squeezed(str(key)): one for key, one in value.items()}
    return next((text for name in _PLACES if (text := text_of(by_name.get(name)))), "")
