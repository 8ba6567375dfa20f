"""Files as other programs export them: encodings, first lines, long cells, headers in any spelling."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from indexer.fields.types import FieldType
from tests.shops.catalogs.catalog_folders import manifest, photos, reasons, refused, touch

TEXT = "product_id,image,title\nJ1,a.jpg,Größe été\nJ2,b.jpg,金\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF8 * 2 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode("utf-16-le"),
        f"sep=,\n{TEXT}".encode(),
        f"sep=,\r\n{TEXT}".encode("utf-16"),
        f'"sep=;"\r\n{TEXT.replace(",", ";")}'.encode(),
        f"SEP=\t\n{TEXT}".replace(",", "\t").encode(),
        f"sep=|\n{TEXT}".replace(",", "|").encode(),
        f"sep=;;;\n{TEXT}".replace(",", ";").encode(),
    ],
)
def test_encodings_and_first_lines(tmp_path: Path, data: bytes) -> None:
    catalog = read_catalog(manifest(tmp_path, data))
    assert catalog.rejects == ()
    assert [product.fields["title"] for product in catalog.products] == ["Größe été", "金"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            TEXT.encode("latin-1", "replace"),
            "catalog.csv:2: not UTF-8 (byte 0xf6); save it as 'CSV UTF-8', not Latin-1",
        ),
        (TEXT.encode("utf-16")[:-1], "catalog.csv:3: not UTF-16 (byte 0x0a); it is damaged or cut"),
        (f"{TEXT}J3,c.jpg,\udc00\n".encode("utf-16-le", "surrogatepass"), "catalog.csv:4: not UTF-16"),
        (f"sep=;\n{TEXT}".encode(), "no column 'product_id'; it has product_id,image,title"),
    ],
)
def test_files_that_are_damaged_or_of_another_encoding(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in refused(manifest(tmp_path, data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04\x14\0\x06\0", "not a text but a workbook or an archive; export the table as 'CSV UTF-8'"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not a text but a workbook or an archive"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "not a text but a picture (JPEG)"),
        (b"<!DOCTYPE html><title>Log in</title>", "not a text but a web page"),
        (b"%PDF-1.7", "not a text but a PDF"),
        (b"", "the file is empty; export it anew"),
        (b" \r\n\r\n", "the file is empty; export it anew"),
        (b"product_id;image;title\r\n;;\r\n", "has no row below the names of its columns; export it anew"),
    ],
)
def test_a_file_that_is_no_table_is_called_what_it_is(tmp_path: Path, data: bytes, reason: str) -> None:
    assert f"catalog.csv: {reason}" in refused(manifest(tmp_path, data))


def test_lines_are_counted_from_the_line_that_names_the_separator(tmp_path: Path) -> None:
    catalog = read_catalog(manifest(tmp_path, 'sep=;\nproduct_id;image;title\nJ1;a.jpg;"x\ny"\nJ2;none.jpg;\n'))
    assert list(reasons(catalog)) == ["catalog.csv:5"]


def test_a_cell_may_be_long_but_not_without_end(tmp_path: Path) -> None:
    title, endless = "gold " * 40_000, "x" * 1_000_001
    limit = csv.field_size_limit(131_072)
    try:
        catalog = read_catalog(manifest(tmp_path, f'product_id,image,title\nJ1,a.jpg,"{title}"\nJ2,b.jpg,{endless}\n'))
    finally:
        csv.field_size_limit(limit)
    assert catalog.products[0].fields["title"] == title.strip()
    assert photos(catalog) == {"J1": ["a.jpg"]}
    assert reasons(catalog) == {"catalog.csv:3": "title has 1,000,001 characters; shorten it to 1,000,000"}


@pytest.mark.parametrize("name", ["catalog.csv", "Catalog.csv", "CATALOG.CSV", "catalog.tsv", "Catalog.txt"])
def test_a_manifest_in_a_folder_whatever_its_case(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "a.jpg", "b.jpg", "rings/c.jpg")
    (tmp_path / name).write_text(TEXT.replace(",", "\t"), encoding="utf-8")
    for given in (tmp_path, tmp_path / name):
        assert photos(read_catalog(given)) == {"J1": ["a.jpg"], "J2": ["b.jpg"]}


def test_one_manifest_decides_and_the_others_are_named(tmp_path: Path) -> None:
    root = manifest(tmp_path, TEXT)
    for name in ("catalog.tsv", "Catalog.csv"):
        (root / name).write_text("product_id\timage\nJ9\ta.jpg\n")
    (root / "catalog.txt").write_text("Our catalog of rings.\n")  # a text, not a table
    catalog = read_catalog(root)
    assert set(photos(catalog)) == {"J1", "J2"}
    assert catalog.notes == tuple(
        f"{name} is passed over, as catalog.csv decides" for name in ("Catalog.csv", "catalog.tsv")
    )


def test_a_text_beside_the_folders_is_no_manifest(tmp_path: Path) -> None:
    touch(tmp_path, "rings/r1.jpg")
    (tmp_path / "catalog.txt").write_bytes(b"Our catalog, spring \xe9dition\n")
    assert photos(read_catalog(tmp_path)) == {"r1": ["rings/r1.jpg"]}


def test_a_manifest_that_is_a_link_to_nothing_is_not_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "rings/r1.jpg")
    (tmp_path / "catalog.csv").symlink_to("share/catalog.csv")
    assert "catalog.csv: is a link to nothing" in refused(tmp_path)


# ---- headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "product_id,image,category,title,price,in_stock",
        "Product_ID,Image,Category,Title,Price,In_Stock",
        "PRODUCT_ID,IMAGE,CATEGORY,TITLE,PRICE,IN_STOCK",
        "Product ID,image,Category,Title,Price,In Stock",
        "product-id,image,category,title,price,in-stock",
        "productId,image,category,title,price,inStock",
    ],
)
def test_known_columns_whatever_their_case(tmp_path: Path, header: str) -> None:
    catalog = read_catalog(manifest(tmp_path, f"{header}\nJ1,a.jpg,rings,Band,12,yes\n"))
    (product,) = catalog.products
    assert (product.category, dict(product.fields)) == ("rings", {"title": "Band", "price": 12.0, "in_stock": True})
    assert catalog.notes == ()


def test_columns_of_the_shop_are_called_as_they_are_written(tmp_path: Path) -> None:
    root = manifest(tmp_path, "Product_ID,Image,Weight,weight,Ring-Size\nJ1,a.jpg,1,2,3\n")
    assert dict(read_catalog(root).field_table) == dict.fromkeys(["Weight", "weight", "Ring-Size"], FieldType.NUMBER)
    (root / "catalog.toml").write_text('[fields]\nWeight = "keyword"\n')
    assert dict(read_catalog(root).products[0].fields) == {"Weight": "1", "weight": 2.0, "Ring-Size": 3.0}


def test_catalog_toml_knows_names_in_any_case_too(tmp_path: Path) -> None:
    root = manifest(tmp_path, "product_id,image,Price\nJ1,a.jpg,007\n")
    (root / "catalog.toml").write_text('[fields]\nPrice = "keyword"\n')
    assert dict(read_catalog(root).products[0].fields) == {"price": "007"}


@pytest.mark.parametrize(
    ("header", "note"),
    [
        ("product_id,image,Catgory", "column 'Catgory' is a field of its own; if 'category' is meant, rename it"),
        ("product_id,image,categorie", "if 'category' is meant"),
        ("product_id,image,Categories", "if 'category' is meant"),
        ("product_id,image,Titel", "if 'title' is meant"),
        ("product_id,image,stock", "if 'in_stock' is meant"),
        ("product_id,image,weight", None),
        ("product_id,image,images", None),
        ("product_id,category,image,categories", None),
    ],
)
def test_near_misses_are_named(tmp_path: Path, header: str, note: str | None) -> None:
    root = manifest(
        tmp_path, f"{header}\nJ1,a.jpg,rings\nJ2,b.jpg,rings\n".replace("J1,a.jpg,rings\nJ2,b.jpg,rings", _row(header))
    )
    found = read_catalog(root).notes
    assert [note in one for one in found] == ([True] if note else []) if note else found == ()
    if note:
        assert found[0].startswith("catalog.csv: ")
        name = header.rpartition(",")[2]
        (root / "catalog.toml").write_text(f'[fields]\n{name} = "keyword"\n')
        assert read_catalog(root).notes == ()  # said by hand that it is meant so


def _row(header: str) -> str:
    return ",".join(
        {"product_id": "J1", "image": "a.jpg", "images": "a.jpg"}.get(name, "rings") for name in header.split(",")
    )


@pytest.mark.parametrize(
    ("header", "reasons_"),
    [
        ("produkt_id,image", ["no column 'product_id'; it has produkt_id, image; did you mean 'produkt_id'?"]),
        ("product_id,Images", ["no column 'image'", "did you mean 'Images'? rename it to 'image'"]),
        ("product_id,image,Price,price", ["columns 'Price' and 'price' are both 'price' here; rename or remove one"]),
        ("product_id,image,in stock,in_stock", ["columns 'in stock' and 'in_stock' are both 'in_stock' here"]),
        ("product_id,image,gr\u00f6n,gro\u0308n", ["column 'gr\u00f6n' appears twice; rename or remove one"]),
        ("product_id,image,weight,weight,weight", ["column 'weight' appears 3 times"]),
        (
            "product_id,photo,ring size,2nd,indexed_at,metal,metal,",
            [
                "7 problems with its columns: no column 'image'",
                "'metal' appears twice",
                "column 8 has a value in line 2 but no name",
                "'photo' is written by the index itself; rename it, e.g. to 'shop_photo'",
                "'ring size' cannot be used in a filter; rename it, e.g. to 'ring_size'",
                "rename it, e.g. to 'c_2nd'",
                "rename it, e.g. to 'listed_at'",
            ],
        ),
    ],
)
def test_everything_wrong_with_a_header_is_told_at_once(tmp_path: Path, header: str, reasons_: list[str]) -> None:
    message = refused(manifest(tmp_path, f"{header}\n{','.join(['a.jpg'] * len(header.split(',')))}\n"))
    assert [reason for reason in reasons_ if reason not in message] == []


def test_everything_wrong_with_catalog_toml_is_told_at_once(tmp_path: Path) -> None:
    root = manifest(tmp_path, "product_id,image,price\nJ1,a.jpg,1\n")
    (root / "catalog.toml").write_text('[fields]\nprice = "money"\nyear = "integer"\n[numbers]\ndecimal = ";"\n')
    message = refused_toml(root)
    assert "'money'" in message
    assert "'integer'" in message
    assert "';'" in message
    (root / "catalog.toml").write_text('[fields]\nsize = "number"\nproduct_id = "text"\n')
    message = refused_toml(root)
    assert "field 'size' is not a column of catalog.csv, field 'product_id' is always text; remove them" in message


def refused_toml(root: Path) -> str:
    message = refused(root)
    assert message.startswith(str(root / "catalog.toml"))
    return message
