"""The page of an answer: complete, self-contained, escaped, written in whole or not at all."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from indexer.errors import UsageError
from searcher.answers.answer import Answer
from searcher.pages.contact_sheet import check_writable, render, write_contact_sheet
from searcher.service import SearchService
from tests.searcher.pages.page_text import Page
from tests.shops.indexes.built_index import Built, Photographed


@pytest.fixture(scope="module")
def answer(photographed: Photographed) -> Answer:
    return SearchService(photographed.index).similar("P000", k=11, where=["category!=nothing & <b>"])


def test_every_match_is_there_with_picture_score_and_payload(answer: Answer) -> None:
    page = Page(render(answer))
    for match in answer.matches:
        assert match.product_id in page.text
        assert f"{match.score:.3f}" in page.text
    assert "39 EUR" in page.text
    assert "19.50 EUR" in page.text
    assert "gold, silver" in page.text
    assert "category!=nothing & <b>" in page.text
    assert len(page.pictures()) == 2 + 11, "the query's two photos, and the best photo of each match"


def test_catalog_text_is_text(answer: Answer) -> None:
    source = render(answer)
    assert "alert(" in Page(source).text
    assert "script" not in [tag for tag, _ in Page(source).tags]
    assert "\x1b" not in source


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ('https://shop.example/ring?a=1&b="2"', True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("/relative", False),
    ],
)
def test_only_web_addresses_become_links(answer: Answer, url: str, linked: bool) -> None:
    first = answer.matches[0]
    changed = replace(answer, matches=(replace(first, payload={**first.payload, "url": url}),))
    links = [attrs["href"] for tag, attrs in Page(render(changed)).tags if tag == "a"]
    assert links == ([url] if linked else [])


def test_nothing_is_fetched(answer: Answer) -> None:
    source = render(answer)
    assert not re.search(r"https?://", source)
    assert "@import" not in source
    assert "url(" not in source
    assert not [tag for tag, _ in Page(source).tags if tag in ("script", "link", "iframe")]


def test_a_photo_query_is_shown(photographed: Photographed) -> None:
    photo = photographed.catalog / "P004" / "1.png"
    page = Page(render(SearchService(photographed.index).similar(image=photo, k=2)))
    assert len(page.pictures()) == 3
    assert "1.png" in page.text


def test_originals_stand_in_for_thumbnails_and_a_drawing_for_both(answer: Answer, tmp_path: Path) -> None:
    bare = replace(answer, matches=tuple(replace(match, thumbnail=None) for match in answer.matches))
    assert len(Page(render(bare)).pictures()) == 13
    lost = Page(render(replace(bare, catalog_root=tmp_path)))
    assert len(lost.pictures()) == 2
    assert len([tag for tag, _ in lost.tags if tag == "svg"]) == 11


def test_a_photo_outside_the_catalog_is_not_read(answer: Answer, tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "link.png").symlink_to(tmp_path / "secret.png")
    for key in ("../secret.png", str(tmp_path / "secret.png"), "link.png", "nul\0.png", "x" * 5000):
        outside = replace(answer.matches[0], thumbnail=None, photo=key)
        page = Page(render(replace(answer, matches=(outside,), catalog_root=tmp_path / "catalog")))
        assert len(page.pictures()) == 2


def test_no_match_says_so(built: Built) -> None:
    page = Page(render(SearchService(built.index).similar("P001", where="price>9000")))
    assert "No product passes price>9000." in page.text
    assert "0 products" in page.text


def test_an_existing_page_is_replaced_in_whole(answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "answer.html"
    path.write_text("old")
    write_contact_sheet(answer, path)
    assert path.read_text(encoding="utf-8") == render(answer)
    assert [p.name for p in tmp_path.iterdir()] == ["answer.html"]


def test_a_link_is_followed_and_kept(answer: Answer, tmp_path: Path) -> None:
    (tmp_path / "real.html").write_text("old")
    (tmp_path / "link.html").symlink_to(tmp_path / "real.html")
    write_contact_sheet(answer, tmp_path / "link.html")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, complaint in (
        (tmp_path, "is not a regular file"),
        (Path("/dev/null"), "is not a regular file"),
        (tmp_path / "none" / "answer.html", "there is no folder"),
        (tmp_path / "file" / "answer.html", "there is no folder"),
        (tmp_path / ("x" * 300), "cannot be the name of a page"),
        (tmp_path / "nul\0.html", "cannot be the name of a page"),
    ):
        with pytest.raises(UsageError, match=complaint):
            check_writable(path)
