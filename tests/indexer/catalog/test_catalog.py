"""Folder catalogs as shops have them, tidy and not, and what `read_catalog` makes of any path."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.catalog.products import ProductImage
from indexer.catalog.reading import read_catalog
from tests.shops.catalogs.catalog_folders import manifest, photos, reasons, refused, touch


def test_both_layouts_side_by_side(tmp_path: Path) -> None:
    touch(tmp_path, "rings/r2/front.jpg", "rings/r2/side/left.PNG", "rings/r1.jpg", "watches/w1.webp", "rings/r1/b.jpg")
    catalog = read_catalog(tmp_path)
    assert photos(catalog) == {
        "r1": ["rings/r1/b.jpg", "rings/r1.jpg"],
        "r2": ["rings/r2/front.jpg", "rings/r2/side/left.PNG"],
        "w1": ["watches/w1.webp"],
    }
    assert [product.category for product in catalog.products] == ["rings", "rings", "watches"]
    assert catalog.products[1].images[1] == ProductImage(
        "rings/r2/side/left.PNG", tmp_path / "rings/r2/side/left.PNG", 1
    )
    assert (catalog.images, catalog.categories, catalog.rejects) == (5, ("rings", "watches"), ())
    assert (dict(catalog.field_table), dict(catalog.products[0].fields)) == ({}, {})


def test_a_name_in_two_categories_is_qualified_in_both(tmp_path: Path) -> None:
    touch(tmp_path, "rings/001.jpg", "rings/002.jpg", "watches/001/a.jpg", "watches/001/b.jpg")
    assert photos(read_catalog(tmp_path)) == {
        "rings/001": ["rings/001.jpg"],
        "002": ["rings/002.jpg"],
        "watches/001": ["watches/001/a.jpg", "watches/001/b.jpg"],
    }


def test_suffixes_in_any_case_and_one_product_from_two_of_them(tmp_path: Path) -> None:
    names = ["a.JPG", "a.png", "b.Jpeg", "c.TIFF", "d.AVIF", "e.jfif"]
    touch(tmp_path, *(f"rings/{name}" for name in names))
    assert photos(read_catalog(tmp_path)) == {
        "a": ["rings/a.JPG", "rings/a.png"],
        "b": ["rings/b.Jpeg"],
        "c": ["rings/c.TIFF"],
        "d": ["rings/d.AVIF"],
        "e": ["rings/e.jfif"],
    }


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "rings/r1/1.jpg",
        "rings/.DS_Store",
        "rings/._r1.jpg",
        "rings/r1/._1.jpg",
        ".cache/x/y.jpg",
        "rings/Thumbs.db",
    )
    touch(tmp_path, "__MACOSX/rings/r1.jpg", "rings/__MACOSX/r9.jpg", "rings/r1/@eaDir/1.jpg/thumb.jpg", "desktop.ini")
    touch(tmp_path, "rings/r1/readme.txt", "prices.xlsx", "._stray.jpg")
    catalog = read_catalog(tmp_path)
    assert photos(catalog) == {"r1": ["rings/r1/1.jpg"]}
    assert catalog.rejects == ()


def test_stray_photos_and_formats_that_are_not_read_are_rejects(tmp_path: Path) -> None:
    touch(tmp_path, "rings/r1.jpg", "rings/r2.HEIC", "rings/r1/raw.cr2", "stray.jpg", "logo.svg")
    catalog = read_catalog(tmp_path)
    assert photos(catalog) == {"r1": ["rings/r1.jpg"]}
    found = reasons(catalog)
    assert set(found) == {"rings/r2.HEIC", "rings/r1/raw.cr2", "stray.jpg", "logo.svg"}
    assert found["rings/r2.HEIC"] == "HEIC is not read; save it as JPEG, PNG or WebP"
    assert "outside a category folder; move it to" in found["stray.jpg"]


def test_links(tmp_path: Path) -> None:
    outside = touch(tmp_path / "outside", "secret.jpg", "more/x.jpg")
    root = touch(tmp_path / "shop", "rings/r1.jpg", "rings/r1/b.jpg")
    (root / "rings/in.jpg").symlink_to("r1.jpg")
    (root / "rings/in").symlink_to("r1", target_is_directory=True)
    (root / "rings/out.jpg").symlink_to(outside / "secret.jpg")
    (root / "rings/outfolder").symlink_to(outside, target_is_directory=True)
    (root / "watches").symlink_to(outside, target_is_directory=True)
    (root / "rings/nothing.jpg").symlink_to("gone.jpg")
    (root / "rings/loop.jpg").symlink_to("loop.jpg")
    (root / "rings/r1/up").symlink_to("..", target_is_directory=True)
    catalog = read_catalog(root)
    assert photos(catalog) == {"r1": ["rings/r1/b.jpg", "rings/r1.jpg"], "in": ["rings/in/b.jpg", "rings/in.jpg"]}
    found = reasons(catalog)
    for name in ("rings/out.jpg", "rings/outfolder", "watches"):
        assert "points outside the catalog" in found.pop(name)
    for name in ("rings/nothing.jpg", "rings/loop.jpg"):
        assert found.pop(name).startswith("is a link to nothing")
    assert set(found) == {"rings/r1/up", "rings/in/up"}


def test_a_catalog_reached_through_a_link_is_not_outside_itself(tmp_path: Path) -> None:
    touch(tmp_path / "real", "rings/r1.jpg")
    manifest(tmp_path / "listed", "product_id,image\nJ1,a.jpg\n")
    for name in ("real", "listed"):
        (tmp_path / f"{name}-link").symlink_to(name, target_is_directory=True)
        assert len(read_catalog(tmp_path / f"{name}-link").products) == 1


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    touch(tmp_path, "rings/r1.jpg", "rings/été.jpg")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/rings/\xe9t\xe9.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes no such name")
    catalog = read_catalog(tmp_path)
    assert set(photos(catalog)) == {"r1", "été"}
    assert reasons(catalog) == {r"rings/\udce9t\udce9.jpg": "its name is not valid UTF-8; rename it"}


def test_missing_empty_and_photoless_folders(tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "none")
    assert "no photos found; expected <category>/<product>.jpg" in refused(tmp_path)
    touch(tmp_path, "rings/readme.txt", "watches/prices.xlsx").joinpath("empty").mkdir()
    assert "no photos found" in refused(tmp_path)


def test_photos_without_categories_are_one_error_that_says_what_to_do(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg")
    message = refused(tmp_path)
    assert "the first of 2 problems is a.jpg: lies outside a category folder; move it to" in message


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder, while the process has no more rights than any user: root may read everything."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    yield folder
    if is_root:
        os.seteuid(0)
    for path in folder.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(folder)


def drop_rights() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_a_folder_that_may_not_be_read(unprivileged: Path) -> None:
    touch(unprivileged, "rings/r1.jpg", "rings/secret/a.jpg", "watches/w1.jpg")
    (unprivileged / "rings/secret").chmod(0)
    (unprivileged / "watches").chmod(0)
    drop_rights()
    catalog = read_catalog(unprivileged)
    assert photos(catalog) == {"r1": ["rings/r1.jpg"]}
    assert set(reasons(catalog)) == {"rings/secret", "watches"}
    assert "Permission denied" in reasons(catalog)["watches"]


def test_a_root_or_manifest_that_may_not_be_read(unprivileged: Path) -> None:
    shop, listed = touch(unprivileged / "shop", "rings/r1.jpg"), manifest(unprivileged / "listed", "product_id,image\n")
    shop.chmod(0)
    (listed / "catalog.csv").chmod(0)
    drop_rights()
    assert "Permission denied" in refused(shop)
    assert "Permission denied" in refused(listed)


@pytest.mark.parametrize("name", ["photos.zip", "ring.jpg", "catalog"])
def test_a_file_that_is_no_manifest(tmp_path: Path, name: str) -> None:
    assert "not a manifest or a feed that this version reads; give a folder" in refused(touch(tmp_path, name) / name)


def test_real_catalogs_have_no_rejects(real_data: Path) -> None:
    for name, products, images in [("jewelry", 1199, 1199), ("fashion", 1120, 1120), ("products", 16, 886)]:
        catalog = read_catalog(real_data / name)
        assert (len(catalog.products), catalog.images, catalog.rejects) == (products, images, ())
