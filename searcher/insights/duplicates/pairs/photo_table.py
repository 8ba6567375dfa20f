"""All photos of a generation in columns: what a comparison of everything with everything needs, and no more.

Not the `Gallery` of the other reports: its order, its unit vectors and its payloads differ, and the results of both
depend on theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.fields.roles import OWN
from indexer.store.filters.tree import Filter
from indexer.store.interface import Store
from indexer.system.forks import once
from searcher.insights.duplicates.answers import Photo

FIELDS = ("product_id", "category", "photo")


@dataclass(frozen=True)
class PhotoTable:
    """n photos in order of their ids."""

    photos: tuple[Photo, ...]
    vectors: NDArray[np.float32]
    """[n, dimension], unit length."""

    @classmethod
    def read(cls, store: Store, where: Filter | None = None) -> PhotoTable:
        """The photos of a generation that pass a filter: about 1.5 kB each, without the catalog's fields."""
        photos, rows = [], []
        for point in store.scroll(where, fields=FIELDS, vectors="image"):
            if point.vector is not None:
                photos.append(photo_of(point.id, point.payload))
                rows.append(point.vector)
        vectors = np.stack(rows) if rows else np.empty((0, store.record.dimension), np.float32)
        return cls(tuple(photos), vectors)

    def __len__(self) -> int:
        return len(self.photos)

    @once
    def row_of(self) -> dict[str, int]:
        """The row of each point id."""
        return {photo.id: row for row, photo in enumerate(self.photos)}

    @once
    def hashes(self) -> NDArray[np.uint64]:
        """Perceptual hashes, uint64 [n]; 0 where a photo has none."""
        return np.array([int(photo.phash or "0", 16) for photo in self.photos], np.uint64)

    @once
    def alike(self) -> NDArray[np.int64]:
        """Of each photo the first row with the same pixels, int64 [n]: identical photos are one node of the search."""
        first: dict[str, int] = {}
        by_file: dict[str, int] = {}
        rows = []
        for row, photo in enumerate(self.photos):
            node = by_file.get(photo.sha256, row) if photo.sha256 else row
            if photo.pixel_sha256:
                node = first.setdefault(f"{photo.width}x{photo.height} {photo.pixel_sha256}", node)
            by_file.setdefault(photo.sha256, node)
            rows.append(node)
        return np.array(rows, np.int64)

    @once
    def products(self) -> NDArray[np.int64]:
        """A number per product, int64 [n]."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(photo.product_id, len(numbers)) for photo in self.photos], np.int64)


def photo_of(point_id: str, payload: dict[str, Any]) -> Photo:
    """The photo of a point, without the catalog's fields."""
    facts = payload.get("photo") or {}
    return Photo(
        id=point_id,
        product_id=str(payload["product_id"]),
        path=str(facts.get("path") or ""),
        sha256=str(facts.get("sha256") or ""),
        pixel_sha256=str(facts.get("pixel_sha256") or ""),
        phash=str(facts.get("phash") or ""),
        width=int(facts.get("width") or 0),
        height=int(facts.get("height") or 0),
        bytes=int(facts.get("bytes") or 0),
        category=payload.get("category"),
        mtime_ns=int(facts.get("mtime_ns") or 0),
    )


def with_payload(store: Store, photos: Sequence[Photo]) -> dict[str, Photo]:
    """The same photos with the catalog's fields and the time they were indexed, by id."""
    found = {point.id: point.payload for point in store.retrieve([photo.id for photo in photos])}
    return {photo.id: replace(photo, payload=_shops_own(found.get(photo.id, {}))) for photo in photos}


def _shops_own(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in OWN or name == "indexed_at"}
