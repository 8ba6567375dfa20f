"""JSON lines, Parquet and packed files: values with a shape become cells, and what is damaged says so."""

from __future__ import annotations

import datetime
import gzip
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.reading import read_catalog
from indexer.catalog.tables import packed, records
from indexer.catalog.tables.jsonl import JsonLines
from indexer.catalog.tables.objects import cells_of
from indexer.errors import CatalogError
from indexer.fields.types import FieldType
from tests.shops.catalogs.catalog_folders import manifest, photos, reasons, refused, touch


def lines(root: Path, *objects: Any, name: str = "catalog.jsonl") -> Path:
    touch(root, "a.jpg", "b.jpg", "c.jpg")
    texts = [one if isinstance(one, str) else json.dumps(one) for one in objects]
    (root / name).write_text("\n".join(texts) + "\n")
    return root


def test_json_lines_say_what_the_table_says(tmp_path: Path) -> None:
    table = read_catalog(
        manifest(
            tmp_path / "table",
            "product_id,image,category,title,price,currency,in_stock,stones,maker_name,weight,listed\n"
            "J1,a.jpg|b.jpg,rings,Band,19.90,EUR,true,ruby|pearl,Ana,2.50,2026-01-31\nJ2,c.jpg,,,20,USD,,,,,\n",
        )
    )
    root = lines(
        tmp_path / "lines",
        {
            "product_id": "J1",
            "images": ["a.jpg", {"url": "b.jpg", "alt": "from the side"}],
            "category": "rings",
            "title": "Band",
            "price": {"value": 19.90, "currency": "EUR"},
            "in_stock": True,
            "stones": ["ruby", "pearl"],
            "maker": {"name": "Ana"},
            "weight": 2.5,
            "listed": "2026-01-31",
        },
        "",
        {"product_id": "J2", "images": ["c.jpg"], "price": {"amount": "20", "currency_code": "USD"}, "title": None},
    )
    catalog = read_catalog(root)
    assert [(p.id, p.category, dict(p.fields)) for p in catalog.products] == [
        (p.id, p.category, dict(p.fields)) for p in table.products
    ]
    assert photos(catalog) == photos(table)
    assert catalog.field_table == table.field_table


def test_a_line_that_cannot_be_used_is_a_reject(tmp_path: Path) -> None:
    good = {"product_id": "J1", "image": "a.jpg"}
    root = lines(tmp_path, good, "{no json", "[1]", '"text"', "[" * 100_000, {"product_id": "J2", "image": "a\0.jpg"})
    with (root / "catalog.jsonl").open("ab") as file:
        file.write(b'{"product_id": "\xff"}\n{"product_id": "\\ud800", "image": "b.jpg"}\n')
        file.write(
            b'{"product_id": "J9", "title": "' + b"x" * 17_000_000 + b'"}\n{"product_id": "J3", "image": "c.jpg"}'
        )
    catalog = read_catalog(root)
    assert photos(catalog) == {"J1": ["a.jpg"], "J3": ["c.jpg"]}
    assert reasons(catalog) == {
        "catalog.jsonl:2": "is not JSON; write one object a line, without commas between lines",
        "catalog.jsonl:3": "is no JSON object; write one object a line, without commas between lines",
        "catalog.jsonl:4": "is no JSON object; write one object a line, without commas between lines",
        "catalog.jsonl:5": "is nested too deep; write products with plain values",
        "catalog.jsonl:6": "holds a NUL character",
        "catalog.jsonl:7": "not UTF-8 (byte 0xff); save it as UTF-8",
        "catalog.jsonl:8": "holds half a character (U+D800); export it anew",
        "catalog.jsonl:9": "is longer than 16 MB; write one object a line, without commas between lines",
    }
    assert catalog.open_end is None  # its last line is whole


def test_a_file_that_ends_within_a_line_may_have_been_cut(tmp_path: Path) -> None:
    root = lines(tmp_path, {"product_id": "J1", "image": "a.jpg"})
    with (root / "catalog.jsonl").open("a") as file:
        file.write('{"product_id": "J2", "ima')
    catalog = read_catalog(root)
    assert catalog.open_end is not None
    assert catalog.open_end.problem == "the file ends within this line; send all of it"


