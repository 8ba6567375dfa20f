"""Hosts that are down, hostile, slow or strict: nothing is lost, nobody is asked for ever, and the exit code is 3."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from indexer.cli.main import main
from indexer.errors import CatalogError, RemovalRefused
from indexer.photos.fetch.many import hosts, web
from tests.indexer.photos.fetch.many.web_shop import WebShop, drawn
from tests.indexer.photos.fetch.photo_host import (
    HASTY,
    Fault,
    PhotoHost,
    at_first,
    cut_short,
    endless,
    photo_host,
    redirect,
    slowly,
    status,
)
from tests.shops.catalogs.row_catalog import counts
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


def indexer(shop: WebShop, *options: str) -> Result:
    arguments = ["sync", str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index), *options]
    return CliRunner().invoke(main, arguments)


def all_down(host: PhotoHost, fault: Fault) -> None:
    host.faults |= dict.fromkeys(host.photos, fault)


@pytest.mark.parametrize(
    "fault",
    [status(503), status(429), status(429, Retry_After="3600"), status(500), status(403), status(301), status(200)],
    ids=["503", "429", "429 for an hour", "500", "403", "redirect to nowhere", "nothing"],
)
def test_what_a_host_keeps_back_stays(shop: WebShop, fault: Fault) -> None:
    shop.sync()
    before = shop.said("photo")
    all_down(shop.host, fault)
    shop.listed(lambda n: 100 + n)
    report = shop.sync()
    assert counts(report) == {"kept": 6}
    assert report.rejects
    assert shop.said("photo") == before
    assert {price for (price,) in shop.said("price").values()} == {100 + n for n in range(6)}
    shop.host.faults.clear()
    report = shop.sync()
    assert (counts(report), report.rejects) == ({"unchanged": 6}, [])


def test_nobody_listens(tmp_path: Path, hasty: None) -> None:
    with photo_host() as host:
        shop = WebShop(tmp_path, host, 8)
        shop.sync()
    report = shop.sync()
    assert counts(report) == {"kept": 8}
    (reject,) = report.rejects
    assert reject.where == host.root
    assert "the connection fails (Connection refused)" in reject.reason
    assert len(shop.points()) == 8


@pytest.mark.slow
def test_a_host_that_is_down_is_one_reject_and_is_left_alone(tmp_path: Path, host: PhotoHost, hasty: None) -> None:
    shop = WebShop(tmp_path, host, 60)
    assert indexer(shop, "--allow-private").exit_code == 0
    all_down(host, status(503))
    host.log.clear()
    result = indexer(shop, "--allow-private", "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    (reject,) = report["rejected"]
    assert reject["where"] == host.root
    assert "60 photos behind it could not be asked about, and what the index has of them stays" in reject["reason"]
    assert report["photos"] == {**dict.fromkeys(report["photos"], 0), "kept": 60}
    assert len(host.log.requests) <= (HASTY.refusals + 16) * HASTY.attempts < 60 * HASTY.attempts


def test_a_first_sync_from_a_host_that_is_down_writes_nothing(shop: WebShop) -> None:
    all_down(shop.host, status(503))
    with pytest.raises(CatalogError, match="not one usable photo, 6 rejected"):
        shop.sync()


def test_a_host_that_stumbles_is_asked_again(shop: WebShop) -> None:
    shop.host.faults["/0.jpg"] = at_first(2, status(503), drawn("0"))
    shop.host.faults["/1.jpg"] = at_first(1, status(429, Retry_After="0"), drawn("1"))
    shop.host.faults["/2.jpg"] = at_first(1, cut_short(drawn("2")), drawn("2"))
    report = shop.sync()
    assert (counts(report), report.rejects) == ({"new": 6}, [])


@pytest.mark.slow
def test_a_host_gets_the_pause_that_it_asks_for(shop: WebShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "Patience", lambda: replace(HASTY, longest_wait=2.0))
    shop.host.faults["/0.jpg"] = at_first(1, status(429, Retry_After="1"), drawn("0"))
    shop.urls = shop.urls[:1]
    shop.listed()
    began = time.monotonic()
    assert counts(shop.sync()) == {"new": 1}
    assert time.monotonic() - began >= 1
    assert shop.asked == {("GET", 429): 1, ("GET", 200): 1}


@pytest.mark.parametrize("code", [404, 410])
def test_a_photo_that_is_gone_leaves(shop: WebShop, code: int) -> None:
    shop.sync()
    shop.host.faults["/3.jpg"] = status(code)
    report = shop.sync()
    assert counts(report) == {"unchanged": 5, "gone": 1}
    (reject,) = report.rejects
    assert reject.where == shop.urls[3]
    assert f"the server answers {code}" in reject.reason
    assert len(shop.points()) == 5


def test_too_many_that_are_gone_are_refused(tmp_path: Path, host: PhotoHost, hasty: None) -> None:
    shop = WebShop(tmp_path, host, 30)
    shop.sync()
    all_down(host, status(404))
    for n in range(6):
        host.faults.pop(f"/{n}.jpg")
    with pytest.raises(RemovalRefused, match="remove 24 of 30 photos"):
        shop.sync()
    assert len(shop.points()) == 30


HOSTILE = {
    "for ever": redirect("/1.jpg?again"),
    "metadata": redirect("http://169.254.169.254/latest/meta-data/"),
    "metadata in IPv6": redirect("http://[::ffff:a9fe:a9fe]/"),
    "multicast": redirect("http://224.0.0.1/a.jpg"),
    "this machine": redirect("http://0.0.0.0/a.jpg"),
    "file": redirect("file:///etc/passwd"),
    "another protocol": redirect("gopher://127.0.0.1/"),
    "half": cut_short(drawn("half")),
    "page": lambda handler: handler.answer(200, b"<html>sold out</html>", kind="text/html"),
    "no picture": lambda handler: handler.answer(200, b"no picture at all"),
    "lies": lambda handler: handler.answer(200, b"short", headers={"Content-Length": "99999", "Connection": "close"}),
    "says 10 GB": lambda handler: handler.answer(200, headers={"Content-Length": "10000000000"}),
    "packed": lambda handler: handler.answer(200, b"x", headers={"Content-Encoding": "gzip"}),
    "silence": slowly(drawn("1"), 1.0),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_cost_little_and_lose_nothing(
    shop: WebShop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(web, "TIMEOUT", 0.4)
    shop.sync()
    shop.host.faults["/1.jpg"] = shop.host.faults["/1.jpg?again"] = HOSTILE[name]
    report = shop.sync()
    assert len(shop.points()) == 6
    assert counts(report) == {"unchanged": 5, "kept": 1}
    (reject,) = report.rejects
    assert (reject.where, reject.product_id) == (shop.urls[1], "p1")
    assert reject.reason.isprintable()
    assert len(shop.host.log.requests) < 20


def test_bytes_without_end_are_given_up(shop: WebShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 1_000_000)
    shop.host.faults["/1.jpg"] = endless(40_000_000)
    report = shop.sync()
    assert counts(report) == {"new": 5}
    assert "more than the 1 MB a photo may have" in report.rejects[0].reason
    assert shop.host.log.sent < 20_000_000


def test_the_own_network_is_refused_unless_it_is_allowed(shop: WebShop) -> None:
    result = indexer(shop)
    assert result.exit_code == 1
    assert "only 80 and 443 are fetched from unless private addresses are allowed" in result.stderr
    assert shop.host.log.connections == 0
    result = indexer(shop, "--allow-private")
    assert result.exit_code == 0, result.output
    result = indexer(shop)
    assert result.exit_code == 3
    assert "6 kept" in result.stdout


def test_a_bad_row_keeps_the_photo_behind_the_url_it_names(shop: WebShop) -> None:
    shop.sync()
    shop.listed(lambda n: n if n else "much")  # type: ignore[return-value, arg-type]
    report = shop.sync()
    assert counts(report) == {"unchanged": 5, "kept": 1}
    assert len(shop.points()) == 6


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("ftp://shop.example/a.jpg", "is a URL that is not fetched; use http://, https://"),
        ("file:///etc/passwd", "is a URL that is not fetched"),
        ("https://a.example/1.jpg; https://a.example/2.jpg", "is more than one URL; several images are joined with |"),
        ("https://a.example/" + "a" * 9000, "is longer than the 8000 characters a URL may have"),
    ],
)
def test_urls_that_are_no_photos(shop: WebShop, image: str, reason: str) -> None:
    shop.listed(lambda n: n, f'x,"{image}",rings,1,true')
    report = shop.sync()
    assert counts(report) == {"new": 6}
    assert reason in report.rejects[0].reason
