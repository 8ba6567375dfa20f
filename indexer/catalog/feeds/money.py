"""What is charged today: prices with their currency in the cell, and sales that begin and end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from indexer.catalog.cells.numbers import SIGNS, read_number
from indexer.fields.types import is_date_only

_CODE = re.compile(r"(?P<before>[A-Za-z]{3})?\s*(?P<amount>[^A-Za-z]*?\d[^A-Za-z]*?)\s*(?P<after>[A-Za-z]{3})?\Z")
_SIGNS = sorted(SIGNS, key=len, reverse=True)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Charged:
    """What a product costs now, as texts of numbers; ``list_price`` where a sale makes it cheaper than that."""

    price: str = ""
    list_price: str = ""
    currency: str = ""


def split(text: str) -> tuple[str, str]:
    """The amount and its currency, ``19.99 EUR`` or ``€ 19,99``; the whole text and a blank where there is none."""
    if (match := _CODE.match(text)) and bool(match["before"]) != bool(match["after"]):
        return match["amount"].strip(), (match["before"] or match["after"]).upper()
    for sign in _SIGNS:
        if text.startswith(sign) or text.endswith(sign):
            amount = text.removeprefix(sign).removesuffix(sign).strip()
            return (amount, SIGNS[sign]) if read_number(amount) else (text, "")
    return text, ""


def charged(price: str, sale: str, begins: str, ends: str, now: datetime) -> Charged:
    """What is charged at a moment.

    Args:
        price: the regular one, with or without its currency.
        sale: that of a sale, blank if there is none; it counts where it is the lower one.
        begins: a date or a moment, ISO 8601, blank for always; without a zone it is UTC.
        ends: the same; a date counts to its end.

    Raises:
        ValueError: the sale's price or its dates cannot be read; the message says so in words.
    """
    amount, currency = split(price)
    if not sale:
        return Charged(amount, "", currency)
    reduced, its = split(sale)
    if currency and its and currency != its:
        raise ValueError(f"sale price {sale!r} is of another currency than price {price!r}; write both in one")
    low, high = amount_of(reduced), amount_of(amount)
    if low is None:
        raise ValueError(f"sale price {sale!r} is not a number; write 19.99 EUR, or empty it")
    if not is_within(begins, ends, now):
        return Charged(amount, "", currency)
    if not amount:
        return Charged(reduced, "", its)
    return (
        Charged(reduced, amount, currency or its) if high is not None and low < high else Charged(amount, "", currency)
    )


def amount_of(text: str) -> float | None:
    """The number that an amount is, with a decimal point where it could have a comma as well; None where it is none."""
    reading = read_number(text)
    if reading is None:
        return None
    return reading.comma if reading.point is None else reading.point


def is_within(begins: str, ends: str, now: datetime) -> bool:
    """Whether a moment is between two others, see `charged`.

    Raises:
        ValueError: one of them is no date.
    """
    return not (begins and now < _moment(begins)) and not has_ended(ends, now)


def has_ended(ends: str, now: datetime) -> bool:
    """Whether a time is over, never if it is blank; see `charged`.

    Raises:
        ValueError: it is no date.
    """
    return bool(ends) and now >= _moment(ends) + (_DAY if is_date_only(ends) else timedelta())


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date; write 2026-01-31, or 2026-01-31T13:00+0100") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