def test_a_large_file_is_read_again_and_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lines(tmp_path, {"product_id": "J1", "image": "a.jpg"}, "{", {"product_id": "J2", "image": "b.jpg", "x": 1})
    wanted = read_catalog(root)
    monkeypatch.setattr(records, "HELD", 3)
    assert read_catalog(root) == wanted
    path = root / "catalog.jsonl"
    table = records.table_of(path, JsonLines(path), datetime.datetime.now(datetime.UTC))
    assert [line.number for line in table.lines] == [1, 2, 3]
    path.write_text('{"product_id": "J1", "new": 1}')
    with pytest.raises(CatalogError, match="changed while it was read"):
        list(table.lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"product_id": "J1"}]', "is one JSON list; write one object a line"),
        ("{no json", "catalog.jsonl: holds not one product; line 1 is not JSON; write one object a line"),
        ('{"id": 1}', "no column 'product_id'; it has id"),
        (json.dumps({f"name {n}": n for n in range(3_000)}), "has more than 2,000 different names of columns"),
        ('{"product_id": "J1", "image": "a.jpg", "photo": 1}', "column 'photo' is written by the index itself"),
    ],
)
def test_files_that_are_no_catalog(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refused(lines(tmp_path, text))


@given(
    st.dictionaries(
        st.text(max_size=6),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_whatever_json_holds_becomes_texts(tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any]) -> None:
    assert all(isinstance(name, str) and isinstance(text, str) for name, text in cells_of(record).items())
    path = tmp_path_factory.mktemp("json") / "catalog.jsonl"
    path.write_text(json.dumps(record))
    (found,) = JsonLines(path)
    assert found.problem is None


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        ({"sale_price": {"value": 9, "currency": "EUR"}}, {"sale_price": "9 EUR"}),
        ({"price": {"amountMicros": "15990000", "currencyCode": "EUR"}}, {"price": "15.99", "currency": "EUR"}),
        ({"currency": "CHF", "price": {"value": 9, "currency": "EUR"}}, {"currency": "CHF", "price": "9"}),
        ({"price": {"net": 8, "gross": 9}}, {"price_net": "8", "price_gross": "9"}),
        ({"image": {"src": "a.jpg"}}, {"image": "a.jpg"}),
        ({"image": "a.jpg", "images": ["b.jpg"]}, {"image": "a.jpg", "images": "b.jpg"}),
        ({"a": {"b": {"c": [1, None, 2.5]}}}, {"a_b_c": "1|2.5"}),
        ({"on": False, "off": None, "nan": float("nan")}, {"on": "false", "off": "", "nan": ""}),
        ({"day": datetime.date(2026, 1, 31), "sum": Decimal("1.50")}, {"day": "2026-01-31", "sum": "1.50"}),
    ],
)
def test_values_with_a_shape(value: dict[str, Any], cells: dict[str, str]) -> None:
    assert cells_of(value) == cells


# ---- Parquet ---------------------------------------------------------------------------------------------------


def parquet(**columns: Any) -> bytes:
    arrow = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(arrow.table(columns), out)
    return out.getvalue()


def test_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    data = parquet(
        product_id=["J1", "J2", "J3"],
        image=[["a.jpg", "b.jpg"], ["c.jpg"], []],
        price=[{"value": 19.9, "currency": "EUR"}, {"value": 5.0, "currency": "USD"}, None],
        weight=arrow.array([2.55, None, 1.0], arrow.float32()),
        in_stock=[True, False, None],
        listed=[datetime.date(2026, 1, 31), None, None],
    )
    for name, content in (("catalog.parquet", data), ("catalog.parquet.gz", gzip.compress(data))):
        root = touch(tmp_path / name, "a.jpg", "b.jpg", "c.jpg")
        (root / name).write_bytes(content)
        catalog = read_catalog(root)
        first, second = catalog.products
        assert dict(first.fields) == {
            "price": 19.9,
            "currency": "EUR",
            "weight": 2.55,
            "in_stock": True,
            "listed": "2026-01-31T00:00:00Z",
        }
        assert (second.fields["in_stock"], second.fields["currency"]) == (False, "USD")
        assert catalog.field_table["listed"] is FieldType.DATE
        assert reasons(catalog) == {f"{name}:3": "image is empty"}


def test_damaged_parquet(tmp_path: Path) -> None:
    data = parquet(product_id=["J1"], image=["a.jpg"])
    (tmp_path / "catalog.parquet").write_bytes(data[: len(data) // 2])
    assert "catalog.parquet: not readable as Parquet (" in refused(tmp_path)


# ---- packed ----------------------------------------------------------------------------------------------------

TABLE = b"product_id,image\nJ1,a.jpg\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gzip.compress(TABLE, mtime=0)[:-6], "the file is cut, its archive ends too early; send all of it"),
        (gzip.compress(TABLE, mtime=0)[:-8] + b"\xff" * 8, "its archive is damaged"),
        (gzip.compress(b"", mtime=0), "the file is empty; export it anew"),
        (
            gzip.compress(b"product_id,image\n" + b"\0" * 2_000_000, mtime=0),
            "to more than 500,000 bytes, which no table does; if it is one, unpack it yourself",
        ),
        (
            gzip.compress(b'{"product_id": 1}\n' + b"\n" * 2_000_000, mtime=0),
            "to more than 500,000 bytes, which no table does; if it is one, unpack it yourself",
        ),
    ],
    ids=["cut", "damaged", "empty", "zeros", "lines"],
)
def test_damaged_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, reason: str) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 500_000)
    touch(tmp_path, "a.jpg")
    (tmp_path / "catalog.csv.gz").write_bytes(data)
    assert reason in refused(tmp_path)


def test_broken_lines_cost_themselves_until_there_are_too_many(tmp_path: Path) -> None:
    header, good, bad = "id,title,image_link,price\n", "J1,x,a.jpg,9 EUR\n", 'J2,"x,b.jpg\n'
    root = manifest(tmp_path, header + (good + bad) * 90)
    catalog = read_catalog(root)
    assert photos(catalog) == {"J1": ["a.jpg"]}
    assert list(reasons(catalog)) == [f"catalog.csv:{line}" for line in range(3, 182, 2)]
    assert "catalog.csv:3: not readable as CSV" in refused(manifest(tmp_path, header + (good + bad) * 200))


def test_csv_before_what_is_packed(tmp_path: Path) -> None:
    root = manifest(tmp_path, TABLE)
    for name in ("catalog.csv.gz", "catalog.jsonl"):
        (root / name).write_bytes(b"not even read")
    assert read_catalog(root).notes == tuple(
        f"{name} is passed over, as catalog.csv decides" for name in ("catalog.jsonl", "catalog.csv.gz")
    )
