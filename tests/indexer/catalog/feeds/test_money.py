"""Prices with currencies and sales with dates: what is charged at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.cells.numbers import CODES, SIGNS
from indexer.catalog.feeds.money import Charged, charged, has_ended, is_within, split

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("19.99 EUR", "19.99", "EUR"),
        ("19,99EUR", "19,99", "EUR"),
        ("EUR 1.250,00", "1.250,00", "EUR"),
        ("150 MAD", "150", "MAD"),  # a currency that no list of ours has
        ("usd 5", "5", "USD"),
        ("€ 420", "420", "EUR"),
        ("420,00 €", "420,00", "EUR"),
        ("$12.50", "12.50", "$"),
        ("R$ 12,50", "12,50", "BRL"),
        ("19.99", "19.99", ""),
        ("EUR 5 USD", "EUR 5 USD", ""),
        ("on request", "on request", ""),
        ("in_stock", "in_stock", ""),
        ("", "", ""),
    ],
)
def test_the_amount_and_its_currency(text: str, amount: str, currency: str) -> None:
    assert split(text) == (amount, currency)


@given(
    st.decimals(0, 10**6, places=2),
    st.sampled_from(sorted(CODES | set(SIGNS))),
    st.sampled_from(["", " "]),
    st.booleans(),
)
def test_nothing_of_an_amount_is_lost(amount: object, currency: str, space: str, before: bool) -> None:
    text = f"{currency}{space}{amount}" if before else f"{amount}{space}{currency}"
    assert split(text) == (str(amount), SIGNS.get(currency, currency))


@pytest.mark.parametrize(
    ("begins", "ends", "within"),
    [
        ("", "", True),
        ("2026-01-15", "2026-01-15", True),  # a day counts to its end
        ("2026-01-16", "", False),
        ("", "2026-01-14", False),
        ("2026-01-15T12:00+0100", "2026-01-15T13:01+0100", True),
        ("2026-01-15T12:01Z", "", False),
        ("2026-01-15 11:00", "2026-01-15 12:00:01", True),  # without a zone it is UTC
        ("", "2026-01-15T12:00Z", False),
    ],
)
def test_when_a_sale_holds(begins: str, ends: str, within: bool) -> None:
    assert is_within(begins, ends, NOON) is within
    assert is_within(begins, ends, NOON.astimezone(timezone(timedelta(hours=9)))) is within
    assert has_ended(ends, NOON) <= (not within)


@pytest.mark.parametrize(
    ("price", "sale", "ends", "wanted"),
    [
        ("20 EUR", "", "", Charged("20", "", "EUR")),
        ("20 EUR", "15 EUR", "", Charged("15", "20", "EUR")),
        ("20 EUR", "15", "", Charged("15", "20", "EUR")),
        ("20", "15 EUR", "", Charged("15", "20", "EUR")),
        ("20 EUR", "15 EUR", "2026-01-14", Charged("20", "", "EUR")),
        ("20 EUR", "20 EUR", "", Charged("20", "", "EUR")),
        ("20 EUR", "25 EUR", "", Charged("20", "", "EUR")),  # a sale is not dearer
        ("1.250,00 EUR", "990,00 EUR", "", Charged("990,00", "1.250,00", "EUR")),
        ("", "15 EUR", "", Charged("15", "", "EUR")),
        ("cheap", "", "", Charged("cheap", "", "")),
    ],
)
def test_what_is_charged(price: str, sale: str, ends: str, wanted: Charged) -> None:
    assert charged(price, sale, "", ends, NOON) == wanted
