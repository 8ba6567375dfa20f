"""A catalog whose photos are behind URLs: what each night asks for, and what the index says in the end."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest

from indexer.models.embedder import Embedder
from indexer.photos.fetch.many.kept import FOLDER, kept_at
from indexer.photos.fingerprints import sha256
from indexer.photos.thumbnails import ThumbnailStore, original_of
from tests.indexer.photos.fetch.many.web_shop import WebShop, drawn
from tests.indexer.photos.fetch.photo_host import PhotoHost, status
from tests.shops.catalogs.row_catalog import counts
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


def test_the_first_sync_gets_each_photo_once_and_the_second_asks_once_and_gets_nothing(shop: WebShop) -> None:
    report = shop.sync()
    assert (counts(report), report.embedded, report.rejects) == ({"new": 6}, 6, [])
    assert shop.asked == {("GET", 200): 6}
    points = shop.points()
    for n, url in enumerate(shop.urls):
        point, data = points[f"p{n}", url], drawn(f"{n}")
        photo = point.payload["photo"]
        assert (photo["sha256"], photo["bytes"]) == (sha256(data), len(data))
        np.testing.assert_allclose(point.vector, Embedder(shop.model).embed([data])[0], atol=1e-6)
        assert ThumbnailStore(shop.index).find(photo["sha256"])
    again = shop.sync()
    assert (counts(again), again.published, again.rejects) == ({"unchanged": 6}, False, [])
    assert (shop.asked, shop.host.log.sent) == ({("GET", 304): 6}, 0)
    assert all(one.conditional for one in shop.host.log.requests)
    assert shop.host.log.connections <= 6


def test_a_photo_that_changed_is_sent_and_embedded(shop: WebShop) -> None:
    shop.sync()
    shop.host.put("/2.jpg", drawn("another"))
    report = shop.sync()
    assert (counts(report), report.embedded) == ({"changed": 1, "unchanged": 5}, 1)
    assert shop.asked == {("GET", 304): 5, ("GET", 200): 1}
    assert shop.points()["p2", shop.urls[2]].payload["photo"]["sha256"] == sha256(drawn("another"))
    assert counts(shop.sync()) == {"unchanged": 6}


def test_what_is_not_kept_any_more_is_not_sent_again_while_it_is_the_same(shop: WebShop) -> None:
    shop.sync(photo_cache=0)
    assert shop.asked == {("GET", 200): 6}
    assert not any(kept_at(shop.index, url).exists() for url in shop.urls)
    assert counts(shop.sync(photo_cache=0)) == {"unchanged": 6}
    assert (shop.asked, shop.host.log.sent) == ({("GET", 304): 6}, 0)


def test_a_machine_that_knows_nothing_asks_for_headers(shop: WebShop) -> None:
    shop.sync()
    shutil.rmtree(shop.index.joinpath(*FOLDER))
    report = shop.sync()
    assert (counts(report), report.published) == ({"unchanged": 6}, False)
    assert (shop.asked, shop.host.log.sent) == ({("HEAD", 200): 6}, 0)
    shop.host.put("/1.jpg", drawn("another"))
    assert counts(shop.sync()) == {"changed": 1, "unchanged": 5}


def test_a_server_that_does_not_answer_head(shop: WebShop) -> None:
    shop.sync()
    shutil.rmtree(shop.index.joinpath(*FOLDER))
    known = shop.host.photos["/0.jpg"]

    def refuse_head(handler: object) -> None:
        handler.answer(405) if handler.command == "HEAD" else handler.answer(200, known.data, headers=known.headers())  # type: ignore[attr-defined]

    shop.host.faults["/0.jpg"] = refuse_head
    report = shop.sync()
    assert (counts(report), report.rejects) == ({"unchanged": 6}, [])
    assert shop.asked == {("HEAD", 200): 5, ("HEAD", 405): 1, ("GET", 200): 1}


@pytest.mark.parametrize("about", [{"modified": 1.7e9}, {"etag": 'W/"a"', "modified": 1.7e9}, {"etag": '"a"'}])
def test_validators_of_every_kind(shop: WebShop, about: dict[str, object]) -> None:
    shop.host.put("/0.jpg", drawn("0"), **about)
    shop.sync()
    moment = shop.points()["p0", shop.urls[0]].payload["photo"]["mtime_ns"]
    assert moment // 10**9 == about.get("modified", 0)
    assert (moment % 10**9 != 0) == ("etag" in about)
    assert counts(shop.sync()) == {"unchanged": 6}
    assert shop.asked == {("GET", 304): 6}


def test_a_server_without_validators_sends_every_night_and_nothing_is_written(shop: WebShop) -> None:
    for n in range(6):
        shop.host.put(f"/{n}.jpg", drawn(f"{n}"), etag=None)
    shop.sync()
    report = shop.sync()
    assert (counts(report), report.published) == ({"unchanged": 6}, False)
    assert shop.asked == {("GET", 200): 6}


def test_a_server_that_calls_every_photo_new_every_night(shop: WebShop) -> None:
    shop.host.put("/0.jpg", drawn("0"), etag='"first"', modified=1.7e9)
    shop.sync()
    shop.host.put("/0.jpg", drawn("0"), etag='"second"', modified=1.8e9)
    report = shop.sync()
    assert (counts(report), report.published) == ({"unchanged": 6}, False)
    shop.sync()
    assert shop.asked == {("GET", 304): 6}


def test_another_photo_of_the_same_length_under_the_same_validators(shop: WebShop) -> None:
    shop.host.put("/0.jpg", drawn("0"), modified=1.7e9)
    shop.sync()
    data = bytearray(drawn("0"))
    data[-40] ^= 1
    shop.host.put("/0.jpg", bytes(data), modified=1.7e9)
    known = shop.host.photos["/0.jpg"]
    shop.host.faults["/0.jpg"] = lambda handler: handler.answer(200, known.data, headers=known.headers())
    assert counts(shop.sync()) == {"changed": 1, "unchanged": 5}
    assert counts(shop.sync()) == {"unchanged": 6}


def test_check_content_has_everything_sent(shop: WebShop) -> None:
    shop.sync()
    assert counts(shop.sync(check_content=True)) == {"unchanged": 6}
    assert shop.asked == {("GET", 200): 6}


def test_another_url_of_the_same_photo_keeps_its_vector(shop: WebShop) -> None:
    shop.sync()
    shop.urls = [f"{url}?v=2" for url in shop.urls]
    for n in range(6):
        shop.host.put(f"/{n}.jpg?v=2", drawn(f"{n}"))
    shop.listed()
    report = shop.sync()
    assert (counts(report), report.embedded) == ({"moved": 6, "gone": 6}, 0)
    assert shop.asked == {("GET", 200): 6}
    assert counts(shop.sync()) == {"unchanged": 6}


def test_products_that_share_a_photo_ask_once(shop: WebShop) -> None:
    more = [f"q{n},{shop.urls[0]},rings,1,true" for n in range(5)]
    shop.listed(lambda n: n, *more)
    report = shop.sync()
    assert (counts(report), report.embedded) == ({"new": 11}, 6)
    assert shop.asked == {("GET", 200): 6}
    assert counts(shop.sync()) == {"unchanged": 11}
    assert shop.asked == {("GET", 304): 6}


def test_files_and_urls_in_one_catalog(shop: WebShop) -> None:
    shop.draw("photos/a.jpg")
    shop.listed(lambda n: n, f"p0,photos/a.jpg|{shop.host.put('/more.jpg', drawn('more'))},,,")
    shop.sync()
    assert [key for key in shop.points() if key[0] == "p0"]
    assert {key[1] for key in shop.points() if key[0] == "p0"} == {
        shop.urls[0],
        "photos/a.jpg",
        f"{shop.host.root}/more.jpg",
    }
    assert counts(shop.sync()) == {"unchanged": 8}


def test_a_dry_run_asks_and_writes_nothing(shop: WebShop) -> None:
    assert counts(shop.sync(dry_run=True)) == {"new": 6}
    assert (shop.asked, shop.index.exists()) == ({}, False)
    shop.sync()
    before = {path: path.stat().st_mtime_ns for path in shop.index.rglob("*")}
    assert before
    shop.host.put("/0.jpg", drawn("another"))
    assert counts(shop.sync(dry_run=True)) == {"changed": 1, "unchanged": 5}
    assert {path: path.stat().st_mtime_ns for path in shop.index.rglob("*")} == before


def test_a_run_that_ended_early_gets_nothing_twice(shop: WebShop) -> None:
    class Stopped(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        shop.sync(progress=stop)
    assert sum(shop.asked.values()) <= 6
    got = shop.asked.get(("GET", 200), 0)
    report = shop.sync()
    assert (counts(report), report.rejects) == ({"new": 6}, [])
    assert shop.asked.get(("GET", 304), 0) == got
    assert sum(shop.asked.values()) == 6


def test_thumbnails_that_are_missing_are_drawn_from_what_is_kept(shop: WebShop) -> None:
    shop.sync()
    shutil.rmtree(shop.index / "thumbnails")
    report = shop.sync()
    assert "6 thumbnails were missing and were drawn again" in report.repairs
    assert (shop.asked, shop.host.log.sent) == ({("GET", 304): 6}, 0)


def test_what_is_kept_is_an_original(shop: WebShop) -> None:
    shop.sync()
    found = original_of(shop.catalog, shop.urls[0], shop.index)
    assert found is not None
    assert found.read_bytes() == drawn("0")
    assert original_of(shop.catalog, shop.urls[0]) is None
    assert original_of(shop.catalog, "https://elsewhere.example/a.jpg", shop.index) is None


def test_what_is_kept_stays_within_its_limit(shop: WebShop) -> None:
    limit = 3 * len(drawn("0"))
    shop.sync(photo_cache=limit)
    kept = [path for path in shop.index.joinpath(*FOLDER).rglob("*") if len(path.name) == 64]
    assert 1 <= len(kept) <= 3
    assert sum(path.stat().st_size for path in kept) <= limit


@pytest.mark.parametrize("damage", ["cut", "text"])
def test_what_is_known_of_photos_may_be_damaged(shop: WebShop, damage: str) -> None:
    shop.sync()
    database = shop.index.joinpath(*FOLDER, "photos.sqlite")
    data = database.read_bytes()
    database.write_bytes(data[: len(data) // 2] if damage == "cut" else b"no database" * 1000)
    report = shop.sync()
    assert (counts(report), report.rejects, report.notes) == ({"unchanged": 6}, [], [])


def test_a_disk_that_keeps_nothing_is_a_note_and_costs_no_photo(shop: WebShop) -> None:
    place = shop.index.joinpath(*FOLDER)
    place.parent.mkdir(parents=True)
    place.write_text("in the way")
    report = shop.sync()
    assert (counts(report), report.rejects, shop.asked) == ({"new": 6}, [], {("GET", 200): 6})
    (note,) = report.notes
    assert note.startswith(f"{place}: fetched photos cannot be kept there (")


def test_kept_bytes_that_were_altered_are_not_used(shop: WebShop) -> None:
    shop.sync()
    kept_at(shop.index, shop.urls[0]).write_bytes(drawn("somebody else's"))
    shutil.rmtree(shop.index / "thumbnails")
    assert counts(shop.sync()) == {"unchanged": 6}
    assert shop.asked == {("GET", 304): 6, ("GET", 200): 1}
    assert kept_at(shop.index, shop.urls[0]).read_bytes() == drawn("0")


def test_photos_are_on_their_way_while_others_are_embedded(shop: WebShop) -> None:
    """Many at a time, but no more to one host than it bears."""
    busy, most = [0], [0]
    for n in range(40):
        data = drawn(f"many {n}")

        def wait(handler: object, data: bytes = data) -> None:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
            time.sleep(0.02)
            busy[0] -= 1
            handler.answer(200, data, headers={"ETag": '"x"'})  # type: ignore[attr-defined]

        shop.host.faults[f"/many{n}.jpg"] = wait
    shop.urls = [f"{shop.host.root}/many{n}.jpg" for n in range(40)]
    shop.listed()
    assert counts(shop.sync(workers=1)) == {"new": 40}
    assert 2 < most[0] <= 8
    assert shop.host.log.connections <= 16


def test_a_url_that_nobody_serves_is_a_reject_and_the_others_are_indexed(shop: WebShop, host: PhotoHost) -> None:
    host.faults["/0.jpg"] = status(404)
    report = shop.sync()
    assert counts(report) == {"new": 5}
    (reject,) = report.rejects
    assert (reject.where, reject.product_id) == (shop.urls[0], "p0")
    assert "the server answers 404" in reject.reason
