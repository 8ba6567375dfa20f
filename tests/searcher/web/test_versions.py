"""Versions of one piece on the page: one card, which names the others and leads to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.searcher.web.visiting import Visit, served, visiting
from tests.shops.indexes.variant_shop import make_variant_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def visit(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with served(make_variant_shop(tmp_path_factory.mktemp("variants"))) as address, visiting(browser, address) as visit:
        yield visit
        assert visit.complaints == []


def test_a_card_stands_for_a_piece_and_leads_to_its_versions(visit: Visit) -> None:
    visit.open("#product=RG2-0&where=metal%3Dgold")
    assert sorted(visit.products) == ["COPY", "RG0-0", "RG1-0", "RG3-3", "RG4-3", "RG5-3"]
    card = visit.page.locator('[data-product="RG5-3"]')
    assert card.locator(".versions").inner_text() == "Also as RG5-0"  # of gold there are two, and one is sold out
    assert visit.page.locator('[data-product="RG1-0"] .versions').count() == 0
    assert visit.page.locator("#query .versions").inner_text() == "Also as RG2-1, RG2-2"
    visit.press(card.locator(".versions a"))
    assert "product=RG5-0" in visit.page.url
    assert "where=metal%3Dgold" in visit.page.url
    visit.until("Boolean(document.querySelector('#query .versions')?.innerText.includes('RG5-3'))")
    assert not any(product.startswith("RG5") for product in visit.settled().products)


def test_the_explanation_says_how_many_it_stands_for(visit: Visit) -> None:
    visit.open("#product=RG2-0")
    assert visit.page.locator('[data-product="RG5-1"] .versions').inner_text() == (
        "Also as RG5-0, RG5-2, RG5-3, RG5-4 and 1 more"
    )
    visit.press(visit.page.locator('[data-product="RG5-1"] .why-button'))
    assert "It stands for 6 versions of one piece" in visit.page.locator("#why").inner_text()
