"""axe-core over every view of the page, in light and dark: nothing serious or critical."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.searcher.http.conversation import Keyring
from tests.searcher.web.visiting import check, served, visiting
from tests.shops.indexes.built_index import Photographed

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize(("scheme", "width"), [pytest.param("light", 1280, marks=pytest.mark.slow), ("dark", 360)])
def test_every_view(browser: Browser, address: str, photo: Path, scheme: str, width: int) -> None:
    size = {"width": width, "height": 800}
    with visiting(browser, address, color_scheme=scheme, viewport=size) as visit:
        check(visit.open())
        check(visit.show(photo))
        visit.press(visit.button("Crop to a part"))
        visit.press(visit.page.get_by_role("button", name="Less like").nth(1))
        check(visit)
        visit.open("#product=P000&where=category%3Drings&like=P003&diversity=0.2")
        if width < 1000:
            visit.press(visit.page.get_by_role("button", name="Filters and style"))
        check(visit)
        visit.press(visit.page.locator(".why-button").first)
        check(visit)
        check(visit.open("#words=ring&where=price%3C-1"))
        check(visit.open("#product=P004&where=category%3Drings&where=price%3C-1&relax=1"))
        assert visit.complaints == []
        check(visit.open("#product=nothing"))


def test_the_key_panel(browser: Browser, photographed: Photographed, tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "keys.json")
    with served(photographed, keys=keys.file.path) as address, visiting(browser, address) as visit:
        visit.open()
        assert visit.page.get_by_role("textbox", name="API key").is_visible()
        check(visit)
