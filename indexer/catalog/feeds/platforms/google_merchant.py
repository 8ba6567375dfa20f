"""Google Merchant Center's product data: a line a product that can be bought, variants with one ``item_group_id``.

After *Product data specification* in the Merchant Center Help; as a table, as RSS 2.0, as Atom or as JSON, all with the
same attributes. Meta's catalogs have the same columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexer.catalog.feeds.feed import Translation
from indexer.catalog.feeds.money import Charged, charged, has_ended
from indexer.catalog.feeds.repeats import Repeats
from indexer.catalog.passed_over import Tally
from indexer.catalog.tables.table import Header, Line, Row, Table
from indexer.fields.types import LIST_SEPARATOR, FieldType

_AS_THEY_STAND = {
    "title": ("title",),
    "url": ("link",),
    "brand": ("brand",),
    "group_id": ("item_group_id",),
    "gtin": ("gtin",),
    "google_product_category": ("google_product_category",),
    "size": ("size", "sizes"),
    "gender": ("gender",),
    "age_group": ("age_group",),
    "pattern": ("pattern",),
    "condition": ("condition",),
    "in_stock": ("availability",),
}
_SEVERAL = ("color", "material")
"""Up to three of them stand in one cell, with ``/`` between."""
_IDS, _PICTURES = ("offer_id", "id"), ("image_link", "additional_image_link", "additional_image_links")
_TYPES = ("product_type", "product_types")
_UNSEEN = {
    "archived": "archived products",
    **dict.fromkeys(("hidden", "staging", "whitelist_only"), "hidden products"),
}
"""What Meta's catalogs say in ``status`` and ``visibility`` of products that nobody sees."""
_READ = ("status", "visibility", "price", "sale_price", "sale_price_effective_date", "currency", "expiration_date")
_JEWELRY = "Apparel & Accessories > Jewelry"
_TAXONOMY = {
    "188": _JEWELRY,
    **{"189": f"{_JEWELRY} > Anklets", "190": f"{_JEWELRY} > Body Jewelry", "191": f"{_JEWELRY} > Bracelets"},
    **{"192": f"{_JEWELRY} > Brooches & Lapel Pins", "193": f"{_JEWELRY} > Charms & Pendants"},
    **{"194": f"{_JEWELRY} > Earrings", "196": f"{_JEWELRY} > Necklaces"},
    **{"200": f"{_JEWELRY} > Rings", "201": f"{_JEWELRY} > Watches"},
}
"""Google's own categories may be given by number; these are those of jewelry."""
_NEXT_PICTURE = re.compile(r"\s*,\s*(?=[a-z][a-z0-9+.-]*://)|\|", re.IGNORECASE)
_NEXT_FILE = re.compile(r"[,|]")


class GoogleMerchant:
    """What shops send to Google Merchant Center."""

    name = "a Google Merchant Center feed"

    def fits(self, header: Header) -> bool:
        """Whether it has the attributes that every product must have, in any of the spellings."""
        return header.first(*_IDS) is not None and header.has("image_link") and bool(header.all("link", "price"))

    def translate(self, table: Table) -> Translation:
        """A product a line; of two with one id the last counts, as one that is sent again replaces the first."""
        columns = _Columns(table.header)
        left_out = Tally()
        rows = _rows(table, columns, left_out)
        types = dict.fromkeys((*_AS_THEY_STAND, *_SEVERAL), FieldType.KEYWORD)
        return Translation(columns.names, rows, columns.used, left_out, last=columns.last, types=types)


class _Columns:
    """Where the attributes stand."""

    def __init__(self, header: Header) -> None:
        self._read = {name: header.all(name) for name in _READ} | {"product_type": header.all(*_TYPES)}
        self.identifier = header.first(*_IDS) or 0
        self.plain = {name: p for name, names in _AS_THEY_STAND.items() if (p := header.first(*names)) is not None}
        self.several = {name: p for name in _SEVERAL if (p := header.first(name)) is not None}
        self.pictures = header.all(*_PICTURES)
        self.names = ("product_id", "image", "category", *self.plain, *self.several, "price", "list_price", "currency")
        self.used = {*header.all(*_IDS), *self.plain.values(), *self.several.values(), *self.pictures}
        self.used |= {position for positions in self._read.values() for position in positions}
        ends = len(header.names) - 1
        self.last = next((name for name, p in self.plain.items() if p == ends), None)

    def cell(self, line: Line, name: str) -> str:
        """An attribute; the first that is not blank, where it stands there more than once."""
        return next((cell for p in self._read[name] if (cell := line.cells[p])), "")


def _rows(table: Table, columns: _Columns, left_out: Tally) -> Iterator[Row]:
    repeats = Repeats(table, columns.identifier, left_out)
    for line in table.lines:
        if not repeats.counts(line):
            continue
        problem, costs = None, Charged()
        try:
            if (unseen := _unseen(table, columns, line)) is not None and not line.problem:
                left_out.add(unseen, f"{table.path.name}:{line.number}")
                continue
            costs = _costs(table, columns, line)
        except ValueError as wrong:
            problem = str(wrong)
        cells = {name: line.cells[p] for name, p in columns.plain.items()}
        cells |= {name: line.cells[p].replace("/", LIST_SEPARATOR) for name, p in columns.several.items()}
        if googles := cells.get("google_product_category", ""):
            cells["google_product_category"] = _TAXONOMY.get(googles, googles)
        cells["product_id"] = line.cells[columns.identifier]
        cells["image"] = LIST_SEPARATOR.join(name for p in columns.pictures for name in pictures_in(line.cells[p]))
        cells["category"] = _category(columns.cell(line, "product_type") or cells.get("google_product_category", ""))
        cells |= {"price": costs.price, "list_price": costs.list_price, "currency": costs.currency}
        yield line.row(cells, problem)


def _unseen(table: Table, columns: _Columns, line: Line) -> str | None:
    """As what a product is left out; None for one that people can see."""
    if has_ended(columns.cell(line, "expiration_date"), table.now):
        return "expired products"
    said = (columns.cell(line, name).casefold() for name in ("status", "visibility"))
    return next((_UNSEEN[word] for word in said if word in _UNSEEN), None)


def _costs(table: Table, columns: _Columns, line: Line) -> Charged:
    begins, _, ends = columns.cell(line, "sale_price_effective_date").partition("/")
    price, sale = columns.cell(line, "price"), columns.cell(line, "sale_price")
    costs = charged(price, sale, begins.strip(), ends.strip(), table.now)
    return costs if costs.currency else Charged(costs.price, costs.list_price, columns.cell(line, "currency"))


def _category(path: str) -> str:
    """The shop's own words, the first of several; ``Jewelry > Rings`` however its signs are spaced."""
    first = path.partition(LIST_SEPARATOR)[0]
    return " > ".join(part.strip() for part in first.split(">") if part.strip())


def pictures_in(cell: str) -> list[str]:
    """The pictures of a cell, which are separated by commas; addresses may have commas inside."""
    between = _NEXT_PICTURE if "://" in cell else _NEXT_FILE
    return [part.strip() for part in between.split(cell) if part.strip()]
