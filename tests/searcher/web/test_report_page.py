"""The pages of reports in Chromium, opened as files: filters, orders, pages, paper, hostile texts, 5,000 groups."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from searcher.pages import page as page_of
from searcher.pages.sheets.duplicates_sheet import duplicates_sheet
from searcher.pages.sheets.picture_sheet import PictureSheet
from searcher.pages.writing import write_report
from tests.searcher.web.visiting import Visit, check, served, visiting
from tests.shops.indexes.built_index import Photographed
from tests.shops.reports.audit_reports import clusters, mislabels, outliers
from tests.shops.reports.duplicate_reports import large_report, small_report
from tests.shops.reports.reported_index import copy_with_reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MAKERS = {"duplicates": small_report, "mislabels": mislabels, "outliers": outliers, "clusters": clusters}


@pytest.fixture(scope="module")
def folder(photographed: Photographed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All four reports of the small index."""
    place = tmp_path_factory.mktemp("pages")
    (place / "thumbnails").symlink_to(photographed.root / "thumbnails")
    for make in MAKERS.values():
        write_report(SimpleNamespace(local=place), make(photographed))  # type: ignore[arg-type]
    return place / "reports"


@contextmanager
def opened(browser: Browser, page: Path, **options: Any) -> Iterator[Visit]:
    """A report in a tab; nothing may be asked of anybody, and no complaint may come."""
    with visiting(browser, page.parent.as_uri(), **options) as visit:
        visit.page.goto(page.as_uri())
        visit.page.wait_for_selector("#cards > li")
        yield visit
    assert visit.complaints == []


def titles(visit: Visit) -> list[str]:
    return [re.sub(r"\s+", " ", text) for text in visit.page.locator("#cards h2").all_inner_texts()]


def test_duplicates_side_by_side(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "duplicates" / "report.html") as visit:
        assert titles(visit) == [
            "1. Edited copies",
            "2. Variants",
            "3. Other photos",
            "4. Same pixels",
            "5. Same file",
            "6. Edited copies",
        ]
        first = visit.page.locator("#cards > li").first
        assert first.locator("img").count() == 5  # the first photo, two others, and what differs in each
        assert first.locator(".mark").all_inner_texts() == ["Keep", "May be deleted", "May be deleted"]
        assert "The same picture, edited 97 %" in first.inner_text()
        assert "mirrored" in first.inner_text()
        assert "0 EUR → 19.50 EUR" in re.sub(r"\s+", " ", first.inner_text())
        assert '<script>alert("x")</script>' in first.inner_text()
        assert visit.page.locator("#cards script").count() == 0
        assert visit.page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
        visit.page.get_by_label("Pictures of what differs").uncheck()
        assert first.locator("img:visible").count() == 3


@pytest.mark.parametrize("kind", MAKERS)
def test_a_page_from_the_service_runs_in_its_sandbox(
    browser: Browser, photographed: Photographed, tmp_path: Path, kind: str
) -> None:
    copy = copy_with_reports(photographed, tmp_path)
    with served(copy) as address, visiting(browser, address) as visit:
        visit.page.goto(f"{address}/v1/reports/{kind}/report.html")
        visit.page.wait_for_selector("#cards > li")
        assert visit.page.locator("#cards img").count() > 0
        assert visit.page.evaluate("self.origin") == "null"
        assert visit.complaints == []


def test_filters_and_orders(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "duplicates" / "report.html") as visit:
        status = visit.page.get_by_role("status")
        visit.button("Variants 1").click()
        assert titles(visit) == ["1. Variants"]
        assert status.inner_text() == "1 entry of 6"
        visit.button("Something to delete 3").click()
        assert "No entry passes this filter." in visit.page.locator("#cards").inner_text()
        visit.button("Show all").click()
        assert len(titles(visit)) == 6
        assert visit.button("Variants 1").get_attribute("aria-pressed") == "false"
        visit.page.get_by_label("Find").fill("p004 RING no")
        assert titles(visit) == ["1. Other photos"]
        visit.page.get_by_label("Find").fill("")
        visit.page.get_by_label("Order").select_option("Least certain first")
        assert titles(visit)[0] == "1. Other photos"
        visit.page.get_by_label("Order").select_option("Most photos first")
        assert titles(visit)[:2] == ["1. Edited copies", "2. Same file"]


