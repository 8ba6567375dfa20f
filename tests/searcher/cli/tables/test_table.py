"""The table fits its terminal, keeps what answers the question, and prints catalog text as text."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from searcher.answers.answer import Answer, Match, Query
from searcher.answers.wording import shown_fields, written
from searcher.cli.tables.answers import print_table
from searcher.questions.photo import QueryPhoto


def answer(**payload: object) -> Answer:
    match = Match("P1", 0.91234, "rings", "rings/P1.jpg", None, payload)
    return Answer(Query({"image": "a.jpg"}, photos=(QueryPhoto("a.jpg"),)), (match,) * 3, "4", "abc" * 20, Path(), 12.3)


def printed(shown: Answer, width: int) -> str:
    out = io.StringIO()
    print_table(shown, Console(file=out, force_terminal=True, color_system=None, width=width))
    return out.getvalue()


LONG = {"title": "A very long title of a very fine ring " * 4, "brand": "Aurum", "price": 1250.5, "currency": "EUR"}


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_it_fits_the_terminal(width: int) -> None:
    lines = printed(answer(**LONG), width).splitlines()
    assert all(len(line) <= width for line in lines)
    assert "P1" in lines[1]
    assert "0.912" in lines[1]
    assert "rings" in lines[1]


@pytest.mark.parametrize("width", [64, 80, 100])
def test_the_price_is_shown_uncut(width: int) -> None:
    assert "1,250.50 EUR" in printed(answer(**LONG), width)


def test_markup_and_escape_codes_are_text() -> None:
    text = printed(answer(title="[red]x[/red] \x1b[31m\n\x07"), 120)
    assert "[red]x[/red]" in text
    assert "\x1b" not in text
    assert "\x07" not in text


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"price": 1250.0}, "1,250"),
        ({"price": 0.5, "currency": "USD"}, "0.50 USD"),
        ({"price": True}, "yes"),
        ({"price": ["a", "b"]}, "a, b"),
        ({"price": None}, ""),
        ({}, ""),
        ({"price": "on\trequest"}, "on request"),
        ({"price": "2026-01-31T00:00:00Z"}, "2026-01-31"),
        ({"price": "2026-01-31T12:00:00Z"}, "2026-01-31T12:00:00Z"),
    ],
)
def test_values_read_well(payload: dict[str, object], text: str) -> None:
    assert written(payload, "price") == text


def test_other_numbers_have_no_thousands_separator() -> None:
    assert written({"year": 2024.0}, "year") == "2024"
    assert written({"carat": 0.25}, "carat") == "0.25"
    assert written({"far": 1e300}, "far") == "1e+300"


def test_telling_fields_come_first_and_the_index_own_stay_out() -> None:
    payload = {"size": 52.0, "photo": {}, "indexed_at": "x", "price": 5.0, "title": "t", "brand": None, "category": "c"}
    assert shown_fields([payload]) == ["title", "price", "size"]
