"""Field types: what a text becomes, what a column is taken for, which names and overrides are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.columns import check_name, infer_type, read_overrides
from indexer.errors import CatalogError
from indexer.fields.roles import RESERVED
from indexer.fields.types import FieldType, cast, is_date_only, parse_boolean, parse_date, parse_number


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", "-3"], "number"),
        (["0", "1"], "number"),
        (["1250.00", ""], "number"),
        (["007", "12"], "keyword"),
        (["00", "01"], "keyword"),
        (["1E5", "2E7"], "keyword"),
        (["nan", "1"], "keyword"),
        (["inf"], "keyword"),
        (["1_000"], "keyword"),
        (["1,5"], "keyword"),
        (["€12"], "keyword"),
        (["\N{FULLWIDTH DIGIT ONE}"], "keyword"),
        (["4006381333931"], "number"),
        (["12345678901234567890"], "keyword"),
        (["true", "FALSE"], "boolean"),
        (["yes", "no", ""], "boolean"),
        (["yes", "maybe"], "keyword"),
        (["2026-01-31"], "date"),
        (["2026-01-31", "2026-01-31T18:00:00+01:00"], "date"),
        (["2026-01-31 18:00"], "date"),
        (["2026-13-31"], "keyword"),
        (["20260131"], "number"),
        (["2026-W05"], "keyword"),
        (["31.01.2026"], "keyword"),
        (["0001-01-01T00:00+14:00"], "keyword"),
        (["gold|silver", "gold"], "keyword"),
        (["", ""], "keyword"),
        ([], "keyword"),
    ],
)
def test_inferred_types(values: list[str], kind: str) -> None:
    assert infer_type("anything", values) == kind


def test_known_columns_have_their_type_whatever_they_hold() -> None:
    assert infer_type("price", ["cheap"]) is FieldType.NUMBER
    assert infer_type("title", ["12"]) is FieldType.TEXT
    assert infer_type("in_stock", ["1", "0"]) is FieldType.BOOLEAN
    assert infer_type("brand", ["1", "0"]) is FieldType.KEYWORD


@given(st.lists(st.text(max_size=12), max_size=4))
def test_what_a_column_is_taken_for_fits_all_its_values(values: list[str]) -> None:
    cells = [value.strip() for value in values]
    kind = infer_type("anything", cells)
    for cell in filter(None, cells):
        cast(cell, kind)


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


@pytest.mark.parametrize("name", ["price", "near_group", "größe", "Metal", "price-net", "a1"])
def test_usable_names(name: str) -> None:
    check_name(name, Path("catalog.csv"))


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("photo", "shop_photo"),
        ("indexed_at", "listed_at"),
        ("predicted_category", "expected_category"),
        ("price (net)", "price_net"),
        ("2nd stone", "c_2nd_stone"),
        ("photo.size", "photo_size"),
        ("€", "column"),
        ("photo!", "shop_photo"),
    ],
)
def test_refused_names_come_with_a_suggestion_that_works(name: str, suggestion: str) -> None:
    with pytest.raises(CatalogError, match=f"catalog.csv: column .*'{suggestion}'"):
        check_name(name, Path("catalog.csv"))
    check_name(suggestion, Path("catalog.csv"))


def test_suggestions_for_reserved_names_are_free() -> None:
    for suggestion in RESERVED.values():
        check_name(suggestion, Path("catalog.csv"))


def test_overrides(tmp_path: Path) -> None:
    assert read_overrides(tmp_path) == {}
    (tmp_path / "catalog.toml").write_text('[fields]\nyear = "keyword"\n"ring-size" = "number"\n')
    assert read_overrides(tmp_path) == {"year": FieldType.KEYWORD, "ring-size": FieldType.NUMBER}
    (tmp_path / "catalog.toml").write_bytes(b"\xef\xbb\xbf[fields]\r\nyear = 'date'\r\n")
    assert read_overrides(tmp_path) == {"year": FieldType.DATE}
    (tmp_path / "catalog.toml").write_text("")
    assert read_overrides(tmp_path) == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[fields\n", "not valid TOML"),
        (b"[fields]\nyear = keyword\n", "not valid TOML"),
        (b'[fields]\nyear = "\xe9"\n', "not valid TOML"),
        (b'[fields]\nyear = "integer"\n', "unknown type 'integer'; there are keyword, number, boolean, date, text"),
        (b"[fields]\nyear = 3\n", "unknown type 3"),
        (b"[fields]\nyear = ['text']\n", "unknown type"),
        (b"[fields.year]\ntype = 'text'\n", "unknown type"),
        (b"fields = 3\n", "'fields' is not known here"),
        (b'year = "keyword"\n', "'year' is not known here; it holds one table, [fields]"),
        (b"[field]\n", "'field' is not known here"),
    ],
)
def test_bad_overrides_are_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_bytes(content)
    with pytest.raises(CatalogError) as caught:
        read_overrides(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
