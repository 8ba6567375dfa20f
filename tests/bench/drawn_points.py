"""Drawn points for measurements."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from indexer.fields.types import FieldType
from indexer.store.records import GenerationRecord, Point

POINTS, LOCAL_POINTS, QUERIES, K = 100_000, 10_000, 200, 10

RECORD = GenerationRecord(
    fingerprint="bench",
    dimension=128,
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


def clustered(count: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit vectors like those of a catalog, [count, 128], and of photos asked with, [QUERIES, 128].

    Designs (tight) lie in styles (loose) in eight categories. Of the queries, half are further photos of designs
    in the catalog, half are designs of those styles that the catalog does not have. Queries from nowhere near the
    catalog would measure something else: no model puts a photo of jewelry there.
    """
    rng = np.random.default_rng(seed)
    categories = rng.standard_normal((8, 128))
    styles = categories[rng.integers(0, 8, 400)] + 0.7 * rng.standard_normal((400, 128))
    designs = styles[rng.integers(0, 400, 20_000)] + 0.5 * rng.standard_normal((20_000, 128))
    unknown = styles[rng.integers(0, 400, QUERIES // 2)] + 0.5 * rng.standard_normal((QUERIES // 2, 128))
    known = designs[rng.integers(0, 20_000, QUERIES - len(unknown))]
    centers = np.concatenate([designs[rng.integers(0, 20_000, count)], known, unknown])
    vectors = centers + 0.2 * rng.standard_normal(centers.shape)
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit[:count], unit[count:]


def points(vectors: NDArray[np.float32]) -> Iterator[Point]:
    rng = np.random.default_rng(1)
    prices = rng.uniform(0, 1000, len(vectors))
    for number, vector in enumerate(vectors):
        payload = {
            "product_id": f"P{number // 3:06d}",
            "category": f"category-{number % 8}",
            "in_stock": number % 7 != 0,
            "title": f"Oval ruby halo ring {number // 3} in gold",
            "brand": f"brand-{number % 100}",
            "metal": f"metal-{number // 3 % 10}",
            "stone": f"stone-{number // 3 % 12}",
            "price": float(prices[number]),
            "predicted_category": f"category-{number % 8}",
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
        yield Point(str(uuid.UUID(int=number)), payload, vector)
