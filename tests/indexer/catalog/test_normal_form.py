"""Names from a Mac and from a PC are one: Unicode's normal forms in ids, categories, values, columns and file names."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from indexer.photos.thumbnails import original_of
from tests.shops.catalogs.catalog_folders import manifest, photos, reasons, touch

RING = "bague-émeraude"
NFC, NFD = (unicodedata.normalize(form, f"colliers/{RING}/été.jpg") for form in ("NFC", "NFD"))


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def on_linux(root: Path) -> None:
    """Skip where the file system itself takes both forms for one."""
    touch(root, "probe-é")
    if (root / nfd("probe-é")).exists():
        pytest.skip("this file system knows no normal forms")
    (root / "probe-é").unlink()


def test_folders_from_a_mac_and_from_a_pc_are_one_catalog(tmp_path: Path) -> None:
    on_linux(tmp_path)
    mac, pc = touch(tmp_path / "mac", NFD, nfd("colliers/ô.jpg")), touch(tmp_path / "pc", NFC, "colliers/ô.jpg")
    read = [read_catalog(root) for root in (mac, pc)]
    assert photos(read[0]) == photos(read[1]) == {RING: [NFC], "ô": ["colliers/ô.jpg"]}
    assert all(image.path.is_file() for product in read[0].products for image in product.images)
    assert original_of(mac, NFC) == (mac / NFD).resolve()
    assert original_of(pc, NFC) == (pc / NFC).resolve()


def test_both_forms_in_one_folder_are_one_product_and_one_photo_has_to_go(tmp_path: Path) -> None:
    on_linux(tmp_path)
    touch(
        tmp_path, "bracelets-é/a.jpg", nfd("bracelets-é/b.jpg"), "rings/é.jpg", nfd("rings/é.png"), nfd("rings/é.jpg")
    )
    catalog = read_catalog(tmp_path)
    assert photos(catalog) == {
        "a": ["bracelets-é/a.jpg"],
        "b": ["bracelets-é/b.jpg"],
        "é": ["rings/é.jpg", "rings/é.png"],
    }
    assert catalog.categories == ("bracelets-é", "rings")
    assert reasons(catalog) == {
        "rings/é.jpg": "has the name of another photo in other characters (normal form); rename one of them"
    }


@pytest.mark.parametrize("of_cells", ["NFC", "NFD"])
@pytest.mark.parametrize("of_names", ["NFC", "NFD"])
def test_a_manifest_from_a_pc_and_photos_from_a_mac(tmp_path: Path, of_cells: str, of_names: str) -> None:
    touch(tmp_path, unicodedata.normalize(of_names, NFC))
    text = f"product_id,image,category,métal,title\nJÉ1,{NFC},chaînes,doré|acier,Bague dorée\n"
    text += f"JÉ1,{NFC.replace('été', 'none')},chaînes,,\n"
    catalog = read_catalog(manifest(tmp_path, unicodedata.normalize(of_cells, text)))
    assert photos(catalog) == {"JÉ1": [NFC]}
    (product,) = catalog.products
    assert product.category == "chaînes"
    assert dict(product.fields) == {"métal": ["doré", "acier"], "title": "Bague dorée"}
    assert product.images[0].path.is_file()
    assert original_of(tmp_path, NFC) == product.images[0].path.resolve()
    (reason,) = reasons(catalog).values()
    assert reason.endswith("none.jpg' does not exist")


def test_names_in_a_mixture_of_forms_are_found(tmp_path: Path) -> None:
    touch(tmp_path, f"{nfd('chaînes')}/é/{nfd('à')}.jpg")
    catalog = read_catalog(manifest(tmp_path, "product_id,image\nJ1,chaînes/é/à.jpg\n"))
    assert photos(catalog) == {"J1": ["chaînes/é/à.jpg"]}


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (
            "Rings/E.JPG",
            "does not exist, but 'rings/e.jpg' does (upper and lower case differ); write it as the file is named",
        ),
        ("ring%201.jpg", "does not exist, but 'ring 1.jpg' does; write it as the file is named"),
        ("ring+1.jpg", "but 'ring 1.jpg' does"),
        ("RING 2.jpg", "but 'ring%202.jpg' does"),
        ("BAGUE-É.JPG", "but 'bague-é.jpg' does (upper and lower case differ)"),
        ("a.jpg, b.jpg", "does not exist; several images are joined with |, as in a.jpg|b.jpg"),
        ("a.jpg;b.jpg", "several images are joined with |"),
        ("none.jpg", "image 'none.jpg' does not exist"),
        ("outside/SECRET.jpg", "image 'outside/SECRET.jpg' does not exist"),
    ],
)
def test_a_miss_says_which_twin_there_is(tmp_path: Path, cell: str, reason: str) -> None:
    root = manifest(tmp_path / "shop", f'product_id,image\nJ1,a.jpg\nJ2,"{cell}"\n')
    touch(root, "ring 1.jpg", "ring%202.jpg", nfd("bague-é.jpg"))
    touch(tmp_path, "elsewhere/secret.jpg")
    (root / "outside").symlink_to("../elsewhere", target_is_directory=True)
    catalog = read_catalog(root)
    assert photos(catalog) == {"J1": ["a.jpg"]}
    assert reasons(catalog)["catalog.csv:3"].endswith(reason) or reason in reasons(catalog)["catalog.csv:3"]
    assert "secret" not in reasons(catalog)["catalog.csv:3"]
