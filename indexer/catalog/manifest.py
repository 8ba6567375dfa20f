"""Reads a catalog from a manifest: catalog.csv, one row per photo or photos joined with |."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from indexer.catalog.columns import check_name, infer_type, read_overrides
from indexer.catalog.photo_paths import LINK_OUT, Boundary, find_photo
from indexer.catalog.products import Catalog, OpenEnd, Product, ProductImage, Reject, Withheld
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
    return assembly.catalog()


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


@dataclass(frozen=True, slots=True)
class _Photo:
    """A photo that a good row names; ``closed`` where it may be there and cannot be read now."""

    key: str
    path: Path
    closed: bool = False


@dataclass
class _Draft:
    """A product while its rows are still coming in."""

    category: str | None = None
    category_line: int = 0
    rows: list[tuple[list[_Photo], dict[str, FieldValue]]] = field(default_factory=list)

    def parts(self, product_id: str) -> tuple[Product | None, list[Withheld]]:
        """The product with the photos that can be read, if any, and the others.

        What a row leaves blank it inherits from the first row that has it. Photos that cannot be read count in the
        order: the others do not change places because of them.
        """
        inherited: dict[str, FieldValue] = {}
        for _, fields in self.rows:
            inherited = {**fields, **inherited}
        named = [(photo, {**inherited, **fields}) for photos, fields in self.rows for photo in photos]
        images, withheld = [], []
        for rank, (photo, fields) in enumerate(named):
            image = ProductImage(photo.key, photo.path, rank, fields)
            if photo.closed:
                told = Product(product_id, self.category, (image,))
                withheld.append(Withheld(photo.key, product_id, told))
            else:
                images.append(image)
        return (Product(product_id, self.category, tuple(images)) if images else None), withheld


class _Assembly:
    """Rows become products; what cannot be used becomes a reject and leaves no trace in the rest."""

    def __init__(self, path: Path, table: FieldTable) -> None:
        self._drafts: dict[str, _Draft] = {}
        self._rejects: list[Reject] = []
        self._notes: list[str] = []
        self._withheld: list[Withheld] = []
        self._closed: dict[str, tuple[str, int]] = {}
        """Folders that cannot be looked into: why, and how many photos that are wanted lie in them."""
        self._open_end: OpenEnd | None = None
        self._path, self._name, self._root, self._table = path, path.name, path.parent, table
        self._boundary = Boundary(path.parent)
        self._seen: set[tuple[str, str]] = set()

    def catalog(self) -> Catalog:
        """What all the rows together say."""
        products = []
        for product_id, draft in self._drafts.items():
            product, withheld = draft.parts(product_id)
            products += [] if product is None else [product]
            self._withheld += withheld
        for folder, (reason, photos) in self._closed.items():
            what = "1 photo" if photos == 1 else f"{photos} photos"
            self._rejects.append(Reject(folder, f"{reason}; {what} of {self._name} should be in it"))
        return Catalog(
            self._root,
            tuple(products),
            self._table,
            tuple(self._rejects),
            tuple(self._notes),
            tuple(self._withheld),
            self._path,
            self._open_end,
        )

    def add(self, row: Row) -> None:
        """Take one row: all of its photos, some of them, or none."""
        if row.is_open:
            self._open_end = self._end(row)
        product_id, category = row.cells["product_id"], row.cells.get("category") or None
        draft = self._drafts.get(product_id, _Draft())
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
            self._withhold_named(row)
            return
        photos = self._photos(row)
        if photos is None:
            return
        if draft.category is None:
            draft.category, draft.category_line = category, row.line
        draft.rows.append((photos, fields))
        self._drafts[product_id] = draft

    def _photos(self, row: Row) -> list[_Photo] | None:
        """The row's photos; those that are not there are rejected one by one. None where not one is left."""
        photos, product_id, again = [], row.cells["product_id"], False
        for name in _parts(row.cells["image"]):
            try:
                key = self._key(name)
                if (product_id, key) in self._seen:
                    what = f"image {name!r} is listed again for product {product_id!r}"
                    self._notes.append(f"{self._name}:{row.line}: {what}; it counts once")
                    again = True
                    continue
                photo = self._locate(name, key)
            except _Closed as problem:
                self._reject(row, str(problem))
                photo = _Photo(problem.key, self._root / problem.key, closed=True)
            except ValueError as problem:
                self._reject(row, str(problem))
                continue
            self._seen.add((product_id, photo.key))
            photos.append(photo)
        return photos if photos or again else None

    def _key(self, name: str) -> str:
        """An image's key. Only what lies inside the catalog is opened: a manifest may come from a stranger."""
        if "://" in name:
            problem = f"image {name!r} is a URL, which this version does not fetch; download it to the catalog"
            raise _Closed(problem, name)
        relative = PurePosixPath(name.replace("\\", "/"))
        if relative.is_absolute() or ".." in relative.parts or PureWindowsPath(name).drive:
            raise ValueError(f"image {name!r} is not a path inside the catalog; write it relative to {self._name}")
        return relative.as_posix()

    def _locate(self, name: str, key: str) -> _Photo:
        """The photo, or that it is closed to us, where a folder on the way is; that is said once for each folder."""
        photo = self._root / key
        try:
            blocked = find_photo(self._root, key)
        except FileNotFoundError:
            raise ValueError(f"image {name!r} does not exist") from None
        except OSError as error:
            raise ValueError(f"image {name!r} cannot be read ({error.strerror or error})") from error
        if blocked is not None:
            place, reason = blocked
            if place == key:
                raise _Closed(f"image {name!r} {reason}", key)
            self._closed[place] = reason, self._closed.get(place, (reason, 0))[1] + 1
            return _Photo(key, photo, closed=True)
        if not self._boundary.contains(photo):
            raise _Closed(f"image {name!r} {LINK_OUT}", key)
        return _Photo(key, photo)

    def _withhold_named(self, row: Row) -> None:
        """A bad row still says of which photos it speaks; where cells are out of place, any of them may name one."""
        cells = (row.cells["image"],) if row.problem is None else row.raw
        product_id = row.cells["product_id"] if row.problem is None else None
        for name in (part for cell in cells for part in _parts(cell)):
            try:
                key = self._key(name)
            except _Closed as problem:
                key = problem.key
            except ValueError:
                continue
            self._withheld.append(Withheld(key, product_id or None))

    def _end(self, row: Row) -> OpenEnd:
        """What the last row holds, which the file may have been cut in."""
        keys = []
        for name in _parts(row.cells["image"]):
            with suppress(ValueError):
                keys.append(self._key(name))
        where, (column, text) = f"{self._name}:{row.line}", list(row.cells.items())[-1]
        return OpenEnd(where, row.cells["product_id"], tuple(keys), column, text, row.problem if row.is_cut else None)

    def _reject(self, row: Row, reason: str) -> None:
        self._rejects.append(Reject(f"{self._name}:{row.line}", reason, row.cells["product_id"] or None))


class _Closed(ValueError):
    """A photo of a good row that cannot be read as things are."""

    def __init__(self, reason: str, key: str) -> None:
        super().__init__(reason)
        self.key = key


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
