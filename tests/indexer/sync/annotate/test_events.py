"""View sessions go into the index, stay there through syncs and copies, and bad lines take nothing away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import numpy as np
import pytest
from click.testing import CliRunner, Result

from indexer.cli.main import main
from indexer.errors import CatalogError, EventsError, StoreMissing
from indexer.fields.co_views import CoViewed, read_payload, to_payload
from indexer.fields.roles import CO_VIEWED
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.transfer.copy import copy_index, transfer
from indexer.store.transfer.tables import read_table, write_table
from indexer.sync.annotate.co_views import update_co_views
from indexer.sync.annotate.events import LONGEST_LINE, read_events
from tests.indexer.sync.annotate.viewed_shop import EXPECTED, SESSIONS, Shop, co_views, stored, write_events
from tests.shops.catalogs.small_catalog import read_manifest, touch, write_manifest, write_photo
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, make_index
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.sync()
    return made


@pytest.fixture
def quick(tmp_path: Path) -> Shop:
    """Of the engine that publishes in less time, for what no engine has a part in."""
    made = Shop(tmp_path, "server")
    made.sync()
    return made


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With the co-views of `EXPECTED`, for tests that take nothing away."""
    made = Shop(tmp_path_factory.mktemp("kept"))
    made.sync()
    made.update()
    return made


@pytest.fixture(params=ENGINES)
def any_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    made = Shop(tmp_path, request.param)
    made.sync()
    return made


def test_every_photo_learns_what_was_viewed_with_its_product(any_shop: Shop) -> None:
    before = {point.id: point for point in stored(any_shop.index)}
    report = any_shop.update()
    assert co_views(any_shop.index) == EXPECTED
    assert (report.sessions, report.events, report.products, report.products_in_index) == (4, 9, 3, 6)
    assert (report.unknown_products, report.unknown_events, report.rejected_lines) == (1, 1, 0)
    assert (report.photos_written, report.published, report.rejects_file) == (6, True, None)
    assert report.generation == any_shop.index.current() != "1"
    for point in stored(any_shop.index):
        old = before[point.id]
        rest = {name: value for name, value in point.payload.items() if name not in (CO_VIEWED, "indexed_at")}
        assert rest == {name: value for name, value in old.payload.items() if name != "indexed_at"}
        np.testing.assert_array_equal(point.vector, old.vector)  # type: ignore[arg-type]


def test_the_same_events_again_write_nothing(any_shop: Shop) -> None:
    generation = any_shop.update().generation
    again = any_shop.update()
    assert (again.published, again.photos_written, again.generation, again.products) == (False, 0, generation, 3)


def test_other_events_replace_the_former(any_shop: Shop) -> None:
    any_shop.update()
    write_events(any_shop.events, {"x": ["P004", "P005"], "y": ["P001"]})
    assert any_shop.update().photos_written == 10
    assert co_views(any_shop.index) == {"P004": [CoViewed("P005", 1, 1.0)], "P005": [CoViewed("P004", 1, 1.0)]}
    assert sum(CO_VIEWED in point.payload for point in stored(any_shop.index)) == 4


def test_rare_pairs_can_be_left_out(quick: Shop) -> None:
    assert quick.update(min_count=2).products == 3
    assert co_views(quick.index)["P001"] == EXPECTED["P001"][:1]


def test_a_sync_sees_no_change_in_them(any_shop: Shop) -> None:
    generation = any_shop.update().generation
    report = any_shop.sync()
    assert (report.published, report.generation, report.photos["unchanged"]) == (False, generation, 12)


def test_a_sync_keeps_them_whatever_it_changes(any_shop: Shop) -> None:
    any_shop.update()
    rows = read_manifest(any_shop.catalog)
    rows[1]["price"] = "9999"
    touch(any_shop.catalog / "necklaces/P002/0.jpg")
    write_photo(any_shop.catalog / "rings/P003/0.jpg", seed=777)
    write_photo(any_shop.catalog / "earrings/P001/new.jpg", seed=778)
    rows[1]["image"] += "|earrings/P001/new.jpg"
    (any_shop.catalog / "rings/P003/1.jpg").rename(any_shop.catalog / "rings/P003/side.jpg")
    rows[3]["image"] = "rings/P003/0.jpg|rings/P003/side.jpg"
    write_manifest(any_shop.catalog, rows)
    report = any_shop.sync()
    assert [report.photos[case] for case in ("new", "changed", "moved", "updated", "gone")] == [1, 1, 1, 3, 1]
    assert co_views(any_shop.index) == EXPECTED
    assert sum(CO_VIEWED in point.payload for point in stored(any_shop.index)) == 7


