"""Magento's (Adobe Commerce's) product export: configurable products behind their variants, store views in own rows.

Columns as https://experienceleague.adobe.com/docs/commerce-admin/systems/data-transfer/data-attributes-product.html
describes them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from indexer.catalog.feeds.feed import Translation
from indexer.catalog.feeds.platforms.charged import Days, charged
from indexer.catalog.feeds.platforms.export import NO_PICTURE, Export, rejected
from indexer.catalog.feeds.platforms.own_fields import OwnFields, listed, one_category, plain
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
_DATES = (
    *("special_price_from_date", "special_price_to_date", "created_at", "updated_at", "new_from_date", "new_to_date"),
    *("custom_design_from", "custom_design_to"),
)
"""Columns of dates: all are written in one way."""
_ALONE = ("catalog, search", "catalog", "search")
_HIDDEN = "not visible individually"
_NO_IMAGE = "no_selection"
_MEDIA = ("pub/media/catalog/product", "media/catalog/product", "catalog/product")
"""Where pictures lie below the folder of a shop; an export names them from there on."""
_BRANDS = ("brand", "manufacturer")
_OF_THE_SYSTEM = frozenset(
    {"has_options", "required_options", "quantity_and_stock_status", "options_container", "image_label", "is_returnable"}
    | {"small_image_label", "thumbnail_label", "swatch_image", "gift_message_available", "gift_wrapping_available"}
    | {"shipment_type", "links_exist", "links_title", "links_purchased_separately", "samples_title", "tax_class_id"}
    | {"price_type", "price_view", "sku_type", "weight_type", "page_layout", "custom_layout", "custom_design"}
    | {"msrp", "msrp_display_actual_price_type", "category_ids", "url_path", "old_id", "cost", "price"}
)
"""Attributes that every product has beside those that describe it."""
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
        by_program = table.separator in (",", None)
        return Translation(reader.columns, rows, export.used, export.left_out, reader.notes, by_program=by_program)


class _Reader:
    def __init__(self, export: Export, table: Table) -> None:
        self._export, self._of, self._today = export, export.of, table.now.date()
        self._rejects, self.notes = list[tuple[Line, str]](), list[str]()
        self._products: dict[str, Line] = {}
        self._earlier: dict[str, Line] = {}
        self._of_views: dict[str, Line] = {}
        for line in export.lines:
            try:
                self._sort(line)
            except ValueError as problem:
                self._rejects.append((line, str(problem)))
        self._parents = self._families()
        self._own = OwnFields(_COLUMNS, "attribute")
        self._said = {sku: self._attributes(line) for sku, line in self._products.items()}
        self.columns = (*_COLUMNS, *self._own.names)
        dates = [at for name in _DATES for at in export.header.all(name)]
        self._days = Days(line.cells[at] for line in export.lines for at in dates)
        paths = [self._of(line, "categories") for line in export.lines]
        self._between = _between({text.split("/")[0].split(",")[0].strip() for text in paths if "/" in text})
        self._media = _media(table.path.parent)

    def rows(self) -> Iterator[Row]:
        """All of them; broken ones at the end."""
        lost = {sku for line in self._export.broken for cell in line.cells for sku in _CHILD.findall(cell)}
        for sku, line in self._products.items():
            try:
                if self._is_shown(sku, line, lost) and (row := self._row(sku, line)) is not None:
                    yield row
            except ValueError as problem:
                self._rejects.append((line, str(problem)))
        for line in self._export.broken:
            yield self._rejected(line, None)
        broken = {self._of(line, "sku") for line in self._export.broken}
        for sku, line in self._of_views.items():
            if sku not in self._products and sku not in broken:
                self._rejects.append((line, f"{sku!r} has a row for a store view and none for all; export both"))
        for line, reason in self._rejects:
            yield self._rejected(line, reason)

    def _sort(self, line: Line) -> None:
        """Know a product by its SKU; of two rows the later one counts, as in an import."""
        sku = self._of(line, "sku")
        if not sku:
            raise ValueError("sku is empty; the row is damaged, export it anew")
        self._export.one_of(line, "product_online", ("0", "1", "2"))
        self._export.one_of(line, "visibility", (*_ALONE, _HIDDEN))
        if self._of(line, "store_view_code"):
            self._export.leave_out("rows of store views", line)
            self._of_views.setdefault(sku, line)
            return
        if not self._of(line, "product_type"):
            raise ValueError("product_type is empty; the row is damaged, export it anew")
        if (earlier := self._products.get(sku)) is not None:
            where = f"{self._export.name}:{earlier.number}"
            self.notes.append(f"line {line.number} has {sku!r} again and counts, as in an import; {where} does not")
        self._products[sku] = line

    def _families(self) -> Mapping[str, str]:
        """By the SKU of a variant, that of its configurable product: of several one that is shown, then by name."""
        found: dict[str, list[tuple[bool, str]]] = {}
        for sku, line in self._products.items():
            if self._of(line, "product_type").casefold() == "configurable":
                for child in _CHILD.findall(self._of(line, "configurable_variations")):
                    found.setdefault(child.strip(), []).append((not self._is_public(line), sku))
        return {child: min(parents)[1] for child, parents in found.items()}

    def _is_public(self, line: Line) -> bool:
        return self._is_on(line) and self._of(line, "visibility").casefold() != _HIDDEN

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
            self._export.leave_out("products that are switched off", line)
        elif kind == "configurable":
            if self._of(line, "visibility").casefold() == _HIDDEN:
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
        price, list_price = charged(self._of(line, "price"), self._of(line, "special_price"), self._is_sale(line))
        paths = self._categories(line) or (self._categories(parent) if parent else [])
        category, categories = one_category(paths)
        cells = {
            **dict.fromkeys(self.columns, ""),
            **inherited,
            **own,
            "product_id": sku,
            "image": "|".join(photos),
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
        """Whether it can be bought: a variant that is not sold alone needs its configurable product, too."""
        if parent is not None and not self._is_public(line) and self._of(parent, "is_in_stock") == "0":
            return "false"
        if self._of(line, "manage_stock") == "0" and self._of(line, "use_config_manage_stock") == "0":
            return "true"
        status, stock = self._of(line, "is_in_stock"), self._of(line, "qty")
        if status:
            return {"1": "true", "0": "false"}.get(status, status)
        try:
            return "" if not stock else "true" if float(stock) > 0 else "false"
        except ValueError:
            return stock  # which is neither: the row is rejected for it

    def _photos(self, line: Line) -> list[str]:
        """The picture that stands for it, then the others, without those that its page does not show."""
        named = [*self._images(line, "base_image"), *self._images(line, "additional_images")]
        named = named or [*self._images(line, "small_image"), *self._images(line, "thumbnail_image")]
        hidden = set(self._images(line, "hide_from_product_page"))
        return [image for image in dict.fromkeys(named) if image not in hidden]

    def _images(self, line: Line, word: str) -> list[str]:
        """Those in a cell, as names below the folder of the export."""
        text = self._of(line, word)
        names = [name.strip() for name in text.split("|" if "|" in text else ",")]
        kept = [name for name in names if name and name != _NO_IMAGE]
        return [name if "://" in name else f"{self._media}{name.lstrip('/')}" for name in kept]

    def _categories(self, line: Line) -> list[list[str]]:
        """The paths in a cell, from below the root; a comma separates them only in front of a root."""
        text = self._of(line, "categories")
        paths = text.split("|") if "|" in text else self._between.split(text)
        ways = [re.split(r"(?<!\\)/", path) for path in paths]
        return [[part.replace("\\/", "/") for part in way[1:]] for way in ways]

    def _attributes(self, line: Line) -> Mapping[str, str]:
        """What describes a product: its additional attributes, and what its configurable product says of it."""
        found: dict[str, str] = {}
        parent = self._products.get(self._parents.get(self._of(line, "sku"), ""))
        variations = self._of(parent, "configurable_variations").split("|") if parent else []
        pairs = [_pairs(text) for text in variations]
        of_parent = next((one for one in pairs if one.get("sku") == self._of(line, "sku")), {})
        for code, value in {**of_parent, **_pairs(self._of(line, "additional_attributes"))}.items():
            if code in _OF_THE_SYSTEM or code == "sku":
                continue
            name = "brand" if code in _BRANDS else self._own.name(code)
            if name and value:
                found[name] = listed(value.split("|"))
        return found

    def _rejected(self, line: Line, reason: str | None) -> Row:
        """With its pictures and, where they are its configurable product's, with these."""
        texts = [part.strip() for cell in line.cells for part in re.split(r"[|,]", cell) if part.strip()]
        pictures = [f"{self._media}{text.lstrip('/')}" for text in texts if text.startswith("/")]
        parent = self._products.get(self._parents.get(self._of(line, "sku"), ""))
        return rejected(line, self.columns, reason, "", [*pictures, *(self._photos(parent) if parent else [])])


def _pairs(text: str) -> dict[str, str]:
    """``color=Black,size=XS`` with the commas that stand in values, quoted or not."""
    found: dict[str, str] = {}
    code = ""
    for part in text.split(","):
        match = re.match(r"\s*([A-Za-z][A-Za-z0-9_]*)=(.*)\Z", part, re.DOTALL)
        if match and not found.get(code, "").count('"') % 2:
            code = match[1]
            found[code] = match[2]
        elif code:
            found[code] += f",{part}"
    return {code: value.strip().strip('"').replace('""', '"').strip() for code, value in found.items()}


def _between(roots: Collection[str]) -> re.Pattern[str]:
    """What separates paths: a comma, where one of the roots begins behind it, as names may have commas."""
    names = "|".join(map(re.escape, sorted(roots, key=len, reverse=True)))
    return re.compile(rf",\s*(?=(?:{names})(?:/|,|\Z))" if names else ",")


def _media(folder: Path) -> str:
    """How names of pictures go on from the folder of the export; blank where they lie in it."""
    return next((f"{place}/" for place in _MEDIA if (folder / place).is_dir()), "")
