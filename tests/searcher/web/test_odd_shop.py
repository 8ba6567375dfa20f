"""Ids with blanks and signs are found wherever they are given; texts of any length have their place at every width."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.searcher.web.odd_shop import LONG, ODD_IDS
from tests.searcher.web.visiting import Visit, check, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LINES = "e => Math.round(e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight))"


def asked_with(visit: Visit) -> str:
    text: str = visit.page.locator("#query-body .asked-product > div > p:last-child").evaluate("e => e.textContent")
    return text


def look_for(visit: Visit, typed: str) -> Visit:
    field = visit.page.get_by_role("searchbox")
    field.fill(typed)
    with visit.page.expect_response("**/v1/similar"):
        field.press("Enter")
    return visit.settled()


def test_a_product_id_with_a_blank_is_found(browser: Browser, odd: str) -> None:
    with visiting(browser, odd) as visit:
        for product_id in ("AB 12", "50%+1/ä #?&=%20"):
            look_for(visit.open(), product_id)
            assert asked_with(visit) == product_id
            address, products = visit.page.url, visit.products
            assert len(products) == len(ODD_IDS) + len(LONG) - 1
            assert product_id not in products
        visit.page.reload()
        visit.page.wait_for_selector("[data-product]")
        assert visit.settled().products == products
        assert visit.page.url == address
        visit.press(visit.page.locator("[data-product='AB 12'] h2 a"))
        assert asked_with(visit) == "AB 12"
        visit.page.go_back()
        visit.until("document.title.startsWith('Like Piece 2')")
        assert visit.settled().products == products
        look_for(visit, "\tAB\u00a0 12 ")  # as it is copied from a table
        assert asked_with(visit) == "AB 12"
        assert visit.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("product_id", [*ODD_IDS, *LONG])
def test_every_id_in_the_field_in_links_and_as_typed(browser: Browser, odd: str, product_id: str) -> None:
    with visiting(browser, odd) as visit:
        look_for(visit.open(), product_id)
        assert asked_with(visit) == product_id
        for name in ("product", "ask"):
            visit.open(f"#{name}={quote(product_id, safe='')}")
            assert asked_with(visit) == product_id
        assert product_id not in visit.products
        visit.open(f"#product={quote('AB 12' if product_id != 'AB 12' else 'T1')}&like={quote(product_id, safe='')}")
        assert visit.page.locator("#taste .chip").count() == 1
        assert product_id not in visit.products
        assert visit.complaints == []


@pytest.mark.slow
def test_words_with_blanks_are_still_words(browser: Browser, odd: str) -> None:
    with visiting(browser, odd) as visit:
        page = visit.open().page
        page.get_by_role("searchbox").fill("  sapphire  ring ")
        with page.expect_response("**/v1/text"):
            page.keyboard.press("Enter")
        assert page.url.endswith("#words=sapphire++ring")
        assert visit.settled().products[0] == "T1"
        assert page.locator("h1:visible").inner_text() == "“sapphire ring”"


def test_titles_of_600_letters_are_cut_in_the_grid_and_whole_on_their_page(browser: Browser, odd: str) -> None:
    with visiting(browser, odd) as visit:
        page = visit.open("#product=AB%2012").page
        for width in (320, 480, 768, 1280, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            for product_id in LONG:
                title = page.locator(f"[data-product={product_id}] h2")
                assert title.evaluate(LINES) <= 3
                assert title.evaluate("e => e.scrollHeight > e.clientHeight")  # and the rest is there, with a mark
            assert page.locator("[data-product='+1'] h2").evaluate("e => e.scrollHeight - e.clientHeight") <= 1
            assert page.evaluate("document.documentElement.scrollWidth") == width
        page.locator("[data-product=T2] h2 a").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#query-body .asked-title")
        title = page.locator("#query-body .asked-title")
        assert title.inner_text() == LONG["T2"]
        assert title.evaluate("e => e.scrollHeight - e.clientHeight") <= 1
        assert len(page.title()) < 120
        assert visit.settled().complaints == []


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("dark", 320), ("light", 800), ("light", 2560)])
def test_long_values_notes_and_errors_fit(browser: Browser, odd: str, scheme: str, width: int) -> None:
    size = {"width": width, "height": 800}
    with visiting(browser, odd, color_scheme=scheme, viewport=size) as visit:
        page = visit.open("#product=T1&like=T2&where=metal%3Dgold").page
        if width < 900:
            visit.press(page.get_by_role("button", name="Filters and style"))
        lines = page.eval_on_selector_all(".card .clamped, .chip .clamped", f"all => all.map({LINES})")
        assert len(lines) > 20
        assert max(lines) <= 3
        assert page.evaluate("document.documentElement.scrollWidth") == width
        check(visit)
        words = "a word that no product has " * 18
        visit.open(f"#words={quote(words)}")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator(".empty-title").is_visible()
        reason = "the filter is not understood " * 200
        page.route("**/v1/text", lambda route: route.fulfill(status=422, json={"detail": reason}))
        page.reload()
        page.wait_for_selector("#error:not([hidden])")
        box = page.get_by_role("alert")
        assert box.evaluate("e => e.getBoundingClientRect().bottom <= innerHeight")
        box.get_by_text("Read all of it").press("Enter")
        assert reason.strip().capitalize() in box.inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        check(visit)