def test_a_photo_that_moves_to_another_product_takes_on_that_products(quick: Shop) -> None:
    quick.update()
    rows = read_manifest(quick.catalog)
    rows[1]["image"], moving = rows[1]["image"].split("|")
    rows[5]["image"] += f"|{moving}"
    write_manifest(quick.catalog, rows)
    assert quick.sync().photos["moved"] == 1
    assert co_views(quick.index) == EXPECTED
    assert all(CO_VIEWED not in point.payload for point in stored(quick.index) if point.payload["product_id"] == "P005")


def test_another_model_keeps_them(any_shop: Shop) -> None:
    any_shop.update()
    write_tiny_model(any_shop.model, seed=5)
    assert any_shop.sync().rebuilt
    assert co_views(any_shop.index) == EXPECTED


def test_a_server_and_back_and_a_file_keep_them(shop: Shop, tmp_path: Path) -> None:
    shop.update()
    server, back, imported = (
        make_index("server", tmp_path / "s"),
        make_index("embedded", tmp_path / "b"),
        make_index("embedded", tmp_path / "i"),
    )
    copy_index(shop.index, server)
    copy_index(server, back)
    store = shop.index.read()
    write_table(store, tmp_path / "shop.npz")
    store.close()
    transfer(read_table(tmp_path / "shop.npz"), "shop.npz", imported)
    assert co_views(server) == co_views(back) == co_views(imported) == EXPECTED


def test_what_is_written_can_be_read() -> None:
    others = EXPECTED["P001"]
    assert read_payload({CO_VIEWED: to_payload(others)}) == others
    assert read_payload({}) == []


BAD_LINES = [
    (b"{", "is not JSON"),
    (b"[" * 5000, "is not JSON"),
    (b"[1, 2]", "is not a JSON object"),
    (b"\xff\xfe{}", "is not UTF-8"),
    (b'{"product": "P001", "time": 1}', "has no session"),
    (b'{"session": "s", "product": null, "time": 1}', "has no product"),
    (b'{"session": "s", "product": "P001"}', "has no time"),
    (b'{"session": "s", "product": ["P001"], "time": 1}', "product is neither text nor a whole number"),
    (b'{"session": true, "product": "P001", "time": 1}', "session is neither"),
    (b'{"session": "", "product": "P001", "time": 1}', "session is neither"),
    (b'{"session": "s", "product": "P001", "time": "yesterday"}', "time is not a moment"),
    (b'{"session": "s", "product": "P001", "time": true}', "time is not a moment"),
    (b'{"session": "s", "product": "P001", "time": NaN}', "time is not a moment"),
    (b'{"session": "s", "product": "P001", "time": Infinity}', "time is out of range"),
    (b'{"session": "s", "product": "P001", "time": 1770000000000}', "not milliseconds"),
    (b'{"session": "s", "product": "P001", "time": -1}', "time is out of range"),
    (b'{"session": "s", "product": "P001", "time": 1' + b"0" * 5000 + b"}", "is not JSON"),
    (b'{"session": "' + b"s" * LONGEST_LINE + b'"}', "is longer than 65536 bytes"),
    (b'{"session": "' + b"s" * 5 * LONGEST_LINE + b'"}', "is longer than 65536 bytes"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES)
def test_a_bad_line_is_a_reject_and_the_others_count(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "events.jsonl"
    good = b'{"session": "s", "product": "P001", "time": 1}\n'
    path.write_bytes(b"\xef\xbb\xbf" + good + b"\n  \n" + line + b"\n" + good)
    events = read_events(path, {"P001": 0})
    assert (events.total, events.rejected) == (2, 1)
    assert events.rejects[0].where == "events.jsonl:4"
    assert reason in events.rejects[0].reason


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("1770000000.25", 1770000000.25),
        ('"1970-01-02"', 86400.0),
        ('"1970-01-01T01:00:00+01:00"', 0.0),
        ('"1970-01-01T00:00:10Z"', 10.0),
        ('"1970-01-01 00:00:10.5"', 10.5),
    ],
)
def test_times_are_seconds_or_iso_8601(tmp_path: Path, text: str, seconds: float) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(f'{{"session": 7, "product": 12, "time": {text}, "page": "/r/12"}}')
    events = read_events(path, {"12": 3})
    assert (events.times.tolist(), events.products.tolist()) == ([seconds], [3])


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_id_is_the_same_in_every_normal_form(tmp_path: Path, form: Literal["NFC", "NFD"]) -> None:
    path = tmp_path / "events.jsonl"
    event = {"session": 7, "product": normalize(form, "bague-é"), "time": 0}
    path.write_text(json.dumps(event, ensure_ascii=False), encoding="utf-8")
    events = read_events(path, {normalize("NFC", "bague-é"): 3})
    assert (events.products.tolist(), events.unknown_products) == ([3], 0)


