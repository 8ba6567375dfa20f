"""Magento's (Adobe Commerce's) product export: configurable products behind their variants, store views in own rows.

Columns as https://experienceleague.adobe.com/docs/commerce-admin/systems/data-transfer/data-attributes-product.html
describes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from indexer.catalog.cells.numbers import read_number
from indexer.catalog.feeds.feed import Translation
from indexer.catalog.feeds.platforms.export import NO_PICTURE, Export, joined, rejected
from indexer.catalog.feeds.platforms.magento_cells import DATES, OF_EVERY_PRODUCT, Paths, Pictures, own_columns, pairs
from indexer.catalog.feeds.platforms.own_fields import OwnFields, listed, one_category, plain, texts
from indexer.catalog.feeds.platforms.sales import Days, due
from indexer.catalog.feeds.repeats import REPLACED
from indexer.catalog.tables.table import Header, Line, Row, Table

_WORDS = (
    *("sku", "store_view_code", "product_type", "categories", "name", "product_online", "visibility"),
    *("price", "special_price", "special_price_from_date", "special_price_to_date", "base_image", "small_image"),
    *("thumbnail_image", "additional_images", "hide_from_product_page", "additional_attributes", "qty", "is_in_stock"),
    *("allow_backorders", "manage_stock", "use_config_manage_stock", "configurable_variations"),
)
_COLUMNS = (
    *("product_id", "image", "category", "group_id", "title", "brand", "price", "list_price", "in_stock", "categories"),
)
_HIDDEN = re.compile(r"\b(?:individu|einzeln|singol)")
"""In what a shop says, in its own language, of a product that is not visible individually."""
_SHOWN = re.compile(r"catalog|search|katalog|suche|catálogo|búsqueda|recherche|zoeken|ricerca")
_WORDS_ALONE = re.compile(r"[^\W\d_]+(?:[ ,]+[^\W\d_]+)*\Z")
_BRANDS = ("brand", "manufacturer")
_CHILD = re.compile(r"(?:^|[|,])sku=([^|,]+)")


class Magento:
    """A simple product is what can be bought; the configurable product whose variant it is, is its group."""

    name = "a Magento product export"

    def fits(self, header: Header) -> bool:
        """Whether it has SKUs, types, pictures and prices."""
        return header.has("sku", "product_type", "base_image", "price")

    def translate(self, table: Table) -> Translation:
        """One row for what can be bought, in its own line."""
        export = Export(table, {word: (word,) for word in _WORDS})
        reader = _Reader(export, table)
        rows = sorted(reader.rows(), key=lambda row: row.line)
        used, notes = {*export.used, *reader.own_columns}, [*export.unsaid("product_online"), *reader.notes()]
        by_program = table.separator in (",", None)
        types = texts(reader.columns)
        return Translation(reader.columns, rows, used, export.left_out, notes, types=types, by_program=by_program)


class _Reader:
    def __init__(self, export: Export, table: Table) -> None:
        self._export, self._of, self._today = export, export.of, table.now.date()
        self._products: dict[str, Line] = {}
        self._of_views: dict[str, Line] = {}
        self._odd: dict[str, Line] = {}
        for line in export.lines:
            try:
                self._sort(line)
            except ValueError as problem:
                export.reject(line, problem)
        self._parents, self._options = dict[str, str](), dict[str, dict[str, str]]()
        self._families()
        self._own = OwnFields(_COLUMNS, "attribute")
        self.own_columns = own_columns(export.header.names, _WORDS)
        self._said = {sku: self._attributes(line) for sku, line in self._products.items()}
        self.columns = (*_COLUMNS, *self._own.names)
        dates = [at for name in DATES for at in export.header.all(name)]
        self._days = Days(line.cells[at] for line in export.lines for at in dates)
        self._paths = Paths(self._of(line, "categories") for line in export.lines)
        self._pictures = Pictures(table.path.parent)

    def rows(self) -> Iterator[Row]:
        """All of them; broken ones at the end."""
        broken = [line for line, _ in self._export.rejects]
        lost = {sku for line in broken for cell in line.cells for sku in _CHILD.findall(cell)}
        for sku, line in self._products.items():
            try:
                if self._is_shown(sku, line, lost) and (row := self._row(sku, line)) is not None:
                    yield row
            except ValueError as problem:
                self._export.reject(line, problem)
        known = {*self._products, *(self._of(line, "sku") for line in broken)}
        for sku, line in self._of_views.items():
            if sku not in known:
                self._export.reject(line, f"{sku!r} has a row for a store view and none for all; export both")
        for line, reason in self._export.rejects:
            yield self._rejected(line, reason)

    def _sort(self, line: Line) -> None:
        """Know a product by its SKU; of two rows the later one counts, as in an import."""
        sku = self._of(line, "sku")
        if not sku:
            raise self._export.misplaced(line, "sku", "")
        self._export.one_of(line, "product_online", ("0", "1", "2"))
        if (text := self._of(line, "visibility")) and not _WORDS_ALONE.match(text):
            raise self._export.misplaced(line, "visibility", "'Catalog, Search' or the like")
        if text and not self._is_hidden(line) and not _SHOWN.search(text.casefold()):
            self._odd.setdefault(text, line)
        if self._of(line, "store_view_code"):
            self._export.leave_out("store-view rows", line)
            self._of_views.setdefault(sku, line)
            return
        if not self._of(line, "product_type"):
            raise self._export.misplaced(line, "product_type", "")
        if (earlier := self._products.get(sku)) is not None:
            self._export.leave_out(REPLACED, earlier)
        self._products[sku] = line

    def notes(self) -> list[str]:
        """What a person should know: words of whose meaning nothing is known."""
        return [
            f"visibility {text!r} in line {line.number} is not known; such products are read as visible"
            for text, line in self._odd.items()
        ]

    def _families(self) -> None:
        """Find the configurable product of each variant, and what it says of it: of several one that is shown."""
        found: dict[str, list[tuple[bool, str, dict[str, str]]]] = {}
        for sku, line in self._products.items():
            if self._of(line, "product_type").casefold() == "configurable":
                for text in self._of(line, "configurable_variations").split("|"):
                    options = pairs(text)
                    found.setdefault(options.get("sku", ""), []).append((not self._is_public(line), sku, options))
        for child, parents in found.items():
            _, self._parents[child], self._options[child] = min(parents, key=lambda parent: parent[:2])

    def _is_public(self, line: Line) -> bool:
        return self._is_on(line) and not self._is_hidden(line)

    def _is_hidden(self, line: Line) -> bool:
        return _HIDDEN.search(self._of(line, "visibility").casefold()) is not None

    def _is_on(self, line: Line) -> bool:
        return self._of(line, "product_online") in ("1", "")

    def _is_shown(self, sku: str, line: Line, lost: set[str]) -> bool:
        """Whether the shop sells it, by itself or as a variant; where not, it is counted.

        Raises:
            ValueError: nobody can say, as the row of its configurable product cannot be used.
        """
        kind = self._of(line, "product_type").casefold()
        parent = self._products.get(self._parents.get(sku, ""))
        if not self._is_on(line):
            self._export.leave_out("switched-off products", line)
        elif kind == "configurable":
            if self._is_hidden(line):
                self._export.leave_out("hidden products", line)
        elif kind == "grouped":
            self._export.leave_out("grouped products", line)
        elif self._is_public(line) or (parent is not None and self._is_public(parent)):
            return True
        elif sku in lost:
            raise ValueError(f"the row of the configurable product of {sku!r} cannot be used; export both anew")
        else:
            self._export.leave_out("hidden products", line)
        return False

    def _row(self, sku: str, line: Line) -> Row | None:
        group = self._parents.get(sku, "")
        parent = self._products.get(group)
        photos = self._photos(line) or (self._photos(parent) if parent else [])
        if not photos:
            self._export.leave_out(NO_PICTURE, line)
            return None
        own = self._said[sku]
        inherited = self._said[group] if parent else {}
        price, list_price = due(self._of(line, "price"), self._of(line, "special_price"), self._is_sale(line))
        paths = self._paths.read(self._of(line, "categories"))
        if not any(paths) and parent is not None:
            paths = self._paths.read(self._of(parent, "categories"))
        category, categories = one_category(paths)
        cells = {
            **dict.fromkeys(self.columns, ""),
            **inherited,
            **own,
            "product_id": sku,
            "image": joined(photos),
            "category": category,
            "group_id": plain(group),
            "title": self._of(line, "name") or (self._of(parent, "name") if parent else ""),
            "price": price,
            "list_price": list_price,
            "in_stock": self._in_stock(line, parent),
            "categories": categories,
        }
        return line.row(cells)

    def _is_sale(self, line: Line) -> bool:
        if not self._of(line, "special_price"):
            return False
        starts, ends = self._of(line, "special_price_from_date"), self._of(line, "special_price_to_date")
        try:
            return self._days.lasts(starts, ends, self._today)
        except ValueError as problem:
            raise ValueError(f"date of the special price {problem}") from None

    def _in_stock(self, line: Line, parent: Line | None) -> str:
        """How many there are where it is in stock; a variant that is not sold alone needs its parent in stock, too."""
        if parent is not None and not self._is_public(line) and self._of(parent, "is_in_stock") == "0":
            return "false"
        if self._of(line, "manage_stock") == "0" and self._of(line, "use_config_manage_stock") == "0":
            return "true"
        status, stock = self._of(line, "is_in_stock"), self._of(line, "qty")
        counted = read_number(stock)
        if status == "1" and counted is not None and (counted.value(None) or 0) > 0:
            return stock
        return status or stock

    def _photos(self, line: Line) -> list[str]:
        """The picture that stands for it, then the others, without those that its page does not show."""
        named = self._named(line, "base_image", "additional_images")
        hidden = self._named(line, "hide_from_product_page")
        return [name for name in named or self._named(line, "small_image", "thumbnail_image") if name not in hidden]

    def _named(self, line: Line, *words: str) -> list[str]:
        return list(dict.fromkeys(name for word in words for name in self._pictures.read(self._of(line, word))))

    def _attributes(self, line: Line) -> Mapping[str, str]:
        """What describes a product: its additional attributes, and what its configurable product says of it."""
        found: dict[str, str] = {}
        of_columns = {name: line.cells[at] for at, name in self.own_columns.items()}
        options = self._options.get(self._of(line, "sku"), {})
        for code, value in {**options, **of_columns, **pairs(self._of(line, "additional_attributes"))}.items():
            if code in OF_EVERY_PRODUCT:
                continue
            name = "brand" if code in _BRANDS else self._own.name(code)
            if name and value:
                found[name] = listed(value.split("|"))
        return found

    def _rejected(self, line: Line, reason: str | None) -> Row:
        """With its pictures and, where they are its configurable product's, with these."""
        texts = [part.strip() for cell in line.cells for part in re.split(r"[|,]", cell) if part.strip()]
        pictures = [name for text in texts if text.startswith("/") for name in self._pictures.read(text)]
        parent = self._products.get(self._parents.get(self._of(line, "sku"), ""))
        return rejected(line, self.columns, reason, "", [*pictures, *(self._photos(parent) if parent else [])])
