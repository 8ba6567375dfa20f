"""The filter text means what a plain loop over the rows means, on the real engine; and bad text says why."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import FilterError
from indexer.store.filters.text_form import parse
from indexer.store.filters.tree import Filter, Match
from tests.shops.indexes.built_index import TABLE, Built, Plain

Row = dict[str, Any]


def moment(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text.lower()))


def has(row: Row, field: str, value: Any) -> bool:
    held = row.get(field)
    return value in held if isinstance(held, list) else held == value


def created(row: Row) -> datetime:
    return moment(row["created"])


CASES: list[tuple[str, Plain]] = [
    ("category=rings", lambda r: r.get("category") == "rings"),
    ("category = rings | watches", lambda r: r.get("category") in ("rings", "watches")),
    ("category!=watches", lambda r: r.get("category") != "watches"),
    ("category!=watches|rings", lambda r: r.get("category") not in ("watches", "rings")),
    ("metal=gold", lambda r: has(r, "metal", "gold")),
    ("metal=gold|silver", lambda r: has(r, "metal", "gold") or has(r, "metal", "silver")),
    ("metal!=gold", lambda r: not has(r, "metal", "gold")),
    ("metal=", lambda r: not r.get("metal")),
    ("metal!=", lambda r: bool(r.get("metal"))),
    ("title=", lambda r: not r.get("title")),
    ('brand="Bel|le"', lambda r: r.get("brand") == "Bel|le"),
    ('brand="Bel|le"|Aurum', lambda r: r.get("brand") in ("Bel|le", "Aurum")),
    ('brand="O""Neil"', lambda r: r.get("brand") == 'O"Neil'),
    ('brand=O"Neil', lambda r: r.get("brand") == 'O"Neil'),
    ("brand=a..b", lambda r: r.get("brand") == "a..b"),
    ("brand^=Aur", lambda r: r.get("brand", "").startswith("Aur")),
    ("brand^=Aure|a.", lambda r: r.get("brand", "").startswith(("Aure", "a."))),
    ("price=100..300", lambda r: 100 <= r.get("price", -1) <= 300),
    ("price = 100 .. 300", lambda r: 100 <= r.get("price", -1) <= 300),
    ("price=100..", lambda r: r.get("price", -1) >= 100),
    ("price=..300", lambda r: "price" in r and r["price"] <= 300),
    ("price=100", lambda r: r.get("price") == 100),
    ("price=100|400..", lambda r: r.get("price") == 100 or r.get("price", -1) >= 400),
    ("price!=100", lambda r: r.get("price") != 100),
    ("price!=100..300", lambda r: not 100 <= r.get("price", -1) <= 300),
    ("price=-5..50", lambda r: -5 <= r.get("price", -9) <= 50),
    ("price<=300", lambda r: "price" in r and r["price"] <= 300),
    ("price<300", lambda r: "price" in r and r["price"] < 300),
    ("price>=300", lambda r: "price" in r and r["price"] >= 300),
    ("price>300", lambda r: "price" in r and r["price"] > 300),
    ("in_stock=true", lambda r: r.get("in_stock") is True),
    ("in_stock=false", lambda r: r.get("in_stock") is False),
    ("in_stock=Yes", lambda r: r.get("in_stock") is True),
    ("in_stock=no", lambda r: r.get("in_stock") is False),
    ("in_stock=yes|no", lambda r: "in_stock" in r),
    ("in_stock!=true", lambda r: r.get("in_stock") is not True),
    ("in_stock=", lambda r: "in_stock" not in r),
    ("title~pearl", lambda r: "pearl" in words(r.get("title", ""))),
    ("title~ring PEARL", lambda r: {"ring", "pearl"} <= words(r.get("title", ""))),
    ("title~étoile|fine", lambda r: bool({"étoile", "fine"} & words(r.get("title", "")))),
    ("title~pear", lambda _: False),
    ("created>=2026-01-03", lambda r: "created" in r and created(r) >= moment("2026-01-03")),
    ("created>2026-01-03", lambda r: "created" in r and created(r) >= moment("2026-01-04")),
    ("created<=2026-01-03", lambda r: "created" in r and created(r) < moment("2026-01-04")),
    ("created<2026-01-03", lambda r: "created" in r and created(r) < moment("2026-01-03")),
    ("created=2026-01-03", lambda r: r.get("created", "").startswith("2026-01-03")),
    ("created!=2026-01-03", lambda r: not r.get("created", "").startswith("2026-01-03")),
    ("created=2026-01-02..2026-01-03", lambda r: r.get("created", "")[:10] in ("2026-01-02", "2026-01-03")),
    ("created=..2026-01-02", lambda r: "created" in r and created(r) < moment("2026-01-03")),
    ("created=2026-01-02..", lambda r: "created" in r and created(r) >= moment("2026-01-02")),
    ("created>2026-01-03T12:30:00Z", lambda r: "created" in r and created(r) > moment("2026-01-03T12:30:00")),
    ("created<=2026-01-03T13:30+01:00", lambda r: "created" in r and created(r) <= moment("2026-01-03T12:30:00")),
    ("created=2026-01-03T12:30:00", lambda r: "created" in r and created(r) == moment("2026-01-03T12:30:00")),
    ("product_id=P001|P002", lambda r: r["product_id"] in ("P001", "P002")),
    ("photo.rank=0", lambda r: r["photo"]["rank"] == 0),
    ("photo.width>=320", lambda _: True),
]


def found(built: Built, texts: list[str]) -> set[str]:
    return {point.payload["photo"]["path"] for point in built.store.scroll(parse(texts, TABLE), fields=["photo"])}


def expected(built: Built, passes: Plain) -> set[str]:
    return {row["photo"]["path"] for row in built.payloads if passes(row)}


@pytest.mark.parametrize(("text", "passes"), CASES, ids=[text for text, _ in CASES])
def test_each_form_gives_exactly_what_a_plain_loop_gives(built: Built, text: str, passes: Plain) -> None:
    wanted = expected(built, passes)
    assert found(built, [text]) == wanted
    if text not in ("title~pear", "photo.width>=320"):
        assert 0 < len(wanted) < len(built.payloads), "the case tells nothing apart"


@given(chosen=st.lists(st.sampled_from(CASES), min_size=2, max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_several_texts_hold_together(built: Built, chosen: list[tuple[str, Plain]]) -> None:
    wanted = expected(built, lambda row: all(passes(row) for _, passes in chosen))
    assert found(built, [text for text, _ in chosen]) == wanted


bounds = st.integers(-100, 700).map(float) | st.floats(-1e6, 1e6, width=32)


@given(low=bounds, high=bounds, operator=st.sampled_from(["..", "<", "<=", ">", ">="]), negated=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_number_is_compared_as_written(built: Built, low: float, high: float, operator: str, negated: bool) -> None:
    low, high = min(low, high), max(low, high)
    if operator == "..":
        text = f"price{'!=' if negated else '='}{low!r}..{high!r}"
        wanted = expected(built, lambda r: ("price" in r and low <= r["price"] <= high) != negated)
    else:
        text = f"price{operator}{low!r}"
        compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[operator]
        wanted = expected(built, lambda r: "price" in r and compare(r["price"], low))
    assert found(built, [text]) == wanted


@given(value=st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_quoted_value_may_hold_anything(value: str) -> None:
    quoted = '"' + value.replace('"', '""') + '"'
    assert parse([f"brand={quoted}|x"], TABLE) == Filter(must=(Match("brand", tuple(dict.fromkeys((value, "x")))),))


@given(text=st.text(max_size=30) | st.from_regex(r"(price|brand|created|title|in_stock)(=|!=|<|~|\^=)[ -~]{0,20}"))
@settings(max_examples=500)
def test_any_text_is_a_filter_or_a_one_line_error(text: str) -> None:
    try:
        tree = parse([text], TABLE)
    except FilterError as error:
        message = str(error)
    else:
        assert tree
        return
    assert "price (number)" in message
    assert "photo.width (number)" in message
    assert "\n" not in message


def test_no_text_is_no_filter() -> None:
    assert parse([], TABLE) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("colour=red", "there is no field 'colour'"),
        ("prise<=5", "did you mean 'price'?"),
        ("", "cannot be read"),
        ("rings", "cannot be read"),
        ("=rings", "cannot be read"),
        ("price", "cannot be read"),
        ("brand=\udcff", "cannot be read"),
        ("price=cheap", "price is a number, which 'cheap' is not"),
        ("price=nan", "price is a number, which 'nan' is not"),
        ("price<=inf", "price is a number, which 'inf' is not"),
        ("price=500..100", "the range 500..100 runs backwards"),
        ("price=..", "a range needs at least one bound"),
        ("price=a..b", "price is a number, which 'a' is not"),
        ("price<=1|2", "<= takes one value"),
        ("price<", "a value is missing after <"),
        ("price~5", "~ does not go with price"),
        ("in_stock=maybe", "in_stock is a boolean, which 'maybe' is not"),
        ("in_stock>true", "> does not go with in_stock"),
        ("created=yesterday", "created is a date, which 'yesterday' is not"),
        ("created=2026-02-30", "created is a date, which '2026-02-30' is not"),
        ("created>0001-01-01T00:00+10:00", "created is a date"),
        ("created>9999-12-31", "too late for a calendar"),
        ("created=2026-02-01..2026-01-01", "runs backwards"),
        ("metal~gold", "use metal=gold|silver"),
        ("metal<gold", "< does not go with metal"),
        ("title=pearl", "title is text, which is searched by words: title~'pearl'"),
        ("title~!!", "holds no word"),
        ("metal=gold|", "nothing follows the last |"),
        ("metal=|gold", "a value is empty"),
        ('metal="gold', "must end with"),
        ('metal="gold"en', "must end with"),
    ],
)
def test_a_bad_text_says_what_is_wrong_and_lists_the_fields(text: str, complaint: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(["category=rings", text], TABLE)
    assert complaint in str(caught.value)
    assert "metal (keyword), price (number), in_stock (boolean), created (date)" in str(caught.value)
