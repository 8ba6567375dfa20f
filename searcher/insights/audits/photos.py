"""Photos of a gallery as reports show them."""

from __future__ import annotations

from typing import Any

from indexer.fields.roles import OWN
from indexer.fields.types import Payload
from indexer.store.filters.tree import value_at
from indexer.store.interface import Store
from searcher.insights.audits.answers import Neighbour, Photo
from searcher.insights.gallery import Gallery


def photo_of(gallery: Gallery, row: int) -> Photo:
    """One photo."""
    payload = gallery.payloads[row]
    confidence = payload.get("predicted_confidence")
    return Photo(
        id=gallery.ids[row],
        product_id=str(payload["product_id"]),
        path=str(value_at(payload, "photo.path") or ""),
        sha256=str(value_at(payload, "photo.sha256") or ""),
        category=_text(payload.get("category")),
        predicted_category=_text(payload.get("predicted_category")),
        predicted_confidence=None if confidence is None else float(confidence),
    )


def neighbours_of(gallery: Gallery, rows: Any, cosines: Any, limit: int) -> tuple[Neighbour, ...]:
    """The first neighbours of one photo; rows of -1 are left out."""
    found = [(int(row), float(cosine)) for row, cosine in zip(rows, cosines, strict=True) if row >= 0]
    return tuple(Neighbour(photo_of(gallery, row), cosine) for row, cosine in found[:limit])


def catalog_fields(store: Store, ids: list[str]) -> dict[str, Payload]:
    """By point id, what the catalog says about a few photos: read only for those that are shown."""
    points = store.retrieve(ids)
    return {
        p.id: {name: value for name, value in p.payload.items() if name not in OWN or name == "category"}
        for p in points
    }


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else str(value)
