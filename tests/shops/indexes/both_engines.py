"""Every test that takes ``index`` runs on both engines: a directory, and an alias of qdrant-client's ``:memory:``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from qdrant_client import QdrantClient

from indexer.fields.types import FieldType
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.interface import Index
from indexer.store.records import GenerationRecord, Point
from indexer.store.server.connection import Connection
from indexer.store.server.index import ServerIndex
from indexer.store.server.options import CollectionOptions

ENGINES = ("embedded", "server")
LOCAL_MODE_WARNINGS = (
    "ignore:Payload indexes have no effect in the local Qdrant, except text indexes:UserWarning",
    "ignore:Local mode performs exact .brute-force. search, so `search_params` has no effect:UserWarning",
)


def make_index(engine: str, folder: Path, options: CollectionOptions | None = None) -> Index:
    """An index of that engine with nothing in it."""
    if engine == "embedded":
        return EmbeddedIndex(folder / "index")
    connection = Connection(QdrantClient(":memory:"), "memory", attempts=1)
    return ServerIndex(connection, "shop", folder / "state", options)


def record(fingerprint: str = "f" * 64, table: dict[str, FieldType] | None = None) -> GenerationRecord:
    return GenerationRecord(
        fingerprint, 16, table or {"price": FieldType.NUMBER}, "/shop", "/shop/model", "2026-01-01T00:00:00Z"
    )


def points(first: int, count: int) -> list[Point]:
    """Random unit vectors; the ids and products follow from the numbers."""
    vectors = np.random.default_rng(first).standard_normal((count, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        Point(f"00000000-0000-0000-0000-{first + i:012d}", {"product_id": f"P{first + i}", "price": float(i)}, vector)
        for i, vector in enumerate(vectors)
    ]


def build(index: Index, batch: list[Point], of: GenerationRecord | None = None) -> str:
    """A new generation of exactly these points."""
    with index.write() as writer:
        draft = writer.draft(of or record(), from_published=False)
        draft.upsert(batch)
        return draft.publish()


def published_products(index: Index) -> set[str]:
    store = index.read()
    try:
        return {point.payload["product_id"] for point in store.scroll()}
    finally:
        store.close()
