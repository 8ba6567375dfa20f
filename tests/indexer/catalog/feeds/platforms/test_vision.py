"""Google Vision Product Search's file for bulk import as a person reads it: with a header, and as Google wants it."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from tests.shops.catalogs.catalog_folders import photos, reasons, refused
from tests.shops.platforms.exports import export, passed_over, said, sheet, text_of, written

PRICED = ("group_id", "price", "currency", "in_stock")


def test_the_products_groups_prices_and_stock_of_a_file(tmp_path: Path) -> None:
    catalog = read_catalog(export(tmp_path, "vision"))
    assert said(catalog, *PRICED) == {
        "luna-gold": ("luna", 420.0, "EUR", None),  # what a later row says of it does not count
        "luna-silver": ("luna", 180.0, "EUR", False),
        "stars": (None, 39.9, "USD", None),
        "tide": (None, None, None, None),
        "ember": (None, 64.0, "EUR", None),
    }
    assert said(catalog, "category", "title", "metal", "stone", "product_set")["luna-gold"] == (
        *("general-v1", 'Ring "Luna", pearl', "gold", ["pearl", "diamond"], ["spring", "bridal"]),
    )
    assert said(catalog, "category")["stars"] == ("earrings",)
    assert said(catalog, "category", "title", "metal", "colour", "labels")["tide"] == (
        *("apparel-v2", None, "silver", "sea blue", "waterproof"),
    )
    assert photos(catalog) == {
        "luna-gold": ["photos/luna-gold.jpg", "photos/luna-worn.jpg"],
        "luna-silver": ["photos/luna-silver.jpg"],
        "stars": ["photos/stars.jpg", "photos/stars-back.jpg"],
        "tide": ["photos/tide.jpg"],
        "ember": ["photos/ember.jpg"],
    }
    assert passed_over(catalog) == {"repeated rows": (1, "catalog.csv:9")}
    assert reasons(catalog) == {
        "catalog.csv:11": "image-uri is empty; the row is shifted or damaged, export it anew",
        "catalog.csv:12": "image 'photos/gone.jpg' does not exist",
        "catalog.csv:13": "has 9 cells for 8 columns; quote cells that hold the separator",
        "catalog.csv:14": "product-id is empty; the row is shifted or damaged, export it anew",
    }


def test_the_same_without_a_header(tmp_path: Path) -> None:
    """Its lines are one less."""
    named = read_catalog(export(tmp_path / "named", "vision"))
    header, _, rest = text_of("vision").partition("\n")
    assert header.startswith("image-uri")
    bare = read_catalog(written(tmp_path / "bare", rest))
    assert said(bare, "category", "price", "metal") == said(named, "category", "price", "metal")
    assert photos(bare) == photos(named)
    assert sorted(reasons(bare)) == [f"catalog.csv:{line}" for line in (10, 11, 12, 13)]


def test_what_is_said_in_a_damaged_row_is_not_taken_from_a_later_one(tmp_path: Path) -> None:
    catalog = read_catalog(written(tmp_path, text_of("vision").replace('"Ring ""Luna"", pearl"', "Ring Luna, pearl")))
    assert "luna-gold" not in said(catalog)
    found = reasons(catalog)
    assert (
        found["catalog.csv:3"] == "what is said of 'luna-gold' stands in line 2, which cannot be used; export it anew"
    )
    assert {"photos/luna-gold.jpg", "photos/luna-worn.jpg"} <= {one.key for one in catalog.withheld}


def test_pictures_in_a_bucket_are_named_as_they_are(tmp_path: Path) -> None:
    rows = "gs://shop/a b.jpg,,set,a,general-v1,,,\ngs://shop/c.jpg,,set,c,general-v1,C,price=3.00,\n"
    assert [(row.line, row.cells["image"], row.problem) for row in sheet(tmp_path, rows).rows] == [
        (1, "gs://shop/a b.jpg", None),
        (2, "gs://shop/c.jpg", None),
    ]


@pytest.mark.parametrize(
    "first",
    [
        "a.jpg,,set,a,rings",  # whose fifth column is none of Google's categories
        "a.jpg,,set,,general-v1,A",
        "a.jpg,set,a,general-v1",
        "a.jpg,,set,a,general-v1,A,metal=gold,,",
    ],
)
def test_a_file_that_only_looks_like_one_is_none(tmp_path: Path, first: str) -> None:
    assert "no column 'product_id'" in refused(written(tmp_path, f"{first}\nb.jpg,,set,b,rings\n"))
