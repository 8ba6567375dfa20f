"""WooCommerce's product CSV as a person reads it: variations and their variable products, sales, what is not shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from tests.shops.catalogs.catalog_folders import photos, reasons
from tests.shops.platforms.exports import export, passed_over, said, text_of, written

PRICED = ("group_id", "price", "list_price", "in_stock")


def test_the_products_groups_prices_and_stock_of_an_export(tmp_path: Path) -> None:
    catalog = read_catalog(export(tmp_path, "woocommerce"))
    assert said(catalog, *PRICED) == {
        "luna-gold": ("luna", 420.0, None, True),
        "luna-silver": ("luna", 150.0, 180.0, False),
        "stars": (None, 39.9, None, True),  # the sale is over
        "id:51": (None, 130.0, None, False),  # the sale is to come; it can be ordered, and is not there
        "partner": (None, 1250.0, None, True),
        "id:64": ("ember", 64.0, None, True),
        "id:65": ("ember", 66.0, None, False),
    }
    assert said(catalog, "category", "title", "brand", "metal", "stone", "tags")["luna-silver"] == (
        *("Jewelry > Rings", 'Ring "Luna", pearl - Silver', "Maison Aurore", "Silver", ["Pearl", "Diamond"]),
        ["pearl", "wedding"],
    )
    assert said(catalog, "category", "categories")["id:51"] == (
        "Jewelry > Necklaces > Chains",
        ["Jewelry > Necklaces > Chains", "Jewelry > Necklaces"],
    )
    assert said(catalog, "ring_size", "finish")["id:65"] == ("52", ["matt, brushed", "polished"])
    assert said(catalog, "url", "gtin")["partner"] == ("https://partner.example/watch", None)
    assert said(catalog, "gtin")["stars"] == ("0712345678904",)


def test_a_variation_has_its_own_picture_and_those_of_the_gallery_that_are_no_other_variations(tmp_path: Path) -> None:
    assert photos(read_catalog(export(tmp_path, "woocommerce"))) == {
        "luna-gold": ["photos/luna-gold.jpg", "photos/luna-box.jpg"],
        "luna-silver": ["photos/luna-silver.jpg", "photos/luna-worn.jpg", "photos/luna-box.jpg"],
        "stars": ["photos/stars.jpg", "photos/stars-back.jpg"],
        "id:51": ["photos/tide.jpg"],
        "partner": ["photos/watch.jpg"],
        "id:64": ["photos/ember.jpg"],
        "id:65": ["photos/ember.jpg"],
    }


def test_what_is_not_shown_is_counted_and_what_is_damaged_has_its_line(tmp_path: Path) -> None:
    catalog = read_catalog(export(tmp_path, "woocommerce"))
    assert passed_over(catalog) == {
        "drafts": (2, "catalog.csv:10"),  # a simple product, and a variable one with all its variations
        "private products": (2, "catalog.csv:6"),
        "hidden products": (1, "catalog.csv:12"),
        "grouped products": (1, "catalog.csv:13"),
        "products without a picture": (1, "catalog.csv:9"),
        "repeated rows": (1, "catalog.csv:15"),
    }
    assert reasons(catalog) == {
        "catalog.csv:18": "its variable product 'lost-parent' is not here or its row cannot be used; export both",
        "catalog.csv:19": "has 32 cells for 31 columns; quote cells that hold the separator",
        "catalog.csv:20": "SKU 'stars' is that of line 7 already; a product has its own",
        "catalog.csv:22": "image 'photos/gone.jpg' does not exist",
        "catalog.csv:23": "image 'photos/gone.jpg' does not exist",
    }
    assert catalog.notes == (
        "catalog.csv: read as a WooCommerce product export; 8 columns are not used: Is featured?, Description, "
        "Backorders allowed?, Weight (g), Position, Attribute 1 visible, Attribute 1 global, Meta: _note",
    )


HEADER = "ID,Type,SKU,Name,Published,In stock?,Stock,Sale price,Regular price,Date sale price ends,Images,Parent\n"
GOOD = "1,simple,good,Good,1,1,,,10,,good.jpg,\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("2,simple,a,A,1,1,,,12,,a.jpg,\n", (None, 12.0, None, True)),
        ("2,simple,a,A,1,1,,12,12,,a.jpg,\n", (None, 12.0, None, True)),  # no sale
        ("2,simple,a,A,1,1,,9,12,2099-01-01,a.jpg,\n", (None, 9.0, 12.0, True)),
        ("2,simple,a,A,1,1,,9,12,2020-01-01 00:00:00,a.jpg,\n", (None, 12.0, None, True)),
        ("2,simple,a,A,1,1,,9,,,a.jpg,\n", (None, 9.0, None, True)),
        ("2,simple,a,A,1,,3,,12,,a.jpg,\n", (None, 12.0, None, True)),
        ("2,simple,a,A,1,,0,,12,,a.jpg,\n", (None, 12.0, None, False)),
        ("2,simple,a,A,1,1,0,,12,,a.jpg,\n", (None, 12.0, None, True)),  # its own word before a count
        ("2,simple,a,A,1,,,,,,a.jpg,\n", (None, None, None, None)),
        ("2,simple,a,A,1,outofstock,,,12,,a.jpg,\n", (None, 12.0, None, False)),
        ("2,simple,a,A,WAHR,1,,,12,,a.jpg,\n", (None, 12.0, None, True)),  # as a spreadsheet saves it
        ("2,simple,a,A,1,,'-3,,12,,a.jpg,\n", (None, 12.0, None, False)),
        ('2,"simple, virtual",a,A,1,1,,,12,,a.jpg,\n', (None, 12.0, None, True)),
        ("2,subscription,a,A,1,1,,,12,,a.jpg,\n", (None, 12.0, None, True)),
        ("3,variable,p,P,1,1,,,,,p.jpg,\n2,variation,a,A,1,1,,,12,,,id:3\n", ("p", 12.0, None, True)),
        ("2,variation,a,A,1,1,,,12,,,id:3\n3,variable,,P,1,1,,,,,p.jpg,\n", ("id:3", 12.0, None, True)),
    ],
)
def test_rows_of_every_kind(tmp_path: Path, rows: str, expected: tuple[object, ...]) -> None:
    catalog = read_catalog(written(tmp_path, HEADER + GOOD + rows))
    assert said(catalog, *PRICED)["a"] == expected
    assert catalog.rejects == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,simple,a,A,yes,1,,,12,,x.jpg,", "Published is 'yes' and not -1, true, wahr"),
        ("2,,a,A,1,1,,,12,,x.jpg,", "Type is empty; the row is shifted or damaged, export it anew"),
        (",simple,,A,1,1,,,12,,x.jpg,", "SKU and ID are empty; export at least one of them"),
        ("1,simple,a,A,1,1,,,12,,x.jpg,", "ID '1' is that of line 2 already; a product has its own"),
        ("2,simple,a,A,1,1,,9,12,31/1/2020,x.jpg,", None),  # a day that can be read in one way only
        ("2,simple,a,A,1,1,,9,12,soon,x.jpg,", "date of the sale price 'soon' is not a date; write the year first"),
        ("2,simple,a,A,1,1,,about 9,12,,x.jpg,", "price 'about 9' is not a number; write 1250.50"),
        ("2,simple,a,A,1,,a few,,12,,x.jpg,", "in_stock 'a few' is no availability that is known"),
        ("2,variation,a,A,1,1,,,12,,x.jpg,", "its variable product '' is not here or its row cannot be used"),
    ],
)
def test_rows_that_are_not_as_woocommerce_writes_them(tmp_path: Path, row: str, reason: str | None) -> None:
    catalog = read_catalog(written(tmp_path, f"{HEADER}{GOOD}{row}\n"))
    if reason is None:
        assert list(said(catalog)) == ["good", "a"]
        return
    assert list(said(catalog)) == ["good"]
    assert reasons(catalog)["catalog.csv:3"].startswith(reason)
    assert "x.jpg" in {one.key for one in catalog.withheld}


@pytest.mark.parametrize(
    "header", text_of("woocommerce_headers").splitlines(), ids=["German", "French", "Spanish", "Dutch"]
)
def test_columns_in_the_language_of_the_shop(tmp_path: Path, header: str) -> None:
    english = read_catalog(export(tmp_path / "en", "woocommerce"))
    rows = text_of("woocommerce").partition("\n")[2]
    catalog = read_catalog(written(tmp_path / "other", f"{header}\n{rows}"))
    assert said(catalog, *english.field_table, "category") == said(english, *english.field_table, "category")
    assert photos(catalog) == photos(english)
    assert (reasons(catalog), passed_over(catalog)) == (reasons(english), passed_over(english))


def test_a_shop_that_writes_decimal_commas(tmp_path: Path) -> None:
    rows = '2,simple,a,A,1,1,,"9,50","1250,00",,a.jpg,\n3,simple,b,B,1,1,,,"12,00",,b.jpg,\n'
    catalog = read_catalog(written(tmp_path, HEADER + GOOD + rows))
    assert said(catalog, "price", "list_price") == {"good": (10.0, None), "a": (9.5, 1250.0), "b": (12.0, None)}


def test_texts_as_the_database_of_a_shop_has_them(tmp_path: Path) -> None:
    header = HEADER.replace("Parent", "Categories")
    catalog = read_catalog(
        written(tmp_path, f"{header}2,simple,a,A &amp; B,1,1,,,12,,a.jpg,Rings &amp; bands > Small\n")
    )
    assert said(catalog, "title", "category")["a"] == ("A & B", "Rings & bands > Small")


@pytest.mark.parametrize("draft", ["-1", "'-1"])
def test_a_draft_as_versions_have_written_it(tmp_path: Path, draft: str) -> None:
    catalog = read_catalog(written(tmp_path, f"{HEADER}{GOOD}2,simple,a,A,{draft},1,,,12,,a.jpg,\n"))
    assert passed_over(catalog) == {"drafts": (1, "catalog.csv:3")}
    assert catalog.rejects == ()


def test_a_variable_product_without_its_variations_is_nothing_that_can_be_bought(tmp_path: Path) -> None:
    catalog = read_catalog(written(tmp_path, f"{HEADER}{GOOD}3,variable,p,P,1,1,,,,,p.jpg,\n"))
    assert list(said(catalog)) == ["good"]
    assert passed_over(catalog) == {"variable products without variations": (1, "catalog.csv:3")}
