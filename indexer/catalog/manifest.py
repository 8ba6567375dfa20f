"""Reads a catalog from a manifest: catalog.csv, one row per photo or photos joined with |."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from indexer.catalog.catalog_toml import read_settings
from indexer.catalog.columns import NAMES, REQUIRED, Columns, read_columns
from indexer.catalog.photo_paths import LINK_OUT, Boundary
from indexer.catalog.products import Catalog, Product, ProductImage, Reject
from indexer.catalog.tables.spreadsheet import Row, has_columns, read_sheet
from indexer.catalog.twins import Twins
from indexer.fields.types import LIST_SEPARATOR, FieldTable, FieldValue
from indexer.system.names import Names


def read(path: Path, published: FieldTable | None = None) -> Catalog:
    """Read a CSV manifest; image paths are relative to it. A bad row becomes a reject with its line number.

    Args:
        path: the manifest; a catalog.toml beside it is read, too.
        published: the fields of the index that is to be brought in step, whose types are kept.

    Raises:
        CatalogError: no ``product_id`` or ``image`` column, reserved or unusable column names, no text or
            no CSV, or a catalog.toml that does not fit.
    """
    sheet = read_sheet(path, REQUIRED, NAMES)
    columns = read_columns(sheet, read_settings(path.parent), published)
    assembly = _Assembly(path, columns)
    assembly.rejects += [Reject(f"{path.name}:{sheet.header}", reason) for reason in columns.left_out]
    for row in sheet.rows:
        assembly.add(row)
    products = tuple(draft.product(product_id) for product_id, draft in assembly.drafts.items())
    notes = tuple(f"{path.name}: {note}" for note in columns.notes)
    return Catalog(path.parent, products, columns.table, tuple(assembly.rejects), notes)


def is_one(path: Path) -> bool:
    """Whether a text file that need not be a manifest has the columns of one."""
    return has_columns(path, REQUIRED, NAMES)


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

    def __init__(self, path: Path, columns: Columns) -> None:
        self.drafts: dict[str, _Draft] = {}
        self.rejects: list[Reject] = []
        self._name, self._root, self._columns = path.name, path.parent, columns
        self._boundary = Boundary(path.parent)
        self._names, self._twins = Names(), Twins(path.parent, self._boundary)
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
            fields = self._columns.read(row.cells)
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
        try:
            photo = self._names.find(self._root, relative.as_posix())
            if not photo.is_file():
                raise ValueError(f"image {name!r} does not exist{self._twins.hint(relative.as_posix())}")
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


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()]