def test_a_session_is_the_same_as_text_and_as_a_number(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"session": 7, "product": "P", "time": 0}\r\n{"session": "7", "product": "P", "time": 0}\r\n')
    assert len(set(read_events(path, {"P": 0}).sessions.tolist())) == 1


def indexer(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_command_reports_what_it_did(shop: Shop) -> None:
    result = indexer("events", shop.events, "--index", shop.index.local)
    assert result.exit_code == 0, result.stderr
    assert "9 events in 4 sessions: 3 of 6 products" in result.stdout
    assert "1 events are of 1 products the index does not have" in result.stdout
    assert "Published generation 2" in result.stdout
    again = json.loads(indexer("events", shop.events, "--index", shop.index.local, "--json").stdout)
    assert (again["published"], again["generation"], again["sessions"], again["rejected"]) == (False, "2", 4, [])


def test_bad_lines_are_named_in_a_file_of_their_own(shop: Shop) -> None:
    (shop.index.local / "rejects.jsonl").write_text("of the sync\n")
    with shop.events.open("a") as handle:
        handle.write('{"session": "\\ud800", "time": 0}\n')
    result = indexer("events", shop.events, "--index", shop.index.local)
    assert result.exit_code == 3
    assert "rejected events.jsonl:10: has no product" in result.stdout
    (reject,) = (shop.index.local / "events-rejects.jsonl").read_text().splitlines()
    assert json.loads(reject)["where"] == "events.jsonl:10"
    report = json.loads(indexer("events", shop.events, "--index", shop.index.local, "--json").stdout)
    assert (report["rejected_lines"], report["rejected"][0]["where"]) == (1, "events.jsonl:10")
    write_events(shop.events, SESSIONS)
    assert indexer("events", shop.events, "--index", shop.index.local).exit_code == 0
    assert not (shop.index.local / "events-rejects.jsonl").exists()
    assert (shop.index.local / "rejects.jsonl").read_text() == "of the sync\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("", "holds no events"),
        (" \n\n", "holds no events"),
        (
            "session,product,time\na,P001,1\n",
            "not one usable event, 2 lines rejected; first: events.jsonl:1: is not JSON",
        ),
        ('{"session": 1, "product": "X1", "time": 1}\n', "none of its 1 products is in"),
    ],
)
def test_a_useless_file_is_one_line_and_takes_nothing_away(kept: Shop, content: str | None, message: str) -> None:
    kept.events.unlink(missing_ok=True)
    if content is not None:
        kept.events.write_text(content)
    result = indexer("events", kept.events, "--index", kept.index.local)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    assert message in result.stderr
    assert co_views(kept.index) == EXPECTED
    assert kept.index.current() == "2"


def test_a_folder_in_place_of_the_file(quick: Shop, tmp_path: Path) -> None:
    with pytest.raises(EventsError, match="cannot be read"):
        update_co_views(tmp_path, quick.index)


def test_without_an_index_nothing_is_made(tmp_path: Path) -> None:
    events = write_events(tmp_path / "events.jsonl", SESSIONS)
    with pytest.raises(StoreMissing, match="indexer sync"):
        update_co_views(events, EmbeddedIndex(tmp_path / "index"))
    assert not (tmp_path / "index").exists()


def test_a_column_of_that_name_is_refused(quick: Shop) -> None:
    write_manifest(quick.catalog, [{**row, CO_VIEWED: "P002"} for row in read_manifest(quick.catalog)])
    with pytest.raises(CatalogError, match="column 'co_viewed' is written by the index itself; rename it"):
        quick.sync()


def test_progress_says_how_far_it_is(quick: Shop) -> None:
    seen: list[tuple[str, int, int]] = []
    quick.update(progress=lambda *step: seen.append(step))
    assert seen == [("Writing photos", 0, 12), ("Publishing", 0, 1)]
