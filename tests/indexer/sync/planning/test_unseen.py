"""What cannot be read is not gone: closed folders, shares that are not mounted, links to nothing, lost manifests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from indexer.cli.main import main
from indexer.errors import CatalogError
from tests.shops.catalogs.row_catalog import NOBODY, Shop, as_ordinary_user, counts
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, make_index

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

FOLDERS = ("rings/001.jpg", "rings/r2/a.jpg", "rings/r2/b.jpg", "watches/001.jpg", "watches/w2.jpg")
ROWS = ("r1,rings/001.jpg,rings,10,true", "r2,rings/r2/a.jpg|rings/r2/b.jpg,rings,20,true")
MORE_ROWS = ("w1,watches/001.jpg,watches,30,true", "w2,watches/w2.jpg,watches,40,true")


@pytest.fixture(scope="module", autouse=True)
def everything_is_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Modules may lie where an ordinary user does not get at them: they are loaded while we still may."""
    shop = Shop(tmp_path_factory.mktemp("first"), *FOLDERS).rows(*ROWS, *MORE_ROWS)
    assert indexer(shop).exit_code == 0
    shop.rows(*ROWS, MORE_ROWS[0], "w2,watches/w2.jpg,watches,much,true", "w3,http://127.0.0.1/w3.jpg,watches,1,true")
    assert indexer(shop).exit_code == 3
    assert len(shop.points()) == 5
    Shop(
        tmp_path_factory.mktemp("second"), *FOLDERS, index=make_index("server", tmp_path_factory.mktemp("state"))
    ).sync()


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder of an ordinary user's: those that pytest makes are closed to others."""
    folder = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def shop(root: Path) -> Iterator[Shop]:
    """A catalog of folders, indexed, while the process has the rights of an ordinary user."""
    with as_ordinary_user():
        shop = Shop(root, *FOLDERS, index=make_index("server", root))
        shop.sync()
        yield shop


@pytest.fixture
def listed(root: Path) -> Iterator[Shop]:
    """The same photos with a manifest."""
    with as_ordinary_user():
        shop = Shop(root, *FOLDERS, index=make_index("server", root)).rows(*ROWS, *MORE_ROWS)
        shop.sync()
        yield shop


def to_nothing(path: Path) -> None:
    """What a share that is no longer mounted leaves of a link to it."""
    shutil.move(path, path.parent / ".elsewhere")
    path.symlink_to("not/mounted")


def close(path: Path) -> None:
    path.chmod(0)


def list_only(path: Path) -> None:
    path.chmod(0o444)


@pytest.mark.parametrize("hide", [close, list_only, to_nothing])
@pytest.mark.parametrize(("place", "kept"), [("rings", 3), ("rings/r2", 2)], ids=["a category", "a product"])
def test_a_folder_that_cannot_be_read_keeps_its_products(shop: Shop, hide, place: str, kept: int) -> None:  # type: ignore[no-untyped-def]
    before = shop.said("category")
    hide(shop.catalog / place)
    report = shop.sync()
    assert [reject.where for reject in report.rejects] == [place]
    assert (report.photos["kept"], report.photos["gone"], report.removed) == (kept, 0, [])
    assert shop.said("category") == before
    assert shop.sync().published is False


def test_a_closed_category_calls_no_product_by_another_name(shop: Shop) -> None:
    close(shop.catalog / "rings")
    assert counts(shop.sync()) == {"unchanged": 2, "kept": 3}
    (shop.catalog / "rings").chmod(0o755)
    assert counts(shop.sync()) == {"unchanged": 5}


def test_a_new_product_is_not_taken_for_one_of_a_closed_category(shop: Shop) -> None:
    close(shop.catalog / "rings")
    shop.draw("watches/r2.jpg")
    shop.sync()
    assert {product for product, _ in shop.points()} == {"rings/001", "r2", "watches/001", "w2", "watches/r2"}


@pytest.mark.parametrize("photo", ["rings/001.jpg", "rings/r2/a.jpg"])
def test_a_photo_that_is_a_link_to_nothing_stays(shop: Shop, photo: str) -> None:
    to_nothing(shop.catalog / photo)
    report = shop.sync()
    assert ([reject.where for reject in report.rejects], report.photos["kept"]) == ([photo], 1)
    assert len(shop.points()) == 5


def test_a_category_that_became_a_link_out_of_the_catalog_stays(shop: Shop, root: Path) -> None:
    shutil.move(shop.catalog / "rings", root / "share")
    (shop.catalog / "rings").symlink_to(root / "share")
    report = shop.sync()
    assert ([reject.where for reject in report.rejects], report.photos["kept"]) == (["rings"], 3)


def test_the_command_says_so_with_exit_code_3(root: Path) -> None:
    with as_ordinary_user():
        shop = Shop(root, *FOLDERS)
        shop.sync()
        to_nothing(shop.catalog / "rings")
        result = indexer(shop)
    assert result.exit_code == 3, result.output
    assert "3 kept" in result.stdout
    assert "rejected rings: is a link to nothing; mount or restore what it points to" in result.stdout


