"""Shopify's product CSV: a handle has rows for its variants and rows for its pictures, in one another's lines.

Columns as https://help.shopify.com/en/manual/products/import-export/using-csv describes them, and as they were called
before 2025 (``Handle``, ``Image Src``, ``Variant Price``). What belongs to the handle stands in its first row alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from indexer.catalog.feeds.feed import Translation
from indexer.catalog.feeds.platforms.export import NO, NO_PICTURE, YES, Export, joined, rejected
from indexer.catalog.feeds.platforms.own_fields import OwnFields, listed, one_category, plain, texts
from indexer.catalog.feeds.platforms.sales import crossed_out
from indexer.catalog.tables.table import Header, Line, Row, Table

_SPELLINGS = {
    "handle": ("URL handle", "Handle"),
    "title": ("Title",),
    "vendor": ("Vendor",),
    "taxonomy": ("Product category", "Standardized Product Type", "Standard Product Type"),
    "type": ("Type", "Custom Product Type"),
    "tags": ("Tags",),
    "published": ("Published on online store", "Published"),
    "status": ("Status",),
    "sku": ("SKU", "Variant SKU"),
    "barcode": ("Barcode", "Barcodes", "Variant Barcode"),
    "price": ("Price", "Variant Price"),
    "before": ("Compare-at price", "Variant Compare At Price"),
    "tracker": ("Inventory tracker", "Variant Inventory Tracker"),
    "stock": ("Inventory quantity", "Variant Inventory Qty"),
    "policy": ("Continue selling when out of stock", "Variant Inventory Policy"),
    "image": ("Product image URL", "Image Src"),
    "position": ("Image position",),
    "own image": ("Variant image URL", "Variant Image"),
    **{f"name {n}": (f"Option{n} name",) for n in (1, 2, 3)},
    **{f"value {n}": (f"Option{n} value",) for n in (1, 2, 3)},
}
_OPTIONS = (1, 2, 3)
_ONLY = "Default Title"
"""The value of the only option of a product that has none."""
_METAFIELD = re.compile(r".*\(product\.metafields\.[^.]+\.(?P<key>.+)\)\Z")
_BY_MATRIXIFY = re.compile(r"(?P<of>Variant )?Metafield: [^.]+\.(?P<key>[^\[]+?)(?: *\[(?P<type>.*)\])?\Z")
"""As the exporter that many shops use writes them, with their type."""
_NO_FIELD = re.compile(r"_reference|json|rich_text_field")
"""Types of metafields that hold a number of something else, or a text with marks."""
_COLUMNS = (
    *("product_id", "image", "category", "group_id", "title", "brand", "price", "list_price", "in_stock", "gtin"),
    *("tags", "product_category"),
)
_HIDDEN = {"draft": "drafts", "archived": "archived products", "unlisted": "unlisted products"}


class Shopify:
    """A variant is what can be bought; its handle is its group."""

    name = "a Shopify product export"

    def fits(self, header: Header) -> bool:
        """Whether it has handles, pictures and prices in one of the spellings."""
        return all(header.first(*_SPELLINGS[word]) is not None for word in ("handle", "image", "price"))

    def translate(self, table: Table) -> Translation:
        """One row a variant, in the line in which its price stands."""
        export = Export(table, _SPELLINGS)
        reader = _Reader(export)
        rows = sorted(reader.rows(), key=lambda row: row.line)
        return Translation(
            reader.columns,
            rows,
            export.used | set(reader.metafields),
            export.left_out,
            [*reader.notes, *export.unsaid("status", "published")],
            types=texts(reader.columns),
            by_program=table.separator in (",", None),
        )


@dataclass(slots=True)
class _Handle:
    """The lines of a handle."""

    lines: list[Line] = field(default_factory=list)
    first: Line | None = None
    """The one with the title, and with what else is said of all its variants."""
    variants: dict[tuple[str, ...], Line] = field(default_factory=dict)
    """By the values of their options."""
    pictures: list[tuple[float, str]] = field(default_factory=list)
    """By their position."""
    shared: list[str] | None = None
    """Those that are no variant's own, in their order, once they are sorted."""
    cover: list[str] = field(default_factory=list)
    """The first of all, for variants that would have none."""
    said: dict[str, str] | None = None
    """What its first row says of all its variants, once it is read."""


