"""A feed of Google Merchant Center, made by hand from what its documentation says, as a person reads it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.catalog import manifest
from indexer.catalog.feeds import sheet
from indexer.catalog.feeds.platforms.google_merchant import pictures_in
from indexer.catalog.products import Catalog, PassedOver
from indexer.catalog.reading import read_catalog
from indexer.fields.types import FieldType
from tests.shops.catalogs.catalog_folders import photos, reasons, touch

FEEDS = Path(__file__).parents[4] / "shops" / "platforms"
PHOTOS = (
    "r100",
    "r100-side",
    "r100-worn",
    "r100-white",
    "r101",
    "r102",
    "r103",
    "n200",
    "e300",
    "e301",
    "b401",
    "b402",
)
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the photos of the feeds, read on the 15th of January 2026."""

    class Noon(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            assert tz is UTC
            return NOON

    monkeypatch.setattr(sheet, "datetime", Noon)
    return touch(tmp_path, *(f"photos/{name}.jpg" for name in PHOTOS))


def read(shop: Path, feed: str, name: str) -> Catalog:
    shutil.copy(FEEDS / feed, shop / name)
    return read_catalog(shop)


def prices(catalog: Catalog) -> dict[str, tuple[object, ...]]:
    names = ("price", "list_price", "currency", "in_stock")
    return {product.id: tuple(product.fields.get(name) for name in names) for product in catalog.products}


def test_what_a_person_reads_from_the_table(shop: Path) -> None:
    catalog = read(shop, "google_merchant.tsv", "catalog.tsv")
    assert prices(catalog) == {
        "R100-50": (420.0, None, "EUR", True),
        "R100-52": (420.0, None, "EUR", False),  # sold out
        "R100-W": (399.0, 460.0, "EUR", True),  # a sale without dates holds
        "R101": (150.0, 180.0, "EUR", False),  # a preorder, on sale today
        "R102": (1250.0, None, "EUR", False),  # a backorder, whose sale is over
        "R103": (300.0, None, "EUR", True),  # whose sale has not begun
        "N200": (95.5, None, "USD", True),
        "E300": (45.0, None, "EUR", True),  # the last of two rows with one id
        "E301": (30.0, None, "EUR", True),
        "B402": (70.0, None, "EUR", True),
    }
    assert {product.id: product.fields["group_id"] for product in catalog.products if "group_id" in product.fields} == {
        "R100-50": "R100",
        "R100-52": "R100",
        "R100-W": "R100",
    }
    found = photos(catalog)
    assert found["R100-50"] == found["R100-52"] == ["photos/r100.jpg", "photos/r100-side.jpg", "photos/r100-worn.jpg"]
    by_id = {product.id: product for product in catalog.products}
    assert by_id["R101"].fields["title"] == 'Ring "Luna", pearl'
    assert by_id["R100-W"].fields["color"] == ["white gold", "rose gold"]
    assert by_id["R100-50"].fields["gtin"] == "4006381333931"
    assert by_id["R102"].fields["google_product_category"] == "Apparel & Accessories > Jewelry > Rings"
    assert {product.category for product in catalog.products} == {
        "Jewelry > Rings > Bands",
        "Jewelry > Rings",
        "Jewelry > Necklaces",
        "Apparel & Accessories > Jewelry > Earrings",
        "Apparel & Accessories > Jewelry > Bracelets",
    }


def test_what_cannot_be_used_has_its_line_and_what_is_not_used_is_said_once(shop: Path) -> None:
    catalog = read(shop, "google_merchant.tsv", "catalog.tsv")
    assert reasons(catalog) == {
        "catalog.tsv:10": "image is empty",
        "catalog.tsv:11": "image 'photos/none.jpg' does not exist",
        "catalog.tsv:16": "has fewer cells than the lines around it; it is cut or shifted, export it anew",
        "catalog.tsv:17": "in_stock '70.00 EUR' is no availability that is known; list it in catalog.toml: "
        "[availability] in_stock = ['70.00 EUR'], or sold_out = ['70.00 EUR']",
    }
    assert catalog.passed_over == (
        PassedOver("repeated rows", 1, "catalog.tsv:14"),
        PassedOver("rows whose id stands further down, too", 1, "catalog.tsv:12"),
    )
    (note,) = catalog.notes
    assert note == (
        "catalog.tsv: read as a Google Merchant Center feed; "
        "3 columns are not used: description, custom label 0, shipping weight"
    )


@pytest.mark.parametrize("name", ["catalog.txt", "catalog.csv", "Catalog.TSV.gz", "catalog.jsonl"])
def test_the_same_feed_in_other_files(shop: Path, name: str) -> None:
    wanted = read(shop, "google_merchant.tsv", "catalog.tsv")
    (shop / "catalog.tsv").unlink()
    text = (FEEDS / "google_merchant.tsv").read_text()
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
    if name.endswith(".csv"):
        rows[0] = [f"g:{one.replace(' ', '_')}" for one in rows[0]]
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        text = out.getvalue()
    if name.endswith(".jsonl"):
        whole = [row for row in rows[1:] if len(row) == len(rows[0])]
        text = "\n".join(json.dumps(dict(zip(rows[0], row, strict=True))) for row in whole)
    (shop / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    catalog = read_catalog(shop)
    assert (catalog.products, catalog.field_table) == (wanted.products, wanted.field_table)


def test_a_feed_may_be_given_itself_under_any_name(shop: Path) -> None:
    wanted = read(shop, "google_merchant.tsv", "catalog.tsv")
    shutil.copy(FEEDS / "google_merchant.tsv", shop / "export.php")
    assert read_catalog(shop / "export.php").products == wanted.products


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_what_a_person_reads_from_xml(shop: Path, kind: str) -> None:
    catalog = read(shop, f"google_merchant.{kind}.xml", "catalog.xml")
    assert prices(catalog) == {"R100-50": (399.0, 420.0, "EUR", True), "R101": (180.0, None, "USD", False)}
    band, pearl = catalog.products
    assert [image.key for image in band.images] == ["photos/r100.jpg", "photos/r100-side.jpg", "photos/r100-worn.jpg"]
    assert (band.category, pearl.category) == ("Jewelry > Rings > Bands", "Apparel & Accessories > Jewelry > Rings")
    assert band.fields["url"] == "https://shop.example/r100?s=50&v=1"
    assert pearl.fields["title"] == 'Ring "Luna" & pearl <new>'
    line = {"rss": 37, "atom": 35}[kind]
    assert reasons(catalog) == {f"catalog.xml:{line}": "image is empty"}
    assert catalog.notes == (
        "catalog.xml: read as a Google Merchant Center feed; 2 columns are not used: shipping_country, shipping_price",
    )


def test_products_of_the_content_api(shop: Path) -> None:
    product = {
        "id": "online:en:DE:R100",
        "offerId": "R100",
        "title": "Band",
        "link": "https://shop.example/r100",
        "imageLink": "photos/r100.jpg",
        "additionalImageLinks": ["photos/r100-side.jpg", "photos/r100-worn.jpg"],
        "price": {"value": "420.00", "currency": "EUR"},
        "salePrice": {"value": "399.00", "currency": "EUR"},
        "availability": "in stock",
        "productTypes": ["Jewelry > Rings", "New"],
        "itemGroupId": "R1",
        "gtin": "04006381333931",
    }
    (shop / "catalog.jsonl").write_text(json.dumps(product) + "\n")
    catalog = read_catalog(shop)
    assert prices(catalog) == {"R100": (399.0, 420.0, "EUR", True)}
    (band,) = catalog.products
    assert (band.category, len(band.images), band.fields["group_id"]) == ("Jewelry > Rings", 3, "R1")
    assert band.fields["gtin"] == "04006381333931"


HEADER = "id\ttitle\timage_link\tprice\tsale_price\tsale_price_effective_date\tavailability\texpiration_date\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A\tx\tphotos/r100.jpg\t9 EUR\t7 USD\t\t\t", "sale price '7 USD' is of another currency than price '9 EUR'"),
        ("A\tx\tphotos/r100.jpg\t9 EUR\tcheap\t\t\t", "sale price 'cheap' is not a number; write 19.99 EUR"),
        ("A\tx\tphotos/r100.jpg\t9 EUR\t7 EUR\tin May\t\t", "'in May' is no date; write 2026-01-31"),
        ("A\tx\tphotos/r100.jpg\t9 EUR\t7 EUR\t\t\tsoon", "'soon' is no date"),
        ("A\tx\tphotos/r100.jpg\tcheap\t\t\t\t", "price 'cheap' is not a number; write 1250.50"),
        ("A\tx\tphotos/r100.jpg\t9 EUR\t\t\tperhaps\t", "in_stock 'perhaps' is no availability that is known"),
        ("\tx\tphotos/r100.jpg\t9 EUR\t\t\t\t", "product_id is empty"),
    ],
)
def test_a_row_that_cannot_be_read_keeps_its_photos(shop: Path, row: str, reason: str) -> None:
    (shop / "catalog.tsv").write_text(f"{HEADER}{row}\nB\ty\tphotos/r101.jpg\t8 EUR\t\t\t\t\n")
    catalog = read_catalog(shop)
    assert [product.id for product in catalog.products] == ["B"]
    assert reasons(catalog)["catalog.tsv:2"].startswith(reason)
    assert "photos/r100.jpg" in {one.key for one in catalog.withheld}


