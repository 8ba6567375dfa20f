"""Manifests as spreadsheets write them: inherited fields, types, and one clear reject for every row that is wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from indexer.fields.types import FieldType
from tests.shops.catalogs.catalog_folders import manifest, photos, reasons, refused, touch

# ---- manifests: the file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_spreadsheets_of_every_kind(tmp_path: Path, separator: str, ending: str, mark: bytes) -> None:
    rows = [
        ["product_id", "image", "title", "price"],
        ["J1", "a.jpg", '"Gold; ""fine"", 1,5 mm"', "12.50"],
        ["J2", "b.jpg", "été", ""],
    ]
    content = ending.join(separator.join(row) for row in rows) + ending
    catalog = read_catalog(manifest(tmp_path, mark + content.encode()))
    assert catalog.rejects == ()
    assert [dict(product.fields) for product in catalog.products] == [
        {"title": 'Gold; "fine", 1,5 mm', "price": 12.5},
        {"title": "été"},
    ]


def test_a_manifest_may_be_named_itself(tmp_path: Path) -> None:
    manifest(tmp_path, "product_id,image\nJ1,a.jpg\n")
    (tmp_path / "catalog.csv").rename(tmp_path / "Spring.CSV")
    catalog = read_catalog(tmp_path / "Spring.CSV")
    assert photos(catalog) == {"J1": ["a.jpg"]}
    assert catalog.root == tmp_path


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    content = 'product_id,image,title\nJ1,a.jpg,"two\nlines\nand a third"\n\n,b.jpg,\n , ,\n'
    content += '"J3",none.jpg,"more\nlines"\nJ4,d.jpg,\n'
    catalog = read_catalog(manifest(tmp_path, content))
    assert photos(catalog) == {"J1": ["a.jpg"], "J4": ["d.jpg"]}
    assert catalog.products[0].fields["title"] == "two\nlines\nand a third"
    assert reasons(catalog) == {
        "catalog.csv:6": "product_id is empty",
        "catalog.csv:8": "image 'none.jpg' does not exist",
    }


def test_ragged_rows(tmp_path: Path) -> None:
    content = "product_id,image,title,,\nJ1,a.jpg\nJ2,b.jpg,Ring,,,,\nJ3,c.jpg,Ring, gold, fine, new\nJ4,d.jpg,Ring,,\n"
    catalog = read_catalog(manifest(tmp_path, content.replace(", gold, fine, new", ",,,new")))
    assert set(photos(catalog)) == {"J1", "J2", "J4"}
    assert reasons(catalog) == {"catalog.csv:4": "has 6 cells for 5 columns; quote cells that hold the separator"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty; export it anew"),
        ("\n\n", "the file is empty"),
        ("image,title\na.jpg,x\n", "no column 'product_id'; it has image, title"),
        ("product_id;photo\nJ1;a.jpg\n", "no column 'image'; it has product_id, photo"),
        ("product_id,title\nJ1,x\n", "no column 'image'"),
        ("product_id,image,metal,metal\nJ1,a.jpg,x,y\n", "column 'metal' appears twice"),
        ("product_id,image,\nJ1,a.jpg,\nJ2,b.jpg,gold\n", "catalog.csv: column 3 has a value in line 3 but no name"),
        ("product_id,image,photo\nJ1,a.jpg,x\n", "rename it, e.g. to 'shop_photo'"),
        ("product_id,image,ring size\nJ1,a.jpg,x\n", "rename it, e.g. to 'ring_size'"),
        ('product_id,image,title\nJ1,a.jpg,x\nJ2,b.jpg,"open\nJ3,c.jpg,\n', "catalog.csv:3: not readable as CSV"),
        ('product_id,image,title\nJ1,a.jpg,"5" wide"\n', "catalog.csv:2: not readable as CSV"),
        (
            "product_id,image,title\nJ1,a.jpg,x\nJ2,b.jpg,été\n".encode("latin-1"),
            "catalog.csv:3: not UTF-8 (byte 0xe9)",
        ),
        ("product_id,image\nJ1,a.jpg\n".encode("utf-16")[:-1], "catalog.csv:2: not UTF-16 (byte 0x0a); it is damaged"),
        ("product_id,image\n", "has no row below the names of its columns; export it anew"),
        (
            "product_id,image\nJ1,none.jpg\n",
            "not one photo can be used; catalog.csv:2: image 'none.jpg' does not exist",
        ),
    ],
)
def test_a_manifest_that_cannot_be_read(tmp_path: Path, content: str | bytes, reason: str) -> None:
    assert reason in refused(manifest(tmp_path, content))


# ---- manifests: the rows ---------------------------------------------------------------------------------------


def test_rows_of_a_product_share_their_fields(tmp_path: Path) -> None:
    content = """product_id,image,category,title,price,metal