class _Reader:
    def __init__(self, export: Export) -> None:
        self._export, self._of = export, export.of
        self._handles: dict[str, _Handle] = {}
        self._own = OwnFields(_COLUMNS, "option")
        self._of_handles, self._of_variants = self._metafields(export.header.names)
        self.metafields = {**self._of_handles, **self._of_variants}
        for line in export.lines:
            try:
                self._sort(line)
            except ValueError as problem:
                export.reject(line, problem)
        names = [name for handle in self._handles.values() for name in self._names(handle) if name]
        self._fields = {name: self._own.name(name) for name in names}
        self.columns = (*_COLUMNS, *self._own.names)
        self.notes: list[str] = []

    def rows(self) -> Iterator[Row]:
        """All of them, by handle; broken ones at the end."""
        shown = [(handle, *one) for handle in self._handles for one in self._shown(handle)]
        ids = self._ids([(handle, options, line) for handle, options, line in shown])
        for (handle, options, line), product_id in zip(shown, ids, strict=True):
            photos = self._photos(self._handles[handle], line)
            if photos:
                yield line.row(self._cells(handle, options, line, product_id, photos))
            else:
                self._export.leave_out(NO_PICTURE, line)
        for line, reason in self._export.rejects:
            yield self._rejected(line, reason)

    def _sort(self, line: Line) -> None:
        """Put a line where it belongs; it may hold a variant, a picture, or both, which need not belong together."""
        handle, options = self._of(line, "handle"), tuple(self._of(line, f"value {n}") for n in _OPTIONS)
        if not handle:
            raise self._export.misplaced(line, "handle", "")
        self._export.one_of(line, "status", ("active", *_HIDDEN))
        self._export.one_of(line, "published", (*YES, *NO))
        position = self._of(line, "position")
        if position and not position.isdecimal():
            raise self._export.misplaced(line, "position", "a number")
        found = self._handles.setdefault(handle, _Handle())
        if self._of(line, "image"):
            found.pictures.append((float(position or "inf"), self._of(line, "image")))
        found.lines.append(line)
        if self._of(line, "title"):
            found.first = found.first or line
        if not any(options) and not self._of(line, "sku") and not self._of(line, "price"):
            return
        earlier = found.variants.setdefault(options, line)
        if earlier is not line:
            what = " / ".join(filter(None, options)) or handle
            raise ValueError(f"{what!r} of {handle!r} stands in line {earlier.number} already; Shopify has one of each")

    def _shown(self, handle: str) -> list[tuple[tuple[str, ...], Line]]:
        """The variants of a handle that the shop shows."""
        found = self._handles[handle]
        if found.first is None:
            for line in found.variants.values() or found.lines[:1]:
                reason = f"no row of {handle!r} has a title and says whether it is published; export all its rows"
                self._export.reject(line, reason)
            return []
        status = self._of(found.first, "status").casefold()
        if status in _HIDDEN:
            self._export.leave_out(_HIDDEN[status], found.first)
        elif self._of(found.first, "published").casefold() in NO:
            self._export.leave_out("unpublished products", found.first)
        else:
            return list(found.variants.items()) or [(("",) * len(_OPTIONS), found.first)]
        return []

    def _ids(self, shown: Sequence[tuple[str, tuple[str, ...], Line]]) -> list[str]:
        """The SKU of each variant; where it has none or shares it, its handle and options, which Shopify goes by."""
        skus = [self._of(line, "sku").removeprefix("'") for _, _, line in shown]
        count, handles = Counter(skus), Counter(handle for handle, _, _ in shown)
        names = []
        for (handle, options, _), sku in zip(shown, skus, strict=True):
            chosen = [value for value in options if value and value != _ONLY]
            own = "/".join([handle, *chosen]) if handles[handle] > 1 or handle in count else handle
            names.append(sku if sku and count[sku] == 1 else own if own not in count else f"{own}/{_ONLY}")
        if shared := [(sku, name) for sku, name in zip(skus, names, strict=True) if sku and count[sku] > 1]:
            (sku, name), variants = shared[0], len(shared)
            what = f"{variants} variants have the SKU of another one, as {sku!r}"
            self.notes.append(f"{what}; they are called by handle and options, as {name!r}")
        return names

    def _photos(self, handle: _Handle, line: Line) -> list[str]:
        """A variant's own picture, and those of its handle that are no other variant's own."""
        if handle.shared is None:
            owned = {self._of(variant, "own image") for variant in handle.variants.values()}
            every = [picture for _, picture in sorted(handle.pictures, key=lambda one: one[0])]
            handle.shared, handle.cover = [picture for picture in every if picture not in owned], every[:1]
        own = self._of(line, "own image")
        return list(dict.fromkeys([*([own] if own else []), *handle.shared])) or handle.cover

    def _cells(
        self, handle: str, options: tuple[str, ...], line: Line, product_id: str, photos: Sequence[str]
    ) -> dict[str, str]:
        found = self._handles[handle]
        found.said = found.said or self._of_all(found.first or line)
        price = self._of(line, "price")
        cells = {
            **found.said,
            "product_id": product_id,
            "image": joined(photos),
            "group_id": plain(handle) if any(value != _ONLY for value in filter(None, options)) else "",
            "price": price,
            "list_price": crossed_out(price, self._of(line, "before")),
            "in_stock": self._in_stock(line),
            "gtin": plain(self._of(line, "barcode").removeprefix("'")),
        }
        for name, value in zip(self._names(found), options, strict=True):
            if name and value:
                cells[self._fields[name]] = plain(value)
        return cells | {name: _values(line.cells[at]) for at, name in self._of_variants.items()}

    def _of_all(self, first: Line) -> dict[str, str]:
        """What the first row of a handle says of all its variants."""
        taxonomy, _ = one_category([self._of(first, "taxonomy").split(">")])
        return {
            **dict.fromkeys(self.columns, ""),
            "category": plain(self._of(first, "type")) or taxonomy,
            "title": self._of(first, "title"),
            "brand": plain(self._of(first, "vendor")),
            "tags": listed(self._of(first, "tags").split(",")),
            "product_category": taxonomy,
            **{name: _values(first.cells[position]) for position, name in self._of_handles.items()},
        }

    def _metafields(self, names: Sequence[str]) -> tuple[dict[int, str], dict[int, str]]:
        """The columns of those of products and of variants, with the names of their fields."""
        of_handles: dict[int, str] = {}
        of_variants: dict[int, str] = {}
        for at, name in enumerate(names):
            if match := _METAFIELD.match(name):
                of_handles[at] = self._own.name(match["key"])
            elif (match := _BY_MATRIXIFY.match(name)) and not _NO_FIELD.search(match["type"] or ""):
                (of_variants if match["of"] else of_handles)[at] = self._own.name(match["key"])
        return of_handles, of_variants

    def _in_stock(self, line: Line) -> str:
        """``true``, or how many there are; blank where a shop with several locations does not say that."""
        if self._export.has("tracker") and not self._of(line, "tracker"):
            return "true"
        if self._of(line, "policy").casefold() in ("continue", *YES):
            return "true"
        return self._of(line, "stock")

    def _names(self, handle: _Handle) -> list[str]:
        """What its options are called, which stands in its first row; blank for those that it has not."""
        lines = [handle.first] if handle.first else []
        names = [next((text for line in lines if (text := self._of(line, f"name {n}"))), "") for n in _OPTIONS]
        return ["" if name == "Title" else name for name in names]

    def _rejected(self, line: Line, reason: str | None) -> Row:
        """With all the pictures of its handle: any of them may be one of a product that this line would be."""
        found = self._handles.get(self._of(line, "handle"), _Handle())
        own = [self._of(other, "own image") for other in found.variants.values()]
        pictures = [*(picture for _, picture in found.pictures), *filter(None, own)]
        return rejected(line, self.columns, reason, "", list(dict.fromkeys(pictures)))


def _values(cell: str) -> str:
    """Of a metafield: one, or a list as Shopify (``gold; pearl``) or an exporter (``["gold", "pearl"]``) writes it."""
    with suppress(ValueError):
        if isinstance(found := json.loads(cell), list):
            return listed(map(str, found))
    return listed(cell.split(";"))
