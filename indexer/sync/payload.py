"""The payload of a point: what the catalog says, what was measured of the photo, what others wrote of its product."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from indexer.catalog.products import Product, ProductImage
from indexer.fields.roles import RESERVED
from indexer.fields.types import Payload
from indexer.photos.places import Seen
from indexer.store.records import Point
from indexer.sync.kept_fields import Keeper
from indexer.sync.photo import EmbeddedPhoto, Wanted

_PREDICTED = ("predicted_category", "predicted_confidence")


def catalog_fields(product: Product, image: ProductImage) -> Payload:
    """The catalog's part of a photo's payload."""
    category = {} if product.category is None else {"category": product.category}
    return {"product_id": product.id, **image.fields, **category}


def catalog_part(payload: Payload) -> Payload:
    """The same of a payload that is in the index."""
    return {name: value for name, value in payload.items() if name not in RESERVED}


class Payloads:
    """Makes the payloads that one sync writes.

    Args:
        keeper: what others than the catalog wrote of the products.
        moment: when the sync began, for ``indexed_at``.
    """

    def __init__(self, keeper: Keeper, moment: str) -> None:
        self._keeper, self._moment = keeper, moment

    def embedded(self, wanted: Wanted, photo: EmbeddedPhoto) -> Payload:
        """Of a photo that went through the model."""
        payload = {**wanted.payload, **self._keeper.of(wanted.product_id), "indexed_at": self._moment}
        payload["photo"] = _file(wanted) | asdict(photo.facts)
        if photo.category is not None:
            # All 17 digits of it the embedded engine would not give back as they came, and copies would not be equal.
            payload |= zip(_PREDICTED, (photo.category, round(photo.confidence, 6)), strict=True)
        return payload

    def carried(self, wanted: Wanted, source: Payload) -> Payload:
        """Of a photo whose pixels are those of a point in the index: what was measured of them is carried over."""
        carried = {name: value for name, value in source.items() if name in _PREDICTED}
        carried |= self._keeper.of(wanted.product_id)  # the photo may have been another product's
        photo = source["photo"] | _file(wanted)
        return {**wanted.payload, **carried, "photo": photo, "indexed_at": self._moment}

    def kept(self, point: Point, said: Payload) -> Payload:
        """Of a photo that cannot be used now: the catalog's part anew, and what was measured of the photo as it was."""
        of_photo = {name: value for name, value in point.payload.items() if name in RESERVED}
        product = str(point.payload["product_id"])
        return {**said, **of_photo, **self._keeper.of(product), "indexed_at": self._moment}


def _file(wanted: Wanted) -> dict[str, Any]:
    image = wanted.image
    seen = wanted.seen or image.place.look() or Seen(0, 0)
    return {"path": image.key, "rank": image.rank, "bytes": seen.size, "mtime_ns": seen.mtime_ns}
