"""Asking by photo, words and product; filters, refining, explanations, paging and the address of it all."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from searcher.answers.answer import Answer
from searcher.questions.example import Example
from searcher.service import SearchService
from tests.searcher.web.visiting import Visit
from tests.shops.indexes.built_index import HOSTILE

CARRIED = """([event, name, data, type]) => {
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type}));
    const options = {clipboardData: transfer, dataTransfer: transfer, bubbles: true, cancelable: true};
    const made = event === "paste" ? new ClipboardEvent(event, options) : new DragEvent(event, options);
    document.body.dispatchEvent(made);
}"""


def ids(answer: Answer) -> list[str]:
    return [match.product_id for match in answer.matches]


def test_a_photo_finds_its_product_first(visit: Visit, photo: Path, service: SearchService) -> None:
    visit.open().show(photo)
    assert visit.products == ids(service.similar(image=photo, k=24))
    assert visit.products[0] == "P003"
    assert visit.page.locator("h1:visible").inner_text() == "Like your photo"
    assert visit.page.locator("#status").inner_text() == "12 products: Like your photo"
    assert visit.page.title() == "Like your photo · Jewelry search"


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_dropped_and_pasted_photos_are_asked_with(
    visit: Visit, photo: Path, service: SearchService, event: str
) -> None:
    visit.open()
    data = base64.b64encode(photo.read_bytes()).decode()
    if event == "drop":
        visit.page.evaluate(CARRIED, ["dragenter", "a.png", data, "image/png"])
        assert visit.page.locator("#drop-veil").is_visible()
    visit.page.evaluate(CARRIED, [event, "a.png", data, "image/png"])
    visit.page.wait_for_selector("[data-product]")
    assert visit.settled().products == ids(service.similar(image=photo, k=24))
    assert not visit.page.locator("#drop-veil").is_visible()


def test_a_dropped_text_is_no_photo(visit: Visit) -> None:
    visit.open()
    visit.page.evaluate(CARRIED, ["drop", "words.txt", base64.b64encode(b"words").decode(), "text/plain"])
    assert visit.page.get_by_role("alert").inner_text() == "words.txt is not a photo; choose a JPEG, PNG or WebP file."


def test_the_box_drawn_is_the_part_searched(visit: Visit, photo: Path, service: SearchService) -> None:
    visit.open().show(photo)
    area = visit.page.locator(".crop-frame").bounding_box()
    assert area
    mouse = visit.page.mouse
    mouse.move(area["x"] + 0.25 * area["width"], area["y"] + 0.2 * area["height"])
    with visit.page.expect_response("**/similar/photo") as asked:
        mouse.down()
        mouse.move(area["x"] + 0.75 * area["width"], area["y"] + 0.9 * area["height"], steps=4)
        mouse.up()
    visit.settled()
    crop = asked.value.json()["query"]["crop"]
    assert crop == pytest.approx([0.25, 0.2, 0.75, 0.9], abs=0.02)
    assert visit.products == ids(service.similar(image=photo, crop=tuple(crop), k=24))
    visit.press(visit.button("Whole photo"))
    assert visit.products == ids(service.similar(image=photo, k=24))


def test_the_box_by_keyboard(visit: Visit, photo: Path) -> None:
    visit.open().show(photo)
    visit.button("Crop to a part").focus()
    keys = visit.page.keyboard
    with visit.page.expect_response("**/similar/photo"):
        keys.press("Enter")
    box = visit.page.get_by_role("application")
    assert box.evaluate("e => e === document.activeElement")
    with visit.page.expect_response("**/similar/photo") as asked:
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowLeft", "Control+Shift+ArrowUp"):
            keys.press(key)
    visit.settled()
    assert asked.value.json()["query"]["crop"] == pytest.approx([0.24, 0.22, 0.82, 0.72])
    assert box.get_attribute("aria-label") == "Part of the photo: from 24 % to 82 % across, from 22 % to 72 % down"
    for _ in range(60):
        keys.press("ArrowUp")
    assert box.get_attribute("aria-label") == "Part of the photo: from 24 % to 82 % across, from 0 % to 50 % down"
    with visit.page.expect_response("**/similar/photo") as asked:
        keys.press("Delete")
    visit.settled()
    assert "crop" not in asked.value.json()["query"]
    assert visit.button("Crop to a part").evaluate("e => e === document.activeElement")


def test_a_click_leads_on_and_the_back_button_back(visit: Visit, photo: Path, service: SearchService) -> None:
    by_photo = visit.open().show(photo).products
    title = visit.page.locator("[data-product] h2 a").nth(2)
    onward = by_photo[2]
    visit.press(title)
    assert visit.page.url == f"{visit.address}/#product={onward}"
    assert visit.products == ids(service.similar(onward, k=24))
    assert visit.page.evaluate("document.activeElement.id") == "results"
    visit.page.go_back()
    visit.page.wait_for_selector(".crop-frame")
    assert visit.settled().products == by_photo
    visit.page.go_back()
    visit.page.wait_for_selector("#start:not([hidden])")
    visit.page.go_forward()
    visit.page.wait_for_selector(".crop-frame")
    visit.page.reload()
    assert visit.settled().page.get_by_role("alert").inner_text().startswith("The photo was forgotten")


def test_filters_of_one_field_add_up_and_others_narrow(visit: Visit, service: SearchService) -> None:
    visit.open("#product=P000")
    assert visit.products == ids(service.similar("P000", k=24))
    visit.press(visit.chip("rings"))
    assert visit.products == ids(service.similar("P000", k=24, where="category=rings"))
    visit.press(visit.chip("watches"))
    either = service.similar("P000", k=24, where="category=rings|watches")
    assert visit.products == ids(either)
    visit.press(visit.chip("sold out"))
    assert visit.products == ids(service.similar("P000", k=24, where=["category=rings|watches", "in_stock=false"]))
    assert visit.chip("rings").get_attribute("aria-pressed") == "true"
    assert visit.page.evaluate("document.activeElement.textContent").startswith("sold out")
    linked = visit.products
    visit.page.reload()
    assert visit.settled().products == linked
    visit.press(visit.button("Remove the filter sold out"))
    assert visit.products == ids(either)
    visit.press(visit.button("Clear all filters"))
    assert visit.page.url == f"{visit.address}/#product=P000"


def test_a_price_range_replaces_another(visit: Visit) -> None:
    visit.open("#product=P000")
    ranges = visit.page.get_by_role("group", name="Price").get_by_role("button")
    assert ranges.first.inner_text().startswith("under €")
    assert " and more" in ranges.last.inner_text()
    visit.press(ranges.first)
    visit.press(ranges.last)
    assert ranges.first.get_attribute("aria-pressed") == "false"
    assert visit.page.locator("#active .chip").count() == 1
    count = int(ranges.last.locator(".count").inner_text())
    assert len(visit.products) == count < 11  # P000 itself, which is not an answer, costs nothing


def test_plus_and_minus_refine(visit: Visit, photo: Path, service: SearchService) -> None:
    visit.open().show(photo)
    visit.press(visit.button("More like Ring No 7"))
    assert visit.products == ids(service.recommend([Example(image=photo), "P007"], k=24))
    visit.press(visit.button("Less like Ring No 5"))
    assert visit.products == ids(service.recommend([Example(image=photo), "P007"], ["P005"], k=24))
    assert visit.page.locator("h1:visible").inner_text() == "Like your photo, to your taste"
    visit.press(visit.button("More like this: Ring No 7. Take it back"))
    assert visit.products == ids(service.recommend([Example(image=photo)], ["P005"], k=24))
    visit.press(visit.button("Less like this: Ring No 5. Take it back"))
    assert visit.products == ids(service.similar(image=photo, k=24))


def test_words_then_likes(visit: Visit, service: SearchService) -> None:
    visit.open()
    visit.page.get_by_role("searchbox").fill("ring watches")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("[data-product]")
    assert visit.settled().products == ids(service.text("ring watches", k=24))
    assert visit.page.get_by_role("button", name="Less like").count() == 0
    visit.press(visit.button("More like Ring No 7"))
    assert visit.products == ids(service.recommend(["P007"], k=24))
    assert visit.page.get_by_role("button", name="Less like").count() > 0
    assert visit.page.url.endswith("#like=P007")
    visit.press(visit.button("Less like Ring No 5"))
    visit.press(visit.button("More like this: Ring No 7. Take it back"))
    assert visit.products == ids(service.recommend([], ["P005"], strategy="best_score", k=24))


def test_a_product_number_is_understood_and_a_single_word_too(visit: Visit, service: SearchService) -> None:
    visit.open()
    box = visit.page.get_by_role("searchbox")
    box.fill("P004")
    with visit.page.expect_response("**/v1/similar"):
        box.press("Enter")
    assert visit.settled().products == ids(service.similar("P004", k=24))
    box.fill("watches")
    with visit.page.expect_response("**/v1/text"):
        box.press("Enter")
    assert visit.settled().products == ids(service.text("watches", k=24))


def test_words_that_nothing_has(visit: Visit) -> None:
    visit.open("#words=zeppelin")
    assert visit.page.locator(".empty-title").inner_text() == "Nothing fits."
    assert "'zeppelin'" in visit.page.locator("#notes").inner_text()
    assert visit.button("Choose a photo", "#empty").is_visible()


def test_filters_that_leave_nothing_can_be_loosened(visit: Visit, service: SearchService) -> None:
    where = ["category=rings", "price<-1"]
    visit.open("#product=P000&where=category%3Drings&where=price%3C-1")
    assert visit.products == []
    visit.press(visit.button("Show what comes close"))
    assert visit.products == ids(service.similar("P000", k=24, where=where, relax=["*"]))
    assert "some are shown without: price < -1, rings" in visit.page.locator("#notes").inner_text()
    assert visit.page.locator(".near-miss").first.inner_text() == "Close, but not: price < -1"
    visit.press(visit.button("Remove the filter price < -1"))
    assert visit.page.locator(".near-miss").first.inner_text() == "Close, but not: rings"


def test_style_wishes(visit: Visit, service: SearchService) -> None:
    visit.open("#product=P006")
    visit.press(visit.button("cheaper"))
    assert visit.products == ids(service.similar("P006", k=24, preset="cheaper"))
    assert visit.button("cheaper").get_attribute("aria-pressed") == "true"
    visit.press(visit.button("cheaper"))
    with visit.page.expect_response("**/v1/similar"):
        visit.page.get_by_role("slider", name="Variety").fill("0.8")
    assert visit.settled().products == ids(service.similar("P006", k=24, diversity=0.8))
    assert "diversity=0.8" in visit.page.url


def test_colours_of_what_is_asked_with(visit: Visit, service: SearchService) -> None:
    visit.open("#product=P006")
    with visit.page.expect_response("**/v1/similar"):
        visit.page.get_by_role("slider", name="Colours").fill("0.9")
    wanted = ids(service.similar("P006", k=24, colour=0.9))
    assert visit.settled().products == wanted != ids(service.similar("P006", k=24))
    assert "colour=0.9" in visit.page.url
    visit.press(visit.page.locator("[data-product]").first.get_by_role("button", name="Why"))
    assert re.search(
        r"colours are alike by \S+, which is 90\s%\s?of its score", visit.page.locator("#why").inner_text()
    )


def test_words_have_no_colours(visit: Visit) -> None:
    visit.open("#words=ring&colour=0.9")
    assert visit.settled().products
    assert not visit.page.get_by_role("slider", name="Colours").is_visible()


def test_show_more_until_all_are_shown(visit: Visit, service: SearchService) -> None:
    visit.open("#product=P000&k=4")
    more = visit.button("Show more")
    visit.press(more)
    visit.page.locator("[data-product]").nth(7).wait_for()
    assert len(visit.products) == 8
    assert visit.page.evaluate("document.activeElement.closest('[data-product]').dataset.product") == visit.products[4]
    visit.press(more)
    visit.page.locator("[data-product]").nth(10).wait_for()
    assert visit.products == ids(service.similar("P000", k=24))
    assert not more.is_visible()


def test_why_it_is_here(visit: Visit, photo: Path, service: SearchService) -> None:
    visit.open().show(photo)
    why = service.similar(image=photo, k=24, explain=True).matches[1].explanation
    assert why
    assert why.cosine is not None
    button = visit.page.locator(".why-button").nth(1)
    visit.press(button)
    dialog = visit.page.get_by_role("dialog")
    text = dialog.inner_text()
    assert f"alike by {int(why.cosine * 1000) / 1000:.3f}" in text
    assert "of the catalog's photos" in text
    assert dialog.get_by_role("img").count() == 2
    assert dialog.get_by_role("button", name="Close").evaluate("e => e === document.activeElement")
    visit.page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert button.evaluate("e => e === document.activeElement")


def test_why_says_filters_and_words(visit: Visit) -> None:
    visit.open("#words=ring&where=category%3Drings&where=in_stock%3Dtrue")
    visit.press(visit.page.locator(".why-button").first)
    text = visit.page.get_by_role("dialog").inner_text()
    assert "It has the word “ring”." in text
    assert "It meets your filters: rings, in stock." in text


def test_keyboard_alone_is_enough(visit: Visit, service: SearchService) -> None:
    visit.open()
    keys = visit.page.keyboard
    keys.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Skip to the results"
    keys.press("Tab")
    keys.press("Tab")
    assert visit.page.evaluate("document.activeElement.id") == "words"
    keys.type("ring")
    keys.press("Enter")
    visit.page.wait_for_selector("[data-product]")
    visit.settled()
    first = visit.products[0]
    for _ in range(80):
        keys.press("Tab")
        if visit.page.evaluate("document.activeElement.matches('[data-product] a')"):
            break
    keys.press("Tab")
    with visit.page.expect_response("**/v1/recommend"):
        keys.press("Enter")  # on its plus
    assert visit.settled().products == ids(service.recommend([first], k=24))
    assert visit.page.evaluate("document.activeElement.id") == "results"  # the card with the focus is gone


def test_hostile_titles_are_text(visit: Visit) -> None:
    visit.open("#product=P011")
    assert '<script>alert("x")</script>' in visit.page.locator("#query-body").inner_text()
    assert "\x1b" not in visit.page.content()
    visit.open("#product=P010")
    card = visit.page.locator("[data-product=P011]")
    assert '<script>alert("x")</script>' in card.inner_text()
    assert card.get_by_role("img", name="no picture").count() == 1
    visit.press(card.get_by_role("button", name="More like"))
    assert '<script>alert("x")</script>' in visit.page.locator("#taste").inner_text()
    assert visit.page.locator("main script, dialog script").count() == 0
    assert "<script>" in HOSTILE


@pytest.mark.parametrize("state", ["", "#product=P000", "#words=ring&where=category%3Drings", "#words=zeppelin"])
def test_no_sideways_scrolling_on_a_phone(visit: Visit, state: str) -> None:
    visit.page.set_viewport_size({"width": 360, "height": 740})
    visit.open(state)
    if state == "#product=P000":
        visit.press(visit.button("Filters and style"))
        assert visit.chip("rings").is_visible()
        visit.press(visit.page.locator(".why-button").first)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 360
