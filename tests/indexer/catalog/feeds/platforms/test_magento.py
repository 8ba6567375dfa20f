"""Magento's product export as a person reads it: configurable products behind their variants, store views, sales."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from tests.shops.catalogs.catalog_folders import photos, reasons, touch
from tests.shops.platforms.exports import export, passed_over, said, text_of, written

PRICED = ("group_id", "price", "list_price", "in_stock")


def test_the_products_groups_prices_and_stock_of_an_export(tmp_path: Path) -> None:
    catalog = read_catalog(export(tmp_path, "magento"))
    assert said(catalog, *PRICED) == {
        "LR-G-52": ("LR", 420.0, None, True),  # in all stores; 455 is what one store view takes
        "LR-G-54": ("LR", 380.0, 420.0, False),
        "LR-S-52": ("LR", 180.0, None, True),  # its sale is over
        "STARS": (None, 29.9, 39.9, True),
        "GONE": (None, 66.0, None, True),
        "TIDE": (None, 1090.0, None, True),  # of two rows the later one; sold without being counted
    }
    assert said(catalog, "category", "title", "brand", "metal", "size", "stone", "categories")["LR-G-52"] == (
        *("Jewelry > Rings", 'Ring "Luna", pearl, gold, 52', "Maison Aurore", "Gold", "52", "Pearl"),
        ["Jewelry > Rings", "Bridal"],
    )
    assert said(catalog, "stone")["LR-G-54"] == (["Pearl", "Diamond"],)
    assert said(catalog, "category", "occasion", "brand")["STARS"] == (
        *("Jewelry > Earrings, small", "Every day, at work", "Nordlicht"),
    )
    assert said(catalog, "category", "categories")["TIDE"] == ("Jewelry > Necklaces", ["Jewelry > Necklaces", "Sale"])


def test_a_variant_has_its_own_pictures_or_those_of_its_configurable_product(tmp_path: Path) -> None:
    assert photos(read_catalog(export(tmp_path, "magento"))) == {
        "LR-G-52": ["l/u/luna-gold.jpg", "l/u/luna-worn.jpg"],
        "LR-G-54": ["l/u/luna-gold.jpg"],  # the other one is hidden
        "LR-S-52": ["l/u/luna.jpg", "l/u/luna-box.jpg"],
        "STARS": ["s/t/stars.jpg", "s/t/stars-back.jpg"],
        "GONE": ["g/o/there.jpg"],
        "TIDE": ["t/i/tide.jpg"],
    }


def test_what_is_not_shown_is_counted_and_what_is_damaged_has_its_line(tmp_path: Path) -> None:
    catalog = read_catalog(export(tmp_path, "magento"))
    assert passed_over(catalog) == {
        "switched-off products": (2, "catalog.csv:5"),
        "store-view rows": (2, "catalog.csv:8"),
        "hidden products": (1, "catalog.csv:12"),
        "grouped products": (1, "catalog.csv:17"),
        "products without a picture": (1, "catalog.csv:14"),
        "repeated rows": (1, "catalog.csv:16"),
        "rows whose id stands further down, too": (1, "catalog.csv:11"),
    }
    assert reasons(catalog) == {
        "catalog.csv:15": "image 'g/o/gone.jpg' does not exist",
        "catalog.csv:18": "has 35 cells for 34 columns; quote cells that hold the separator",
    }
    (note,) = catalog.notes
    assert note.startswith(
        "catalog.csv: read as a Magento product export; 12 columns are not used: attribute_set_code, "
    )


def test_the_export_may_lie_at_the_top_of_the_shop(tmp_path: Path) -> None:
    export(tmp_path, "magento")
    for folder in ("l", "s", "g", "t"):
        (tmp_path / "pub/media/catalog/product").mkdir(parents=True, exist_ok=True)
        (tmp_path / folder).rename(tmp_path / "pub/media/catalog/product" / folder)
    assert photos(read_catalog(tmp_path))["TIDE"] == ["pub/media/catalog/product/t/i/tide.jpg"]


def test_where_the_configurable_product_is_damaged_its_variants_are_kept_as_they_were(tmp_path: Path) -> None:
    text = text_of("magento").replace('base,"Ring ""Luna"", pearl","A', 'base,Ring Luna, pearl,"A')
    catalog = read_catalog(written(tmp_path, text))
    assert not {"LR-G-52", "LR-G-54", "LR-S-52"} & set(said(catalog))
    found = reasons(catalog)
    assert found["catalog.csv:6"] == "has 35 cells for 34 columns; quote cells that hold the separator"
    assert found["catalog.csv:2"] == "the row of the configurable product of 'LR-G-52' cannot be used; export both anew"
    assert {"l/u/luna-gold.jpg", "l/u/luna-worn.jpg", "l/u/luna.jpg"} <= {one.key for one in catalog.withheld}


UNSEEN = "Not Visible Individually"
HEADER = (
    "sku,store_view_code,product_type,product_online,visibility,price,special_price,special_price_from_date,"
    "special_price_to_date,base_image,additional_images,additional_attributes,qty,is_in_stock,configurable_variations,"
    "created_at,carat\n"
)
SHOWN = '"Catalog, Search"'
GOOD = f"good,,simple,1,{SHOWN},10.0000,,,,good.jpg,,,1.0000,1,,,\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"a,,simple,1,{SHOWN},12.0000,9.0000,,,/a.jpg,,,1.0000,1,,,", (None, 12.0, 9.0)),
        (f"a,,simple,1,{SHOWN},12.0000,9.0000,1/31/20,,/a.jpg,,,1.0000,1,,,", (None, 12.0, 9.0)),
        (f"a,,simple,1,{SHOWN},12.0000,9.0000,31.01.2020,,/a.jpg,,,1.0000,1,,,", (None, 12.0, 9.0)),
        (f"a,,simple,1,{SHOWN},12.0000,9.0000,,2020-01-31 00:00:00,/a.jpg,,,1.0000,1,,,", (None, None, 12.0)),
        (f"a,,simple,1,{SHOWN},12.0000,9.0000,3/8/16,8/3/17,/a.jpg,,,1.0000,1,,,", (None, None, 12.0)),
        (f"a,,simple,1,{SHOWN},12.0000,14.0000,,,/a.jpg,,,1.0000,1,,,", (None, None, 12.0)),
        (f"a,,bundle,1,{SHOWN},,,,,/a.jpg,,,1.0000,1,,,", (None, None, None)),
    ],
)
def test_what_is_charged(tmp_path: Path, row: str, expected: tuple[object, ...]) -> None:
    catalog = read_catalog(written(tmp_path, f"{HEADER}{GOOD}{row}\n"))
    assert catalog.rejects == ()
    assert said(catalog, "group_id", "list_price", "price")["a"] == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (  # a variant that is sold by itself, too
            f"a,,simple,1,{SHOWN},12,,,,a.jpg,,,1,1,,,\np,,configurable,2,{SHOWN},,,,,p.jpg,,,0,1,sku=a,,\n",
            {"good": (None, True), "a": ("p", True)},
        ),
        (  # and one that is not: its configurable product is switched off
            f"a,,simple,1,{UNSEEN},12,,,,a.jpg,,,1,1,,,\np,,configurable,2,{SHOWN},,,,,p.jpg,,,0,1,sku=a,,\n",
            {"good": (None, True)},
        ),
        (  # of two configurable products the one that is shown
            f"a,,simple,1,{UNSEEN},12,,,,a.jpg,,,1,1,,,\n"
            f"o,,configurable,2,{SHOWN},,,,,p.jpg,,,0,1,sku=a,,\np,,configurable,1,Search,,,,,p.jpg,,,0,1,sku=a,,\n",
            {"good": (None, True), "a": ("p", True)},
        ),
        (  # nothing of a configurable product that is sold out can be bought
            f"a,,simple,1,{UNSEEN},12,,,,a.jpg,,,1,1,,,\np,,configurable,1,Search,,,,,p.jpg,,,0,0,sku=a,,\n",
            {"good": (None, True), "a": ("p", False)},
        ),
    ],
)
def test_variants_and_their_configurable_products(tmp_path: Path, rows: str, expected: dict[str, object]) -> None:
    catalog = read_catalog(written(tmp_path, HEADER + GOOD + rows))
    assert catalog.rejects == ()
    assert said(catalog, "group_id", "in_stock") == expected


@pytest.mark.parametrize(
    ("unseen", "shown"),
    [
        ("Nicht einzeln sichtbar", "Katalog, Suche"),
        ("Non visible individuellement", "Catalogue, Recherche"),
        ("No visible individualmente", "Catálogo, Búsqueda"),
        ("Niet individueel zichtbaar", "Catalogus, Zoeken"),
    ],
)
def test_visibility_in_the_language_of_the_shop(tmp_path: Path, unseen: str, shown: str) -> None:
    text = text_of("magento").replace(UNSEEN, unseen).replace("Catalog, Search", shown)
    catalog = read_catalog(written(tmp_path / "other", text))
    english = read_catalog(export(tmp_path / "en", "magento"))
    assert (said(catalog, *PRICED), passed_over(catalog)) == (said(english, *PRICED), passed_over(english))
    assert catalog.notes == english.notes


def test_a_word_that_is_not_known_is_told(tmp_path: Path) -> None:
    catalog = read_catalog(written(tmp_path, HEADER + GOOD + GOOD.replace("good", "a").replace(SHOWN, "Näkyvissä")))
    assert (
        "catalog.csv: visibility 'Näkyvissä' in line 3 is not known; such products are read as visible" in catalog.notes
    )
    assert list(said(catalog)) == ["good", "a"]


def test_attributes_in_columns_of_their_own_and_in_quotes(tmp_path: Path) -> None:
    attributes = '"metal=""Gold, 18 k"",has_options=0,stone=Pearl|Onyx,note=a ""b"""'
    row = f"a,,simple,1,{SHOWN},12,,,,a.jpg,,{attributes},1,1,,,0.5\n"
    catalog = read_catalog(written(tmp_path, HEADER + GOOD + row))
    assert said(catalog, "metal", "stone", "note", "carat")["a"] == ("Gold, 18 k", ["Pearl", "Onyx"], 'a "b"', "0.5")
    assert "has_options" not in catalog.field_table


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f",,simple,1,{SHOWN},12,,,,x.jpg,,,1,1,,,", "sku is empty; the row is shifted or damaged, export it anew"),
        (f"a,,,1,{SHOWN},12,,,,x.jpg,,,1,1,,,", "product_type is empty; the row is shifted or damaged"),
        (f"a,,simple,3.0000,{SHOWN},12,,,,x.jpg,,,1,1,,,", "product_online is '3.0000' and not 0, 1 or 2; the row is"),
        (
            "a,,simple,1,1,12,,,,x.jpg,,,1,1,,,",
            "visibility is '1' and not 'Catalog, Search' or the like; the row is shifted",
        ),
        ("a,de,simple,,,12,,,,x.jpg,,,1,1,,,", "'a' has a row for a store view and none for all; export both"),
        (
            f"a,,simple,1,{SHOWN},12,9,3/8/16,8/3/90,x.jpg,,,1,1,,,",
            None,  # either way it is on
        ),
        (f"a,,simple,1,{SHOWN},12,9,soon,,x.jpg,,,1,1,,,", "date of the special price 'soon' is not a date; write"),
    ],
)
def test_rows_that_are_not_as_magento_writes_them(tmp_path: Path, row: str, reason: str | None) -> None:
    touch(tmp_path, "x.jpg")
    catalog = read_catalog(written(tmp_path, f"{HEADER}{GOOD}{row}\n"))
    if reason is None:
        assert said(catalog, "price")["a"] == (9.0,)
        return
    assert list(said(catalog)) == ["good"]
    assert reasons(catalog)["catalog.csv:3"].startswith(reason)
