"""A file of events that says next to nothing takes nothing away: what is refused, what is not, and in which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from indexer.cli.main import main
from indexer.errors import EventsError, JewelryError, UsageError
from indexer.sync.annotate.co_views import update_co_views
from tests.indexer.sync.annotate.viewed_shop import EXPECTED, SESSIONS, Shop, co_views, write_events
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS
from tests.shops.wrong_values import TEXTS, VALUES, assert_refused_or_right

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

TOO_LATE = {"session": "s", "product": "P001", "time": 1_770_000_000_000}


@pytest.fixture(scope="module", params=ENGINES)
def any_shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("shop"), request.param)
    made.sync()
    return made


@pytest.fixture(scope="module")
def quick_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("shop"), "server")
    made.sync()
    return made


@pytest.fixture(scope="module")
def embedded_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("shop"))
    made.sync()
    return made


def knowing(shop: Shop) -> Shop:
    """With the co-views of `EXPECTED`, whatever the test before made of them."""
    write_events(shop.events, SESSIONS)
    shop.update()
    assert co_views(shop.index) == EXPECTED
    return shop


@pytest.fixture
def shop(any_shop: Shop) -> Shop:
    """Of either engine, and a file of events that a test writes anew."""
    return knowing(any_shop)


@pytest.fixture
def quick(quick_shop: Shop) -> Shop:
    """Of the engine that publishes in less time: what is asked here is decided before either is written to."""
    return knowing(quick_shop)


@pytest.fixture
def embedded(embedded_shop: Shop) -> Shop:
    return knowing(embedded_shop)


def spoil(shop: Shop, good: int, bad: int) -> None:
    """So many lines of one session that are right, and behind them so many that are not."""
    views = [{"session": "s", "product": f"P00{1 + n % 2}", "time": n} for n in range(good)]
    shop.events.write_text("".join(json.dumps(view) + "\n" for view in [*views, *[TOO_LATE] * bad]))


def refused(shop: Shop, **options: float) -> str:
    generation = shop.index.current()
    with pytest.raises(EventsError) as caught:
        shop.update(**options)
    assert (co_views(shop.index), shop.index.current()) == (EXPECTED, generation)
    message = str(caught.value)
    assert "\n" not in message
    return message


def indexer(shop: Shop, *options: str) -> Result:
    return CliRunner().invoke(main, ["events", str(shop.events), "--index", str(shop.index.local), *options])


def test_one_good_line_among_thousands_takes_nothing_away(shop: Shop) -> None:
    spoil(shop, good=1, bad=5000)
    message = refused(shop)
    rejects = shop.index.local / "events-rejects.jsonl"
    assert message.startswith(f"{shop.events}: 5,000 of 5,001 lines rejected, more than 50 %; nothing was written: ")
    assert "events.jsonl:2: time is out of range; write seconds since 1970, not milliseconds; correct" in message
    assert f"correct the lines that {rejects} lists" in message
    assert message.endswith("--max-rejected 100%")
    assert len(rejects.read_text().splitlines()) == 5000


@pytest.mark.parametrize(("good", "bad"), [(2, 3), (2, 1000)])
def test_more_than_half_is_too_much(quick: Shop, good: int, bad: int) -> None:
    spoil(quick, good, bad)
    assert f"{bad:,} of {good + bad:,} lines" in refused(quick)


@pytest.mark.parametrize(("good", "bad"), [(2, 2), (50, 50), (500, 1)])
def test_half_is_not(quick: Shop, good: int, bad: int) -> None:
    spoil(quick, good, bad)
    report = quick.update()
    assert (report.events, report.rejected_lines, report.published) == (good, bad, True)
    assert set(co_views(quick.index)) == {"P001", "P002"}


def test_blank_lines_are_no_lines(quick: Shop) -> None:
    spoil(quick, good=2, bad=2)
    quick.events.write_text("\n \n\n" + quick.events.read_text().replace("\n", "\n\n"))
    assert quick.update().rejected_lines == 2


@pytest.mark.parametrize(
    ("share", "good", "bad", "taken"),
    [
        (0.0, 2, 0, True),
        (0.0, 999, 1, False),
        (0.29, 71, 29, True),  # as a product of floating point numbers, it would be a little less
        (0.29, 70, 30, False),
        (0.1, 9, 1, True),
        (0.7, 3, 7, True),
        (1.0, 2, 5000, True),
    ],
)
def test_the_share_is_as_said(quick: Shop, share: float, good: int, bad: int, taken: bool) -> None:
    spoil(quick, good, bad)
    if taken:
        assert quick.update(max_rejected=share).rejected_lines == bad
    else:
        assert f"more than {share * 100:g} %" in refused(quick, max_rejected=share)


@pytest.mark.parametrize("share", [-0.1, 1.1, 50, float("nan")])
def test_what_is_no_share(quick: Shop, share: float) -> None:
    with pytest.raises(UsageError, match="give a share from 0 to 1"):
        quick.update(max_rejected=share)


def test_each_of_the_first_reasons_is_told_once(quick: Shop) -> None:
    bad = ["{", "{", "[1]", '{"product": "P001"}', "[2]", "\ud800", '{"session": "s", "time": 1}']
    lines = ['{"session": "s", "product": "P001", "time": 1}', *bad]
    quick.events.write_text("\n".join(lines), errors="surrogatepass")
    message = refused(quick)
    for told in ("jsonl:2: is not JSON", "jsonl:4: is not a JSON object", "jsonl:5: has no session"):
        assert message.count(told) == 1
    assert "jsonl:3" not in message
    assert "jsonl:7" not in message


def test_a_table_with_a_line_of_events_in_it(quick: Shop) -> None:
    """What a file of another form looks like, where by chance a line can be read."""
    rows = [f"s{n},P00{n % 5},2026-01-31" for n in range(40)]
    rows[7] = '{"session": "s", "product": "P001", "time": 1}'
    quick.events.write_text("session,product,time\n" + "\n".join(rows))
    assert "40 of 41 lines rejected" in refused(quick)


# Products that the index does not have


def test_views_of_products_that_are_gone_are_no_rejects(quick: Shop) -> None:
    gone = {f"g{n}": [f"G{n}", f"G{n + 1}"] for n in range(500)}
    write_events(quick.events, {**gone, **SESSIONS})
    report = quick.update()
    assert (report.unknown_events, report.rejected_lines, report.published) == (1001, 0, False)
    assert co_views(quick.index) == EXPECTED


def test_the_log_of_another_shop_that_has_an_id_in_common(shop: Shop) -> None:
    write_events(shop.events, {**{f"s{n}": [f"X{n}", f"X{n + 1}"] for n in range(500)}, "t": ["X1", "P001", "X2"]})
    message = refused(shop)
    assert "no two products of" in message
    assert "were looked at in the same session" in message
    assert message.endswith("give all sessions of this shop that should count, or add --max-rejected 100%")


def test_pairs_that_are_too_rare_take_nothing_away(quick: Shop) -> None:
    write_events(quick.events, SESSIONS)
    message = refused(quick, min_count=3)
    assert "were looked at in 3 sessions" in message
    assert "or a smaller --min-count" in message


def test_where_nothing_is_known_nothing_is_taken_away(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.sync()
    write_events(shop.events, {"s": ["P001"], "t": ["P002"]})
    report = shop.update()
    assert (report.products, report.published) == (0, False)


def test_all_of_it_is_taken_where_that_is_said(shop: Shop) -> None:
    write_events(shop.events, {"s": ["P001"], "t": ["P002"]})
    report = shop.update(max_rejected=1.0)
    assert (report.products, report.published, report.photos_written) == (0, True, 6)
    assert co_views(shop.index) == {}


# The command


def test_the_command_says_it_in_one_line(embedded: Shop) -> None:
    spoil(embedded, good=1, bad=5000)
    for options in ((), ("--json",), ("--max-rejected", "99%"), ("--max-rejected", "0.5")):
        result = indexer(embedded, *options)
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
        assert "5,000 of 5,001 lines rejected" in result.stderr
    assert co_views(embedded.index) == EXPECTED
    spoil(embedded, good=2, bad=5000)
    taken = indexer(embedded, "--max-rejected", "100%")
    assert taken.exit_code == 3
    assert "5000 lines rejected; the list is in" in taken.stdout
    assert set(co_views(embedded.index)) == {"P001", "P002"}


def test_the_command_takes_shares_and_the_environment(embedded: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(embedded, good=2, bad=3)
    for share in ("60", "much", "-1%", "101%", ""):
        assert indexer(embedded, "--max-rejected", share).exit_code == 2
    monkeypatch.setenv("JEWELRY_MAX_REJECTED", "59.9%")
    assert indexer(embedded).exit_code == 1
    assert indexer(embedded, "--max-rejected", "60%").exit_code == 3
    monkeypatch.setenv("JEWELRY_MAX_REJECTED", "0.6")
    assert indexer(embedded).exit_code == 3
    monkeypatch.setenv("JEWELRY_MAX_REJECTED", "")
    assert indexer(embedded).exit_code == 1
    for no_share in ("60", "half", "%"):
        monkeypatch.setenv("JEWELRY_MAX_REJECTED", no_share)
        result = indexer(embedded)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert "JEWELRY_MAX_REJECTED" in result.stderr


@pytest.mark.parametrize(
    ("name", "right"),
    {
        "path": {"path", *TEXTS} - {"empty text", "long text"},
        "min_count": {"number", "whole fraction", "numpy number", "great number"},
        "max_rejected": {"numpy fraction", "numpy long fraction", "exact fraction"},
        "progress": {"nothing", "function", "class"},
    }.items(),
)
def test_a_value_of_a_wrong_kind_is_refused_in_one_line(quick: Shop, name: str, right: set[str]) -> None:
    def ask(value: Any) -> Any:
        return update_co_views(**{"path": quick.catalog / "none", "index": quick.index, name: value})

    assert_refused_or_right(ask, name, right, JewelryError, set(VALUES) - {"text with a line"})
