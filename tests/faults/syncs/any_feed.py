"""Draws the bytes of a feed: mostly a table of some sense, of any platform, in any form and encoding, and then damaged.

In a test: ``from tests.faults.syncs.any_feed import feeds``.
"""

from __future__ import annotations

import gzip
import json
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import strategies as st

PHOTOS = ("a.jpg", "rings/b.jpg", "rings/ü.png", "c.webp")
OUT = ("../secret/key.jpg", "rings/../../secret/key.jpg", "out.jpg", "folder/key.jpg", "..\\secret\\key.jpg")
OWN = (
    "product_id",
    "image",
    "category",
    "Product ID",
    "image",
    "title",
    "price",
    "in_stock",
    "size",
    "photo",
    "ID",
    "",
)
PLATFORMS = (
    *(OWN, OWN),
    ("id", "title", "link", "image_link", "additional_image_link", "price", "sale_price", "availability", "brand"),
    ("id", "image_link", "price", "sale_price", "sale_price_effective_date", "item_group_id", "product_type"),
    ("Handle", "Title", "Body (HTML)", "Vendor", "Published", "Option1 Name", "Option1 Value", "Variant SKU"),
    ("Handle", "Title", "Variant SKU", "Variant Price", "Image Src", "Image Position", "Status", "Variant Image"),
    ("URL handle", "Title", "SKU", "Price", "Product image URL", "Image position", "Status"),
    ("ID", "Type", "SKU", "Name", "Published", "In stock?", "Regular price", "Categories", "Images", "Parent"),
    ("sku", "store_view_code", "product_type", "categories", "name", "price", "base_image", "additional_images"),
    ("sku", "product_type", "visibility", "base_image", "configurable_variations", "hide_from_product_page"),
    ("gs://shop/a.jpg", "image-1", "set", "P1", "apparel", "A ring", "colour=gold", ""),
)
CELLS = (
    *("", " ", "R1", "R1", "R2", "r\u0301ing", "rings", "pins", "gold|silver", "|", "||a", "true", "0", "1", "yes"),
    *("1.250,00", "1,250.00", "1 250", "€ 12", "12 USD", "420,-", "1e400", "-0", "nan", "٣", "\uff11\uff12", "1/2"),
    *("19.99 EUR", "0 EUR", "EUR 5", "in_stock", "out of stock", "preorder", "active", "draft", "simple", "variable"),
    *("2026-01-31", "2026-13-01", "0000-00-00", "31.01.2026", "9999-12-31T23:59:59Z", "2026-01-31T12:00:00+25:00"),
    *("2026-01-01T00:00+0100/2026-12-31T23:59+0100", "/", "2026-01-01/", "a > b > c", "a/b,c/d", "sku=R1,size=52"),
    *('"', '""', 'a "b" c', "a\nb", "a\r\nb", "a\0b", "\ufeff", "\u202e", "=1+1", "💍", "\ud7ff", "x" * 2000),
    *("ftp://shop.example/a.jpg", "file:///etc/passwd", "C:\\a.jpg", "a.jpg, b.jpg", "con", "." * 300),
)
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "utf-32")
FORMS = ("csv", "csv", "csv", "tsv", "txt", "jsonl", "xml", "csv.gz", "jsonl.gz", "xml.gz")

_cells = st.sampled_from((*CELLS, *PHOTOS, *PHOTOS, *OUT)) | st.text(max_size=8)
_nested: st.SearchStrategy[Any] = st.recursive(
    _cells | st.none() | st.booleans() | st.floats() | st.integers(-(10**20), 10**20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_cells, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def feeds(draw: st.DrawFn) -> tuple[str, bytes]:
    """How its name ends, and its bytes."""
    form = draw(st.sampled_from(FORMS))
    header = draw(st.sampled_from(PLATFORMS))
    columns = list(draw(st.permutations(header)))[: draw(st.integers(1, len(header)))]
    if draw(st.booleans()) and header is OWN:
        columns = ["product_id", "image", *dict.fromkeys(set(columns) - {"product_id", "image"})]
    elif draw(st.booleans()):
        columns = list(header)
    kind = form.partition(".")[0]
    cells = _nested if kind == "jsonl" else _cells
    few = max(0, len(columns) - 1)
    rows = draw(st.lists(st.lists(cells, min_size=few, max_size=len(columns) + 1), max_size=8))
    text = {"jsonl": _jsonl, "xml": _xml}.get(kind, _table)(draw, columns, rows)
    data = text.encode(draw(st.sampled_from(ENCODINGS)), "replace")
    if form.endswith(".gz"):
        data = gzip.compress(data, 1, mtime=0)
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 3)))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=3)) + data[at + draw(st.integers(0, 3)) :]
    return form, data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 9)) == 0 else data


def _table(draw: st.DrawFn, columns: list[str], rows: list[list[str]]) -> str:
    sign, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(("\n", "\r\n", "\r", "")))
    quote = draw(st.sampled_from(("", "all", "needed")))

    def cell(text: str) -> str:
        needs = quote == "all" or (quote == "needed" and any(c in text for c in f'{sign}"\r\n'))
        return '"' + text.replace('"', '""') + '"' if needs else text

    text = end.join(sign.join(map(cell, row)) for row in [columns, *rows])
    return draw(st.sampled_from(("", "", "sep=;\n", "\n\n"))) + text + draw(st.sampled_from(("", end)))


def _jsonl(draw: st.DrawFn, columns: list[str], rows: list[list[Any]]) -> str:
    return "\n".join(json.dumps(dict(zip(columns, row, strict=False))) for row in rows)


def _xml(draw: st.DrawFn, columns: list[str], rows: list[list[str]]) -> str:
    begins = draw(
        st.sampled_from(
            (
                "",
                '<?xml version="1.0"?>',
                '<?xml version="1.0" encoding="utf-16"?>',
                '<!DOCTYPE r [<!ENTITY e SYSTEM "../secret/key.jpg">]>',
                '<!DOCTYPE r SYSTEM "../secret/key.jpg">',
                '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
            )
        )
    )
    parts = [f"{begins}<rss xmlns:g='http://base.google.com/ns/1.0'><channel>"]
    for row in rows:
        parts.append("<item>")
        for column, cell in zip(columns, row, strict=False):
            name = column.replace(" ", "_") or "x"
            parts.append(f"<g:{name}>{cell if cell.startswith('&') else escape(cell)}</g:{name}>")
        parts.append(draw(st.sampled_from(("</item>", "</item>", "</item>", "&e;&b;</item>", ""))))
    return "".join(parts) + "</channel></rss>"
