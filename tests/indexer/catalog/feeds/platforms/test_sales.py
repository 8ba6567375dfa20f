"""Days as programs write them for the people of a country, and what is due on one."""

from __future__ import annotations

from datetime import date

import pytest

from indexer.catalog.feeds.platforms.sales import Days, crossed_out, due

TODAY = date(2026, 5, 10)


@pytest.mark.parametrize(
    ("others", "starts", "ends", "lasts"),
    [
        ([], "", "", True),
        ([], "2026-05-10", "2026-05-10", True),
        ([], "2026-05-10 23:59:00", "", True),  # the whole day
        ([], "2026-05-11", "", False),
        ([], "", "2026/5/9", False),
        ([], "1.5.2026", "31.5.26", True),
        (["1/31/26"], "6/5/26", "", False),  # the month first
        (["31/1/26, 12:00"], "6/5/26", "", True),  # the day first
        ([], "6/5/25", "7/6/27", True),  # either way
        ([], "13/5/26", "", False),  # which shows it itself
        (["1/31/26", "31/1/26"], "1/2/25", "", True),  # nobody knows, and it does not matter
    ],
)
def test_whether_a_sale_lasts(others: list[str], starts: str, ends: str, lasts: bool) -> None:
    assert Days([*others, starts, ends]).lasts(starts, ends, TODAY) is lasts


@pytest.mark.parametrize(
    ("starts", "ends", "reason"),
    [
        ("6/5/26", "", "'6/5/26' is one of two days"),
        ("", "9/5/26", "'9/5/26' is one of two days"),
        ("soon", "", "'soon' is not a date"),
        ("2026-02-30", "", "'2026-02-30' is not a date"),
        ("13/13/26", "", "'13/13/26' is not a date"),
    ],
)
def test_a_day_that_is_unclear_or_none(starts: str, ends: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Days([starts, ends]).lasts(starts, ends, TODAY)


@pytest.mark.parametrize(
    ("regular", "lower", "lasts", "expected"),
    [
        ("12", "", True, ("12", "")),
        ("12", "9", True, ("9", "12")),
        ("12", "9", False, ("12", "")),
        ("12", "12.00", True, ("12", "")),
        ("", "9", True, ("9", "")),
        ("", "9", False, ("", "")),
        ("1250,00", "980,00", True, ("980,00", "1250,00")),
        ("12", "soon", True, ("soon", "12")),  # for which the row is rejected
    ],
)
def test_what_is_due(regular: str, lower: str, lasts: bool, expected: tuple[str, str]) -> None:
    assert due(regular, lower, lasts) == expected


def test_what_is_crossed_out() -> None:
    pairs = [("9", "12"), ("12", "12.00"), ("12", "0.00"), ("12", ""), ("", "12"), ("9", "before")]
    assert [crossed_out(price, before) for price, before in pairs] == ["12", "", "", "", "", "before"]
