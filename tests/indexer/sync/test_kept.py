"""The index never answers with what the catalog no longer says: what a rejected row or a broken photo leaves behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.shops.catalogs.row_catalog import Shop, counts
from tests.shops.catalogs.small_catalog import touch
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, make_index

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, "photos/p1.jpg", "photos/p2.jpg", "photos/p3.jpg", index=make_index("server", tmp_path))
    return shop.rows("luna,photos/p1.jpg,rings,10,true", "luna,photos/p2.jpg,,,", "anchor,photos/p3.jpg,rings,70,true")


LUNA_1, LUNA_2, ANCHOR = ("luna", "photos/p1.jpg"), ("luna", "photos/p2.jpg"), ("anchor", "photos/p3.jpg")


def test_a_bad_row_keeps_nothing_but_the_photos_that_it_names(shop: Shop) -> None:
    shop.rows(
        "luna,photos/p1.jpg,rings,10,true", "luna,photos/p2.jpg,,,", "luna,,,,", "anchor,photos/p3.jpg,rings,70,true"
    )
    shop.sync()
    shop.rows("luna,photos/p1.jpg,rings,99,false", "luna,,,,", "anchor,photos/p3.jpg,rings,70,true")
    report = shop.sync()
    assert [(reject.where, reject.reason) for reject in report.rejects] == [("catalog.csv:3", "image is empty")]
    assert shop.said("price", "in_stock") == {LUNA_1: (99.0, False), ANCHOR: (70.0, True)}
    assert counts(report) == {"updated": 1, "unchanged": 1, "gone": 1}


@pytest.mark.parametrize(
    "bad",
    [
        "luna,photos/p2.jpg,,ten,",
        "luna,photos/p2.jpg,rings|gifts,,",
        "luna,photos/p2.jpg,watches,,",
        "luna,photos\\p2.jpg,,,perhaps",
        "luna,Gold, fine,photos/p2.jpg,,9,true",
        ",photos/p2.jpg,,,",
    ],
)
def test_a_kept_point_takes_the_fields_of_the_good_rows(shop: Shop, bad: str) -> None:
    shop.sync()
    before = shop.points()[LUNA_2]
    shop.rows(
        "luna,photos/p1.jpg,bracelets,99,false", bad.replace("watches", "pins"), "anchor,photos/p3.jpg,rings,70,true"
    )
    report = shop.sync()
    assert (counts(report)["kept"], len(report.rejects)) == (1, 1)
    assert shop.said("price", "in_stock", "category")[LUNA_2] == (99.0, False, "bracelets")
    after = shop.points()[LUNA_2]
    assert after.payload["photo"] == before.payload["photo"]
    assert np.array_equal(after.vector, before.vector)  # type: ignore[arg-type]
    assert shop.sync().published is False


def test_a_product_with_bad_rows_alone_stays_as_it_was(shop: Shop) -> None:
    shop.sync()
    shop.rows("luna,photos/p1.jpg|photos/p2.jpg,rings,ten,true", "anchor,photos/p3.jpg,rings,70,true")
    assert counts(shop.sync()) == {"unchanged": 1, "kept": 2}
    assert shop.said("price")[LUNA_2] == (10.0,)


def test_a_photo_that_moved_to_another_product_leaves_the_first(shop: Shop) -> None:
    shop.sync()
    vector = shop.points()[LUNA_2].vector
    shop.rows("luna,photos/p1.jpg|photos/p2.jpg,rings,ten,true", "anchor,photos/p3.jpg|photos/p2.jpg,rings,70,true")
    report = shop.sync()
    assert (report.embedded, counts(report)) == (0, {"moved": 1, "unchanged": 1, "gone": 1, "kept": 1})
    points = shop.points()
    assert set(points) == {LUNA_1, ANCHOR, ("anchor", "photos/p2.jpg")}
    assert np.array_equal(points["anchor", "photos/p2.jpg"].vector, vector)  # type: ignore[arg-type]


def test_a_photo_that_two_products_show_is_not_lost_by_a_typo_in_one_of_their_rows(shop: Shop) -> None:
    shop.rows("luna,photos/p1.jpg,rings,10,true", "anchor,photos/p3.jpg|photos/p1.jpg,rings,70,true").sync()
    shop.rows("luna,photos/p1.jpg,rings,ten,true", "anchor,photos/p3.jpg|photos/p1.jpg,rings,70,true")
    assert counts(shop.sync()) == {"unchanged": 2, "kept": 1}


def test_a_photo_whose_file_was_deleted_goes_even_if_its_row_is_bad(shop: Shop) -> None:
    shop.sync()
    (shop.catalog / "photos/p2.jpg").unlink()
    shop.rows("luna,photos/p1.jpg,rings,10,true", "luna,photos/p2.jpg,,ten,", "anchor,photos/p3.jpg,rings,70,true")
    assert counts(shop.sync()) == {"unchanged": 2, "gone": 1}


@pytest.mark.parametrize("damage", ["cut", "text", "empty"])
def test_a_broken_photo_does_not_freeze_its_row(shop: Shop, damage: str) -> None:
    shop.sync()
    before = shop.points()[LUNA_1]
    photo = shop.catalog / "photos/p1.jpg"
    photo.write_bytes({"cut": photo.read_bytes()[:300], "text": b"no photo", "empty": b""}[damage])
    shop.rows("luna,photos/p2.jpg|photos/p1.jpg,rings,12,false", "anchor,photos/p3.jpg,rings,70,true")
    report = shop.sync()
    assert [reject.where for reject in report.rejects] == ["photos/p1.jpg"]
    assert counts(report) == {"updated": 1, "unchanged": 1, "kept": 1}
    after = shop.points()[LUNA_1]
    assert (after.payload["price"], after.payload["in_stock"]) == (12.0, False)
    assert after.payload["photo"] == {**before.payload["photo"], "rank": 1}
    assert after.payload["predicted_category"] == before.payload["predicted_category"]
    assert np.array_equal(after.vector, before.vector)  # type: ignore[arg-type]
    assert report.published
    again = shop.sync()
    assert (again.published, again.generation, len(again.rejects)) == (False, report.generation, 1)


def test_a_photo_that_was_broken_from_the_first_does_not_publish_at_every_sync(shop: Shop) -> None:
    (shop.catalog / "photos/p2.jpg").write_bytes(b"no photo")
    assert counts(shop.sync()) == {"new": 2}
    again = shop.sync()
    assert counts(again) == {"unchanged": 2}
    assert (again.published, again.generation, len(again.rejects)) == (False, "1", 1)
    assert list((shop.opened.local / "work").glob("*")) == []


def test_a_broken_photo_that_is_mended_is_embedded_again(shop: Shop) -> None:
    shop.sync()
    photo = shop.catalog / "photos/p1.jpg"
    whole = photo.read_bytes()
    photo.write_bytes(whole[:300])
    shop.sync()
    photo.write_bytes(whole)
    touch(photo)
    report = shop.sync()
    assert (report.embedded, report.rejects, counts(report)) == (0, [], {"updated": 1, "unchanged": 2})
