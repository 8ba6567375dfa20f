"""Feeds as XML: nothing that a file declares is expanded or fetched, memory does not grow, and a cut is seen."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.reading import read_catalog
from indexer.catalog.tables.xml_feed import XmlItems
from indexer.errors import CatalogError
from tests.shops.catalogs.catalog_folders import photos, reasons, refused, touch

HEAD = '<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>\n'
ITEM = "<item><g:id>A</g:id><g:image_link>a.jpg</g:image_link><g:price>9 EUR</g:price></item>\n"
TAIL = "</channel></rss>\n"


def feed(root: Path, text: str | bytes) -> Path:
    touch(root, "a.jpg", "b.jpg")
    (root / "catalog.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x">]>',
    ],
)
def test_what_declares_entities_is_refused(tmp_path: Path, declared: str) -> None:
    text = f'<?xml version="1.0"?>\n{declared}\n<rss><channel>{ITEM.replace("A<", "&b;<")}{TAIL}'
    assert "catalog.xml:2: declares the entity" in refused(feed(tmp_path, text))


def test_a_document_type_is_not_fetched(tmp_path: Path) -> None:
    text = HEAD.replace("<rss", '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/feed.dtd">\n<rss') + ITEM + TAIL
    assert photos(read_catalog(feed(tmp_path, text))) == {"A": ["a.jpg"]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            HEAD + "<item><g:id>A</item>" + TAIL,
            "catalog.xml:3: not readable as XML (mismatched tag, column 16); export it anew",
        ),
        (HEAD + ITEM.replace("9 EUR", "9&nbsp;EUR") + TAIL, "catalog.xml:3: not readable as XML (undefined entity"),
        (HEAD + ITEM.replace("9 EUR", "9 & EUR") + TAIL, "export it anew; a sign & of a text is written &amp;"),
        (HEAD + TAIL, "catalog.xml: holds not one product; export it anew"),
        (HEAD + "<item><g:title>x</g:title></item>" + TAIL, "no column 'product_id'; it has title"),
    ],
)
def test_a_feed_that_is_broken_is_not_passed_over(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refused(feed(tmp_path, text))


def test_signs_that_nobody_sees_do_not_cost_the_feed(tmp_path: Path) -> None:
    catalog = read_catalog(
        feed(tmp_path, HEAD + ITEM.replace("<g:price>", "<title>Ring\x0b \x1foval</title><g:price>") + TAIL)
    )
    assert catalog.products[0].fields["title"] == "Ring oval"


def test_other_xml_beside_folders_is_no_manifest(tmp_path: Path) -> None:
    touch(tmp_path, "rings/r1.jpg")
    (tmp_path / "catalog.xml").write_text("<export><product id='A'/></export>")
    assert photos(read_catalog(tmp_path)) == {"r1": ["rings/r1.jpg"]}
    with pytest.raises(CatalogError, match="begins with <export> and is neither RSS"):
        read_catalog(tmp_path / "catalog.xml")


@pytest.mark.parametrize("text", [ITEM.encode("utf-16"), ITEM.encode("latin-1"), b"\xef\xbb\xbf" + ITEM.encode()])
def test_encodings(tmp_path: Path, text: bytes) -> None:
    if text.startswith(b"\xff\xfe"):
        whole = HEAD.replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16") + (ITEM + TAIL).encode("utf-16-le")
    elif text.startswith(b"\xef"):
        whole = b"\xef\xbb\xbf" + (HEAD + ITEM + TAIL).encode()
    else:
        item = ITEM.replace("<g:price>", "<title>Größe</title><g:price>")
        whole = (HEAD.replace("?>", ' encoding="ISO-8859-1"?>', 1) + item + TAIL).encode("latin-1")
    assert photos(read_catalog(feed(tmp_path, whole))) == {"A": ["a.jpg"]}


@given(st.integers(min_value=len(HEAD) + len(ITEM), max_value=len(HEAD + ITEM * 3 + TAIL) - 2))
def test_wherever_a_feed_is_cut_its_last_record_says_so(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "catalog.xml"
    path.write_text((HEAD + ITEM * 3 + TAIL)[:at])
    *_, last = XmlItems(path)
    assert last.is_cut
    assert last.problem == "the file ends within this product; send all of it"


def test_a_cut_feed_keeps_what_was_read_and_is_open(tmp_path: Path) -> None:
    catalog = read_catalog(feed(tmp_path, HEAD + ITEM + ITEM.replace("A<", "B<").replace("a.jpg", "b.jpg")[:60]))
    assert photos(catalog) == {"A": ["a.jpg"]}
    assert reasons(catalog) == {"catalog.xml:4": "the file ends within this product; send all of it"}
    assert catalog.open_end is not None


def test_the_reader_holds_one_product_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "catalog.xml"
    with path.open("w") as file:
        file.write(HEAD)
        for number in range(3_000):
            file.write(ITEM.replace("A<", f"A{number}<"))
        file.write(TAIL)
    tracemalloc.start()
    count = sum(1 for _ in XmlItems(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 3_000
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ("<g:title>" + "x" * 1_100_000 + "</g:title>", "has more than 1,000,000 characters; shorten it"),
        ("<d>" * 40 + "</d>" * 40, "holds more than 5,000 elements, or 32 in each other; it is no product"),
        ("<d/>" * 6_000, "holds more than 5,000 elements, or 32 in each other; it is no product"),
    ],
)
def test_a_product_without_end_is_a_reject_and_the_next_one_counts(tmp_path: Path, inside: str, problem: str) -> None:
    text = HEAD + f"<item><g:id>X</g:id>{inside}</item>\n" + ITEM + TAIL
    catalog = read_catalog(feed(tmp_path, text))
    assert photos(catalog) == {"A": ["a.jpg"]}
    assert reasons(catalog) == {"catalog.xml:3": problem}


def test_a_tag_without_end_is_refused(tmp_path: Path) -> None:
    text = HEAD + ITEM + "<!--" + "x" * 5_000_000
    assert "a tag of more than 2 MB; it is no feed" in refused(feed(tmp_path, text))