J1,a.jpg|rings/e.jpg,,Ring,100,gold|silver
J2,b.jpg,watches,Watch,,
J1,c.jpg,rings,,120,
J1,d.jpg,,,,
"""
    catalog = read_catalog(manifest(tmp_path, content))
    ring, watch = catalog.products
    assert (ring.id, ring.category, watch.id, watch.category) == ("J1", "rings", "J2", "watches")
    assert [(image.key, image.rank) for image in ring.images] == [
        ("a.jpg", 0),
        ("rings/e.jpg", 1),
        ("c.jpg", 2),
        ("d.jpg", 3),
    ]
    first = {"title": "Ring", "price": 100.0, "metal": ["gold", "silver"]}
    assert [dict(image.fields) for image in ring.images] == [first, first, {**first, "price": 120.0}, first]
    assert dict(watch.fields) == {"title": "Watch"}
    assert dict(catalog.field_table) == {"title": FieldType.TEXT, "price": FieldType.NUMBER, "metal": FieldType.KEYWORD}


def test_a_category_that_contradicts_an_earlier_row(tmp_path: Path) -> None:
    content = "product_id,image,category\nJ1,a.jpg,\nJ1,b.jpg,rings\nJ1,c.jpg,watches\nJ1,d.jpg,rings\n"
    catalog = read_catalog(manifest(tmp_path, content))
    assert photos(catalog) == {"J1": ["a.jpg", "b.jpg", "d.jpg"]}
    assert catalog.products[0].category == "rings"
    assert reasons(catalog) == {
        "catalog.csv:4": "category 'watches' disagrees with 'rings' of line 3; a product has one"
    }


def test_a_rejected_row_leaves_no_trace(tmp_path: Path) -> None:
    content = "product_id,image,category,title,price\nJ1,a.jpg,watches,Old,free\nJ1,a.jpg,rings,,\n"
    content += "J2,b.jpg,,,free\nJ3,b.jpg,,,\n"
    catalog = read_catalog(manifest(tmp_path, content))
    assert photos(catalog) == {"J1": ["a.jpg"], "J3": ["b.jpg"]}
    assert (catalog.products[0].category, dict(catalog.products[0].fields)) == ("rings", {})
    assert [reject.product_id for reject in catalog.rejects] == ["J1", "J2"]


@pytest.mark.parametrize(
    ("others", "category", "fields"),
    [
        ("J1,a.jpg,,,\n", "watches", {"title": "Old", "price": 1.0}),
        ("J1,a.jpg,rings,,5\n", "rings", {"title": "Old", "price": 5.0}),
        ("J1,none2.jpg,rings,New,\nJ1,a.jpg,,,\n", "watches", {"title": "Old", "price": 1.0}),
    ],
)
def test_a_row_whose_photo_is_gone_says_what_no_other_says(
    tmp_path: Path, others: str, category: str, fields: dict[str, object]
) -> None:
    """Where the first photo of a product was deleted, the others keep their price."""
    content = f"product_id,image,category,title,price\nJ1,none.jpg,watches,Old,1\n{others}J2,none3.jpg,rings,,\n"
    catalog = read_catalog(manifest(tmp_path, content))
    assert photos(catalog) == {"J1": ["a.jpg"]}
    (image,) = catalog.products[0].images
    assert (catalog.products[0].category, dict(image.fields)) == (category, fields)
    assert reasons(catalog)["catalog.csv:2"] == "image 'none.jpg' does not exist"


def test_a_photo_counts_once_in_a_product_and_may_stand_in_several(tmp_path: Path) -> None:
    content = "product_id,image\nJ1,a.jpg|./a.jpg\nJ2,a.jpg|b.jpg\nJ1,c.jpg\n"
    catalog = read_catalog(manifest(tmp_path, content))
    assert photos(catalog) == {"J1": ["a.jpg", "c.jpg"], "J2": ["a.jpg", "b.jpg"]}
    assert catalog.rejects == ()
    assert catalog.notes == ("catalog.csv:2: image './a.jpg' is listed again for product 'J1'; it counts once",)


def test_a_row_that_lists_a_photo_again_fills_in_what_the_first_left_blank(tmp_path: Path) -> None:
    content = "product_id,image,metal,price\nJ1,a.jpg,,10\nJ1,a.jpg,gold,99\nJ1,b.jpg,,\n"
    catalog = read_catalog(manifest(tmp_path, content))
    assert [(image.key, dict(image.fields)) for image in catalog.products[0].images] == [
        ("a.jpg", {"metal": "gold", "price": 10.0}),
        ("b.jpg", {"metal": "gold", "price": 10.0}),
    ]
    assert [note[:14] for note in catalog.notes] == ["catalog.csv:3:"]


def test_one_bad_photo_in_a_list_does_not_take_the_others_along(tmp_path: Path) -> None:
    catalog = read_catalog(manifest(tmp_path, "product_id,image\nJ1,a.jpg| |none.jpg|../x.jpg|b.jpg\n"))
    assert photos(catalog) == {"J1": ["a.jpg", "b.jpg"]}
    assert [reject.where for reject in catalog.rejects] == ["catalog.csv:2"] * 2


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("../../etc/passwd", "is not a path inside the catalog"),
        ("rings/../../x.jpg", "is not a path inside the catalog"),
        ("..\\..\\x.jpg", "is not a path inside the catalog"),
        ("/etc/passwd", "is not a path inside the catalog; write it relative to catalog.csv"),
        ("\\\\server\\share\\a.jpg", "is not a path inside the catalog"),
        ("C:\\photos\\a.jpg", "is not a path inside the catalog"),
        ("out.jpg", "is a link that points outside the catalog"),
        ("outside/secret.jpg", "is a link that points outside the catalog"),
        ("ftp://shop.example/a.jpg", "is a URL that is not fetched; use http://, https://"),
        ("a.jpg\0.png", "holds a NUL character"),
        ("rings", "does not exist"),
        (".", "does not exist"),
        ("loop.jpg", "is a link to nothing"),
        ("x" * 300 + ".jpg", "cannot be read (File name too long)"),
        ("", "image is empty"),
        ("|", "image is empty"),
    ],
)
def test_images_that_are_not_opened(tmp_path: Path, image: str, reason: str) -> None:
    root = manifest(tmp_path / "shop", f"product_id,image\nJ1,a.jpg\nJ2,{image}\n")
    touch(tmp_path, "elsewhere/secret.jpg")
    (root / "out.jpg").symlink_to("../elsewhere/secret.jpg")
    (root / "outside").symlink_to("../elsewhere", target_is_directory=True)
    (root / "loop.jpg").symlink_to("loop.jpg")
    catalog = read_catalog(root)
    assert photos(catalog) == {"J1": ["a.jpg"]}
    assert reason in reasons(catalog)["catalog.csv:3"]


def test_links_and_backslashes_inside_the_catalog(tmp_path: Path) -> None:
    root = manifest(tmp_path, "product_id,image\nJ1,link.jpg\nJ2,rings\\e.jpg\nJ3,folder/e.jpg\n")
    (root / "link.jpg").symlink_to("a.jpg")
    (root / "folder").symlink_to("rings", target_is_directory=True)
    catalog = read_catalog(root)
    assert photos(catalog) == {"J1": ["link.jpg"], "J2": ["rings/e.jpg"], "J3": ["folder/e.jpg"]}
    assert catalog.rejects == ()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        (
            "price",
            "12.50 each",
            "price '12.50 each' is not a number; write 1250.50, or set [fields] price = \"keyword\" in catalog.toml",
        ),
        ("price", "12.50-", "is not a number"),
        ("price", "nan", "is not a number"),
        ("in_stock", "perhaps", "is not a boolean; write true or false"),
        ("listed", "31.01.2026", "is not a date; write 2026-01-31"),
        ("category", "rings|gifts", "category 'rings|gifts' is a list"),
    ],
)
def test_values_that_do_not_fit_are_rejected_with_their_line(
    tmp_path: Path, column: str, value: str, reason: str
) -> None:
    root = manifest(tmp_path, f"product_id,image,{column}\nJ1,a.jpg,\nJ2,b.jpg,{value}\n")
    if column == "listed":
        (root / "catalog.toml").write_text('[fields]\nlisted = "date"\n')
    catalog = read_catalog(root)
    assert set(photos(catalog)) == {"J1"}
    assert reason in reasons(catalog)["catalog.csv:3"]


def test_types_are_inferred_and_overridden(tmp_path: Path) -> None:
    content = "product_id,image,sku,year,featured,listed,tags\n"
    content += "J1,a.jpg,007,2024,yes,2026-01-31T00:30+01:00,a|b\nJ2,b.jpg,12,2025,no,2026-02-01,c\n"
    root = manifest(tmp_path, content)
    catalog = read_catalog(root)
    assert dict(catalog.products[0].fields) == {
        "sku": "007",
        "year": 2024.0,
        "featured": True,
        "listed": "2026-01-30T23:30:00Z",
        "tags": ["a", "b"],
    }
    (root / "catalog.toml").write_text('[fields]\nyear = "keyword"\nsku = "number"\ntags = "text"\n')
    assert dict(read_catalog(root).products[0].fields) == {
        "sku": 7.0,
        "year": "2024",
        "featured": True,
        "listed": "2026-01-30T23:30:00Z",
        "tags": "a|b",
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[fields]\nweight = "number"\n', "field 'weight' is not a column of catalog.csv"),
        ('[fields]\nproduct_id = "number"\n', "field 'product_id' is always text"),
        ('[fields]\nprice = "money"\n', "unknown type 'money'"),
        ("[fields\n", "not valid TOML"),
    ],
)
def test_overrides_that_do_not_fit(tmp_path: Path, content: str, reason: str) -> None:
    root = manifest(tmp_path, "product_id,image,price\nJ1,a.jpg,1\n")
    (root / "catalog.toml").write_text(content)
    with pytest.raises(CatalogError, match=r"catalog\.toml: ") as caught:
        read_catalog(root)
    assert reason in str(caught.value)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.lists(st.text(max_size=8) | st.sampled_from(["J1", "a.jpg", "b.jpg|c.jpg", "12", '"']), max_size=5),
        max_size=6,
    )
)
def test_any_manifest_is_read_or_refused(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        body = "".join(",".join(row) + "\n" for row in rows)
        root = manifest(Path(folder), ("product_id,image,category,price\n" + body).encode("utf-8", "replace"))
        try:
            catalog = read_catalog(root)
        except CatalogError as error:
            message = str(error)
        else:
            message = ""
            keys = [(product, key) for product, listed in photos(catalog).items() for key in listed]
            assert len(keys) == len(set(keys)) == catalog.images
            assert all(image.path.is_file() for product in catalog.products for image in product.images)
        assert "\n" not in message
