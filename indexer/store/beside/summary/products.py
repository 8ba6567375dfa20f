"""The products of a generation: how many photos each has, and those that a count of first photos would get wrong.

Photos of rank 0 would count each product once if every product had exactly one, with the fields of all the others.
Mostly that is so. The products that are not so are *uneven*: always, where they have no first photo or several, or in
the fields in which their photos differ.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from indexer.fields.roles import BUILT_IN
from indexer.fields.types import FieldTable, Payload
from indexer.store.filters.tree import Filter, Match, value_at
from indexer.store.interface import Store

if TYPE_CHECKING:
    import sqlite3

ALWAYS = ""
"""In place of a field: the product is uneven in whatever a question names."""
AT_ONCE = 500
"""Products that are asked for by their ids in one filter."""


def fields_compared(table: FieldTable) -> tuple[str, ...]:
    """The fields in which a product's photos ought to agree: the category, and those of the catalog."""
    return ("category", *(name for name in table if name not in BUILT_IN and name != "category"))


@dataclass(frozen=True, slots=True)
class Product:
    """One product as its photos have it."""

    name: str
    photos: int
    first: int
    """Photos of rank 0."""
    uneven: tuple[str, ...]
    """`ALWAYS`, and the fields in which its photos differ."""


def product_of(name: str, payloads: Sequence[Payload], fields: Sequence[str]) -> Product:
    """What is to be said of a product with these photos."""
    first = sum(value_at(payload, "photo.rank") == 0 for payload in payloads)
    known, others = payloads[0], payloads[1:]
    differing = [one for one in fields if any(known.get(one) != other.get(one) for other in others)]
    return Product(name, len(payloads), first, (*((ALWAYS,) if first != 1 else ()), *differing))


def look_up(store: Store, names: Iterable[str]) -> Iterator[Product]:
    """The products of these ids that there are, each read whole; raises ``StoreError``."""
    fields = fields_compared(store.record.field_table)
    remaining = sorted(names)
    for start in range(0, len(remaining), AT_ONCE):
        those = Filter(must=(Match("product_id", tuple(remaining[start : start + AT_ONCE])),))
        photos: dict[str, list[Payload]] = {}
        for point in store.scroll(those, fields=["product_id", "photo.rank", *fields]):
            photos.setdefault(str(point.payload["product_id"]), []).append(point.payload)
        for name, payloads in sorted(photos.items()):
            yield product_of(name, payloads, fields)


class Counted:
    """All products of a generation, counted while its photos pass by: some 200 bytes each, whatever they hold."""

    def __init__(self, table: FieldTable) -> None:
        self._fields = fields_compared(table)
        self._row: dict[str, int] = {}
        self._photos, self._first, self._digest = array("L"), array("L"), array("Q")
        self._differing: set[str] = set()

    def add(self, payload: Payload) -> None:
        """Count one photo. Where one differs from another of its product is looked up later: seldom any does."""
        name = str(payload["product_id"])
        said = repr([payload.get(field) for field in self._fields])  # equal texts are of equal values
        digest = int.from_bytes(blake2b(said.encode(errors="surrogatepass"), digest_size=8).digest(), "little")
        is_first = value_at(payload, "photo.rank") == 0
        row = self._row.setdefault(name, len(self._row))
        if row == len(self._photos):
            self._photos.append(1)
            self._first.append(is_first)
            self._digest.append(digest)
            return
        self._photos[row] += 1
        self._first[row] += is_first
        if self._digest[row] != digest:
            self._differing.add(name)

    def products(self, store: Store) -> Iterator[Product]:
        """Each product once, in order of id; then those whose photos differ, which are read from the store."""
        for name in sorted(self._row):
            if name not in self._differing:
                photos, first = self._photos[self._row[name]], self._first[self._row[name]]
                yield Product(name, photos, first, (ALWAYS,) if first != 1 else ())
        yield from look_up(store, self._differing)


def write_product(connection: sqlite3.Connection, product: Product) -> None:
    """Note a product that is not in the tables."""
    connection.execute("INSERT INTO products VALUES (?, ?, ?)", (product.name, product.photos, product.first))
    connection.executemany("INSERT INTO uneven VALUES (?, ?)", [(field, product.name) for field in product.uneven])


def remove_product(connection: sqlite3.Connection, name: str) -> bool:
    """Take a product out of the tables; whether it was in them."""
    connection.execute("DELETE FROM uneven WHERE product = ?", (name,))
    return connection.execute("DELETE FROM products WHERE product = ?", (name,)).rowcount > 0
