"""Counts products where a store counts photos: exact, and fast where a product's photos agree.

A product passes a filter when one of its photos does. Photos of rank 0 would count each product once if every product
had exactly one, with the fields of all the others. Mostly that is so, but a first photo that was rejected leaves none,
a row rejected later may leave two, and a manifest with a row per photo may give each photo fields of its own. The
census reads a generation once and notes the products that are not so; those are counted one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from indexer.fields.roles import BUILT_IN, OF_A_PHOTO
from indexer.fields.types import Payload
from indexer.store.filters.tree import Filter, Match, Range, both, value_at
from indexer.store.interface import Store
from indexer.system.forks import Lock
from searcher.answers.facet import FIRST_PHOTOS, PRODUCTS

CEILING = 300_000
"""Photos that are read to count products; where more would have to be, first photos are counted. 100,000 take 2 s."""
FEW = 2_000
"""So many photos are read at once rather than counted by the store; so many products may be counted one by one."""

FIRST = Range("photo.rank", gte=0, lte=0)


@dataclass(frozen=True, slots=True)
class Uneven:
    """Products that a count of first photos would get wrong: always, or when a question names the field."""

    always: frozenset[str]
    of_field: Mapping[str, frozenset[str]]
    single: bool
    """Whether every product has one photo, so that photos are products."""


@dataclass(frozen=True, slots=True)
class Counting:
    """How to count the products that pass a filter: ``store`` counts the photos that pass ``by_store``, and
    ``payloads``, one list for each further product, are looked at one by one."""

    by_store: Filter | None
    payloads: tuple[tuple[Payload, ...], ...]
    counted: str = PRODUCTS
    store_counts: bool = True
    """False where ``payloads`` are all there is."""


class ProductCensus:
    """What is known of one generation's products; made once per generation and shared by threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._photos: int | None = None
        self._uneven: Uneven | None = None

    def counting(self, field: str, where: Filter | None) -> Counting:
        """How to count the products that pass ``where`` by their values of ``field``.

        Raises:
            FilterError: the filter names an unknown field, or compares it with a value of another type.
            StoreError: the store cannot be read.
        """
        named = {field, *fields_of(where)}
        if self._photos is None:
            self._photos = self._store.count()
        photos = self._photos if where is None else self._store.count(where)
        if photos <= FEW:
            return self._one_by_one(field, where)
        if photos > CEILING or (not named & OF_A_PHOTO and self._photos > CEILING):
            return Counting(both(where, Filter(must=(FIRST,))), (), FIRST_PHOTOS)
        if named & OF_A_PHOTO:
            return self._one_by_one(field, where)
        uneven = self._read()
        if uneven.single:
            return Counting(where, ())
        wrong = tuple(sorted(uneven.always.union(*(uneven.of_field.get(name, ()) for name in named))))
        if len(wrong) > FEW:
            return self._one_by_one(field, where)
        if not wrong:
            return Counting(both(where, Filter(must=(FIRST,))), ())
        those = Match("product_id", wrong)
        rest = self._one_by_one(field, both(where, Filter(must=(those,))))
        return Counting(both(where, Filter(must=(FIRST,), must_not=(those,))), rest.payloads)

    def _one_by_one(self, field: str, where: Filter | None) -> Counting:
        photos: dict[str, list[Payload]] = {}
        for point in self._store.scroll(where, fields=["product_id", field]):
            photos.setdefault(str(point.payload["product_id"]), []).append(point.payload)
        return Counting(where, tuple(map(tuple, photos.values())), store_counts=False)

    def _read(self) -> Uneven:
        with self._lock:
            if self._uneven is None:
                self._uneven = _take_census(self._store)
            return self._uneven


def fields_of(where: Filter | None) -> Iterator[str]:
    """The fields a filter names, some of them more than once."""
    if where is not None:
        for part in (*where.must, *where.should, *where.must_not):
            if isinstance(part, Filter):
                yield from fields_of(part)
            else:
                yield part.field


def _take_census(store: Store) -> Uneven:
    names = ["category", *(name for name in store.record.field_table if name not in BUILT_IN)]
    first: dict[str, Payload] = {}
    firsts: Counter[str] = Counter()
    photos = 0
    differing: dict[str, set[str]] = {name: set() for name in names}
    for point in islice(store.scroll(fields=["product_id", "photo.rank", *names]), CEILING):
        payload, product = point.payload, str(point.payload["product_id"])
        photos += 1
        firsts[product] += value_at(payload, "photo.rank") == 0
        known = first.setdefault(product, payload)
        for name in names:
            if known is not payload and known.get(name) != payload.get(name):
                differing[name].add(product)
    return Uneven(
        always=frozenset(product for product in first if firsts[product] != 1),
        of_field={name: frozenset(products) for name, products in differing.items() if products},
        single=len(first) == photos,
    )


def values_at(payload: Payload, field: str) -> list[Any]:
    """What a field holds, a list's elements one by one; nothing where it is missing, null or an empty list."""
    found = value_at(payload, field)
    return [value for value in (found if isinstance(found, list) else [found]) if value is not None]
