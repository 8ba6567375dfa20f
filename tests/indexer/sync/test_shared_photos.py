"""One content, several names: two products with one photo, copies of a file, and files that only look unchanged."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.cli.main import main
from tests.shops.catalogs.row_catalog import Shop, counts
from tests.shops.catalogs.small_catalog import write_photo


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "p1.jpg", "p2.jpg")


def indexer(shop: Shop, *options: str) -> str:
    """What the command prints; its exit code is 0."""
    places = [str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index)]
    result = CliRunner().invoke(main, ["sync", *places, *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_two_products_may_show_one_photo_and_it_is_embedded_once(shop: Shop) -> None:
    report = shop.rows("a,p1.jpg|p2.jpg,rings,10,true", "b,p1.jpg,rings,20,false").sync()
    assert (counts(report), report.embedded, report.shared, report.rejects) == ({"new": 3}, 2, 1, [])
    points = shop.points()
    assert {key: point.payload["price"] for key, point in points.items()} == {
        ("a", "p1.jpg"): 10.0,
        ("a", "p2.jpg"): 10.0,
        ("b", "p1.jpg"): 20.0,
    }
    assert np.array_equal(points["a", "p1.jpg"].vector, points["b", "p1.jpg"].vector)  # type: ignore[arg-type]
    assert shop.sync().published is False


def test_a_second_product_that_comes_later_needs_no_model(shop: Shop) -> None:
    shop.rows("a,p1.jpg,rings,10,true").sync()
    report = shop.rows("a,p1.jpg,rings,10,true", "b,p1.jpg,rings,20,false").sync()
    assert (counts(report), report.embedded, report.shared) == ({"new": 1, "unchanged": 1}, 0, 1)
    report = shop.rows("b,p1.jpg,rings,20,false", "c,p2.jpg,rings,1,true").sync()
    assert (counts(report), [one.product_id for one in report.removed]) == (
        {"new": 1, "unchanged": 1, "gone": 1},
        ["a"],
    )


def test_one_photo_twice_in_a_product_is_a_note_and_no_reject(shop: Shop) -> None:
    shop.rows("a,p1.jpg|./p1.jpg,rings,10,true", "a,p1.jpg,,,", "b,p2.jpg,rings,1,true")
    said = indexer(shop)
    assert "2 products, photos: 2 new" in said
    assert "note: catalog.csv:2: image './p1.jpg' is listed again for product 'a'; it counts once" in said
    assert "note: catalog.csv:3: image 'p1.jpg' is listed again" in said
    assert "rejected" not in said


def test_a_first_sync_of_copies_does_not_speak_of_an_unfinished_run(shop: Shop) -> None:
    for number in range(21):
        shutil.copy(shop.catalog / "p1.jpg", shop.catalog / f"copy{number}.jpg")
    shop.rows("a,p1.jpg,rings,10,true", *(f"c{number},copy{number}.jpg,rings,1,true" for number in range(21)))
    said = indexer(shop)
    assert "Embedded 1, 21 photos share the bytes of another in " in said
    assert "unfinished" not in said


def test_copies_of_a_broken_photo_are_each_a_reject(shop: Shop) -> None:
    (shop.catalog / "p1.jpg").write_bytes(b"no photo")
    shutil.copy(shop.catalog / "p1.jpg", shop.catalog / "p3.jpg")
    report = shop.rows("a,p1.jpg,rings,1,true", "b,p3.jpg,rings,1,true", "c,p2.jpg,rings,1,true").sync()
    assert sorted(reject.where for reject in report.rejects) == ["p1.jpg", "p3.jpg"]
    assert len({reject.reason for reject in report.rejects}) == 1
    assert (report.embedded, report.shared, len(shop.points())) == (1, 0, 1)


def test_content_that_changed_behind_size_and_time_is_found_when_asked_for(shop: Shop) -> None:
    shop.draw("p3.bmp").rows("a,p3.bmp,rings,10,true", "b,p2.jpg,rings,20,true").sync()
    photo, stat = shop.catalog / "p3.bmp", (shop.catalog / "p3.bmp").stat()
    write_photo(photo, seed=99, size=32)
    os.utime(photo, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert photo.stat().st_size == stat.st_size
    assert counts(shop.sync()) == {"unchanged": 2}
    before = shop.points()["a", "p3.bmp"]
    assert "1 changed, 1 unchanged" in indexer(shop, "--check-content")
    assert not np.array_equal(shop.points()["a", "p3.bmp"].vector, before.vector)  # type: ignore[arg-type]


def test_checking_content_finds_nothing_where_nothing_changed(shop: Shop) -> None:
    shop.rows("a,p1.jpg,rings,10,true", "b,p1.jpg|p2.jpg,rings,20,true").sync()
    report = shop.sync(check_content=True)
    assert (report.published, counts(report)) == (False, {"unchanged": 3})
    shop.rows("a,p1.jpg,rings,11,true", "b,p1.jpg|p2.jpg,rings,20,true")
    assert counts(shop.sync(check_content=True)) == {"updated": 1, "unchanged": 2}
