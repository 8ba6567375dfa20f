"""Google Vision Product Search's CSV for bulk import: eight columns, one row a picture, mostly without a header.

Columns as https://cloud.google.com/vision/product-search/docs/csv-format describes them. What the first row of a
product says of it counts; of a later one only the picture does, and its set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from indexer.catalog.columns import NAMES
from indexer.catalog.feeds.feed import Translation
from indexer.catalog.feeds.platforms.export import Export, joined, rejected
from indexer.catalog.feeds.platforms.own_fields import OwnFields, listed, plain, texts
from indexer.catalog.tables.headers import canonical
from indexer.catalog.tables.table import Header, Line, Row, Table

_NAMES = (
    *("image-uri", "image-id", "product-set-id", "product-id"),
    *("product-category", "product-display-name", "labels", "bounding-poly"),
)
_REQUIRED = ("image-uri", "product-id", "product-category")
_SPELLINGS = {name: (name,) for name in _NAMES if name not in ("image-id", "bounding-poly")}
_COLUMNS = ("product_id", "image", "category", "title", "product_set", "labels")
_CATEGORIES = frozenset(
    {f"{kind}{version}" for kind in ("homegoods", "apparel", "toys") for version in ("", "-v2")}
    | {f"{kind}{version}" for kind in ("packagedgoods", "general") for version in ("", "-v1")}
)
"""What Google allows as a product's category: by them a file without a header is known."""


class Vision:
    """A product has a row for each of its pictures; its labels are fields."""

    name = "a Google Vision Product Search file"

    def fits(self, header: Header) -> bool:
        """Whether it has the columns without which no row can be imported."""
        return header.has(*_REQUIRED)

    def without_header(self, cells: Sequence[str]) -> Sequence[str] | None:
        """The eight names, where the first row is that of a picture."""
        if not len(_NAMES) - 3 <= len(cells) <= len(_NAMES):  # what is optional may be left away at the end
            return None
        is_one = cells[4].casefold() in _CATEGORIES or cells[0].startswith("gs://")
        return _NAMES if is_one and cells[0] and cells[3] else None

    def translate(self, table: Table) -> Translation:
        """One row a product, in the line of its first picture."""
        export = Export(table, _SPELLINGS)
        reader = _Reader(export)
        rows = sorted(reader.rows(), key=lambda row: row.line)
        types = texts(reader.columns)
        return Translation(reader.columns, rows, export.used, export.left_out, types=types, by_program=False)


class _Reader:
    def __init__(self, export: Export) -> None:
        self._export, self._of = export, export.of
        self._products: dict[str, list[Line]] = {}
        for line in export.lines:
            empty = [name for name in ("product-id", "image-uri") if not self._of(line, name)]
            if empty:
                export.reject(line, export.misplaced(line, empty[0], ""))
            else:
                self._products.setdefault(self._of(line, "product-id"), []).append(line)
        self._own = OwnFields(_COLUMNS, "label")
        self._said = {product: self._labels(lines) for product, lines in self._products.items()}
        self.columns = (*_COLUMNS, *self._own.names)

    def rows(self) -> Iterator[Row]:
        """All of them; broken ones at the end."""
        damaged = {cell: line.number for line, _ in reversed(self._export.rejects) for cell in line.cells}
        for product, lines in self._products.items():
            if (first := damaged.get(product, lines[0].number)) < lines[0].number:
                why = f"what is said of {product!r} stands in line {first}, which cannot be used; export it anew"
                self._export.reject(lines[0], why)
                continue
            category, labels, fields = self._said[product]
            cells = {
                **dict.fromkeys(self.columns, ""),
                **fields,
                "product_id": product,
                "image": joined(dict.fromkeys(self._of(line, "image-uri") for line in lines)),
                "category": category or plain(self._first(lines, "product-category")),
                "title": self._first(lines, "product-display-name"),
                "product_set": listed(self._of(line, "product-set-id") for line in lines),
                "labels": labels,
            }
            yield lines[0].row(cells)
        for line, reason in self._export.rejects:
            yield self._rejected(line, reason)

    def _first(self, lines: Sequence[Line], name: str) -> str:
        return next((text for line in lines if (text := self._of(line, name))), "")

    def _labels(self, lines: Sequence[Line]) -> tuple[str, str, Mapping[str, str]]:
        """The category, if a label is one, labels without a key, and the others as fields; a key may have several."""
        values: dict[str, list[str]] = {}
        for label in self._first(lines, "labels").split(","):
            key, equals, value = label.partition("=")
            if canonical(key, NAMES) == "category":
                name = "category"
            elif equals:
                name = self._own.name(key.strip())
            else:
                name, value = "labels", key
            if name:
                values.setdefault(name, []).append(value)
        category = (values.pop("category", None) or [""])[0]
        labels = listed(values.pop("labels", ()))
        return plain(category), labels, {name: listed(every) for name, every in values.items()}

    def _rejected(self, line: Line, reason: str | None) -> Row:
        lines = self._products.get(self._of(line, "product-id"), [])
        return rejected(line, self.columns, reason, "", [self._of(other, "image-uri") for other in lines])
