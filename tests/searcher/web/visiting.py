"""A browser at the page, and what is wrong with a page for those who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from searcher.http.app import create_app
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import running
from tests.shops.indexes.built_index import Photographed

WATCH = "addEventListener('securitypolicyviolation', e => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`))"

WRONG = ("serious", "critical")


def check(visit: Visit) -> None:
    """Fail with what is wrong where, if anything is."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(visit.page).response["violations"]
    wrong = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found if rule["impact"] in WRONG]
    assert wrong == []


@dataclass
class Visit:
    """One visitor's tab."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, errors of scripts, requests to elsewhere."""

    def open(self, state: str = "") -> Visit:
        """Open the page in a state, and wait until it has been drawn."""
        self.page.goto("about:blank")  # a hash alone would not load the page
        self.page.goto(f"{self.address}/{state}", wait_until="load" if state else "networkidle")
        return self.settled()

    def settled(self) -> Visit:
        """Wait until nothing on the page is being read: a key pressed before that is lost."""
        self.page.wait_for_selector("main:not([aria-busy=true]):not(:has([aria-busy=true]))")
        return self

    def until(self, true: str) -> Visit:
        """Wait until an expression is true; Playwright's own way needs ``eval``, which the page forbids."""
        for _ in range(400):
            if self.page.evaluate(true):
                return self.settled()
            self.page.wait_for_timeout(25)
        raise AssertionError(f"never true: {true}")

    def show(self, photo: Path) -> Visit:
        """Choose a photo."""
        self.page.set_input_files("#file", photo)
        self.page.wait_for_selector("[data-product]")
        return self.settled()

    @property
    def products(self) -> list[str]:
        """Ids of the products shown, in order."""
        found: list[str] = self.page.eval_on_selector_all("[data-product]", "all => all.map(e => e.dataset.product)")
        return found

    def button(self, name: str, within: str = "main") -> Locator:
        """A button by its whole name; a chip's count belongs to its name."""
        return self.page.locator(within).get_by_role("button", name=name, exact=True)

    def chip(self, name: str) -> Locator:
        """A chip of the filters, whatever its count."""
        return self.page.locator("#facets .chip").filter(has_text=re.compile(rf"^{name} ")).first

    def press(self, button: Locator) -> Visit:
        """Press a button and wait for what it does; a change of the address is heard one turn of the loop later."""
        button.click()
        self.page.evaluate("new Promise(heard => requestAnimationFrame(() => setTimeout(heard, 0)))")
        return self.settled()


@contextmanager
def served(photographed: Photographed, **options: Any) -> Iterator[str]:
    """A server over the index; gives its address."""
    settings = ServeSettings(_env_file=None, index=photographed.root, rate_limit=0, **options)
    with running(create_app(settings, SearchService(photographed.index))) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def visiting(browser: Browser, address: str, **options: Any) -> Iterator[Visit]:
    """A new tab of a visitor; ``options`` are those of a browser context."""
    options.setdefault("viewport", {"width": 1280, "height": 900})
    with browser.new_context(reduced_motion="reduce", **options) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        visit = Visit(page, address)
        page.add_init_script(WATCH)
        page.on("console", lambda m: visit.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("dialog", lambda dialog: visit.complaints.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: _elsewhere(visit, request.url))
        yield visit


def _elsewhere(visit: Visit, url: str) -> None:
    if not url.startswith((f"{visit.address}/", "blob:", "data:")):
        visit.complaints.append(f"request to {url}")
