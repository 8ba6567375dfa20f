"""What catalog.toml says of columns and of availability, for our own manifests and for feeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from tests.shops.catalogs.catalog_folders import manifest, photos, reasons, refused

GERMAN = "Artikel;Bild;Preis;Bestand;intern\nJ1;a.jpg;12,50;3;x\nJ2;b.jpg;1.250,00;0;y\n"
RENAME = 'rename = { Artikel = "product_id", Bild = "image", "preis" = "price", Bestand = "in_stock" }'
GOOGLE = (
    "id\ttitle\timage_link\tprice\tavailability\tMy Label\tring_size\n"
    "A\tBand\ta.jpg\t9.00 EUR\tlieferbar\tSummer\t52\nB\tHoops\tb.jpg\t8.00 EUR\tin_stock\t\t\n"
)


def settle(root: Path, text: str) -> Path:
    (root / "catalog.toml").write_text(text)
    return root


def test_a_manifest_in_any_language(tmp_path: Path) -> None:
    root = settle(manifest(tmp_path, GERMAN), f'[columns]\n{RENAME}\nignore = ["intern"]\n[availability]\n')
    catalog = read_catalog(root)
    assert {product.id: dict(product.fields) for product in catalog.products} == {
        "J1": {"price": 12.5, "in_stock": True},
        "J2": {"price": 1250.0, "in_stock": False},
    }
    assert (catalog.notes, catalog.rejects) == ((), ())


def test_a_text_file_is_a_manifest_by_the_names_that_a_shop_gives(tmp_path: Path) -> None:
    root = settle(manifest(tmp_path, GERMAN), f"[columns]\n{RENAME}\n[availability]\n")
    (root / "catalog.csv").rename(root / "catalog.txt")
    assert list(photos(read_catalog(root))) == ["J1", "J2"]


def test_words_and_counts_of_a_shop(tmp_path: Path) -> None:
    rows = "\n".join(
        f"J{n},a.jpg,{word}" for n, word in enumerate(["auf Lager", "AUSVERKAUFT", "3", "2", "true", "", "vielleicht"])
    )
    root = settle(
        manifest(tmp_path, f"product_id,image,in_stock\n{rows}\n"),
        '[availability]\nin_stock = ["Auf Lager"]\nsold_out = ["ausverkauft"]\nleast = 3\n',
    )
    catalog = read_catalog(root)
    said = [product.fields.get("in_stock") for product in catalog.products]
    assert said == [True, False, True, False, True, None]
    assert list(reasons(catalog)) == ["catalog.csv:8"]
    assert "'vielleicht' is no availability that is known" in reasons(catalog)["catalog.csv:8"]


def test_without_it_a_count_is_what_it_was(tmp_path: Path) -> None:
    catalog = read_catalog(manifest(tmp_path, "product_id,image,in_stock\nJ1,a.jpg,3\nJ2,b.jpg,1\n"))
    assert list(photos(catalog)) == ["J2"]
    assert "in_stock '3' is not a boolean" in reasons(catalog)["catalog.csv:2"]


def test_a_feed_with_words_and_names_of_the_shop(tmp_path: Path) -> None:
    root = manifest(tmp_path, GOOGLE)
    assert list(reasons(read_catalog(root))) == ["catalog.csv:2"]
    settle(
        root,
        '[columns]\nrename = { "My Label" = "season", "title" = "name" }\nignore = ["Ring-Size", "colour"]\n'
        '[availability]\nin_stock = ["lieferbar"]\n[fields]\nseason = "text"\n',
    )
    catalog = read_catalog(root)
    band, hoops = catalog.products
    assert dict(band.fields) == {
        "title": "Band",
        "name": "Band",
        "in_stock": True,
        "price": 9.0,
        "currency": "EUR",
        "season": "Summer",
    }
    assert "season" not in hoops.fields
    assert catalog.field_table["season"] == "text"
    assert catalog.notes == (
        "catalog.csv: catalog.toml: [columns] has 'colour', which is no column here; correct or remove it",
        "catalog.csv: read as a Google Merchant Center feed",
    )


def test_the_word_of_the_shop_goes_before_that_of_the_feed(tmp_path: Path) -> None:
    root = settle(
        manifest(tmp_path, GOOGLE), '[columns]\nrename = { "ring_size" = "price", "My Label" = "in_stock" }\n'
    )
    (root / "catalog.csv").write_text(GOOGLE.replace("Summer", "sold out").replace("lieferbar", "in_stock"))
    band = read_catalog(root).products[0]
    assert (band.fields["price"], band.fields["in_stock"]) == (52.0, False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[columns]\nnames = {}\n", '[columns] holds rename = { "Artikel" = "product_id" } and ignore = ["internal"]'),
        ('[columns]\nrename = ["a"]\n', "[columns] holds rename"),
        ("[columns]\nrename = { a = 1 }\n", "[columns] holds rename"),
        ('[columns]\nignore = "a"\n', "[columns] holds rename"),
        ('[availability]\nwords = ["a"]\n', "[availability] holds in_stock"),
        ('[availability]\nleast = "3"\n', "[availability] holds in_stock"),
        ('[availability]\nin_stock = ["a"]\nsold_out = ["A"]\n', "[availability] has 'a' in in_stock and in sold_out"),
        ("[availabilty]\n", "it holds tables: [fields], [numbers], [ignore], [columns], [availability]"),
        ('columns = "x"\n', "'columns' is not known here"),
    ],
)
def test_what_it_cannot_say(tmp_path: Path, text: str, reason: str) -> None:
    root = settle(manifest(tmp_path, "product_id,image\nJ1,a.jpg\n"), text)
    with pytest.raises(Exception, match=r"catalog\.toml") as caught:
        read_catalog(root)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("rename", "reason"),
    [
        ('{ title = "photo" }', "column 'photo' is written by the index itself; rename it, e.g. to 'shop_photo'"),
        ('{ title = "my title" }', "column 'my title' cannot be used in a filter; rename it, e.g. to 'my_title'"),
    ],
)
def test_names_that_no_column_can_have(tmp_path: Path, rename: str, reason: str) -> None:
    root = settle(manifest(tmp_path, GOOGLE), f"[columns]\nrename = {rename}\n")
    assert reason in refused(root)
    root = settle(manifest(tmp_path, "product_id,image,title\nJ1,a.jpg,x\n"), f"[columns]\nrename = {rename}\n")
    assert reason in refused(root)


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    root = manifest(tmp_path, "product_id,image,price,Preis\nJ1,a.jpg,1,2\n")
    settle(root, '[columns]\nrename = { Preis = "price" }\n')
    assert "column 'price' appears twice; rename or remove one" in refused(root)
    settle(root, '[columns]\nrename = { Preis = "price" }\nignore = ["price"]\n')
    assert read_catalog(root).products[0].fields == {"price": 2.0}


def test_availability_without_its_column_is_said(tmp_path: Path) -> None:
    root = settle(manifest(tmp_path, "product_id,image\nJ1,a.jpg\n"), "[availability]\nleast = 2\n")
    (note,) = read_catalog(root).notes
    assert note.endswith("[availability] is of the column 'in_stock'; name yours so in [columns] rename")
