"""What a cell says as a number: with a decimal point, with a decimal comma, or with either.

Two readings that differ are the whole difficulty: ``1.250`` is 1.25 or 1250. Which of them a column means is decided in
`decimals`; here nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Decimal = Literal[".", ","]

CODES = frozenset(
    {"AED", "ARS", "AUD", "BDT", "BGN", "BHD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR"}
    | {"GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KES", "KRW", "KWD", "LKR", "MXN", "MYR", "NGN", "NOK"}
    | {"NZD", "OMR", "PEN", "PHP", "PKR", "PLN", "QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH"}
    | {"USD", "VND", "ZAR"}
)
"""Currencies (ISO 4217) that may stand before or after a number."""
SIGNS = {
    **{"€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₺": "TRY", "₴": "UAH", "₪": "ILS", "₩": "KRW", "₫": "VND"},
    **{"R$": "BRL", "US$": "USD", "CA$": "CAD", "C$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD"},
    **{"S$": "SGD", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "Rs.": "INR", "Rs": "INR", "Fr.": "CHF"},
    **{"$": "$", "¥": "¥", "kr.": "kr", "kr": "kr", "Kr.": "kr", "Kr": "kr"},  # of several countries
}
"""Signs that may stand there too, and the currency that each means, as far as it means one."""

_SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
_GROUPS = f"{_SPACES}'\N{RIGHT SINGLE QUOTATION MARK}"
"""Between thousands, whatever the decimal sign is."""
_CURRENCY = "|".join([f"(?i:{'|'.join(sorted(CODES))})", *map(re.escape, sorted(SIGNS, key=len, reverse=True))])
_MARKED = re.compile(
    rf"(?P<sign>[+\-\N{{MINUS SIGN}}]?)[{_SPACES}]*(?:(?P<before>{_CURRENCY})[{_SPACES}]*)?"
    rf"(?P<inner>[+\-\N{{MINUS SIGN}}]?)(?P<body>[\d.,](?:.*[\d.,\-\N{{EN DASH}}\N{{EM DASH}}])?)"
    rf"[{_SPACES}]*(?P<after>{_CURRENCY})?\Z",
    re.ASCII,
)


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    group = f"(?P<group>[{thousands}{_GROUPS}])"
    lakhs = r"|[1-9]\d?(?:,\d\d)+,\d{3}" if thousands == "," else ""  # 1,25,000 as in India
    return re.compile(
        rf"(?P<whole>\d+|[1-9]\d{{0,2}}{group}\d{{3}}(?:(?P=group)\d{{3}})*{lakhs})?"
        rf"(?:{re.escape(decimal)}(?P<part>\d+|-{{1,2}}|[\N{{EN DASH}}\N{{EM DASH}}]))?\Z",
        re.ASCII,
    )


_READ: dict[Decimal, re.Pattern[str]] = {".": _pattern(".", ","), ",": _pattern(",", ".")}
_PROGRAM = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
"""What programs write besides: ``5.`` and ``1.5e3``."""
_CODE = re.compile(r"0\d|\d+[eE]|\d{16}", re.ASCII)
"""Leading zeros and 1E5 are article codes, and a 16-digit one would lose digits as a float."""
_SIMPLE = re.compile(r"-?(0|[1-9]\d*)(\.\d\d?)?\Z", re.ASCII)
"""What most cells are; the long way takes ten times as long."""
_OF_SEVERAL = {
    "$": {"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD"},
    "¥": {"JPY", "CNY"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
}
_SAFE, LONGEST = 15, 64
"""Characters: a float holds every number of so many, and nobody writes one that is longer than the other."""


@dataclass(slots=True)
class Reading:
    """A cell as a number; None where it is none with that decimal sign."""

    point: float | None
    comma: float | None
    currency: str | None = None
    grouped: str = ""
    """What stands between its thousands, where that is sure; blank where it is not, or nothing does."""
    part: bool = False
    """Whether a fraction certainly stands in it."""
    code: bool = False
    """Whether it is an article code rather, unless its column is known to hold numbers."""
    letters: bool = False
    """Whether the currency is written in letters: ``PEN 100`` is a pendant in some shops, and 100 soles in others."""

    @property
    def is_money(self) -> bool:
        """Whether it certainly is an amount of money."""
        return self.currency is not None and (self.part or not self.letters)

    @property
    def decides(self) -> Decimal | None:
        """The decimal sign that it must have been written with; None where both say the same, or it is unsure."""
        if (self.point is None) == (self.comma is None):
            return None
        return "." if self.comma is None else ","

    @property
    def is_unsure(self) -> bool:
        """Whether it is one number with a decimal point and another with a decimal comma."""
        return self.point is not None and self.comma is not None and self.point != self.comma

    def value(self, decimal: Decimal | None) -> float | None:
        """The number with this decimal sign, None where it is none; without a sign, the one that is sure."""
        if decimal is not None:
            return self.point if decimal == "." else self.comma
        return None if self.is_unsure else self.comma if self.point is None else self.point


def read_number(text: str) -> Reading | None:
    """Both readings of a cell; None where it is a number in neither.

    Thousands may be separated by the other sign, an apostrophe or a space; a currency may stand before or after.
    Percent is no number: ``5 %`` is 5 to one shop and .05 to another.
    """
    if _SIMPLE.match(text) and len(text) <= _SAFE:
        value = float(text)
        return Reading(value, None, part=True) if "." in text else Reading(value, value)
    if len(text) > LONGEST or not (marked := _MARKED.match(text)):
        return None
    currency = _currency(marked["before"], marked["after"])
    if currency is None or (marked["sign"] and marked["inner"]):
        return None
    body = marked["body"]
    factor = -1.0 if (marked["sign"] or marked["inner"]) in ("-", "\N{MINUS SIGN}") else 1.0
    found = {decimal: pattern.match(body) for decimal, pattern in _READ.items()}
    values: dict[Decimal, float | None] = {decimal: _value(match, factor) for decimal, match in found.items()}
    if program := _PROGRAM.match(body):
        values["."] = _finite(factor * float(body))
        if "." not in body:  # no sign to differ in
            values[","] = values["."]
    if values["."] is None and values[","] is None:
        return None
    unsure = None not in values.values() and values["."] != values[","]
    match = None if unsure else found["."] or found[","]
    return Reading(
        point=values["."],
        comma=values[","],
        currency=currency or None,
        grouped=_group(match),
        part=bool(match and match["part"]),
        code=bool(_CODE.match(body)) or bool(program and program[3]),
        letters=any(mark.rstrip(".").isalpha() for mark in (marked["before"], marked["after"]) if mark),
    )


def one_currency(found: Collection[str]) -> bool:
    """Whether these currencies may all be one: a dollar sign and USD are, USD and CAD are not."""
    sure = {currency for currency in found if currency not in _OF_SEVERAL}
    return len(sure) <= 1 and all(sure <= _OF_SEVERAL[mark] for mark in found if mark in _OF_SEVERAL)


def _currency(before: str | None, after: str | None) -> str | None:
    """The one currency; blank where there is none, None where there are two."""
    marks = {SIGNS.get(mark) or mark.upper() for mark in (before, after) if mark}
    return min(marks, key=lambda mark: mark in _OF_SEVERAL, default="") if one_currency(marks) else None


def _value(match: re.Match[str] | None, factor: float) -> float | None:
    if match is None:
        return None
    whole = re.sub(r"\D", "", match["whole"] or "", flags=re.ASCII)
    part = re.sub(r"\D", "", match["part"] or "", flags=re.ASCII)  # 1.250,- has none
    return _finite(factor * float(f"{whole or 0}.{part or 0}")) if whole or part else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _group(match: re.Match[str] | None) -> str:
    whole = (match["whole"] if match else None) or ""
    return next((sign for sign in whole if not sign.isdigit()), "")
