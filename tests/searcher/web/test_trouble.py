"""The page where something is wrong: keys, unknown products, broken photos, a server that went away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.searcher.http.conversation import Keyring
from tests.searcher.web.visiting import served, visiting
from tests.shops.indexes.built_index import Photographed

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_key_is_asked_for_and_kept_in_the_tab(browser: Browser, photographed: Photographed, tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "keys.json")
    with served(photographed, keys=keys.file.path) as address, visiting(browser, address) as visit:
        addresses: list[str] = []
        visit.page.on("request", lambda request: addresses.append(request.url))
        visit.open("#product=P000")
        field = visit.page.get_by_role("textbox", name="API key")
        field.fill("wrong")
        visit.press(visit.button("Use this key"))
        assert "not known here" in visit.page.locator("#key-reason").inner_text()
        field.fill(keys.read)
        visit.press(visit.button("Use this key"))
        assert len(visit.products) == 11
        visit.page.wait_for_selector("[data-product] img[src*='signature=']")
        visit.page.eval_on_selector("[data-product] img[src*='signature=']", "image => image.decode()")
        assert visit.page.evaluate("localStorage.length") == 0
        assert keys.read not in visit.page.content()
        assert not any(keys.read in url for url in addresses)
        visit.page.reload()
        assert len(visit.settled().products) == 11
        visit.button("Forget the API key", "footer").click()
        visit.page.wait_for_selector("#key-panel:not([hidden])")
        assert {text for text in visit.complaints if "401" not in text} == set()


def test_an_unknown_product_is_one_line_with_a_way_on(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.open("#product=P0000")
        alert = visit.page.get_by_role("alert").locator("p").inner_text()
        assert alert.startswith("Product 'P0000' is not in the index; did you mean P000")
        assert visit.page.locator("#start").is_visible()
        assert {text for text in visit.complaints if "404" not in text} == set()


def test_a_broken_photo(browser: Browser, address: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 this is not a photo")
    with visiting(browser, address) as visit:
        visit.open()
        visit.page.set_input_files("#file", broken)
        visit.page.wait_for_selector("#error:not([hidden]) p")
        assert len(visit.page.get_by_role("alert").locator("p").inner_text().splitlines()) == 1
        assert visit.products == []
        assert {text for text in visit.complaints if "422" not in text} == set()


def test_a_server_that_went_away_and_came_back(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.open("#product=P000")
        visit.page.route("**/v1/**", lambda route: route.abort())
        visit.chip("rings").click()
        visit.page.wait_for_selector("#error:not([hidden]) p")
        assert "cannot be reached" in visit.page.get_by_role("alert").inner_text()
        visit.page.unroute("**/v1/**")
        visit.press(visit.button("Try again"))
        assert len(visit.products) == 2
        assert not visit.page.locator("#error").is_visible()


def test_a_bad_filter_in_a_link_can_be_taken_away(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.open("#product=P000&where=colour%3Dred")
        assert "colour" in visit.page.get_by_role("alert").inner_text()
        visit.press(visit.button("Remove the filter red"))
        assert len(visit.products) == 11


def test_an_id_in_other_letters_and_a_value_that_no_product_has(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.open("#product=p-3")
        alert = visit.page.get_by_role("alert").locator("p").inner_text()
        assert alert == "Product 'p-3' is not in the index; did you mean P003?"
        visit.open("#product=P000&where=category%3Dring&where=metal%3DGold")
        visit.page.wait_for_selector("#empty:not([hidden])")
        assert visit.page.locator("#notes p").all_inner_texts() == [
            'No product has category "ring"; near: rings (3).',
            'No product has metal "Gold"; near: gold (12).',
        ]
        assert {text for text in visit.complaints if "404" not in text} == set()
