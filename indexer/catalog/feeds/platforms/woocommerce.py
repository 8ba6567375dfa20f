"""WooCommerce's product CSV: a variable product is a row, and each of its variations is one.

Columns as https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema describes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape

from indexer.catalog.cells.numbers import read_number
from indexer.catalog.feeds.feed import Translation
from indexer.catalog.feeds.platforms.export import NO, NO_PICTURE, YES, Export, joined, rejected
from indexer.catalog.feeds.platforms.own_fields import OwnFields, listed, one_category, plain, texts
from indexer.catalog.feeds.platforms.sales import Days, due
from indexer.catalog.feeds.platforms.woocommerce_names import NAMES, attributes
from indexer.catalog.tables.table import Header, Line, Row, Table

_COLUMNS = (
    *("product_id", "image", "category", "group_id", "title", "brand", "price", "list_price", "in_stock", "gtin"),
    *("url", "categories", "tags"),
)
_TRAITS = ("virtual", "downloadable")
"""What stands beside a type in its cell, and is none."""
_PARENTS, _CHILDREN = ("variable", "variable-subscription"), ("variation", "subscription_variation")
_STATES = {"-1": "drafts", "0": "private products"}
_NOT_THERE = ("backorder", "onbackorder", "outofstock")
_SEPARATOR = re.compile(r"(?<!\\),")


class WooCommerce:
    """A simple product and a variation are what can be bought; a variable product is the group of its variations."""

    name = "a WooCommerce product export"

    def fits(self, header: Header) -> bool:
        """Whether it has types, pictures and prices, and something to call a product by."""
        there = {word for word, names in NAMES.items() if header.first(*names) is not None}
        return there >= {"type", "images", "price"} and bool(there & {"sku", "id"})

    def translate(self, table: Table) -> Translation:
        """One row for what can be bought, in its own line."""
        export = Export(table, NAMES)
        reader = _Reader(export, table)
        rows = sorted(reader.rows(), key=lambda row: row.line)
        used = export.used | {at for pair in reader.attributes for at in pair}
        notes, types = export.unsaid("published"), texts(reader.columns)
        return Translation(reader.columns, rows, used, export.left_out, notes, types=types, by_program=False)


class _Reader:
    def __init__(self, export: Export, table: Table) -> None:
        self._export, self._of, self._today = export, export.of, table.now.date()
        self._days = Days()
        self._own = OwnFields([name for name in _COLUMNS if name != "brand" or export.has("brands")], "attribute")
        self.attributes = attributes(export.header)
        self._products, self._skus, self._ids = list[Line](), dict[str, Line](), dict[str, Line]()
        for line in export.lines:
            try:
                self._sort(line)
            except ValueError as problem:
                export.reject(line, problem)
        for name, _ in self.attributes:
            for line in self._products:
                self._own.name(line.cells[name])
        self.columns = (*_COLUMNS, *self._own.names)
        self._children: dict[int, list[Line]] = {}
        self._galleries: dict[int, tuple[list[str], set[str]]] = {}
        for line in self._products:
            if self._type(line) in _CHILDREN and (parent := self._named(self._of(line, "parent"))) is not None:
                self._children.setdefault(parent.number, []).append(line)

    def rows(self) -> Iterator[Row]:
        """All of them; broken ones at the end."""
        for line in self._products:
            try:
                parent = self._parent(line)
                if self._is_shown(line, parent) and (row := self._row(line, parent)) is not None:
                    yield row
            except ValueError as problem:
                self._export.reject(line, problem)
        for line, reason in self._export.rejects:
            yield self._rejected(line, reason)

    def _sort(self, line: Line) -> None:
        """Know a product by its SKU and its id; the first that has one keeps it, as in an import."""
        self._export.one_of(line, "published", ("-1", *YES, *NO))
        self._export.one_of(line, "visibility", ("visible", "catalog", "search", "hidden"))
        self._export.one_of(line, "in stock", ("instock", *_NOT_THERE, *YES, *NO))
        if not self._type(line):
            raise self._export.misplaced(line, "type", "a type")
        sku, number = self._of(line, "sku"), self._of(line, "id")
        if not sku and not number:
            raise ValueError("SKU and ID are empty; export at least one of them")
        for what, text, known in (("SKU", sku, self._skus), ("ID", number, self._ids)):
            if text and (earlier := known.setdefault(text, line)) is not line:
                raise ValueError(f"{what} {text!r} is that of line {earlier.number} already; a product has its own")
        self._products.append(line)

    def _type(self, line: Line) -> str:
        types = [part.strip().casefold() for part in self._of(line, "type").split(",")]
        return next((one for one in types if one not in _TRAITS), "simple" if any(types) else "")

    def _parent(self, line: Line) -> Line | None:
        """The variable product of a variation, by its SKU or as ``id:44``.

        Raises:
            ValueError: it is not in the file, so that nobody can say whether the shop shows it.
        """
        if self._type(line) not in _CHILDREN:
            return None
        text = self._of(line, "parent")
        if (parent := self._named(text)) is None:
            raise ValueError(f"its variable product {text!r} is not here or its row cannot be used; export both")
        return parent

    def _named(self, text: str) -> Line | None:
        known = self._ids if text.startswith("id:") else self._skus
        return known.get(text.removeprefix("id:").strip())

    def _is_shown(self, line: Line, parent: Line | None) -> bool:
        """Whether the shop sells it; where not, it is counted, a variable product once for all its variations."""
        if parent is not None and not self._is_public(parent):
            return False
        kind, why = self._type(line), ""
        if not self._is_public(line):
            why = self._state(line) or "hidden products"
        elif kind == "grouped":
            why = "grouped products"
        elif kind in _PARENTS and line.number not in self._children:
            why = "variable products without variations"
        if why:
            self._export.leave_out(why, line)
        return not why and kind not in _PARENTS

    def _is_public(self, line: Line) -> bool:
        return not self._state(line) and self._of(line, "visibility").casefold() != "hidden"

    def _state(self, line: Line) -> str:
        state = self._of(line, "published").casefold()
        return _STATES.get("0" if state in NO else state, "")

    def _row(self, line: Line, parent: Line | None) -> Row | None:
        photos = self._photos(line, parent)
        if not photos:
            self._export.leave_out(NO_PICTURE, line)
            return None
        said = [line] if parent is None else [line, parent]
        price, list_price = due(self._of(line, "price"), self._of(line, "sale price"), self._is_sale(line))
        paths = [path.split(">") for path in _words(self._either(said, "categories"))]
        category, categories = one_category(paths)
        cells = {
            **dict.fromkeys(self.columns, ""),
            **self._attributes(said),
            "product_id": self._id(line),
            "image": joined(photos),
            "category": category,
            "group_id": plain(self._id(parent)) if parent else "",
            "title": unescape(self._either(said, "name")),
            "price": price,
            "list_price": list_price,
            "in_stock": self._in_stock(said),
            "gtin": plain(self._of(line, "gtin")),
            "url": plain(self._of(line, "url")),
            "categories": categories,
            "tags": listed(_words(self._either(said, "tags"))),
        }
        if brands := listed(_words(self._either(said, "brands"))):
            cells["brand"] = brands
        return line.row(cells)

    def _is_sale(self, line: Line) -> bool:
        if not self._of(line, "sale price"):
            return False
        try:
            return self._days.lasts(self._of(line, "starts"), self._of(line, "ends"), self._today)
        except ValueError as problem:
            raise ValueError(f"date of the sale price {problem}") from None

    def _in_stock(self, said: Sequence[Line]) -> str:
        """How many there are where a product is in stock and is counted, otherwise what is said of it."""
        status, stock = self._either(said, "in stock").casefold(), self._of(said[0], "stock")
        if status in (*_NOT_THERE, *NO):
            return "false"
        counted = read_number(stock)
        if status and (counted is None or not counted.value(None)):  # ``parent``, or sold although there is none
            return "true"
        return stock

    def _id(self, line: Line) -> str:
        return self._of(line, "sku") or f"id:{self._of(line, 'id')}"

    def _photos(self, line: Line, parent: Line | None) -> list[str]:
        """Its own, and those of the gallery that are no other variation's own; one of its own replaces the first."""
        own = self._images(line)
        if parent is None:
            return own
        gallery, owned = self._galleries.get(parent.number) or self._gallery(parent)
        shared = [name for name in gallery[bool(own) :] if name not in owned]
        return list(dict.fromkeys([*own, *shared])) or gallery[:1]

    def _gallery(self, parent: Line) -> tuple[list[str], set[str]]:
        """The pictures of a variable product, and those that one of its variations has for itself."""
        owned = {name for line in self._children.get(parent.number, []) for name in self._images(line)}
        self._galleries[parent.number] = found = (self._images(parent), owned)
        return found

    def _images(self, line: Line) -> list[str]:
        return list(dict.fromkeys(_values(self._of(line, "images"))))

    def _either(self, said: Iterable[Line], word: str) -> str:
        """What a variation says, or its variable product."""
        return next((text for line in said if (text := self._of(line, word))), "")

    def _attributes(self, said: Sequence[Line]) -> Mapping[str, str]:
        """Those of the variable product, where the variation has none of its own."""
        found: dict[str, str] = {}
        for line in reversed(said):
            for name, value in self.attributes:
                if (own := self._own.name(line.cells[name])) and line.cells[value]:
                    found[own] = listed(_words(line.cells[value]))
        return found

    def _rejected(self, line: Line, reason: str | None) -> Row:
        """With its pictures and, where they are its variable product's, with these."""
        pictures = [name for cell in line.cells for name in _values(cell)]
        parent = self._named(self._of(line, "parent"))
        return rejected(line, self.columns, reason, "", [*pictures, *(self._images(parent) if parent else [])])


def _values(cell: str) -> list[str]:
    """The values in a cell: a comma separates them, one behind ``\\`` does not."""
    return [value for part in _SEPARATOR.split(cell) if (value := part.replace("\\,", ",").strip())]


def _words(cell: str) -> list[str]:
    """Values that people read: the database of a shop has ``&amp;`` in them."""
    return [unescape(value) for value in _values(cell)]
