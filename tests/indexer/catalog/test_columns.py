"""What a column is taken for, which names are known, and what catalog.toml may say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.catalog_toml import Settings, read_settings
from indexer.catalog.columns import NAMES, Columns, read_columns
from indexer.catalog.tables.headers import canonical, name_problem, near_miss
from indexer.catalog.tables.table import Row, Sheet
from indexer.errors import CatalogError
from indexer.fields.roles import RESERVED
from indexer.fields.types import FieldTable, FieldType


def columns(name: str, values: Sequence[str], separator: str = ",", published: FieldTable | None = None) -> Columns:
    """The one column of a table, decided."""
    rows = tuple(Row(line, {name: value}) for line, value in enumerate(values, 2))
    return read_columns(Sheet(Path("catalog.csv"), separator, 1, (name,), rows), Settings(Path("x")), published)


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
        (["€12"], "number"),
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
    assert columns("anything", values).table == {"anything": kind}


def test_known_columns_have_their_type_whatever_they_hold() -> None:
    for name, values, kind in (
        ("price", ["cheap"], FieldType.NUMBER),
        ("title", ["12"], FieldType.TEXT),
        ("in_stock", ["1", "0"], FieldType.BOOLEAN),
        ("brand", ["1", "0"], FieldType.KEYWORD),
    ):
        assert columns(name, values).table == {name: kind}
        assert columns(name, values, published={name: FieldType.DATE}).table == {name: kind}


@given(st.lists(st.text(max_size=12) | st.from_regex(r"[€ ]?\d{1,4}[.,]\d{1,3}", fullmatch=True), max_size=4))
def test_what_a_column_is_taken_for_fits_all_its_values(values: list[str]) -> None:
    cells = [value.strip() for value in values]
    for separator in (",", ";"):
        decided = columns("anything", cells, separator)
        assert bool(decided.table) is not bool(decided.left_out)
        for cell in filter(None, cells):
            decided.read({"anything": cell})


# ---- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["price", "near_group", "größe", "Metal", "price-net", "a1"])
def test_usable_names(name: str) -> None:
    assert name_problem(name) is None


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
    assert f"'{suggestion}'" in str(name_problem(name))
    assert name_problem(suggestion) is None


def test_suggestions_for_reserved_names_are_free() -> None:
    assert [name for name in RESERVED.values() if name_problem(name)] == []


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Category", "category"),
        ("PRODUCT_ID", "product_id"),
        ("Product ID", "product_id"),
        ("product-id", "product_id"),
        ("productId", "product_id"),
        ("In Stock", "in_stock"),
        ("Title\N{ZERO WIDTH SPACE}", "title"),
        ("Weight", "Weight"),
        ("Gro\N{LATIN SMALL LETTER SHARP S}e", "Gro\N{LATIN SMALL LETTER SHARP S}e"),
        ("gro\N{LATIN SMALL LETTER U}\N{COMBINING DIAERESIS}n", "gro\N{LATIN SMALL LETTER U WITH DIAERESIS}n"),
        ("categorie", "categorie"),
        ("", ""),
    ],
)
def test_known_names_whatever_their_case(written: str, name: str) -> None:
    assert canonical(written, NAMES) == name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("categorie", "category"),
        ("Catgory", "category"),
        ("produkt_id", "product_id"),
        ("Images", "image"),
        ("titel", "title"),
        ("stock", "in_stock"),
        ("material", None),
        ("size", None),
        ("weight", None),
        ("colour", None),
        ("near_group", None),
    ],
)
def test_near_misses(name: str, meant: str | None) -> None:
    assert near_miss(name, NAMES) == meant


# ---- catalog.toml -----------------------------------------------------------------------------------------------


def test_settings(tmp_path: Path) -> None:
    def written(content: bytes) -> Settings:
        (tmp_path / "catalog.toml").write_bytes(content)
        return read_settings(tmp_path)

    assert read_settings(tmp_path) == Settings(tmp_path / "catalog.toml")
    types = written(b'[fields]\nyear = "keyword"\n"ring-size" = "number"\n').types
    assert types == {"year": FieldType.KEYWORD, "ring-size": FieldType.NUMBER}
    assert written(b"\xef\xbb\xbf[fields]\r\nyear = 'date'\r\n").types == {"year": FieldType.DATE}
    assert written(b"") == Settings(tmp_path / "catalog.toml")
    assert written(b"[numbers]\ndecimal = ','\n").decimal == ","
    assert written(b"[numbers]\ndecimal = { price = ',', weight = '.' }\n").decimals == {"price": ",", "weight": "."}


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
        (b'year = "keyword"\n', "'year' is not known here; it holds tables: [fields], [numbers]"),
        (b"[field]\n", "'field' is not known here"),
        (b"[numbers]\ndecimal = []\n", "'decimal' in [numbers] is []"),
    ],
)
def test_bad_settings_are_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_bytes(content)
    with pytest.raises(CatalogError) as caught:
        read_settings(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
