"""Reads a catalog from a manifest: catalog.csv, one row per photo or photos joined with |."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from indexer.catalog.catalog_toml import read_settings
from indexer.catalog.columns import Columns, read_columns
from indexer.catalog.feeds.sheet import is_sheet, read_sheet
from indexer.catalog.named.photos import ClosedPhoto, NamedPhoto, NamedPhotos, names_in
from indexer.catalog.named.told import Known, listen
from indexer.catalog.products import Catalog, OpenEnd, Product, ProductImage, Reject, Told, Withheld
from indexer.catalog.tables.table import Row, Sheet
from indexer.fields.types import LIST_SEPARATOR, FieldTable, FieldValue
from indexer.photos.fetch.many.sources import PhotoSources
from indexer.system.text import counted


def read(
    path: Path,
    published: FieldTable | None = None,
    sources: PhotoSources | None = None,
    known: Known | None = None,
) -> Catalog:
    """Read a CSV manifest; image paths are relative to it, or URLs. A bad row becomes a reject with its line number.

    A row whose cells are good and whose photos are gone still says of its product what no other row says.

    Args:
        path: the manifest; a catalog.toml beside it is read, too.
        published: the fields of the index that is to be brought in step, whose types are kept.
        sources: where photos behind URLs come from.
        known: what is known of the products from the last time, see `Known`.

    Raises:
        CatalogError: no ``product_id`` or ``image`` column, reserved or unusable column names, no text or
            no CSV, or a catalog.toml that does not fit.
    """
    settings = read_settings(path.parent)
    sheet = read_sheet(path, settings)
    columns = read_columns(sheet, settings, published)
    told = listen(sheet, columns, known)
    assembly = _Assembly(sheet, columns, told, sources)
    if known is not None:
        told.aside = known.unchanged(told, path.parent)
    numbers, aside = told.numbers, told.aside
    for row in sheet.rows:
        if not aside or not aside[numbers[row.cells["product_id"]]]:
            assembly.add(row)
    return assembly.catalog()


def is_one(path: Path) -> bool:
    """Whether a text file that need not be a manifest has the columns of one."""
    return is_sheet(path, read_settings(path.parent))


@dataclass
class _Draft:
    """A product while its rows are still coming in."""

    category: str | None = None
    category_line: int = 0
    rows: list[tuple[list[NamedPhoto], dict[str, FieldValue]]] = field(default_factory=list)
    said: list[tuple[str | None, dict[str, FieldValue]]] = field(default_factory=list)
    """By rows that have no photo left: it counts where no other row says anything, and contradicts none."""

    def parts(self, product_id: str) -> tuple[Product | None, list[Withheld]]:
        """The product with the photos that can be read, if any, and the others.

        What a row leaves blank it inherits from the first row that has it. Photos that cannot be read count in the
        order: the others do not change places because of them.
        """
        inherited: dict[str, FieldValue] = {}
        for _, fields in (*self.rows, *self.said):
            inherited = {**fields, **inherited}
        category = self.category or next(filter(None, (category for category, _ in self.said)), None)
        named = [(photo, {**inherited, **fields}) for photos, fields in self.rows for photo in photos]
        images, withheld = [], []
        for rank, (photo, fields) in enumerate(named):
            image = ProductImage(photo.key, photo.path, rank, fields, photo.elsewhere)
            if photo.closed:
                told = Product(product_id, category, (image,))
                withheld.append(Withheld(photo.key, product_id, told))
            else:
                images.append(image)
        return (Product(product_id, category, tuple(images)) if images else None), withheld


class _Assembly:
    """Rows become products; what cannot be used becomes a reject and leaves no trace in the rest."""

    def __init__(self, sheet: Sheet, columns: Columns, told: Told, sources: PhotoSources | None) -> None:
        path = sheet.path
        self._told = told
        self._drafts: dict[str, _Draft] = {}
        self._rejects = [Reject(f"{path.name}:{sheet.header}", reason) for reason in columns.left_out]
        self._notes = [f"{path.name}: {note}" for note in (*sheet.notes, *columns.notes)]
        self._withheld: list[Withheld] = []
        self._open_end: OpenEnd | None = None
        self._path, self._name, self._root, self._columns = path, path.name, path.parent, columns
        self._last, self._passed_over = sheet.last, sheet.passed_over
        self._named = NamedPhotos(path, sources)
        self._seen: set[tuple[str, str]] = set()

    def catalog(self) -> Catalog:
        """What all the rows together say."""
        products = []
        for product_id, draft in self._drafts.items():
            product, withheld = draft.parts(product_id)
            products += [] if product is None else [product]
            self._withheld += withheld
        for folder, (reason, photos) in self._named.closed.items():
            what = f"{counted(photos, 'photo')} of {self._name}"
            self._rejects.append(Reject(folder, f"{reason}; {what} should be in it"))
        return Catalog(
            self._root,
            tuple(products),
            self._columns.table,
            tuple(self._rejects),
            tuple(self._notes),
            tuple(self._withheld),
            self._path,
            self._open_end,
            self._passed_over,
            told=self._told,
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
            fields = self._columns.read(row.cells)
        except ValueError as problem:
            self._reject(row, str(problem))
            self._withhold_named(row)
            return
        photos = self._photos(row)
        if photos is None:
            draft.said.append((category, fields))
        else:
            if draft.category is None:
                draft.category, draft.category_line = category, row.line
            draft.rows.append((photos, fields))
        self._drafts[product_id] = draft

    def _photos(self, row: Row) -> list[NamedPhoto] | None:
        """The row's photos; those that are not there are rejected one by one. None where not one is left."""
        photos, product_id, again = [], row.cells["product_id"], False
        for name in names_in(row.cells["image"]):
            try:
                key = self._named.key(name)
                if (product_id, key) in self._seen:
                    what = f"image {name!r} is listed again for product {product_id!r}"
                    self._notes.append(f"{self._name}:{row.line}: {what}; it counts once")
                    self._told.doubtful.add(self._told.numbers[product_id])
                    again = True
                    continue
                photo = self._named.find(name, key)
            except ClosedPhoto as problem:
                self._reject(row, str(problem))
                photo = NamedPhoto(problem.key, self._root / problem.key, closed=True)
            except ValueError as problem:
                self._reject(row, str(problem))
                continue
            self._seen.add((product_id, photo.key))
            photos.append(photo)
        return photos if photos or again else None

    def _withhold_named(self, row: Row) -> None:
        """A bad row still says of which photos it speaks; where cells are out of place, any of them may name one."""
        cells = (row.cells["image"], *(() if row.problem is None else row.raw))
        product_id = row.cells["product_id"] if row.problem is None else None
        for name in (part for cell in cells for part in names_in(cell)):
            if (photo := self._named.closed_at(name)) is not None:
                self._withheld.append(Withheld(photo.key, product_id or None))

    def _end(self, row: Row) -> OpenEnd | None:
        """What the last row holds, which the file may have been cut in."""
        keys = []
        for name in names_in(row.cells["image"]):
            with suppress(ValueError):
                keys.append(self._named.key(name))
        problem = row.problem if row.is_cut else None
        if self._last is None and problem is None:  # nothing is made of the last cell, so nothing of a part of it
            return None
        text = row.cells.get(self._last or "", "")
        where = f"{self._name}:{row.line}"
        return OpenEnd(where, row.cells["product_id"], tuple(keys), self._last or "", text, problem)

    def _reject(self, row: Row, reason: str) -> None:
        self._told.doubtful.add(self._told.numbers[row.cells["product_id"]])
        self._rejects.append(Reject(f"{self._name}:{row.line}", reason, row.cells["product_id"] or None))


def _check_structure(row: Row, category: str | None) -> None:
    if not row.cells["product_id"]:
        raise ValueError("product_id is empty")
    if not names_in(row.cells["image"]):
        raise ValueError("image is empty")
    if category and LIST_SEPARATOR in category:
        raise ValueError(f"category {category!r} is a list; a product has one, put the others in a column of their own")
