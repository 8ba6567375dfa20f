"""What would take much out of the index is refused before any work, and what only has another name is no removal."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from click.testing import CliRunner, Result

from indexer.cli.main import main
from indexer.errors import JewelryError, UsageError
from tests.shops.catalogs.row_catalog import Shop, counts
from tests.shops.copies import copied

MANY = 40
PHOTOS = [f"photos/p{number:02d}.jpg" for number in range(MANY)]
ROWS = [f"s{number:02d},{photo},{'rings' if number % 2 else 'pins'},5,true" for number, photo in enumerate(PHOTOS)]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 40 products, indexed: each test has a copy."""
    root = tmp_path_factory.mktemp("indexed")
    Shop(root, *PHOTOS).rows(*ROWS).sync()
    return root


@pytest.fixture
def shop(indexed: Path, tmp_path: Path) -> Shop:
    copied(indexed, tmp_path / "shop")
    return Shop(tmp_path / "shop")


def refused(shop: Shop, **options: Any) -> str:
    """The message of a sync that is refused, which leaves everything as it was."""
    files = sorted((path, path.stat().st_mtime_ns) for path in shop.index.rglob("*") if path.name != "LOCK")
    with pytest.raises(JewelryError) as caught:
        shop.sync(**options)
    after = sorted((path, path.stat().st_mtime_ns) for path in shop.index.rglob("*") if path.name != "LOCK")
    assert (caught.value.exit_code, "\n" in str(caught.value)) == (1, False)
    assert [path for path, _ in after] == [path for path, _ in files]
    return str(caught.value)


def indexer(shop: Shop, *options: str) -> Result:
    places = [str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index)]
    return CliRunner().invoke(main, ["sync", *places, *options])


def test_a_tenth_of_the_photos_may_go_and_more_is_refused(shop: Shop) -> None:
    shop.rows(*ROWS[20:])
    message = refused(shop)
    assert "this would remove 20 of 40 photos" in message
    assert "more than 10 %" in message
    assert "s00, s01, s02" in message
    assert "and 12 other products" in message
    assert "--allow-removal" in message
    refused(shop, dry_run=True)
    refused(shop, max_removal=0.49)
    assert counts(shop.sync(max_removal=0.5)) == {"unchanged": 20, "gone": 20}


def test_fewer_than_twenty_may_always_go(shop: Shop) -> None:
    shop.rows(*ROWS[19:])
    report = shop.sync()
    assert counts(report) == {"unchanged": 21, "gone": 19}
    assert [(one.product_id, one.photo) for one in report.removed][:1] == [("s00", "photos/p00.jpg")]


def test_nothing_may_go_where_nothing_is_said_to(shop: Shop) -> None:
    shop.rows(*ROWS[1:])
    assert "more than 0 %" in refused(shop, max_removal=0.0)


def test_a_whole_category_may_not_go_by_itself(shop: Shop) -> None:
    shop.draw("photos/charm.jpg").rows(*ROWS, "c1,photos/charm.jpg,charms,5,true").sync()
    shop.rows(*ROWS)
    message = refused(shop)
    assert "this would remove 1 of 41 photos" in message
    assert "all there is of charms" in message
    assert "those of c1" in message
    assert counts(shop.sync(allow_removal=True)) == {"unchanged": 40, "gone": 1}


def test_a_category_that_only_has_other_products_or_another_name_is_not_gone(shop: Shop) -> None:
    shop.draw("photos/charm.jpg").rows(*ROWS, "c1,photos/charm.jpg,charms,5,true").sync()
    shop.draw("photos/another.jpg").rows(*ROWS, "c2,photos/another.jpg,charms,5,true")
    assert counts(shop.sync()) == {"new": 1, "unchanged": 40, "gone": 1}
    shop.rows(*ROWS, "c2,photos/another.jpg,talismans,5,true")
    assert counts(shop.sync()) == {"updated": 1, "unchanged": 40}


def test_the_command_takes_percent_and_the_environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.rows(*ROWS[20:])
    result = indexer(shop)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    for share in ("10", "much", "-1%", "101%"):
        assert indexer(shop, "--max-removal", share).exit_code == 2
    assert indexer(shop, "--max-removal", "40%").exit_code == 1
    listing = indexer(shop, "--dry-run", "--allow-removal")
    assert (listing.exit_code, listing.stdout.count("would be removed")) == (0, 21)
    monkeypatch.setenv("JEWELRY_MAX_REMOVAL", "50%")
    assert indexer(shop, "--dry-run").exit_code == 0
    for no_share in ("50", "half", "%"):
        monkeypatch.setenv("JEWELRY_MAX_REMOVAL", no_share)
        refused = indexer(shop)
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
        assert f"{no_share!r} is no share from 0 to 1; write 0.1 or 10%" in refused.stderr
    with pytest.raises(UsageError):
        shop.sync(max_removal=10)


@pytest.mark.parametrize(
    "last",
    [
        "s39,photos/p39.jpg,rings",
        "s39,photos/p39.jpg,rings,5",
        "s39,photos/p3",
        "s3",
        "s39,photos/p39.jpg,rings,5,tr",
        "s39,photos/p39.jpg,rings,5,",
    ],
)
def test_a_manifest_that_is_cut_in_its_last_line_is_refused(shop: Shop, last: str) -> None:
    shop.rows(*ROWS[:39], last, end="")
    assert "catalog.csv:41" in refused(shop)
    shop.rows(*ROWS[:30], ROWS[30][: len(last)], end="")
    assert "this would remove" in refused(shop)


