"""Payload fields that a sync keeps although the catalog does not have them: co-views and clusters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from indexer.fields.roles import KEPT, KEPT_TABLE
from indexer.fields.types import FieldTable, Payload
from indexer.store.interface import Store
from indexer.store.records import Point, Repair
from indexer.system.names import composed


class Keeper:
    """Carries the kept fields through a sync, which knows the catalog, but no visitors and no looks.

    They belong to the product and not to the photo, so new photos of a product get them too. A sync holds every
    payload in memory; this part of them is held once per product, as text.
    """

    def __init__(self) -> None:
        self._by_product: dict[str, dict[str, str]] = {field: {} for field in KEPT}

    def without(self, points: Iterable[Point]) -> Iterator[Point]:
        """The same points, without these fields; they are remembered."""
        for point in points:
            if not any(field in point.payload for field in KEPT):
                yield point
                continue
            self._remember(point.payload)
            yield replace(point, payload={name: value for name, value in point.payload.items() if name not in KEPT})

    def remember_all(self, store: Store | Repair) -> None:
        """Remember the fields of every product of a generation, or of what was saved of one."""
        for point in store.scroll(fields=["product_id", *KEPT]):
            self._remember(point.payload)

    def _remember(self, payload: Payload) -> None:
        product = composed(str(payload["product_id"]))  # as catalogs are read; an older index may have it otherwise
        for field, by_product in self._by_product.items():
            if field in payload and product not in by_product:
                text = json.dumps(payload[field], separators=(",", ":"), ensure_ascii=False)
                by_product[product] = composed(text)

    def of(self, product_id: str) -> Payload:
        """What to add to the payload of a product's photos: these fields, or nothing."""
        kept = {field: by_product.get(product_id) for field, by_product in self._by_product.items()}
        return {field: json.loads(text) for field, text in kept.items() if text is not None}

    def field_table(self) -> FieldTable:
        """The fields that are kept of some product and can be filtered by."""
        return {field: kind for field, kind in KEPT_TABLE.items() if self._by_product[field]}
