"""A watch syncs at first and at every change, once for what changes together; it survives whatever goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import MissingExtra, UsageError
from indexer.store.beside.lock import writer_lock
from indexer.sync.watch import watching
from indexer.sync.watch.told import Event
from indexer.sync.watch.watching import watch
from tests.indexer.photos.fetch.photo_host import photo_host
from tests.indexer.sync.watch.running import LONGEST, running
from tests.shops.catalogs.row_catalog import Shop, counts

POLLED: dict[str, Any] = {"poll": True, "interval": 0.05, "debounce": 0.1}
ROWS = ["luna,photos/p1.jpg,rings,10,true", "stella,photos/p2.jpg,rings,20,true", "sol,photos/p3.jpg,pins,30,true"]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "photos/p1.jpg", "photos/p2.jpg", "photos/p3.jpg").rows(*ROWS)


@pytest.fixture(params=["told by the system", pytest.param("polled", marks=pytest.mark.slow)])
def noticed(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Options of a watch, in both ways to notice a change."""
    if request.param == "polled":
        return POLLED
    pytest.importorskip("watchfiles", reason="without it, a catalog can only be polled")
    return {"debounce": 0.2}


@pytest.fixture
def quick_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again at once."""
    monkeypatch.setattr(watching, "FIRST_WAIT", 0.1)
    monkeypatch.setattr(watching, "LOCKED_WAIT", 0.05)


def test_two_edits_within_the_pause_are_one_sync(shop: Shop, noticed: dict[str, Any]) -> None:
    with running(shop, **noticed) as watched:
        assert watched.photos() == {"new": 3}
        shop.rows(ROWS[0].replace("10", "11"), *ROWS[1:])
        shop.rows(ROWS[0].replace("10", "11"), ROWS[1].replace("20", "21"), ROWS[2])
        assert watched.photos() == {"updated": 2, "unchanged": 1}
        shop.draw("photos/p4.jpg").rows(*ROWS, "nova,photos/p4.jpg,pins,40,true")
        assert watched.photos() == {"new": 1, "updated": 2, "unchanged": 1}
        assert watched.is_quiet()
    assert set(shop.said("price").values()) == {(10.0,), (20.0,), (30.0,), (40.0,)}


@pytest.mark.slow
def test_what_changes_while_nobody_watches_is_not_lost(shop: Shop) -> None:
    with running(shop, **POLLED) as watched:
        assert watched.photos() == {"new": 3}
    shop.rows(*ROWS[:2], ROWS[2].replace("30", "31"))
    with running(shop, **POLLED) as watched:
        assert watched.photos() == {"updated": 1, "unchanged": 2}


def test_an_index_in_the_catalog_does_not_set_off_the_next_sync(shop: Shop, noticed: dict[str, Any]) -> None:
    shop.index = shop.catalog / "search"
    with running(shop, **noticed) as watched:
        assert watched.photos() == {"new": 3}
        assert watched.is_quiet()
        shop.rows(*ROWS[:2], ROWS[2].replace("30", "31"))
        assert watched.photos() == {"updated": 1, "unchanged": 2}
        assert watched.is_quiet()


@pytest.mark.slow
def test_an_index_in_the_very_folder_of_the_catalog(shop: Shop, noticed: dict[str, Any]) -> None:
    shop.index = shop.catalog
    with running(shop, **noticed) as watched:
        assert watched.photos() == {"new": 3}
        assert watched.is_quiet()


def test_a_refused_removal_is_said_once_until_something_changes(shop: Shop, noticed: dict[str, Any]) -> None:
    with running(shop, interval=0.1, **{k: v for k, v in noticed.items() if k != "interval"}) as watched:
        assert watched.photos() == {"new": 3}
        shop.rows(*ROWS[:2])
        refused = watched.next()
        assert (refused.event, refused.again_in) == (Event.REFUSED, None)
        assert "all there is of pins" in str(refused.message)
        assert watched.is_quiet()
        shop.rows(*ROWS)
        assert watched.photos() == {"unchanged": 3}
    assert len(shop.points()) == 3


@pytest.mark.usefixtures("quick_again")
def test_what_fails_is_tried_again_until_it_is_mended(shop: Shop) -> None:
    shop.rows("cut", header="product_id")
    with running(shop, **POLLED) as watched:
        first, second = watched.next(), watched.next()
        assert (first.event, second.event) == (Event.FAILED, Event.FAILED)
        assert (first.again_in, second.again_in) == (0.1, 0.2)
        assert "no column 'image'" in str(first.message)
        shop.rows(*ROWS)
        while (found := watched.next()).event is Event.FAILED:
            pass
        assert found.report is not None
        assert counts(found.report) == {"new": 3}


@pytest.mark.slow
@pytest.mark.usefixtures("quick_again")
def test_a_catalog_that_is_not_there_yet_is_waited_for(shop: Shop, noticed: dict[str, Any]) -> None:
    away = shop.catalog.with_name("away")
    shop.catalog.rename(away)
    with running(shop, **noticed) as watched:
        assert watched.next().event is Event.FAILED
        away.rename(shop.catalog)
        while (found := watched.next()).event is Event.FAILED:
            pass
        assert found.report is not None


@pytest.mark.slow
def test_a_folder_that_takes_the_place_of_the_catalog_is_watched(shop: Shop, noticed: dict[str, Any]) -> None:
    with running(shop, **noticed) as watched:
        assert watched.photos() == {"new": 3}
        other = shop.catalog.with_name("other")
        shutil.copytree(shop.catalog, other)
        (other / "catalog.csv").write_text((other / "catalog.csv").read_text().replace("10", "12"))
        shop.catalog.rename(shop.catalog.with_name("old"))
        other.rename(shop.catalog)
        found = watched.next()
        while found.report is None:  # it was looked for between the two
            found = watched.next()
        assert shop.said("price")["luna", "photos/p1.jpg"] == (12.0,)
        shop.rows(*ROWS)
        while watched.photos() == {"unchanged": 3}:
            pass
    assert shop.said("price")["luna", "photos/p1.jpg"] == (10.0,)


@pytest.mark.usefixtures("quick_again")
def test_another_writer_is_waited_for_and_said_once(shop: Shop) -> None:
    shop.sync()
    with writer_lock(shop.index / "LOCK"), running(shop, **POLLED) as watched:
        waiting = watched.next()
        assert waiting.event is Event.WAITING
        assert f"process {os.getpid()}" in str(waiting.message)
        assert watched.is_quiet()
        watched.stop.set()
    with writer_lock(shop.index / "LOCK"):
        run = running(shop, **POLLED)
        watched = run.__enter__()
        assert watched.next().event is Event.WAITING
    assert watched.photos() == {"unchanged": 3}
    run.__exit__(None, None, None)


def test_what_was_embedded_when_it_was_stopped_is_not_embedded_again(shop: Shop) -> None:
    names = [f"photos/q{number}.jpg" for number in range(40)]
    shop.draw(*names).rows(*(f"s{number},{name},rings,1,true" for number, name in enumerate(names)))
    import threading

    stop = threading.Event()

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "Embedding":
            stop.set()

    said = list(watch(shop.catalog, shop.model, shop.index, workers=1, stop=stop, progress=progress, **POLLED))
    assert [one.event for one in said] == [Event.WATCHING]
    assert not (shop.index / "CURRENT").exists()
    report = shop.sync()
    assert report.recovered > 0
    assert report.recovered + report.embedded == 40


def test_a_scope_is_watched_alone(shop: Shop) -> None:
    shop.sync()
    with running(shop, scope="category=rings", **POLLED) as watched:
        assert watched.photos() == {"unchanged": 2}
        shop.rows(ROWS[0].replace("10", "11"), ROWS[1], ROWS[2].replace("30", "33"))
        assert watched.photos() == {"updated": 1, "unchanged": 1}
    assert shop.said("price")["sol", "photos/p3.jpg"] == (30.0,)


@pytest.mark.slow
def test_a_manifest_behind_a_url_is_asked_for_and_synced_where_it_is_another(shop: Shop, tmp_path: Path) -> None:
    with photo_host() as host:

        def say(*rows: str) -> None:
            shop.rows(*rows)
            host.put("/feed/catalog.csv", (shop.catalog / "catalog.csv").read_bytes())

        for name in ("p1", "p2", "p3"):
            host.put(f"/feed/photos/{name}.jpg", (shop.catalog / f"photos/{name}.jpg").read_bytes())
        say(*ROWS)
        with running(shop, f"{host.root}/feed/catalog.csv", interval=0.1, debounce=0.2, allow_private=True) as watched:
            assert watched.photos() == {"new": 3}
            assert watched.is_quiet()
            asked = [one for one in host.log.requests if one.path == "/feed/catalog.csv"]
            assert {one.status for one in asked[1:]} == {304}
            say(*ROWS[:2], ROWS[2].replace("30", "31"))
            assert watched.photos() == {"updated": 1, "unchanged": 2}
            assert watched.is_quiet()


def test_it_syncs_from_time_to_time_although_nothing_has_changed(shop: Shop) -> None:
    with running(shop, every=0.1, **POLLED) as watched:
        assert watched.photos() == {"new": 3}
        assert watched.photos() == {"unchanged": 3}
        assert watched.photos() == {"unchanged": 3}


def test_arguments_that_make_no_sense_end_it_at_once(shop: Shop) -> None:
    with running(shop, scope="carat=1", **POLLED) as watched, pytest.raises(UsageError, match="no field 'carat'"):
        watched.next()
    for options in ({"debounce": 0}, {"interval": -1}, {"poll": 1}, {"stop": True}, {"debounce": "2"}):
        with pytest.raises(UsageError, match=next(iter(options))):
            watch(shop.catalog, shop.model, shop.index, **options)


def test_without_watchfiles_a_catalog_can_only_be_polled(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(MissingExtra, match=r"jewelry-similarity\[watch\]"):
        watch(shop.catalog, shop.model, shop.index)
    with running(shop, **POLLED) as watched:
        assert watched.photos() == {"new": 3}


@pytest.fixture
def command(shop: Shop) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own."""
    program = "from indexer.cli.main import main; main()"
    places = [str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index)]
    options = ["--poll", "--interval", "0.1", "--debounce", "0.1", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, "watch", *places, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate(timeout=LONGEST)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_a_line_a_sync_and_ends_well(
    shop: Shop, command: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert command.stdout is not None
    assert json.loads(command.stdout.readline())["event"] == "watching"
    first = json.loads(command.stdout.readline())
    assert (first["event"], first["products"], first["photos"]["new"]) == ("synced", 3, 3)
    shop.rows(*ROWS[:2], ROWS[2].replace("30", "31"), "broken,,,,")
    second = json.loads(command.stdout.readline())
    assert (second["photos"]["updated"], second["rejected"]) == (1, 1)
    command.send_signal(number)
    out, err = command.communicate(timeout=LONGEST)
    assert (command.returncode, out, err) == (0, "", "")