def test_an_expired_product_is_left_out_and_counted(shop: Path) -> None:
    rows = ["A\tx\tphotos/r100.jpg\t9 EUR\t\t\t\t2026-01-14", "B\ty\tphotos/r101.jpg\t8 EUR\t\t\t\t2026-01-15"]
    (shop / "catalog.tsv").write_text(HEADER + "\n".join(rows) + "\n")
    catalog = read_catalog(shop)
    assert [product.id for product in catalog.products] == ["B"]
    assert catalog.passed_over == (PassedOver("expired products", 1, "catalog.tsv:2"),)
    assert (catalog.withheld, catalog.rejects) == ((), ())


def test_what_meta_does_not_show_is_left_out_and_counted(shop: Path) -> None:
    rows = ["A,archived,published", "B,active,hidden", "C,active,staging", "D,Active,published", "E,,"]
    lines = [f"{row},photos/r100.jpg,9 EUR" for row in rows]
    (shop / "catalog.csv").write_text("\n".join(["id,status,visibility,image_link,price", *lines]) + "\n")
    catalog = read_catalog(shop)
    assert [product.id for product in catalog.products] == ["D", "E"]
    assert catalog.passed_over == (
        PassedOver("hidden products", 2, "catalog.csv:3"),
        PassedOver("archived products", 1, "catalog.csv:2"),
    )