@pytest.mark.parametrize(
    ("hide", "place", "kept"),
    [
        (close, "rings", 3),
        (list_only, "rings", 3),
        (to_nothing, "rings/r2", 2),
        pytest.param(close, "rings/r2", 2, marks=pytest.mark.slow),
        pytest.param(list_only, "rings/r2", 2, marks=pytest.mark.slow),
        pytest.param(to_nothing, "rings", 3, marks=pytest.mark.slow),
    ],
)
def test_with_a_manifest_rows_of_a_closed_folder_are_still_heard(listed: Shop, hide, place: str, kept: int) -> None:  # type: ignore[no-untyped-def]
    hide(listed.catalog / place)
    listed.rows("r1,rings/001.jpg,rings,11,false", "r2,rings/r2/a.jpg|rings/r2/b.jpg,rings,21,false", *MORE_ROWS)
    report = listed.sync()
    assert [reject.where for reject in report.rejects] == [place]
    assert f"{kept} photos of catalog.csv should be in it" in report.rejects[0].reason
    assert (report.photos["kept"], report.photos["gone"]) == (kept, 0)
    said = listed.said("price", "in_stock")
    assert said["r1", "rings/001.jpg"] == (11.0, False)
    assert said["r2", "rings/r2/a.jpg"] == said["r2", "rings/r2/b.jpg"] == (21.0, False)
    assert listed.sync().published is False


def test_with_a_manifest_a_photo_that_is_a_link_to_nothing_stays(listed: Shop) -> None:
    to_nothing(listed.catalog / "rings/r2/a.jpg")
    listed.rows(ROWS[0], "r2,rings/r2/a.jpg|rings/r2/b.jpg,rings,21,true", *MORE_ROWS)
    report = listed.sync()
    assert [reject.where for reject in report.rejects] == ["catalog.csv:3"]
    assert counts(report) == {"updated": 1, "unchanged": 3, "kept": 1}
    assert listed.said("price")["r2", "rings/r2/a.jpg"] == (21.0,)
    ranks = {key[1]: point.payload["photo"]["rank"] for key, point in listed.points().items() if key[0] == "r2"}
    assert ranks == {"rings/r2/a.jpg": 0, "rings/r2/b.jpg": 1}


def test_a_closed_photo_is_no_photo_that_is_gone(listed: Shop) -> None:
    photo = listed.catalog / "rings/001.jpg"
    os.utime(photo, (1, 1))  # with the size and time it was indexed with, it would not even be opened
    close(photo)
    listed.rows("r1,rings/001.jpg,rings,11,false", *ROWS[1:], *MORE_ROWS)
    report = listed.sync()
    assert ([reject.where for reject in report.rejects], counts(report)["kept"]) == (["rings/001.jpg"], 1)
    assert "(Permission denied); check its owner and rights" in report.rejects[0].reason
    assert listed.said("price")["r1", "rings/001.jpg"] == (11.0,)


def test_a_photo_that_changes_its_product_in_a_closed_folder_goes_along(listed: Shop) -> None:
    close(listed.catalog / "rings/r2")
    listed.rows(ROWS[0], "r3,rings/r2/a.jpg|rings/r2/b.jpg,rings,20,true", *MORE_ROWS)
    report = listed.sync()
    assert (report.embedded, report.removed) == (0, [])
    assert {product for product, _ in listed.points()} == {"r1", "r3", "w1", "w2"}


def test_a_photo_that_cannot_be_read_stays_with_a_product_when_another_shows_it_too(listed: Shop) -> None:
    to_nothing(listed.catalog / "watches/w2.jpg")
    listed.rows(ROWS[0], "r2,rings/r2/a.jpg|rings/r2/b.jpg|watches/w2.jpg,rings,20,true", *MORE_ROWS)
    report = listed.sync()
    assert (report.removed, counts(report)) == ([], {"new": 1, "unchanged": 4, "kept": 1})
    assert {product for product, path in listed.points() if path == "watches/w2.jpg"} == {"r2", "w2"}
    assert listed.sync().published is False


def test_an_image_that_is_an_address_is_not_gone(listed: Shop) -> None:
    of_no_kind, refused = "ftp://shop.example/w3.jpg", "http://127.0.0.1/w4.jpg"
    listed.rows(*ROWS, *MORE_ROWS, f"w3,{of_no_kind},watches,50,true", f"w4,{refused},watches,50,true")
    report = listed.sync()
    assert [reject.where for reject in report.rejects] == ["catalog.csv:6", refused]
    assert counts(report) == {"unchanged": 5}


def test_a_manifest_that_may_not_be_read_changes_nothing(listed: Shop) -> None:
    close(listed.catalog / "catalog.csv")
    with pytest.raises(CatalogError, match="Permission denied"):
        listed.sync()
    assert len(listed.points()) == 5


def test_a_manifest_that_is_a_link_to_nothing_is_no_catalog_of_folders(listed: Shop) -> None:
    to_nothing(listed.catalog / "catalog.csv")
    with pytest.raises(CatalogError, match=r"catalog\.csv"):
        listed.sync()
    assert listed.said("price")["w2", "watches/w2.jpg"] == (40.0,)


def indexer(shop: Shop, *options: str) -> Result:
    """The command, as a person would give it."""
    places = [str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index)]
    return CliRunner().invoke(main, ["sync", *places, *options])
