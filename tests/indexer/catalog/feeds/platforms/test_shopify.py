"""Shopify's product CSV as a person reads it: variants of handles, pictures in one another's lines, drafts."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from indexer.fields.types import FieldType
from tests.shops.catalogs.catalog_folders import photos, reasons
from tests.shops.platforms.exports import export, passed_over, said, sheet, text_of, written

PRICED = ("group_id", "price", "list_price", "in_stock")


def test_the_products_groups_prices_and_stock_of_an_export(tmp_path: Path) -> None:
    catalog = read_catalog(export(tmp_path, "shopify"))
    assert said(catalog, *PRICED) == {
        "LR-G-52": ("luna-ring", 420.0, 520.0, True),
        "LR-G-54": ("luna-ring", 420.0, 520.0, False),
        "LR-S-52": ("luna-ring", 180.0, None, True),
        "LR-S-54": ("luna-ring", 180.0, None, True),  # sold although there is none
        "star-studs": (None, 39.9, None, True),  # not counted, and without a SKU
        "MB-1": (None, 1250.0, None, False),
        "ember-ring/50": ("ember-ring", 64.0, None, True),  # two variants with one SKU
        "ember-ring/52": ("ember-ring", 66.0, None, True),
    }
    assert said(catalog, "category", "title", "brand", "metal", "size", "jewelry_material", "tags", "gtin")[
        "LR-G-52"
    ] == (
        *("Rings", 'Ring "Luna", pearl', "Maison Aurore", "Gold", "52", ["gold", "pearl"], ["bridal", "pearl"]),
        "0712345678904",
    )
    assert said(catalog, "category", "product_category")["star-studs"] == (
        ("Apparel & Accessories > Jewelry > Earrings",) * 2
    )
    assert said(catalog, "ring_size")["ember-ring/52"] == ("52",)
    assert catalog.field_table["list_price"] is FieldType.NUMBER
    assert catalog.field_table["size"] is FieldType.KEYWORD  # until there is an S


def test_a_variant_has_its_own_picture_and_those_that_are_no_other_variants(tmp_path: Path) -> None:
    gold = ["photos/luna-gold.jpg", "photos/luna-worn.jpg", "photos/luna-box.jpg"]
    silver = ["photos/luna-silver.jpg", *gold[1:]]
    assert photos(read_catalog(export(tmp_path, "shopify"))) == {
        "LR-G-52": gold,
        "LR-G-54": gold,
        "LR-S-52": silver,
        "LR-S-54": silver,
        "star-studs": ["photos/stars.jpg", "photos/stars-back.jpg"],  # by their positions
        "MB-1": ["photos/moon.jpg"],
        "ember-ring/50": ["photos/ember.jpg"],
        "ember-ring/52": ["photos/ember.jpg"],
    }


def test_what_is_not_shown_is_counted_and_what_is_damaged_has_its_line(tmp_path: Path) -> None:
    catalog = read_catalog(export(tmp_path, "shopify"))
    assert passed_over(catalog) == {
        "archived products": (1, "catalog.csv:10"),
        "drafts": (1, "catalog.csv:11"),
        "unpublished products": (1, "catalog.csv:13"),
        "unlisted products": (1, "catalog.csv:14"),
        "products without a picture": (1, "catalog.csv:15"),
        "repeated rows": (1, "catalog.csv:17"),
    }
    assert reasons(catalog) == {
        "catalog.csv:18": "has 29 cells for 28 columns; quote cells that hold the separator",
        "catalog.csv:19": "image 'photos/gone.jpg' does not exist",
        "catalog.csv:20": "image 'photos/gone.jpg' does not exist",
        "catalog.csv:21": "'Default Title' of 'moon-bracelet' stands in line 16 already; Shopify has one of each",
    }
    assert catalog.notes == (
        "catalog.csv: 2 variants have the SKU of another one, as 'ER'; they are called by handle and options, as "
        "'ember-ring/50'",
        "catalog.csv: read as a Shopify product export; 5 columns are not used: Body (HTML), Image Alt Text, "
        "Gift Card, Price / International, Cost per item",
    )


def test_the_columns_as_they_are_called_now(tmp_path: Path) -> None:
    catalog = read_catalog(export(tmp_path, "shopify_renamed"))
    assert said(catalog, *PRICED, "category", "gtin") == {
        "LR-G": ("luna-ring", 420.0, 520.0, False, "Rings", "0712345678904"),
        "LR-S": ("luna-ring", 180.0, None, True, "Rings", None),
        "star-studs": (None, 39.9, None, True, "Apparel & Accessories > Jewelry > Earrings", None),
        "MB-1": (None, 1250.0, None, True, "Bracelets", None),
        "ER-50": ("ember-ring", 64.0, None, True, "Rings", None),
        "ER-52": ("ember-ring", 66.0, None, False, "Rings", None),
    }
    assert photos(catalog)["LR-S"] == ["photos/luna-silver.jpg", "photos/luna-worn.jpg"]
    assert catalog.rejects == ()
    assert {what: count for what, (count, _) in passed_over(catalog).items()} == {
        "archived products": 1,
        "drafts": 1,
        "unpublished products": 1,
        "unlisted products": 1,
        "products without a picture": 1,
        "repeated rows": 1,
    }


def test_what_belongs_to_a_handle_may_be_lost_with_its_first_row(tmp_path: Path) -> None:
    """Nobody can say then whether it is a draft; what an index has of it stays."""
    lines = text_of("shopify_renamed").splitlines()
    lines[1] = lines[1].replace('"Ring ""Luna"", pearl"', 'Ring "Luna", pearl')
    catalog = read_catalog(written(tmp_path, "\n".join([*lines, ""])))
    assert "LR-S" not in said(catalog)
    assert reasons(catalog) == {
        "catalog.csv:2": "has 26 cells for 25 columns; quote cells that hold the separator",
        "catalog.csv:3": "no row of 'luna-ring' has a title and says whether it is published; export all its rows",
    }
    kept = {one.key for one in catalog.withheld}
    assert {"photos/luna-gold.jpg", "photos/luna-silver.jpg", "photos/luna-worn.jpg"} <= kept


HEADER = (
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Image Position,Variant Image,Status\n"
)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (  # only one of two variants has a picture of its own, and there is no other: the first of its page
            "a,A,Size,1,A1,1,x.jpg,1,x.jpg,active\na,,,2,A2,2,,,,\n",
            {"A1": ["x.jpg"], "A2": ["x.jpg"]},
        ),
        ("a,A,,,,,x.jpg,1,,active\na,,,,,,y.jpg,2,,\n", {"a": ["x.jpg", "y.jpg"]}),  # no variants are exported
        (  # a program that writes the title into each row
            "a,A,Title,Default Title,A1,1,x.jpg,1,,active\na,A,,,,,y.jpg,2,,active\n",
            {"A1": ["x.jpg", "y.jpg"]},
        ),
        (  # the SKU of one is the handle of another
            "a,A,Title,Default Title,b,1,x.jpg,1,,active\nb,B,Title,Default Title,,2,y.jpg,1,,active\n",
            {"b": ["x.jpg"], "b/Default Title": ["y.jpg"]},
        ),
        (  # what is archived may have the SKU of its successor
            "a,A,Title,Default Title,S,1,x.jpg,1,,archived\nb,B,Title,Default Title,S,2,y.jpg,1,,active\n",
            {"S": ["y.jpg"]},
        ),
        ("a,A,Title,Default Title,'007,1,x.jpg,1,,ACTIVE\n", {"007": ["x.jpg"]}),  # as spreadsheets keep it a text
        ("a,A,Photo,Gold,S,1,x.jpg,1,,active\n", {"S": ["x.jpg"]}),  # an option that is called as a field of ours
    ],
)
def test_rare_rows(tmp_path: Path, rows: str, expected: dict[str, list[str]]) -> None:
    catalog = read_catalog(written(tmp_path, HEADER + rows))
    assert photos(catalog) == expected
    assert catalog.rejects == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",A,Size,1,A1,1,x.jpg,1,,active", "Handle is empty; the row is shifted or damaged, export it anew"),
        (
            "a,A,Size,1,A1,1,x.jpg,1,,x.jpg",
            "Status is 'x.jpg' and not active, draft, archived or unlisted; the row is shifted or damaged, export it",
        ),
        (
            "a,A,Size,1,A1,1,x.jpg,active,,",
            "Image Position is 'active' and not a number; the row is shifted",
        ),
        ("a,A,Size,1,A1,deny,x.jpg,1,,active", "price 'deny' is not a number; write 1250.50"),
        ("a,,Size,1,A1,1,x.jpg,1,,", "no row of 'a' has a title and says whether it is published; export all its rows"),
        ("a,,,,,,x.jpg,1,,", "no row of 'a' has a title and says whether it is published; export all its rows"),
    ],
)
def test_rows_that_are_not_as_shopify_writes_them(tmp_path: Path, row: str, reason: str) -> None:
    catalog = read_catalog(written(tmp_path, f"{HEADER}good,Good,Size,1,G1,1,good.jpg,1,,active\n{row}\n"))
    assert list(said(catalog)) == ["G1"]
    assert list(reasons(catalog)) == ["catalog.csv:3"]
    assert reasons(catalog)["catalog.csv:3"].startswith(reason)
    assert "x.jpg" in {one.key for one in catalog.withheld}


def test_metafields_as_another_exporter_writes_them(tmp_path: Path) -> None:
    own = (
        "Metafield: custom.stone [list.single_line_text_field],Variant Metafield: custom.carat [number_decimal],"
        "Metafield: custom.story [rich_text_field],Metafield: custom.set [product_reference],Metafield: care.polish"
    )
    header = HEADER.replace("Status\n", f"Status,{own}\n")
    rows = (
        'a,A,Size,1,A1,1,x.jpg,1,,active,"[""ruby"", ""pearl""]",0.5,{},gid://1,cloth; water\na,,,2,A2,2,,,,,,0.75,,,\n'
    )
    catalog = read_catalog(written(tmp_path, header + rows))
    assert said(catalog, "stone", "carat", "polish") == {
        "A1": (["ruby", "pearl"], "0.5", ["cloth", "water"]),
        "A2": (["ruby", "pearl"], "0.75", ["cloth", "water"]),
    }
    assert {"story", "set"}.isdisjoint(catalog.field_table)
    assert catalog.notes == (
        "catalog.csv: read as a Shopify product export; 2 columns are not used: "
        "Metafield: custom.story [rich_text_field], Metafield: custom.set [product_reference]",
    )


def test_an_address_with_the_sign_that_separates_photos(tmp_path: Path) -> None:
    row = "a,A,Title,Default Title,S,1,https://shop.example/x.jpg?f=webp|90,1,,active"
    (found,) = sheet(tmp_path, f"{HEADER}{row}\n").rows
    assert found.cells["image"] == "https://shop.example/x.jpg?f=webp%7C90"


@pytest.mark.parametrize(("written_so", "shown"), [("TRUE", True), ("WAHR", True), ("", True), ("FALSCH", False)])
def test_what_a_spreadsheet_makes_of_true(tmp_path: Path, written_so: str, shown: bool) -> None:
    header = HEADER.replace("Status", "Published")
    row = f"a,A,Title,Default Title,S,1,x.jpg,1,,{written_so}\nb,B,Title,Default Title,T,1,y.jpg,1,,TRUE"
    catalog = read_catalog(written(tmp_path, f"{header}{row}\n"))
    assert ("S" in said(catalog)) is shown
    assert catalog.rejects == ()
