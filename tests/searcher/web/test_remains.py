"""Where there is no answer, nothing of the one before is left: no count, no title, no product, no way to more of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from searcher.service import SearchService
from tests.searcher.web.visiting import Visit, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

HEARD = """window.heard = [];
for (const id of ["error", "status"]) {
  const part = document.getElementById(id);
  const all = {childList: true, characterData: true, subtree: true};
  new MutationObserver(() => heard.push([id, part.innerText])).observe(part, all);
}"""


def busy(route: Route) -> None:
    route.fulfill(status=429, json={"detail": "too many requests"}, headers={"Retry-After": "7"})


def nothing_is_shown(visit: Visit, title: str) -> None:
    page = visit.page
    assert visit.products == []
    assert [page.locator(part).inner_text() for part in ("#summary", "#notes", "#origin", "#status")] == [""] * 4
    assert [page.locator(part).is_visible() for part in ("#more", "#empty", "#why", ".waiting")] == [False] * 4
    assert page.locator("#facets .count").count() == 0
    assert page.locator("h1:visible").inner_text() == title
    assert page.title() == f"{title} · Jewelry search"


def heard(visit: Visit, part: str) -> list[str]:
    return [text for id, text in visit.page.evaluate("heard") if id == part and text]


def test_nothing_remains_offline_and_all_comes_back(browser: Browser, address: str, service: SearchService) -> None:
    with visiting(browser, address) as visit:
        page = visit.open("#words=ring&k=4").page
        assert page.locator("#summary").inner_text() == "The first 4 products, most of your words first"
        assert visit.chip("rings").locator(".count").count() == 1
        page.evaluate(HEARD)
        page.context.set_offline(True)
        field = page.get_by_role("searchbox")
        field.fill("watches")
        field.press("Enter")
        page.wait_for_selector("#error:not([hidden])")
        nothing_is_shown(visit.settled(), "“watches”")
        assert field.input_value() == "watches"
        assert page.evaluate("document.activeElement.id") == "words"
        assert len(heard(visit, "error")) == 1
        page.context.set_offline(False)
        page.evaluate("heard.length = 0")
        visit.button("Try again").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-product]")
        assert visit.settled().products == [m.product_id for m in service.text("watches", k=4).matches]
        assert page.evaluate("document.activeElement.id") == "results"
        assert heard(visit, "status") == ["Searching …", f"{len(visit.products)} products: “watches”"]
        assert not page.locator("#error").is_visible()
        assert page.locator("#facets .count").count() > 0
        assert {text for text in visit.complaints if "INTERNET_DISCONNECTED" not in text} == set()


def test_nothing_remains_after_a_refused_filter(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        page = visit.open("#words=ring&where=category%3Drings").page
        visit.chip("watches").focus()
        page.evaluate("location.hash = '#words=watches&where=colour%3Dred'")
        page.wait_for_selector("#error:not([hidden])")
        assert "colour" in page.get_by_role("alert").inner_text()
        nothing_is_shown(visit.settled(), "“watches”")
        assert page.evaluate("document.activeElement.textContent") == "watches"  # what can be chosen stays
        page.go_back()
        page.wait_for_selector("[data-product]")
        assert page.locator("h1:visible").inner_text() == "“ring”"
        assert not page.locator("#error").is_visible()
        assert {text for text in visit.complaints if "422" not in text} == set()


@pytest.mark.slow
def test_an_answer_stays_where_only_its_counts_or_more_of_it_fail(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        page = visit.open("#product=P000&k=4").page
        page.route("**/v1/facets", busy)
        visit.press(visit.chip("rings"))
        alert = page.get_by_role("alert")
        assert alert.locator("p").inner_text() == "Too many requests. Try again in 7 s."
        assert len(visit.products) == 2
        assert page.locator("#summary").inner_text() == "2 products, most alike first"
        assert page.locator("#facets .count").count() == 0
        page.unroute("**/v1/facets")
        visit.press(visit.button("Remove the filter rings"))
        page.route("**/v1/similar", busy)
        more = visit.button("Show more")
        more.focus()
        page.keyboard.press("Enter")
        alert.get_by_text("Try again in 7 s.").wait_for()
        assert len(visit.products) == 4
        assert page.locator("#summary").inner_text() == "The first 4 products, most alike first"
        assert more.evaluate("e => e === document.activeElement")
        assert alert.evaluate(
            "e => e.getBoundingClientRect().top >= 0 && e.getBoundingClientRect().bottom < innerHeight"
        )
        page.unroute("**/v1/similar")
        visit.press(visit.button("Try again"))
        page.locator("[data-product]").nth(7).wait_for()
        assert not alert.is_visible()
        assert len(visit.products) == 8
        assert {text for text in visit.complaints if "429" not in text} == set()


@pytest.mark.slow
def test_nothing_remains_under_the_key_panel_and_where_a_product_is_unknown(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        page = visit.open("#words=ring").page
        page.route("**/v1/text", lambda route: route.fulfill(status=401, json={"detail": "no key"}))
        field = page.get_by_role("searchbox")
        field.fill("watches gold")
        field.press("Enter")
        page.wait_for_selector("#key-panel:not([hidden])")
        assert page.title() == "Jewelry search"
        assert page.locator("#origin").inner_text() == ""
        assert visit.products == []
        page.evaluate("location.hash = '#product=nothing'")
        page.wait_for_selector("#start:not([hidden])")
        page.wait_for_selector("#error:not([hidden])")
        assert page.title() == "Jewelry search"
        assert page.locator("#status").inner_text() == ""
        assert {text for text in visit.complaints if "401" not in text and "404" not in text} == set()


@pytest.mark.slow
def test_an_answer_cut_short_is_told_in_words_of_this_page(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        page = visit.open("#words=ring").page
        page.route("**/v1/text", lambda route: route.fulfill(status=200, body='{"matches": ['))
        visit.press(visit.chip("rings"))
        assert page.get_by_role("alert").locator("p").inner_text().startswith("The answer did not arrive whole.")
        nothing_is_shown(visit, "“ring”")


def test_an_answer_of_something_else_is_told_in_words_of_this_page(browser: Browser, address: str) -> None:
    """As a sign-in page of a hotel's network sends it."""
    with visiting(browser, address) as visit:
        page = visit.open("#words=ring").page
        again = visit.chip("rings")
        for answer in ("{}", "null", '{"matches": null}'):
            page.route("**/v1/text", lambda route, _asked, body=answer: route.fulfill(status=200, body=body))
            visit.press(again)
            again = visit.button("Try again")
            told = page.get_by_role("alert").locator("p").inner_text()
            assert told.startswith("This page can make nothing of the answer. Load it anew, ")
            nothing_is_shown(visit, "“ring”")


def test_notes_are_shown_and_said_where_nothing_fits(visit: Visit) -> None:
    page = visit.open("#words=zeppelin").page
    notes = page.locator("#notes .note").all_inner_texts()
    assert "'zeppelin'" in notes[0]
    assert page.locator("#status").inner_text() == " ".join(["Nothing fits.", *notes])
    assert page.locator("#summary").inner_text() == ""
    page.get_by_role("searchbox").fill("p-11")
    page.keyboard.press("Enter")
    page.locator("#notes").get_by_text("Product 'p-11' is not in the index; did you mean P011?").wait_for()
