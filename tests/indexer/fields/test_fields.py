"""Field types: what a text becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.fields.types import FieldType, cast, is_date_only, parse_boolean, parse_date, parse_number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_round_trip(value: float) -> None:
    assert parse_number(repr(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nan",
        "inf",
        "-Infinity",
        "1e999",
        "1_0",
        "0x10",
        "1,5",
        "1.2.3",
        "$5",
        "5 €",
        " 1",
        "\N{FULLWIDTH DIGIT ONE}",
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller writes the message
        parse_number(text)


@pytest.mark.parametrize(("text", "value"), [("007", 7), (".5", 0.5), ("5.", 5), ("+1e3", 1000), ("-0.25", -0.25)])
def test_what_a_number_column_accepts(text: str, value: float) -> None:
    number = cast(text, FieldType.NUMBER)
    assert type(number) is float
    assert number == value


def test_booleans() -> None:
    assert [parse_boolean(text) for text in ("true", "YES", "y", "1", "False", "no", "N", "0")] == [True] * 4 + [
        False
    ] * 4
    for text in ("maybe", "2", "on"):
        with pytest.raises(ValueError, match=text):
            parse_boolean(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T18:00:00", "2026-01-31T18:00:00Z"),
        ("2026-01-31T18:00:00Z", "2026-01-31T18:00:00Z"),
        ("2026-01-31T00:30:00+01:00", "2026-01-30T23:30:00Z"),
        ("2026-01-31 18:00-05:00", "2026-01-31T23:00:00Z"),
        ("2026-01-31T18:00:00.25Z", "2026-01-31T18:00:00.250000Z"),
        ("0099-01-01", "0099-01-01T00:00:00Z"),
    ],
)
def test_dates_are_kept_in_utc(text: str, moment: str) -> None:
    assert parse_date(text) == moment == parse_date(moment)


@pytest.mark.parametrize("text", ["", "today", "31/01/2026", "2026-02-30", "0001-01-01T00:00+14:00"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller writes the message
        parse_date(text)


def test_whole_days() -> None:
    assert is_date_only("2026-01-31")
    assert not is_date_only("2026-01-31T00:00")


def test_lists() -> None:
    assert cast("gold | silver||", FieldType.KEYWORD) == ["gold", "silver"]
    assert cast("gold", FieldType.KEYWORD) == "gold"
    assert cast("A|B ring", FieldType.TEXT) == "A|B ring"
