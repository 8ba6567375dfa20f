"""What drawn points say of their photos: the record of their generation, and payloads as large as a sync's."""

from __future__ import annotations

from typing import Any

from indexer.fields.types import FieldType
from indexer.store.records import GenerationRecord

DIMENSION = 128
RECORD = GenerationRecord(
    fingerprint="drawn",
    dimension=DIMENSION,
    catalog_root="/",
    model_path="/",
    created_at="2026-01-01T00:00:00Z",
    field_table={
        "title": FieldType.TEXT,
        "brand": FieldType.KEYWORD,
        "metal": FieldType.KEYWORD,
        "stone": FieldType.KEYWORD,
        "price": FieldType.NUMBER,
        "in_stock": FieldType.BOOLEAN,
    },
)


def drawn_payload(number: int, product_id: str, category: str, **fields: str | float | bool) -> dict[str, Any]:
    """Of the photo of a number, three of which are of a product.

    Args:
        number: of the photo, from 0 on.
        product_id: of its product.
        category: what the catalog says, and what was predicted.
        fields: the other fields of `RECORD`, but for the title.
    """
    return {
        "product_id": product_id,
        "category": category,
        "title": f"Oval ruby halo ring {number // 3} in gold",
        **fields,
        "predicted_category": category,
        "predicted_confidence": 0.9,
        "indexed_at": "2026-01-01T00:00:00Z",
        "photo": {
            "path": f"rings/P{number // 3}/{number % 3}.jpg",
            "rank": number % 3,
            "bytes": 123_456,
            "width": 1024,
            "height": 1024,
            "mtime_ns": 1_700_000_000_000_000_000,
            "sha256": f"{number:064x}",
            "pixel_sha256": f"{number:064x}",
            "phash": f"{number:016x}",
        },
    }
