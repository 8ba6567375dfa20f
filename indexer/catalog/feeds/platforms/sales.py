"""Sales of platforms: prices without a currency, and dates as a program writes them for the people of a country."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from indexer.catalog.feeds.money import amount_of

_ISO = re.compile(r"(\d{4})[-/](\d\d?)[-/](\d\d?)(?!\d)", re.ASCII)
_SHORT = re.compile(r"(\d\d?)([./])(\d\d?)\2(\d{4}|\d\d)(?!\d)", re.ASCII)
"""What programs write for the people of one country: ``8/3/16`` is in August or in March."""
_THIS_CENTURY = 2000


def due(regular: str, lower: str, lasts: bool = True) -> tuple[str, str]:
    """The price that is charged, and the one that is not, if there is another.

    A lower price that is no number is charged: its row is rejected for it, and nothing is sold for what it was.
    """
    if not lower or not lasts:
        return regular, ""
    if regular and not is_less(lower, regular):
        return regular, ""
    return lower, regular


def crossed_out(price: str, before: str) -> str:
    """The price before, where it is higher; or is no price: its row is rejected for it."""
    return before if before and (amount_of(before) is None or is_less(price or before, before)) else ""


def is_less(first: str, second: str) -> bool:
    """Whether one price is less than another; also where it is no price."""
    low, high = amount_of(first), amount_of(second)
    return low is None or (high is not None and low < high)


class Days:
    """Reads the dates of one file, whose program wrote all of them in one way.

    Args:
        texts: everything in it that is a date: one of them may show whether the month or the day stands first.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        seen = [found for text in set(texts) if any(found := _readings(text))]
        fitting = [way for way in (0, 1) if all(found[way] for found in seen)]
        self._ways = fitting or [0, 1]

    def lasts(self, starts: str, ends: str, today: date) -> bool:
        """Whether today is between two days, these among them; a blank one is open.

        Raises:
            ValueError: one of them is no date, or is one of two and it matters which.
        """
        first, last = _readings(starts), _readings(ends)
        for text, found in ((starts, first), (ends, last)):
            if text and not any(found[way] for way in self._ways):
                raise ValueError(f"{text!r} is not a date; write the year first, as in 2026-01-31")
        answers = {
            (first[way] or today) <= today <= (last[way] or today)
            for way in self._ways
            if (first[way] or not starts) and (last[way] or not ends)
        }
        if len(answers) == 1:
            return answers.pop()
        raise ValueError(f"{starts or ends!r} is one of two days; write the year first, as in 2026-01-31")


def _readings(text: str) -> tuple[date | None, date | None]:
    """The day with the month first, and with the day first; the same twice where that is sure."""
    if found := _ISO.match(text):
        year, month, day = (int(part) for part in found.groups())
        return (_day(year, month, day),) * 2
    if not (found := _SHORT.match(text)):
        return None, None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    year += _THIS_CENTURY if len(found[4]) == 2 else 0
    day_first = _day(year, second, first)
    return (day_first if found[2] == "." else _day(year, first, second)), day_first


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
