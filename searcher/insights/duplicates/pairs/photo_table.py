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

from indexer.fields.groups import GROUP, has_groups
from indexer.fields.roles import OWN
from indexer.store.filters.tree import Filter
from indexer.store.interface import Store
from indexer.system.forks import once
from searcher.insights.duplicates.answers import Photo
from searcher.search.ground.per import group_of

FIELDS = ("product_id", "category", "photo")


@dataclass(frozen=True)
class PhotoTable:
    """n photos in order of their ids."""

    photos: tuple[Photo, ...]
    vectors: NDArray[np.float32]
    """[n, dimension], unit length."""
    groups: tuple[str | None, ...] = ()
    """The group of each photo's product, [n], where it is in one; none given stands for no groups at all."""

    @classmethod
    def read(cls, store: Store, where: Filter | None = None) -> PhotoTable:
        """The photos of a generation that pass a filter: about 1.5 kB each, without the catalog's fields.

        The versions of one piece share pictures by purpose: of a picture that several products of a group show, only
        the first product's is there.
        """
        photos, rows, groups = [], [], []
        grouped = has_groups(store.record.field_table)
        for point in store.scroll(where, fields=(*FIELDS, GROUP) if grouped else FIELDS, vectors="image"):
            if point.vector is not None:
                photos.append(photo_of(point.id, point.payload))
                rows.append(point.vector)
                groups.append(group_of(point.payload) if grouped else None)
        kept = own_pictures(photos, groups)
        vectors = np.stack([rows[row] for row in kept]) if kept else np.empty((0, store.record.dimension), np.float32)
        return cls(tuple(photos[row] for row in kept), vectors, tuple(groups[row] for row in kept) if grouped else ())

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

    @once
    def pieces(self) -> NDArray[np.int64]:
        """A number per piece, int64 [n]: a group of products, or a product that is in none."""
        if not self.groups:
            return self.products
        numbers: dict[tuple[bool, str], int] = {}
        names = [
            (group is not None, group or photo.product_id)
            for photo, group in zip(self.photos, self.groups, strict=True)
        ]
        return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)

    def within_a_group(self, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which pairs of rows [m, 2] show two products of one group: versions of one piece, as the shop says itself."""
        piece, product = self.pieces[pairs], self.products[pairs]
        return np.asarray((piece[:, 0] == piece[:, 1]) & (product[:, 0] != product[:, 1]))


def own_pictures(photos: Sequence[Photo], groups: Sequence[str | None]) -> list[int]:
    """The photos, by their places, that show a picture which no product before theirs in its group shows."""
    first: dict[tuple[str, str], str] = {}
    for photo, group in zip(photos, groups, strict=True):
        if group is not None:
            for pixels in pixels_of(photo):
                known = first.setdefault((group, pixels), photo.product_id)
                first[group, pixels] = min(known, photo.product_id)
    return [
        place
        for place, (photo, group) in enumerate(zip(photos, groups, strict=True))
        if group is None or all(first[group, pixels] == photo.product_id for pixels in pixels_of(photo))
    ]


def pixels_of(photo: Photo) -> list[str]:
    """What equal pictures have in common."""
    decoded = f"{photo.width}x{photo.height} {photo.pixel_sha256}" if photo.pixel_sha256 else ""
    return [one for one in (photo.sha256, decoded) if one]


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
