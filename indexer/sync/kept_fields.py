"""Payload fields that a sync keeps although the catalog does not have them: co-views and clusters."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from indexer.fields.roles import CO_VIEWED, KEPT, KEPT_TABLE
from indexer.fields.types import FieldTable, Payload
from indexer.store.records import Point, Repair


class Keeper:
    """Carries the kept fields through a sync, which knows the catalog, but no visitors and no looks.

    They belong to the product and not to the photo, so new photos of a product get them too. A sync holds every
    payload in memory; this part of them is held once per product, as text.
    """

    def __init__(self) -> None:
        self._by_product: dict[str, dict[str, str]] = {field: {} for field in KEPT}
        self._seen: set[str] = set()

    def without(self, points: Iterable[Point]) -> Iterator[Point]:
        """The same points, without these fields; they are remembered."""
        for point in points:
            if not any(field in point.payload for field in KEPT):
                yield point
                continue
            self._remember(point.payload)
            yield replace(point, payload={name: value for name, value in point.payload.items() if name not in KEPT})

    def remember_all(self, repair: Repair) -> None:
        """Remember the fields of every product of which something was saved."""
        for point in repair.points:
            self._remember(point.payload)

    def _remember(self, payload: Payload) -> None:
        product = str(payload["product_id"])
        for field, by_product in self._by_product.items():
            if field in payload and product not in by_product:
                by_product[product] = json.dumps(payload[field], separators=(",", ":"))

    def of(self, product_id: str) -> Payload:
        """What to add to the payload of a product's photos: these fields, or nothing."""
        kept = {field: by_product.get(product_id) for field, by_product in self._by_product.items()}
        return {field: json.loads(text) for field, text in kept.items() if text is not None}

    def rename(self, names: Mapping[str, str]) -> set[str]:
        """Carry the fields over to new product ids (old → new); returns the products whose fields name an old one."""
        for by_product in self._by_product.values():
            for before, after in names.items():
                if before in by_product:
                    by_product[after] = by_product.pop(before)
        naming = set()
        for product, text in self._by_product[CO_VIEWED].items() if names else ():
            field = json.loads(text)
            others = [names.get(other, other) for other in field["product_ids"]]
            if others != field["product_ids"]:
                naming.add(product)
                self._by_product[CO_VIEWED][product] = json.dumps(
                    {**field, "product_ids": others}, separators=(",", ":")
                )
        return naming

    def field_table(self) -> FieldTable:
        """The fields that are kept of some product and can be filtered by."""
        return {field: kind for field, kind in KEPT_TABLE.items() if self._by_product[field] or field in self._seen}

    def has_seen(self, fields: Collection[str]) -> None:
        """Products that need not be remembered, as nothing is written of them, have these fields."""
        self._seen.update(fields)
