"""Puts aside what is surely as it was, by the ledger of the published generation: the comparison judges the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.products import Catalog, Product, ProductImage
from indexer.fields.identity import point_id
from indexer.store.beside.ledger import Ledger, find, keys_of
from indexer.store.interface import Store
from indexer.store.records import Point
from indexer.store.tuning import READ_BATCH
from indexer.sync.payload import catalog_fields
from indexer.sync.planning.known import digests_of, path_hash, reading_of

_SCROLLED = 0.5
"""The share of the points from which on all are read in their order: quicker than to ask for each by its id."""


class LedgerWrong(Exception):
    """The ledger names points that the store does not have; what it says is not to be gone by."""


@dataclass
class Aside:
    """What of a generation need not be looked at, and what is to be known of it nevertheless."""

    ledger: Ledger
    rows: NDArray[np.bool_]
    """Of the ledger, those of the photos that are put aside."""
    products: Collection[str] = frozenset()
    """The ids of products of the catalog that are put aside although their rows were read."""
    points: list[Point] = field(default_factory=list)
    """All others of the generation."""
    elsewhere: list[Point] = field(default_factory=list)
    """Points that are put aside, of photos that other products have too."""

    @property
    def photos(self) -> int:
        """How many are put aside."""
        return int(self.rows.sum())

    def stored(self) -> dict[str | None, int]:
        """How many photos each category has, aside or not."""
        return _by_category(self.ledger, self.ledger.rows["category"])

    def categories(self) -> set[str]:
        """Those of the photos that are put aside."""
        return {name for name in _by_category(self.ledger, self.ledger.rows["category"][self.rows]) if name is not None}

    def lacking(self, there: Collection[str]) -> list[str]:
        """The ids of points that are put aside, of whose photos no file hash is among these; one a photo."""
        numbers = np.flatnonzero(self.rows)
        text = self.ledger.rows["sha256"][numbers].tobytes().hex()
        first: dict[str, int] = {}
        for place, number in enumerate(numbers.tolist()):
            if (digest := text[64 * place : 64 * place + 64]) not in there:
                first.setdefault(digest, number)
        return self.ledger.ids(np.array(list(first.values()), np.int64)) if first else []


class Facts:
    """Id, size and time of every photo of a catalog's products, as arrays beside the rows of a ledger.

    Args:
        products: of the catalog.
        look: size and mtime_ns of a photo; None where it cannot be looked at.
    """

    def __init__(self, products: Iterable[Product], look: Callable[[ProductImage], tuple[int, int] | None]) -> None:
        self.products = list(products)
        self.images = [(number, image) for number, product in enumerate(self.products) for image in product.images]
        ids = [point_id(self.products[number].id, image.key) for number, image in self.images]
        self._keys = keys_of(ids)
        self.number = np.array([number for number, _ in self.images], np.int64)
        """Of each photo, the number of its product."""
        seen = [look(image) or (-1, 0) for _, image in self.images]
        self._seen = np.array(seen, np.int64).reshape(-1, 2)

    def matched(self, ledger: Ledger) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which products a ledger has exactly as the catalog does: the same photos, of which the same is said.

        Returns:
            A mask of the products, and for each photo the number of its row, -1 where there is none.
        """
        rows, counts = ledger.rows, np.bincount(self.number, minlength=len(self.products))
        at = find(rows, self._keys)
        good = at >= 0
        good[good] = (rows["bytes"][at[good]] == self._seen[good, 0]) & (
            rows["mtime_ns"][at[good]] == self._seen[good, 1]
        )
        if good.any():
            said = digests_of([self._said(ledger, place) for place in np.flatnonzero(good).tolist()])
            good[good] = (rows["said"][at[good]] == said).all(axis=1)
        matching = np.bincount(self.number[good], minlength=len(self.products)) == counts
        return matching & (self._held(ledger) == counts), at

    def rows_of(self, at: NDArray[np.int64], products: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The rows of some of the products."""
        return at[products[self.number]]

    def _said(self, ledger: Ledger, place: int) -> bytes:
        number, image = self.images[place]
        return ledger.said(catalog_fields(self.products[number], image), image.rank)

    def _held(self, ledger: Ledger) -> NDArray[np.int64]:
        """How many photos a ledger has of each product."""
        hashes = np.fromiter((ledger.hash(product.id) for product in self.products), np.uint64, len(self.products))
        held = np.sort(ledger.rows["product"])
        return np.searchsorted(held, hashes, "right") - np.searchsorted(held, hashes)


def put_aside(
    catalog: Catalog, ledger: Ledger, unread: NDArray[np.bool_] | None, facts: Facts, store: Callable[[], Store]
) -> Aside:
    """Divide a generation.

    Args:
        catalog: as it is now, without what was put aside unread.
        ledger: of the generation.
        unread: the rows of the ledger that belong to what was put aside unread; None where nothing was.
        facts: of the catalog's products.
        store: opens the generation; asked only where it has points that have to be compared.

    Raises:
        LedgerWrong: the store has not what the ledger says.
        StoreError: it cannot be read.
    """
    rows = np.zeros(len(ledger), bool) if unread is None else unread.copy()
    matched = np.zeros(len(facts.products), bool)
    if facts.products:
        matched, at = facts.matched(ledger)
        if catalog.open_end is not None:
            matched &= np.array([product.id != catalog.open_end.product_id for product in facts.products], bool)
        rows[facts.rows_of(at, matched)] = True
    put = {product.id for product, is_matched in zip(facts.products, matched.tolist(), strict=True) if is_matched}
    found = Aside(ledger, rows, put)
    keys = {image.key for product in catalog.products if product.id not in put for image in product.images}
    keys |= {one.told.images[0].key for one in catalog.withheld if one.told}
    keys |= set(() if catalog.open_end is None else catalog.open_end.keys)
    hashes = np.array([path_hash(ledger, key) for key in keys], np.uint64)
    beside = rows & np.isin(ledger.rows["path"], hashes) if len(hashes) else np.zeros(len(rows), bool)
    found.points = sorted(_points(ledger, ~rows, store), key=lambda point: point.id)  # as a scroll gives them
    found.elsewhere = sorted(_points(ledger, beside, store), key=lambda point: point.id)
    return found


def _points(ledger: Ledger, wanted: NDArray[np.bool_], store: Callable[[], Store]) -> Iterator[Point]:
    count = int(wanted.sum())
    if not count:
        return
    ids, got = ledger.ids(np.flatnonzero(wanted)), 0
    if count > _SCROLLED * len(wanted):
        among = set(ids)
        chosen: Iterable[Point] = (point for point in store().scroll() if point.id in among)
    else:
        chosen = (
            point
            for start in range(0, count, READ_BATCH)
            for point in store().retrieve(ids[start : start + READ_BATCH])
        )
    for point in chosen:
        got += 1
        yield point
    if got != count:
        raise LedgerWrong


def write_down(ledger: Ledger, catalog: Catalog, facts: Facts) -> Ledger | None:
    """The ledger with what the rows of the products say that it has exactly so; None where it has all that already.

    Args:
        ledger: of the generation that the catalog was brought to.
        catalog: the catalog.
        facts: of its products.
    """
    told = catalog.told
    if told is None:
        return None
    reading = reading_of(told)
    rows: Any = np.array(ledger.rows)
    if ledger.reading != reading:
        rows["rows"] = 0
    if facts.products:
        matched, at = facts.matched(ledger)
        of_product = [told.digest_of(product.id) or bytes(16) for product in facts.products]
        digests = np.where(matched[:, None], digests_of(of_product), np.uint64(0))
        there = at >= 0
        rows["rows"][at[there]] = digests[facts.number[there]]
    same = ledger.reading == reading and np.array_equal(rows["rows"], ledger.rows["rows"])
    return None if same else Ledger(rows, ledger.categories, ledger.salt, reading)


def _by_category(ledger: Ledger, numbers: NDArray[Any]) -> dict[str | None, int]:
    counts = np.bincount(numbers + 1, minlength=1 + len(ledger.categories)).tolist()
    return {name: count for name, count in zip([None, *ledger.categories], counts, strict=True) if count}