def test_paper_shows_what_the_filter_shows(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "duplicates" / "report.html") as visit:
        visit.button("Edited copies 2").click()
        visit.page.emulate_media(media="print")
        visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert len(titles(visit)) == 2
        assert "Only: Edited copies" in visit.page.locator(".on-paper").inner_text()
        assert not visit.page.get_by_label("Find").is_visible()


def test_the_map_follows_pointer_and_keyboard(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "clusters" / "report.html") as visit:
        chart = visit.page.get_by_role("group", name="Map of the products")
        name = visit.page.locator(".map-card h3")
        box = chart.bounding_box()
        assert box is not None
        visit.page.mouse.move(box["x"] + box["width"] - 14, box["y"] + 5 * box["height"] / 11)
        assert '<script>alert("x")' not in name.inner_text()
        assert name.inner_text() == "P011"
        visit.page.mouse.move(0, 0)
        chart.focus()
        before = name.inner_text()
        visit.page.keyboard.press("ArrowLeft")
        assert name.inner_text() != before
        assert visit.page.locator(".map-card img").count() == 1
        while visit.page.locator(".map-card button").count() == 0:
            visit.page.keyboard.press("ArrowLeft")
        cluster = visit.page.locator(".map-card .under").inner_text()
        visit.button("Show its cluster").click()
        assert cluster in visit.page.evaluate("document.activeElement.innerText")


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(("scheme", "width"), [pytest.param("light", 1280, marks=pytest.mark.slow), ("dark", 360)])
def test_every_page_is_accessible_and_fits(browser: Browser, folder: Path, kind: str, scheme: str, width: int) -> None:
    size = {"width": width, "height": 800}
    with opened(browser, folder / kind / "report.html", color_scheme=scheme, viewport=size) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        visit.page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
    # axe is a script of its own, which the page's policy rightly refuses: it is let in for this alone
    with visiting(browser, "file://", color_scheme=scheme, viewport=size, bypass_csp=True) as visit:
        visit.page.goto((folder / kind / "report.html").as_uri())
        check(visit)


def one_picture() -> str:
    buffer = io.BytesIO()
    Image.effect_noise((128, 128), 16).convert("RGB").save(buffer, "WEBP", quality=60)
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.slow
def test_5000_groups_stay_quick(browser: Browser, tmp_path: Path) -> None:
    """About 15,000 photos and 6,000 differences; bounds are ten times what two cores need."""
    sheet = duplicates_sheet(large_report(5000, tmp_path).to_json(), PictureSheet(tmp_path, tmp_path))
    count = 1 + max(n for card in sheet.cards for p in card.photos for n in (p.picture, p.difference) if n is not None)
    page = tmp_path / "report.html"
    page.write_text(page_of.render(sheet, [one_picture()] * count), encoding="utf-8")
    assert count > 20_000
    assert page.stat().st_size > 40_000_000

    def timed(script: str) -> float:
        """Seconds until the page has been drawn again."""
        seconds: float = visit.page.evaluate(
            f"async () => {{ const begin = performance.now(); {script};"
            "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
            "return (performance.now() - begin) / 1000; }"
        )
        return seconds

    with opened(browser, page) as visit:
        loaded = visit.page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000")
        assert loaded < 20
        status = visit.page.get_by_role("status")
        assert status.inner_text() == "1 to 50 of 5,000 groups"
        assert visit.page.locator("#cards > li").count() == 50
        press = "[...document.querySelectorAll('button')].find((b) => b.textContent.startsWith('{}')).click()"
        times = {
            "page": timed(press.format("Next")),
            "filter": timed(press.format("Variants")),
            "flag": timed(press.format("Several prices")),
            "find": timed(
                "document.querySelector('#words').value = 'ring no 49';"
                "document.querySelector('#words').dispatchEvent(new Event('input'))"
            ),
            "order": timed(
                "document.querySelector('#order').value = 'unsure';"
                "document.querySelector('#order').dispatchEvent(new Event('change'))"
            ),
        }
        assert all(seconds < 2 for seconds in times.values()), times
        assert "filtered from 5,000" in status.inner_text() or "of 5,000" in status.inner_text()
