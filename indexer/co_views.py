"""What visitors looked at together, as a payload holds it: the format of `co_viewed`, and how a sync keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indexer.stores.interface import Payload, Point, Store

KEY = "co_viewed"
"""The payload field, on every photo of a product."""


@dataclass(frozen=True, slots=True)
class CoViewed:
    """Another product that visitors looked at in the same sessions."""

    product_id: str
    count: int
    """Sessions that had both."""
    score: float
    """c_ij / sqrt(n_i n_j) in (0, 1], to 4 significant digits; see `indexer.co_view_counts`."""


def to_payload(found: Sequence[CoViewed]) -> dict[str, Any]:
    """The value of the payload field. Three lists in step, best first: half the bytes of a list of objects."""
    return {
        "product_ids": [other.product_id for other in found],
        "counts": [other.count for other in found],
        "scores": [other.score for other in found],
    }


def read_payload(payload: Payload) -> list[CoViewed]:
    """The products looked at together with a point's product, best first; none where no events were counted."""
    stored = payload.get(KEY) or {"product_ids": (), "counts": (), "scores": ()}
    rows = zip(stored["product_ids"], stored["counts"], stored["scores"], strict=True)
    return [CoViewed(str(product), int(count), float(score)) for product, count, score in rows]


class Keeper:
    """Carries `co_viewed` through a sync, which knows the catalog and no visitors.

    It belongs to the product and not to the photo, so new photos of a product get it too. A sync holds every
    payload in memory; this part of them is held once per product, as text.
    """

    def __init__(self) -> None:
        self._by_product: dict[str, str] = {}

    def without(self, points: Iterable[Point]) -> Iterator[Point]:
        """The same points, without the field; it is remembered."""
        for point in points:
            if KEY not in point.payload:
                yield point
                continue
            self._remember(point.payload)
            yield replace(point, payload={name: value for name, value in point.payload.items() if name != KEY})

    def remember_all(self, store: Store) -> None:
        """Remember the field of every product of a generation."""
        for point in store.scroll(fields=["product_id", KEY]):
            if KEY in point.payload:
                self._remember(point.payload)

    def _remember(self, payload: Payload) -> None:
        product = str(payload["product_id"])
        if product not in self._by_product:
            self._by_product[product] = json.dumps(payload[KEY], separators=(",", ":"))

    def of(self, product_id: str) -> Payload:
        """What to add to the payload of a product's photos: the field, or nothing."""
        kept = self._by_product.get(product_id)
        return {} if kept is None else {KEY: json.loads(kept)}
