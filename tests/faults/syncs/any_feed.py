"""Draws the bytes of a feed: mostly a table of some sense, of any platform, in any form and encoding, and then damaged.

In a test: ``from tests.faults.syncs.any_feed import any_feed``.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from typing import Any
from xml.sax.saxutils import escape

PHOTOS = ("a.jpg", "rings/b.jpg", "rings/ü.png", "c.webp")
OUT = ("../secret/key.jpg", "rings/../../secret/key.jpg", "out.jpg", "folder/key.jpg", "..\\secret\\key.jpg")
OWN = ("product_id", "image", "category", "title", "price", "in_stock", "size")
PLATFORMS = (
    *(OWN, OWN, ("Product ID", "image", "size", "image", "photo", "ID", "")),
    ("id", "title", "link", "image_link", "additional_image_link", "price", "sale_price", "availability", "brand"),
    ("id", "title", "link", "image_link", "price", "sale_price", "sale_price_effective_date", "item_group_id"),
    ("Handle", "Title", "Vendor", "Option1 Value", "Variant SKU", "Variant Price", "Image Src", "Image Position"),
    ("Handle", "Title", "Published", "Variant SKU", "Variant Price", "Image Src", "Status", "Variant Image"),
    ("URL handle", "Title", "SKU", "Price", "Product image URL", "Image position", "Status"),
    ("ID", "Type", "SKU", "Name", "Published", "In stock?", "Regular price", "Categories", "Images", "Parent"),
    ("sku", "store_view_code", "product_type", "categories", "name", "price", "base_image", "additional_images"),
    ("sku", "product_type", "visibility", "base_image", "price", "configurable_variations", "additional_images"),
    ("image-uri", "image-id", "product-set-id", "product-id", "product-category", "product-display-name", "labels"),
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
IMAGES = (*PHOTOS, *PHOTOS, *PHOTOS, *PHOTOS, "a.jpg|c.webp", "a.jpg, c.webp", "", *OUT)
IDS = ("product_id", "product id", "id", "sku", "variant sku", "handle", "url handle", "product-id", "item_group_id")
PLAIN = {
    "price": ("19.99 EUR", "5.00 EUR", "120"),
    "variant price": ("19.99", "5", ""),
    "regular price": ("19.99", "5", ""),
    "product_type": ("simple", "configurable", "Jewelry > Rings"),
    "product-category": ("apparel-v2", "apparel"),
    "visibility": ("Catalog, Search", "Not Visible Individually"),
    "sale_price": ("", "", "9.99 EUR"),
    "size": ("52", "54", ""),
    "in_stock": ("true", "false", ""),
    "category": ("rings", ""),
    "availability": ("in_stock", "out of stock", "preorder"),
    "status": ("active", "active", "draft"),
    "type": ("simple", "variable", "variation"),
}
"""What mostly stands in a column."""
FORMS = ("csv", "csv", "csv", "tsv", "txt", "jsonl", "xml", "csv.gz", "jsonl.gz", "xml.gz")

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BEGINNINGS = (
    *("", "", "", "", "", "", "", "", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>'),
    '<?xml version="1.0" encoding="utf-16"?>',
    '<!DOCTYPE r [<!ENTITY e SYSTEM "../secret/key.jpg">]>',
    '<!DOCTYPE r SYSTEM "../secret/key.jpg">',
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
)


def any_feed(number: int) -> tuple[str, bytes]:
    """How the name of the feed of this number ends, and its bytes: most can be read, in part at least."""
    return _Feed(random.Random(number)).draw()


class _Feed:
    """One feed while it is drawn. Not by strategies: hypothesis would look at the ends of every choice, all at once."""

    def __init__(self, drawn: random.Random) -> None:
        self._drawn, self._choice = drawn, drawn.choice

    def draw(self) -> tuple[str, bytes]:
        form = self._choice(FORMS)
        kind = form.partition(".")[0]
        columns = list(self._choice(PLATFORMS))
        if self._seldom(16):
            self._drawn.shuffle(columns)
            columns = columns[: self._drawn.randint(1, len(columns))]
        rows = [[self._cell(name, kind) for name in columns] for _ in range(self._drawn.randint(1, 7))]
        if self._seldom(6):
            rows[-1] = rows[-1][: self._drawn.randint(0, len(columns))] if self._seldom(2) else [*rows[-1], "more"]
        text = {"jsonl": self._jsonl, "xml": self._xml}.get(kind, self._table)(columns, rows)
        encoding = self._choice(("utf-8-sig", "utf-16", "utf-16-be", "cp1252")) if self._seldom(10) else "utf-8"
        data = text.encode(encoding, "replace")
        if form.endswith(".gz"):
            data = gzip.compress(data, 1, mtime=0)
        for _ in range(self._drawn.randint(1, 3) if self._seldom(8) else 0):
            at = self._drawn.randint(0, len(data))
            data = data[:at] + self._drawn.randbytes(self._drawn.randint(0, 3)) + data[at + self._drawn.randint(0, 3) :]
        return form, data[: self._drawn.randint(0, len(data))] if self._seldom(20) else data

    def _seldom(self, one_in: int) -> bool:
        return self._drawn.randrange(one_in) == 0

    def _cell(self, column: str, kind: str) -> Any:
        name = column.lower()
        if self._seldom(10):
            return self._text()
        if "image" in name and "position" not in name:
            return self._choice(IMAGES)
        if name in IDS:
            return self._choice(("R1", "R2", "R3", "R4"))
        if kind == "jsonl" and self._seldom(4):
            return self._nested(3)
        return self._choice(CELLS) if self._seldom(4) else self._choice(PLAIN.get(name, CELLS))

    def _text(self) -> str:
        signs = (
            self._drawn.randrange(*self._choice(((32, 127), (0, 32), (160, 0xD7FF), (0xE000, 0x11000)))) for _ in "123"
        )
        return "".join(map(chr, signs))

    def _nested(self, depth: int) -> Any:
        kind = self._drawn.randrange(6 if depth else 4)
        if kind == 4:
            return [self._nested(depth - 1) for _ in range(self._drawn.randint(0, 3))]
        if kind == 5:
            return {self._choice(CELLS): self._nested(depth - 1) for _ in range(self._drawn.randint(0, 2))}
        return self._choice((None, True, 0, -1.5, 1e400, 10**30, *CELLS))

    def _table(self, columns: list[str], rows: list[list[str]]) -> str:
        sign, end = self._choice(",,,,,,;\t|"), self._choice(("\n", "\n", "\r\n", "\r"))
        quote = self._choice((*["needed"] * 8, "all", ""))

        def cell(text: str) -> str:
            needs = quote == "all" or (quote == "needed" and any(c in text for c in f'{sign}"\r\n'))
            return '"' + text.replace('"', '""') + '"' if needs else text

        text = end.join(sign.join(map(cell, row)) for row in [columns, *rows])
        return self._choice((*[""] * 12, f"sep={sign}\n", "sep=;\n", "\n\n")) + text + self._choice((end, end, ""))

    def _jsonl(self, columns: list[str], rows: list[list[Any]]) -> str:
        return "\n".join(json.dumps(dict(zip(columns, row, strict=False))) for row in rows)

    def _xml(self, columns: list[str], rows: list[list[str]]) -> str:
        parts = [f"{self._choice(_BEGINNINGS)}<rss xmlns:g='http://base.google.com/ns/1.0'><channel>"]
        for row in rows:
            parts.append("<item>")
            for column, cell in zip(columns, row, strict=False):
                name = "".join(sign for sign in column if sign.isalnum() or sign == "_") or "x"
                parts.append(f"<g:{name}>{escape(_NOT_IN_XML.sub('?', cell))}</g:{name}>")
            parts.append("&e;&b;</item>" if self._seldom(20) else "</item>")
        return "".join(parts) + "</channel></rss>"
