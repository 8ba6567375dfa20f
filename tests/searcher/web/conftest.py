"""The page in headless Chromium, on a real server over the small photographed index; any complaint fails a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.searcher.web.odd_shop import make_odd
from tests.searcher.web.visiting import Visit, served, visiting
from tests.shops.indexes.built_index import Photographed

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all of this folder: each visit has a context of its own, and a start costs as much as two tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium on the PATH")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(photographed: Photographed) -> Iterator[str]:
    with served(photographed) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """A visitor who must never meet a complaint of the browser."""
    with visiting(browser, address) as visit:
        yield visit
    assert visit.complaints == []


@pytest.fixture(scope="module")
def photo(photographed: Photographed) -> Path:
    """A photo of product P003."""
    return photographed.catalog / "P003" / "0.png"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the shop with odd ids and long texts."""
    with served(make_odd(tmp_path_factory.mktemp("odd"))) as address:
        yield address
