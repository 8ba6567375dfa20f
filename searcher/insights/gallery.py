"""All photos of a generation at once, for reports about the catalog as a whole: arrays in step, and neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.fields.groups import GROUP, has_groups
from indexer.fields.types import Payload
from indexer.labels.neighbours import BATCH, COSINE_DECIMALS, Neighbours, nearest_of_all
from indexer.labels.photos import Floats, Ints
from indexer.models.vectors import unit
from indexer.store.filters.tree import Filter, value_at
from indexer.store.interface import Store
from indexer.system.forks import once
from searcher.search.ground.per import group_of

FIELDS = (
    "product_id",
    "category",
    "predicted_category",
    "predicted_confidence",
    "photo.path",
    "photo.sha256",
    "photo.pixel_sha256",
    "photo.rank",
)
EXACT_UP_TO = 30_000
"""Photos up to which all are compared with all, here: sooner done than asking the store for each (15,000: 5 s against
25 s), and its cost grows with the square."""


@dataclass(frozen=True)
class Gallery:
    """Photos in order of product id, rank and point id. 100,000 photos of 128 dimensions take about 150 MB."""

    ids: tuple[str, ...]
    vectors: Floats
    """[n, dimension], unit length."""
    products: tuple[str, ...]
    """Product ids, ascending."""
    product: Ints
    """[n], each photo's row in ``products``; ascending."""
    payloads: tuple[Payload, ...]
    """Of each photo, the fields that reports need."""

    def __len__(self) -> int:
        return len(self.ids)

    @once
    def starts(self) -> Ints:
        """[products + 1]: the photos of product p are ``starts[p]`` up to ``starts[p + 1]``."""
        return np.searchsorted(self.product, np.arange(len(self.products) + 1)).astype(np.int64)

    @once
    def photo_counts(self) -> Ints:
        """[products]."""
        return np.diff(self.starts)

    @once
    def row_of(self) -> dict[str, int]:
        """Row by point id."""
        return {identifier: row for row, identifier in enumerate(self.ids)}

    @once
    def piece(self) -> Ints:
        """[n], a number per piece: the shop's own group of products that are its versions, or a product in none. Photos
        of one piece say nothing of each other, as those of one product do not: its versions share them by purpose."""
        groups = [group_of(self.payloads[start]) for start in self.starts[:-1].tolist()]
        if not any(groups):
            return self.product
        numbers: dict[tuple[str | None, str], int] = {}
        names = [(group, "" if group else product) for group, product in zip(groups, self.products, strict=True)]
        return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)[self.product]

    def labels(self, field: str) -> tuple[tuple[str, ...], Ints]:
        """The values of a keyword field, ascending, and each photo's row in them [n]; -1 where it has none."""
        texts = [_text(payload.get(field)) for payload in self.payloads]
        names = tuple(sorted({text for text in texts if text}))
        place = {name: number for number, name in enumerate(names)}
        return names, np.array([place.get(text, -1) for text in texts], np.int64)


def read_gallery(store: Store, where: Filter | None = None, *, fields: Sequence[str] = ()) -> Gallery:
    """Read the photos that pass a filter, with their vectors and the fields that reports need.

    Args:
        store: one generation.
        where: the filter.
        fields: further payload fields.

    Raises:
        FilterError: the filter does not fit the catalog's fields.
        StoreError: the store cannot be read.
    """
    grouped = [GROUP] if has_groups(store.record.field_table) else []
    points = [
        (str(p.payload["product_id"]), float(value_at(p.payload, "photo.rank") or 0), p)
        for p in store.scroll(where, fields=[*FIELDS, *grouped, *fields], vectors="image")
        if p.vector is not None
    ]
    points.sort(key=lambda one: (one[0], one[1], one[2].id))
    products = tuple(sorted({product for product, _, _ in points}))
    place = {product: row for row, product in enumerate(products)}
    dimension = store.record.dimension
    vectors = np.zeros((len(points), dimension), np.float32)
    for row, (_, _, point) in enumerate(points):
        vectors[row] = point.vector
    return Gallery(
        ids=tuple(point.id for _, _, point in points),
        vectors=unit(vectors),
        products=products,
        product=np.array([place[product] for product, _, _ in points], np.int64),
        payloads=tuple(point.payload for _, _, point in points),
    )


def nearest_photos(store: Store, gallery: Gallery, k: int, *, where: Filter | None = None) -> Neighbours:
    """The nearest products of each photo, up to k, one a piece and each by its most alike photo.

    Exact and all k where there are up to 30,000 photos, else as the store's graph finds them. The cosines are computed
    from the stored vectors, so that engines agree; equal ones are in order of the gallery.

    Args:
        store: the generation that the gallery was read from.
        gallery: the photos; what the store finds besides is left out.
        k: neighbours wanted.
        where: the filter that the gallery was read with.
    """
    if len(gallery) <= EXACT_UP_TO:
        return nearest_of_all(gallery.vectors, gallery.piece, k)
    found = np.full((len(gallery), k), -1, np.int64)
    cosines = np.full((len(gallery), k), -1.0, np.float32)
    own = np.bincount(gallery.piece)[gallery.piece]
    usual = len(gallery) / max(1, len(np.unique(gallery.piece)))
    order = np.argsort(own, kind="stable")  # so that one product of 200 photos makes only its own batch dear
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        limit = min(len(gallery), int(own[batch].max()) + math.ceil(k * (1 + usual) / 2) + 1)
        answers = store.search(gallery.vectors[batch], limit=limit, where=where, fields=[])
        for row, hits in zip(batch, answers, strict=True):
            near = np.array([gallery.row_of.get(hit.id, -1) for hit in hits], np.int64)
            chosen, alike = _best_a_product(gallery, int(row), near[near >= 0], k)
            found[row, : len(chosen)], cosines[row, : len(chosen)] = chosen, alike
    return Neighbours(found, cosines)


def _best_a_product(gallery: Gallery, row: int, near: Ints, k: int) -> tuple[Ints, Floats]:
    near = near[gallery.piece[near] != gallery.piece[row]]
    alike = np.round(gallery.vectors[near] @ gallery.vectors[row], COSINE_DECIMALS)
    order = np.lexsort((near, -alike))
    near, alike = near[order], alike[order]
    _, first = np.unique(gallery.piece[near], return_index=True)
    kept = np.sort(first)[:k]
    return near[kept], np.clip(alike[kept], -1.0, 1.0)


def _text(value: object) -> str:
    """A keyword as one text; of a list, the first."""
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None else str(value)