@pytest.mark.parametrize(
    ("header", "row", "cut"),
    [
        ("product_id,category,image", "s39,rings,photos/p39.jpg", "s39,rings,photos/p3"),
        ("product_id,category,image", "s39,rings,photos/p39.jpg|photos/x.jpg", "s39,rings,photos/p39.jpg"),
        ("category,image,product_id", "rings,photos/p39.jpg,s39", "rings,photos/p39.jpg,s3"),
        ("product_id,image,category", "s39,photos/p39.jpg,rings", "s39,photos/p39.jpg,ri"),
        ("product_id,image,price", "s39,photos/p39.jpg,120", "s39,photos/p39.jpg,12"),
        ("product_id,image,stone", "s39,photos/p39.jpg,ruby|onyx", "s39,photos/p39.jpg,ruby"),
        ("product_id,image,note", "s39,photos/p39.jpg,by hand", "s39,photos/p39.jpg,by ha"),
    ],
)
def test_a_last_cell_that_is_the_beginning_of_what_it_was_is_a_cut(
    tmp_path: Path, header: str, row: str, cut: str
) -> None:
    shop = Shop(tmp_path, "photos/p39.jpg", "photos/x.jpg", "photos/p40.jpg")
    other = row.replace("s39", "s40").replace("p39", "p40").replace("|photos/x.jpg", "")
    shop.rows(other, row, header=header).sync()
    message = refused(shop.rows(other, cut, header=header, end=""))
    assert "catalog.csv:3: its last cell is" in message
    assert shop.rows(other, cut, header=header).sync(max_removal=1.0).published


def test_a_manifest_without_a_last_line_end_is_none_that_was_cut(shop: Shop) -> None:
    shop.rows(*ROWS[:38], ROWS[39].replace(",5,true", ",6,false"), end="")
    assert counts(shop.sync()) == {"updated": 1, "unchanged": 38, "gone": 1}


def test_a_cut_line_is_a_reject_where_nothing_is_indexed_yet(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "photos/p1.jpg", "photos/p2.jpg").rows("a,photos/p1.jpg,rings,5,true", "b,photos/p2", end="")
    report = shop.sync()
    assert counts(report) == {"new": 1}
    assert [(reject.where, reject.reason[:33]) for reject in report.rejects] == [
        ("catalog.csv:3", "the file ends within this line, a")
    ]


def test_a_manifest_that_is_no_longer_there_is_missed(shop: Shop) -> None:
    (shop.catalog / "catalog.csv").unlink()
    message = refused(shop)
    assert "the manifest that told in_stock, price is no longer there" in message


@pytest.mark.parametrize("content", ["", "product_id,image,category,price,in_stock\n", "product_id,ima"])
def test_an_empty_manifest_changes_nothing(shop: Shop, content: str) -> None:
    (shop.catalog / "catalog.csv").write_text(content)
    refused(shop)


def test_photos_that_moved_are_not_removed(shop: Shop) -> None:
    (shop.catalog / "photos").rename(shop.catalog / "pictures")
    shop.rows(*(row.replace("photos/", "pictures/") for row in ROWS))
    report = shop.sync()
    assert (report.embedded, report.removed, counts(report)) == (0, [], {"moved": 40, "gone": 40})


def test_photos_of_one_content_move_one_by_one(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "one.jpg")
    for number in range(22):
        shutil.copy(shop.catalog / "one.jpg", shop.catalog / f"p{number}.jpg")
    shop.rows(*(f"s{number},p{number}.jpg,rings,5,true" for number in range(22))).sync()
    for number in range(22):
        (shop.catalog / f"p{number}.jpg").rename(shop.catalog / f"q{number}.jpg")
    shop.rows(*(f"s{number},q{number}.jpg,rings,5,true" for number in range(22)))
    report = shop.sync()
    assert (report.embedded, report.removed, counts(report)) == (0, [], {"moved": 22, "gone": 22})


def test_ids_and_names_in_another_normal_form_are_the_same(tmp_path: Path) -> None:
    names = [f"bagué{number:02d}" for number in range(24)]
    shop = Shop(tmp_path, *(normalize("NFD", f"photos/{name}.jpg") for name in names))
    shop.rows(*(normalize("NFD", f"{name},photos/{name}.jpg,été,5,true") for name in names)).sync()
    for name in names:
        old = shop.catalog / normalize("NFD", f"photos/{name}.jpg")
        if old.exists():
            old.rename(shop.catalog / normalize("NFC", f"photos/{name}.jpg"))
    shop.rows(*(normalize("NFC", f"{name},photos/{name}.jpg,été,5,true") for name in names))
    report = shop.sync()
    assert (report.embedded, report.removed, report.photos["kept"]) == (0, [], 0)
    assert {product for product, _ in shop.points()} == {normalize("NFC", name) for name in names}


def test_another_model_keeps_nothing_so_what_cannot_be_read_counts_as_gone(shop: Shop) -> None:
    from tests.shops.models.tiny_model import write_tiny_model

    write_tiny_model(shop.model, size=16, seed=5)
    shop.rows(*ROWS[:10], *(row.replace(",5,", ",five,") for row in ROWS[10:]))
    assert "this would remove 30 of 40 photos" in refused(shop)
    report = shop.sync(allow_removal=True)
    assert (report.rebuilt, report.embedded, len(report.removed)) == (True, 10, 30)
