"""A shop's catalog as plain data: products, their photos, and the rows that could not be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from indexer.errors import CatalogError
from indexer.fields.types import FieldTable, FieldValue

MANIFEST_NAMES = ("catalog.csv",)


@dataclass(frozen=True, slots=True)
class ProductImage:
    """One photo of a product.

    ``key`` is its POSIX path relative to the catalog root: the name under which the index knows it.
    ``rank`` counts the photos of a product from 0. ``fields`` are the typed manifest values of this
    photo's row; what a row leaves blank it inherits from the product's first row that has it.
    """

    key: str
    path: Path
    rank: int
    fields: Mapping[str, FieldValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Product:
    """Something the shop sells: an id, at most one category, and at least one photo."""

    id: str
    category: str | None
    images: tuple[ProductImage, ...]

    @property
    def fields(self) -> Mapping[str, FieldValue]:
        """The product's manifest values: those of its first photo."""
        return self.images[0].fields


@dataclass(frozen=True, slots=True)
class Reject:
    """Something in the catalog that was left out: ``where`` (``catalog.csv:12`` or an image key) and why."""

    where: str
    reason: str
    product_id: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a reader found: products in a stable order, typed fields, and the rejects."""

    root: Path
    products: tuple[Product, ...]
    field_table: FieldTable
    rejects: tuple[Reject, ...] = ()

    @property
    def images(self) -> int:
        """How many photos the products have together."""
        return sum(len(product.images) for product in self.products)

    @property
    def categories(self) -> tuple[str, ...]:
        """The distinct categories, sorted."""
        return tuple(sorted({p.category for p in self.products if p.category is not None}))


def read_catalog(path: Path) -> Catalog:
    """Read a catalog folder, or a manifest file given itself.

    A folder with a manifest (``catalog.csv``) is read through it; any other folder by its layout,
    ``<category>/<product>.jpg`` or ``<category>/<product>/<photo>.jpg``. Photos are found, not opened.

    Raises:
        CatalogError: the path is missing, holds not one usable photo, or its manifest as a whole cannot be read.
    """
    try:
        catalog = _read(path)
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read ({error.strerror or error}); check its owner and rights") from error
    if catalog.products:
        return catalog
    if catalog.rejects:  # an error, not an empty catalog: a sync of that would empty the index
        first, count = catalog.rejects[0], len(catalog.rejects)
        which = f"the first of {count} problems is {first.where}" if count > 1 else first.where
        raise CatalogError(f"{path}: not one photo can be used; {which}: {first.reason}")
    raise CatalogError(
        f"{path}: no photos found; expected <category>/<product>.jpg, <category>/<product>/<photo>.jpg, "
        "or a catalog.csv with product_id and image columns"
    )


def _read(path: Path) -> Catalog:
    from indexer.readers import folder, manifest

    if not path.exists():
        raise CatalogError(f"{path}: no such folder or manifest; give the folder that holds your photos")
    if not path.is_dir():
        if path.suffix.lower() != ".csv":
            raise CatalogError(f"{path}: not a manifest this version reads; give a folder or a .csv file")
        return manifest.read(path)
    found = next((path / name for name in MANIFEST_NAMES if (path / name).is_file()), None)
    return manifest.read(found) if found else folder.read(path)
