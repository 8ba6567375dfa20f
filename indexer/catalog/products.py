"""A shop's catalog as plain data: products, their photos, and the rows that could not be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from indexer.fields.types import FieldTable, FieldValue
from indexer.photos.places import FilePlace, Place
from indexer.system.plain_json import PlainJson


@dataclass(frozen=True, slots=True)
class ProductImage:
    """One photo of a product.

    ``key`` is its POSIX path relative to the catalog root, or its URL: the name under which the index knows it.
    ``rank`` counts the photos of a product from 0. ``fields`` are the typed manifest values of this
    photo's row; what a row leaves blank it inherits from the product's first row that has it.
    ``path`` is its file; where it is none of the catalog, ``elsewhere`` says where it is, and ``path`` nothing.
    Readers go by ``place``.
    """

    key: str
    path: Path
    rank: int
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    elsewhere: Place | None = None

    @property
    def place(self) -> Place:
        """Where it is looked at and read."""
        return FilePlace(self.path) if self.elsewhere is None else self.elsewhere


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
class Reject(PlainJson):
    """Something in the catalog that was left out: ``where`` (``catalog.csv:12`` or an image key) and why."""

    where: str
    reason: str
    product_id: str | None = None


@dataclass(frozen=True, slots=True)
class PassedOver(PlainJson):
    """Files, folders or rows of one kind that are no part of the catalog: how many, and where the first of them is."""

    what: str
    """``hidden``, ``of the system``, ``an index``, ``by [ignore]``, ``.txt files``, ``drafts`` and the like."""
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """A photo that the catalog still has but that cannot be used now: what an index has of it is not gone.

    ``key`` is the photo's path, or that of a folder that cannot be looked into, and then all below it is meant.
    ``product_id`` is None where the catalog does not say whose photo it is. ``told`` is the product with this photo
    alone, where the row is good and only the file is not.
    """

    key: str
    product_id: str | None = None
    told: Product | None = None


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """The last row of a manifest without a line end behind it: the file may have been cut there.

    ``keys`` are the photos that the row names, ``column`` and ``text`` its last cell; ``problem`` says that the
    row lacks cells, if so.
    """

    where: str
    product_id: str
    keys: tuple[str, ...]
    column: str
    text: str
    problem: str | None


@dataclass(slots=True)
class Told:
    """What the rows of each product say, as a digest over their cells: enough to see that nothing changed.

    A product of several rows has one digest, in which their order counts.
    """

    salt: bytes
    """Of the digests."""
    reading: str
    """What else decides which fields the same cells become; digests of another reading say nothing."""
    numbers: dict[str, int] = field(default_factory=dict)
    """By id, the number of each product, from 0 in the order of the rows."""
    digests: list[bytes] = field(default_factory=list)
    """Of each product, 16 bytes."""
    images: list[str] = field(default_factory=list)
    """Of each product, the names of its photos as its rows have them."""
    doubtful: set[int] = field(default_factory=set)
    """Products of which something is said every time: a row or a photo that cannot be used, a photo that is named
    twice."""
    aside: bytearray = field(default_factory=bytearray)
    """Of each product, 1 where its rows were put aside unread, as they and its photos are as they were."""

    def digest_of(self, product_id: str) -> bytes | None:
        """What the rows of a product say; None where they cannot be trusted to say all."""
        number = self.numbers.get(product_id)
        return None if number is None or number in self.doubtful else self.digests[number]


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a reader found: products in a stable order, typed fields, the rejects, and what could not be read."""

    root: Path
    products: tuple[Product, ...]
    field_table: FieldTable
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know although nothing was left out, a line each."""
    withheld: tuple[Withheld, ...] = ()
    manifest: Path | None = None
    """The file that was read; None for a catalog of folders alone."""
    open_end: OpenEnd | None = None
    passed_over: tuple[PassedOver, ...] = ()
    """What lies in the folders of a catalog without a manifest, or stands in a feed, and is no part of it."""
    address: str | None = None
    """The URL of the manifest, where it is behind one; ``root`` is then a folder of this machine with its copy."""
    told: Told | None = field(default=None, compare=False)
    """What the rows of a manifest say, salted anew at each reading; its products that were put aside are not among
    ``products``."""

    @property
    def where(self) -> str:
        """The catalog as people call it: its folder, or its URL."""
        return str(self.root) if self.address is None else self.address

    @property
    def images(self) -> int:
        """How many photos the products have together."""
        return sum(len(product.images) for product in self.products)

    @property
    def categories(self) -> tuple[str, ...]:
        """The distinct categories, sorted."""
        return tuple(sorted({p.category for p in self.products if p.category is not None}))
