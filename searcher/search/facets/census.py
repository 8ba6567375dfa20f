"""Counts products where a store counts photos: exact, and fast where a product's photos agree.

A product passes a filter when one of its photos does. Photos of rank 0 would count each product once if every product
had exactly one, with the fields of all the others. Mostly that is so, but a first photo that was rejected leaves none,
a row rejected later may leave two, and a manifest with a row per photo may give each photo fields of its own. The
census knows the products that are not so, by the generation's summary or by reading it once; those are counted one by
one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from indexer.fields.roles import OF_A_PHOTO
from indexer.fields.types import Payload
from indexer.store.beside.summary.products import fields_compared
from indexer.store.beside.summary.reading import Summed
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

    def among(self, fields: Collection[str]) -> tuple[str, ...]:
        """Those of a question that names these fields, in order."""
        return tuple(sorted(self.always.union(*(self.of_field.get(name, ()) for name in fields))))


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What a count of first photos gets wrong for one question: more than `FEW` products are not all of them here."""

    single: bool
    products: tuple[str, ...]


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

    def __init__(self, store: Store, summed: Summed | None = None) -> None:
        self._store, self._summed = store, summed or Summed()
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
        of_photo = bool(named & OF_A_PHOTO)
        summed = None if of_photo else self._summed.ask(lambda it: _Wrong(it.single, it.uneven(sorted(named), FEW)))
        many = photos > CEILING or (not of_photo and self._photos > CEILING)
        if many and (summed is None or not (summed.single or len(summed.products) <= FEW)):
            return Counting(both(where, Filter(must=(FIRST,))), (), FIRST_PHOTOS)
        if of_photo:
            return self._one_by_one(field, where)
        found = summed or self._read(named)
        if found.single:
            return Counting(where, ())
        wrong = found.products
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

    def _read(self, named: Collection[str]) -> _Wrong:
        with self._lock:
            if self._uneven is None:
                self._uneven = take_census(self._store)
            return _Wrong(self._uneven.single, self._uneven.among(named))


def fields_of(where: Filter | None) -> Iterator[str]:
    """The fields a filter names, some of them more than once."""
    if where is not None:
        for part in (*where.must, *where.should, *where.must_not):
            if isinstance(part, Filter):
                yield from fields_of(part)
            else:
                yield part.field


def take_census(store: Store) -> Uneven:
    """Read a generation through, or what `CEILING` lets be read of it; raises ``StoreError``."""
    names = fields_compared(store.record.field_table)
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
