"""What a visitor types, pastes and drops is theirs: no answer and no filter takes it away; the last question counts."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from searcher.service import SearchService
from tests.searcher.web.test_page import ids
from tests.searcher.web.visiting import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

COPIED = """async ([text, data]) => {
    const kinds = {};
    if (text) kinds["text/plain"] = new Blob([text], {type: "text/plain"});
    if (data) kinds["image/png"] = new Blob([Uint8Array.from(atob(data), c => c.charCodeAt(0))], {type: "image/png"});
    await navigator.clipboard.write([new ClipboardItem(kinds)]);
}"""
HANDED = """([event, target, text, data, name]) => {
    const transfer = new DataTransfer();
    if (text) transfer.setData(text.startsWith("http") ? "text/uri-list" : "text/plain", text);
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
    if (data) transfer.items.add(new File([bytes], name, {type: "image/png"}));
    const options = {clipboardData: transfer, dataTransfer: transfer, bubbles: true, cancelable: true};
    const made = event === "paste" ? new ClipboardEvent(event, options) : new DragEvent(event, options);
    return document.querySelector(target).dispatchEvent(made);
}"""
"""Whether it is left to the browser, which puts the text where it belongs."""


class Held:
    """Requests of one route that wait until they are let go."""

    def __init__(self, page: Page, path: str) -> None:
        self.routes: list[Route] = []
        page.route(path, lambda route: self.routes.append(route))  # append itself takes no marks
        self.page, self.path = page, path

    def wait(self, count: int) -> None:
        for _ in range(200):
            if len(self.routes) >= count:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"{len(self.routes)} of {count} requests to {self.path}")

    def go(self, number: int) -> None:
        """Let the answer come; the page may have given the question up."""
        self.routes[number].continue_()


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.id")
    return found


def test_what_is_typed_stays_while_an_answer_comes_and_filters_are_pressed(
    visit: Visit, service: SearchService
) -> None:
    page = visit.open("#product=P000").page
    held = Held(page, "**/v1/text")
    field = page.get_by_role("searchbox")
    field.fill("ring")
    field.press("Enter")
    held.wait(1)
    page.keyboard.type(" watches")
    page.keyboard.press("ArrowLeft")
    held.go(0)
    visit.until("document.title.startsWith('“ring”')")
    assert visit.settled().products == ids(service.text("ring", k=24))
    assert field.input_value() == "ring watches"
    assert field.evaluate("e => [e === document.activeElement, e.selectionStart]") == [True, 11]
    page.unroute("**/v1/text")
    visit.press(visit.chip("rings"))
    assert visit.products == ids(service.text("ring", k=24, where="category=rings"))
    assert field.input_value() == "ring watches"
    field.press("Enter")
    visit.until("document.title.startsWith('“ring watches”')")
    page.go_back()
    visit.until("document.title.startsWith('“ring”')")
    assert field.input_value() == "ring"  # the visitor went there
    visit.press(page.locator("#home"))
    assert field.input_value() == ""


def test_a_filter_leaves_words_that_were_not_asked_yet(visit: Visit) -> None:
    page = visit.open("#product=P000").page
    field = page.get_by_role("searchbox")
    field.fill("gold ri")
    visit.chip("rings").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#active .chip")
    assert len(visit.settled().products) == 2
    assert field.input_value() == "gold ri"
    visit.press(visit.button("More like Ring No 4"))
    assert field.input_value() == "gold ri"


@pytest.mark.slow
def test_letters_being_put_together_are_left_alone(visit: Visit) -> None:
    page = visit.open("#words=ring").page
    held = Held(page, "**/v1/similar")
    field = page.get_by_role("searchbox")
    page.evaluate("location.hash = '#product=P000'")
    held.wait(1)
    field.focus()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    held.go(0)
    page.wait_for_selector("#query-body .asked-product")
    visit.settled()
    keyboard.send("Input.insertText", {"text": "日本"})
    assert field.input_value() == "日本"


@pytest.mark.slow
def test_the_last_of_two_quick_questions_counts(visit: Visit, service: SearchService) -> None:
    page = visit.open("#words=ring").page
    held = Held(page, "**/v1/batch")
    field = page.get_by_role("searchbox")
    for number, text in enumerate(("P004", "watches"), start=1):
        field.fill(text)
        field.press("Enter")
        held.wait(number)
    held.go(1)
    visit.until("location.hash === '#words=watches'")
    held.go(0)
    visit.until("document.title.startsWith('“watches”')")
    assert visit.settled().products == ids(service.text("watches", k=24))
    page.wait_for_timeout(100)
    assert page.url.endswith("#words=watches")


@pytest.mark.slow
def test_back_before_the_answer_came(visit: Visit, service: SearchService) -> None:
    page = visit.open("#words=ring").page
    held = Held(page, "**/v1/batch")
    field = page.get_by_role("searchbox")
    field.fill("P004")
    field.press("Enter")
    held.wait(1)
    page.go_back()
    visit.until("location.hash === '#words=ring'")
    held.go(0)
    page.wait_for_timeout(200)
    assert visit.settled().products == ids(service.text("ring", k=24))
    assert page.url.endswith("#words=ring")
    assert field.input_value() == "ring"


@pytest.mark.slow
def test_a_photo_that_is_read_slowly_does_not_take_the_place_of_words(visit: Visit, photo: Path) -> None:
    page = visit.open().page
    page.evaluate(
        """() => {
            const read = createImageBitmap;
            const wait = new Promise(done => { window.go = done; });
            window.createImageBitmap = async (...given) => { await wait; return read(...given); };
        }"""
    )
    page.set_input_files("#file", photo)
    page.wait_for_selector("#found:not([hidden])")
    assert page.title() == "Like your photo · Jewelry search"
    assert page.locator("#query-body").inner_text() == ""  # and not that this browser cannot show it
    page.get_by_role("searchbox").fill("watches")
    page.keyboard.press("Enter")
    visit.until("location.hash === '#words=watches'")
    page.evaluate("window.go()")
    page.wait_for_timeout(200)
    assert visit.settled().page.title().startswith("“watches”")
    page.go_back()
    page.wait_for_selector(".crop-frame")
    assert visit.settled().products[0] == "P003"


def test_text_wins_over_a_picture_in_a_text_field_and_nowhere_else(visit: Visit, photo: Path) -> None:
    page = visit.open().page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    data = base64.b64encode(photo.read_bytes()).decode()
    field = page.get_by_role("searchbox")
    page.evaluate(COPIED, ["P004 ring", data])
    field.focus()
    page.keyboard.press("Control+V")
    page.wait_for_timeout(100)
    assert field.input_value() == "P004 ring"
    assert page.locator("#start").is_visible()
    assert focused(page) == "words"
    page.locator("#choose").focus()
    page.keyboard.press("Control+V")  # outside a text field only the picture has a place
    page.wait_for_selector("[data-product]")
    assert visit.settled().products[0] == "P003"
    assert field.input_value() == "P004 ring"
    visit.open()
    page.evaluate(COPIED, ["", data])
    field.focus()
    page.keyboard.press("Control+V")  # a picture alone
    page.wait_for_selector("[data-product]")
    assert visit.settled().products[0] == "P003"
    assert field.input_value() == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("event", "target", "text", "image", "taken"),
    [
        ("paste", "#words", "Ring;12\nRing;13", True, False),
        ("paste", "#words", "ring.png", True, True),  # a copied file brings its name along
        ("paste", "#words", "/home/me/ring.png\n", True, True),
        ("paste", "#words", " \n", True, True),
        ("paste", "#words", "https://shop.example/ring.png", False, False),
        ("paste", "#key", "a-key", True, False),
        ("paste", "#diversity", "Ring;12", True, True),
        ("paste", "body", "Ring;12", True, True),
        ("paste", "body", "Ring;12", False, False),
        ("drop", "#words", "https://shop.example/ring", False, False),
        ("drop", "#words", "Ring;12", False, False),
        ("drop", "#words", "https://shop.example/ring.png", True, True),
        ("drop", "body", "https://shop.example/ring.png", True, True),
    ],
)
def test_which_of_text_and_picture_is_taken(
    visit: Visit, photo: Path, event: str, target: str, text: str, image: bool, taken: bool
) -> None:
    page = visit.open().page
    data = base64.b64encode(photo.read_bytes()).decode() if image else ""
    left_to_the_browser = page.evaluate(HANDED, [event, target, text, data, "ring.png"])
    assert left_to_the_browser is not taken
    if taken:
        page.wait_for_selector("[data-product]")
        assert visit.settled().products[0] == "P003"
    else:
        assert page.locator("#start").is_visible()
        assert not page.locator("#error").is_visible()


@pytest.mark.slow
def test_what_is_no_photo_leaves_the_answer_as_it_is(visit: Visit) -> None:
    page = visit.open("#words=ring").page
    before = visit.products
    page.set_input_files("#file", {"name": "prices.txt", "mimeType": "text/plain", "buffer": b"12"})
    assert page.get_by_role("alert").inner_text() == "prices.txt is not a photo; choose a JPEG, PNG or WebP file."
    assert visit.products == before
    assert page.locator("#summary").inner_text() == f"{len(before)} products, most of your words first"
    visit.press(visit.chip("rings"))
    assert not page.locator("#error").is_visible()