def test_a_feed_that_was_cut_in_its_last_line(shop: Path) -> None:
    (shop / "catalog.tsv").write_text(f"{HEADER}B\ty\tphotos/r101.jpg\t8 EUR\t\t\t\t\nA\tx\tphotos/r1")
    catalog = read_catalog(shop)
    assert catalog.open_end is not None
    assert "the file ends within this line, after 3 of 8 cells" in str(catalog.open_end.problem)


def test_a_quote_that_is_never_closed_costs_its_own_line_alone(shop: Path) -> None:
    rows = [
        'A\t"Ring, that',
        'B\t"Ring ""Luna"""\tphotos/r101.jpg\t8 EUR\t\t\t\t',
        "C\tz\tphotos/r102.jpg\t7 EUR\t\t\t\t",
    ]
    (shop / "catalog.tsv").write_text(HEADER + "\n".join(rows) + "\n")
    catalog = read_catalog(shop)
    assert [product.fields["title"] for product in catalog.products] == ['Ring "Luna"', "z"]
    assert reasons(catalog) == {"catalog.tsv:2": "is cut, or its quotes are wrong"}


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("a.jpg,b.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg | b.jpg", ["a.jpg", "b.jpg"]),
        ("https://x/w_500,h_500/a.jpg , https://x/b.jpg", ["https://x/w_500,h_500/a.jpg", "https://x/b.jpg"]),
        ("s3://x/a,b.jpg,https://x/b.jpg|c.jpg", ["s3://x/a,b.jpg", "https://x/b.jpg", "c.jpg"]),
        ("", []),
    ],
)
def test_addresses_may_have_commas(cell: str, names: list[str]) -> None:
    assert pictures_in(cell) == names


def test_what_an_attribute_is_does_not_depend_on_what_stands_in_it(shop: Path) -> None:
    catalog = read(shop, "google_merchant.tsv", "catalog.tsv")
    assert catalog.products[0].fields["size"] == "50"
    keywords = ("size", "color", "material", "gtin", "group_id", "google_product_category")
    assert {catalog.field_table[name] for name in keywords} == {FieldType.KEYWORD}
    assert catalog.field_table["title"] is FieldType.TEXT
    (shop / "catalog.toml").write_text('[fields]\nsize = "number"\n')
    catalog = read_catalog(shop)
    assert catalog.products[0].fields["size"] == 50.0
    (shop / "catalog.tsv").write_text((shop / "catalog.tsv").read_text().replace("\t50\tnew", "\tadjustable\tnew"))
    (shop / "catalog.toml").unlink()
    assert manifest.read(shop / "catalog.tsv", catalog.field_table).products[0].fields["size"] == "adjustable"
