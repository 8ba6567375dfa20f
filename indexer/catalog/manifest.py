"""Reads a catalog from a manifest: catalog.csv, one row per photo or photos joined with |."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from indexer.catalog.columns import check_name, infer_type, read_overrides
from indexer.catalog.photo_paths import LINK_OUT, Boundary
from indexer.catalog.products import Catalog, Product, ProductImage, Reject
from indexer.catalog.spreadsheet import Row, read_rows
from indexer.errors import CatalogError
from indexer.fields.types import LIST_SEPARATOR, FieldTable, FieldType, FieldValue, cast

REQUIRED = ("product_id", "image")
STRUCTURE = (*REQUIRED, "category")
"""Columns that say what belongs together; every other column is a field."""

_HOW_TO_WRITE = {
    FieldType.NUMBER: "write 1250.50: digits and a decimal point, no currency sign",
    FieldType.BOOLEAN: "write true or false",
    FieldType.DATE: "write 2026-01-31 or 2026-01-31T18:00:00+01:00",
}


def read(path: Path) -> Catalog:
    """Read a CSV manifest; image paths are relative to it. A bad row becomes a reject with its line number.

    Raises:
        CatalogError: no ``product_id`` or ``image`` column, a reserved or unusable column name, not UTF-8 or
            no CSV, or a catalog.toml that does not fit.
    """
    columns, rows = read_rows(path, REQUIRED)
    table = _field_table(path, columns, rows)
    assembly = _Assembly(path, table)
    for row in rows:
        assembly.add(row)
    products = tuple(draft.product(product_id) for product_id, draft in assembly.drafts.items())
    return Catalog(path.parent, products, table, tuple(assembly.rejects))


def _field_table(path: Path, columns: list[str], rows: list[Row]) -> FieldTable:
    names = [name for name in columns if name not in STRUCTURE]
    for name in names:
        check_name(name, path)
    overrides = read_overrides(path.parent)
    for name in overrides:
        if name not in names:
            why = "always text" if name in STRUCTURE else f"not a column of {path.name}"
            raise CatalogError(f"{path.parent / 'catalog.toml'}: field {name!r} is {why}; remove it")
    usable = [row.cells for row in rows if row.problem is None]
    return {name: overrides.get(name) or infer_type(name, (cells[name] for cells in usable)) for name in names}


@dataclass
class _Draft:
    """A product while its rows are still coming in."""

    category: str | None = None
    category_line: int = 0
    rows: list[tuple[list[tuple[str, Path]], dict[str, FieldValue]]] = field(default_factory=list)

    def product(self, product_id: str) -> Product:
        """The product; what a row leaves blank it inherits from the first row that has it."""
        inherited: dict[str, FieldValue] = {}
        for _, fields in self.rows:
            inherited = {**fields, **inherited}
        photos = [(key, photo, {**inherited, **fields}) for images, fields in self.rows for key, photo in images]
        images = tuple(ProductImage(key, photo, rank, fields) for rank, (key, photo, fields) in enumerate(photos))
        return Product(product_id, self.category, images)


class _Assembly:
    """Rows become products; what cannot be used becomes a reject and leaves no trace in the rest."""

    def __init__(self, path: Path, table: FieldTable) -> None:
        self.drafts: dict[str, _Draft] = {}
        self.rejects: list[Reject] = []
        self._name, self._root, self._table = path.name, path.parent, table
        self._boundary = Boundary(path.parent)
        self._owners: dict[str, str] = {}

    def add(self, row: Row) -> None:
        """Take one row: all of its photos, some of them, or none."""
        product_id, category = row.cells["product_id"], row.cells.get("category") or None
        draft = self.drafts.get(product_id, _Draft())
        try:
            if row.problem is not None:
                raise ValueError(row.problem)
            _check_structure(row, category)
            if category and draft.category and category != draft.category:
                earlier = f"{draft.category!r} of line {draft.category_line}"
                raise ValueError(f"category {category!r} disagrees with {earlier}; a product has one")
            fields = _fields(row, self._table)
        except ValueError as problem:
            self._reject(row, str(problem))
            return
        photos = self._photos(row)
        if not photos:
            return
        if draft.category is None:
            draft.category, draft.category_line = category, row.line
        draft.rows.append((photos, fields))
        self.drafts[product_id] = draft

    def _photos(self, row: Row) -> list[tuple[str, Path]]:
        """Keys and paths of the row's photos that can be used; the others are rejected one by one."""
        photos, product_id = [], row.cells["product_id"]
        for name in _parts(row.cells["image"]):
            try:
                key, photo = self._locate(name)
                if key in self._owners:
                    raise ValueError(
                        f"image {name!r} is already listed for product {self._owners[key]!r}; list it once"
                    )
            except ValueError as problem:
                self._reject(row, str(problem))
            else:
                self._owners[key] = product_id
                photos.append((key, photo))
        return photos

    def _locate(self, name: str) -> tuple[str, Path]:
        """An image's key and path. Only what lies inside the catalog is opened: a manifest may come from a stranger."""
        if "://" in name:
            raise ValueError(f"image {name!r} is a URL, which this version does not fetch; download it to the catalog")
        relative = PurePosixPath(name.replace("\\", "/"))
        if relative.is_absolute() or ".." in relative.parts or PureWindowsPath(name).drive:
            raise ValueError(f"image {name!r} is not a path inside the catalog; write it relative to {self._name}")
        photo = self._root / relative
        try:
            if not photo.is_file():
                raise ValueError(f"image {name!r} does not exist")
        except OSError as error:
            raise ValueError(f"image {name!r} cannot be read ({error.strerror or error})") from error
        if not self._boundary.contains(photo):
            raise ValueError(f"image {name!r} {LINK_OUT}")
        return relative.as_posix(), photo

    def _reject(self, row: Row, reason: str) -> None:
        self.rejects.append(Reject(f"{self._name}:{row.line}", reason, row.cells["product_id"] or None))


def _check_structure(row: Row, category: str | None) -> None:
    if not row.cells["product_id"]:
        raise ValueError("product_id is empty")
    if not _parts(row.cells["image"]):
        raise ValueError("image is empty")
    if category and LIST_SEPARATOR in category:
        raise ValueError(f"category {category!r} is a list; a product has one, put the others in a column of their own")


def _fields(row: Row, table: FieldTable) -> dict[str, FieldValue]:
    fields: dict[str, FieldValue] = {}
    for name, kind in table.items():
        if text := row.cells[name]:
            try:
                fields[name] = cast(text, kind)
            except ValueError:
                hint = f'{_HOW_TO_WRITE[kind]}, or set [fields] {name} = "keyword" in catalog.toml'
                raise ValueError(f"{name} {text!r} is not a {kind}; {hint}") from None
    return fields


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()]
