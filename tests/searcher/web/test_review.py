"""The review page: one key a decision, every decision on the disk, nothing lost on the way back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from indexer.errors import JewelryError
from searcher.http.access.keys import MemoryKeys
from searcher.http.app import create_app
from searcher.http.server.review import run_review
from searcher.insights.duplicates.decisions import Decisions, append, decisions_path
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import running
from tests.searcher.web.visiting import Visit, check, visiting
from tests.shops.indexes.built_index import Photographed
from tests.shops.reports.duplicate_reports import photos_of
from tests.shops.reports.reported_index import copy_with_reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAIRS = 5
"""Of the small report: two edited, another photo, a variant, a loose pair; those that are certain are not asked."""


@pytest.fixture
def copy(photographed: Photographed, tmp_path: Path) -> Photographed:
    return copy_with_reports(photographed, tmp_path)


@contextmanager
def reviewing(browser: Browser, copy: Photographed, scope: Any = "admin", **options: Any) -> Iterator[Visit]:
    keys = MemoryKeys()
    _, token = keys.add("anna", scope, 0)
    settings = ServeSettings(_env_file=None, index=copy.root)  # type: ignore[call-arg]
    with (
        running(create_app(settings, SearchService(copy.index), keys)) as port,
        visiting(browser, f"http://127.0.0.1:{port}", **options) as visit,
    ):
        visit.page.goto(f"{visit.address}/review#key={token}")
        visit.settled()
        yield visit


def title(visit: Visit) -> str:
    return visit.page.locator("#pair-title").inner_text()


def progress(visit: Visit) -> str:
    return visit.page.locator("#progress-words").inner_text()


def press(visit: Visit, *keys: str) -> None:
    """Press keys, each once what the one before did is done."""
    for key in keys:
        if key in ("s", "v", "d", " ", "u"):
            with visit.page.expect_response("**/v1/decisions"):
                visit.page.keyboard.press(key)
            visit.settled()
        else:
            visit.page.keyboard.press(key)


def test_all_by_keys(browser: Browser, copy: Photographed) -> None:
    photos = [photo.sha256 for photo in photos_of(copy)]
    with reviewing(browser, copy) as visit:
        assert title(visit) == "The same picture, edited?"
        assert progress(visit) == f"0 of {PAIRS} decided"
        fields = visit.page.locator("#differs tbody th").all_inner_texts()
        assert fields == ["category", "title", "price", "metal", "in stock"]
        assert visit.page.locator("#differs tbody tr").nth(2).locator("td").all_inner_texts() == ["0 EUR", "19.50 EUR"]
        press(visit, "s", "d")
        assert title(visit) == "The same design in another version?"
        press(visit, "v", " ")
        assert title(visit) == "The same picture, edited?"
        assert progress(visit) == f"3 of {PAIRS} decided"
        press(visit, "d")
        assert "That was the last pair" in visit.page.locator("#done").inner_text()
        assert "1 pair is left open" in visit.page.locator("#done").inner_text()
        assert visit.complaints == []
    known = Decisions.read(decisions_path(copy.root))
    assert known.verdict(photos[0], photos[2]) == "same"
    assert known.verdict(photos[0], photos[22]) == "different"
    assert known.verdict(photos[4], photos[6]) == "variant"
    assert known.verdict(photos[8], photos[9]) == "skip"
    assert known.verdict(photos[16], photos[18]) == "different"
    assert {decision.by for decision in known} == {"anna"}


def test_back_forward_and_undo(browser: Browser, copy: Photographed) -> None:
    photos = [photo.sha256 for photo in photos_of(copy)]
    path = decisions_path(copy.root)
    with reviewing(browser, copy) as visit:
        press(visit, "s", "ArrowLeft")
        assert visit.page.locator("#verdict-now").inner_text() == "Decided: same"
        press(visit, "d")
        assert progress(visit) == f"1 of {PAIRS} decided"
        press(visit, "u")
        assert visit.page.locator("#verdict-now").inner_text() == "Decided: same"
        assert Decisions.read(path).verdict(photos[0], photos[2]) == "same"
        press(visit, "u")
        assert not visit.page.locator("#verdict-now").is_visible()
        assert progress(visit) == f"0 of {PAIRS} decided"
        assert Decisions.read(path).verdict(photos[0], photos[2]) == "skip"
        assert len(path.read_text().splitlines()) == 4
        press(visit, "ArrowRight", "ArrowRight", "ArrowLeft")
        assert visit.page.locator("#pair-number").inner_text().startswith("Pair 2 of 5")
        for _ in range(9):
            visit.page.keyboard.press("ArrowRight")
        assert visit.page.locator("#done").is_visible()
        assert visit.button("Same S", "#bar").is_disabled()
        assert visit.complaints == []


def test_what_is_decided_is_not_asked_again(browser: Browser, copy: Photographed) -> None:
    photos = [photo.sha256 for photo in photos_of(copy)]
    append(decisions_path(copy.root), photos[2], photos[0], "same", "bob")
    append(decisions_path(copy.root), photos[0], photos[22], "skip", "bob")
    with reviewing(browser, copy) as visit:
        assert title(visit) == "The same design in another version?"
        assert visit.page.locator("#pair-number").inner_text().startswith("Pair 1 of 4")
        visit.page.get_by_label("Also what is decided").check()
        assert visit.page.locator("#verdict-now").inner_text() == "Decided: same"
        assert visit.page.locator("#pair-number").inner_text().startswith("Pair 1 of 5")
        visit.page.keyboard.press("ArrowRight")
        assert visit.page.locator("#verdict-now").inner_text() == "Decided: skipped"
        assert visit.complaints == []


def test_photos_and_what_differs(browser: Browser, copy: Photographed) -> None:
    with reviewing(browser, copy) as visit:
        visit.page.wait_for_selector("#photos figure:nth-child(1) img")
        visit.page.wait_for_selector("#photos figure:nth-child(2) img")
        visit.button("Difference X", "#bar").click()
        visit.page.wait_for_selector("#photos figure:nth-child(3) img")
        assert visit.button("Difference X", "#bar").get_attribute("aria-pressed") == "true"
        assert "mirrored" in visit.page.locator("#evidence").inner_text()
        press(visit, "d")
        visit.page.wait_for_selector("#photos figure:nth-child(3) img")
        assert '<script>alert("x")</script>' in visit.page.locator("#photos").inner_text()
        assert visit.page.locator("main script").count() == 0
        assert visit.complaints == []


def test_buttons_and_space(browser: Browser, copy: Photographed) -> None:
    with reviewing(browser, copy) as visit:
        visit.page.locator("#different").focus()
        press(visit, " ")  # presses the button that has the focus, and no other
        assert visit.page.evaluate("document.activeElement.id") == "pair"
        press(visit, " ")
        visit.page.get_by_label("Single keys act").uncheck()
        visit.page.locator("#pair").focus()
        visit.page.keyboard.press("s")
        assert progress(visit) == f"1 of {PAIRS} decided"
    assert [decision.verdict for decision in Decisions.read(decisions_path(copy.root))] == ["different", "skip"]


def test_the_key_leaves_the_address(browser: Browser, copy: Photographed) -> None:
    with reviewing(browser, copy) as visit:
        assert visit.page.url == f"{visit.address}/review"
        kept = visit.page.evaluate("[Object.values(sessionStorage), localStorage.length]")
        assert [kept[0][0][:4], kept[1]] == ["jwl_", 0]
        visit.page.reload()
        assert title(visit.settled()) == "The same picture, edited?"
        assert visit.complaints == []


def test_a_missing_key_and_one_of_the_wrong_scope(browser: Browser, copy: Photographed) -> None:
    with reviewing(browser, copy, "read") as visit:
        visit.page.keyboard.press("s")
        visit.page.wait_for_selector("#error:not([hidden])")
        assert "needs a key of scope admin" in visit.page.get_by_role("alert").inner_text()
        visit.page.evaluate("sessionStorage.clear()")
        visit.page.reload()
        help_panel = visit.settled().page.locator("#help")
        assert "searcher duplicates --review" in help_panel.inner_text()
        visit.page.get_by_label("Or use an API key").fill("wrong")
        visit.button("Use this key").click()
        visit.page.get_by_role("heading", name="Another key is needed").wait_for()
        check(visit)


def test_no_report_yet(browser: Browser, copy: Photographed) -> None:
    report = copy.root / "reports" / "duplicates" / "report.json"
    kept = report.rename(copy.root / "kept.json")
    with reviewing(browser, copy) as visit:
        assert "Make the report of duplicates" in visit.page.locator("#help").inner_text()
        assert visit.page.locator("#help-command").inner_text() == "searcher duplicates"
        kept.rename(report)
        visit.button("Try again").click()
        visit.page.wait_for_selector("#pair:not([hidden])")
        assert {text for text in visit.complaints if "404" not in text} == set()


def test_a_decision_that_did_not_arrive_is_said_and_sent_again(browser: Browser, copy: Photographed) -> None:
    with reviewing(browser, copy) as visit:
        visit.page.route("**/v1/decisions", lambda route: route.abort())
        visit.page.keyboard.press("s")
        visit.page.wait_for_selector("#error:not([hidden])")
        assert "cannot be reached" in visit.page.get_by_role("alert").inner_text()
        assert progress(visit) == f"0 of {PAIRS} decided"
        visit.page.unroute("**/v1/decisions")
        visit.button("Try again").click()
        visit.page.get_by_text(f"1 of {PAIRS} decided", exact=True).wait_for()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_every_view_is_accessible(browser: Browser, copy: Photographed, scheme: str, width: int) -> None:
    with reviewing(browser, copy, color_scheme=scheme, viewport={"width": width, "height": 800}) as visit:
        check(visit)
        press(visit, "x", "d", "ArrowLeft")
        check(visit)
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        for _ in range(PAIRS):
            visit.page.keyboard.press("ArrowRight")
        check(visit)
        assert visit.complaints == []


def test_run_review_prints_an_address_that_works(
    browser: Browser, copy: Photographed, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[uvicorn.Server] = []
    run = uvicorn.Server.run
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, **given: (servers.append(self), run(self, **given))[1])
    lines: list[str] = []
    told = threading.Event()
    settings = ServeSettings(_env_file=None, index=copy.root, serve_host="0.0.0.0", open=True)  # type: ignore[call-arg]
    thread = threading.Thread(
        target=run_review, args=(settings,), kwargs={"say": lambda line: (lines.append(line), told.set())}
    )
    thread.start()
    try:
        assert told.wait(30)
        address = lines[0].removeprefix("Review: ")
        assert address.startswith("http://127.0.0.1:")
        with visiting(browser, address.partition("/review")[0]) as visit:
            visit.page.goto(address)
            visit.page.wait_for_selector("#pair:not([hidden])")
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(30)
    assert not thread.is_alive()


def test_a_port_that_is_taken_is_one_line(copy: Photographed) -> None:
    settings = ServeSettings(_env_file=None, index=copy.root)  # type: ignore[call-arg]
    with (
        running(create_app(settings, SearchService(copy.index))) as port,
        pytest.raises(JewelryError, match="another program listens there"),
    ):
        run_review(settings, port)
