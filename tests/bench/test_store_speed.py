"""The embedded engine at 100,000 photos: upsert, optimize, query time, recall; the client's local mode beside it."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.fields.types import FieldType
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.filters.tree import Filter, Match, Range
from indexer.store.interface import Store
from indexer.store.records import GenerationRecord, Point

pytestmark = pytest.mark.bench

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
FILTERS: dict[str, Filter | None] = {
    "all": None,
    "10 %": Filter(must=(Match("metal", ("metal-3",)),)),
    "1 %": Filter(must=(Match("brand", ("brand-42",)),)),
    "0.1 %": Filter(must=(Range("price", gte=500.0, lt=501.0),)),
}


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


def measure(store: Store, queries: NDArray[np.float32], name: str, *, exact_too: bool = True) -> None:
    """Print median and 95th percentile of single queries, and recall@10 against exact search, per filter."""
    for label, where in FILTERS.items():
        times, found = [], []
        for query in queries:
            began = time.perf_counter()
            hits = store.search(query[None], limit=K, where=where, fields=["product_id"])[0]
            times.append(1000 * (time.perf_counter() - began))
            found.append({hit.id for hit in hits})
        line = f"{name}, {label}: p50 {statistics.median(times):.2f} ms, p95 {np.percentile(times, 95):.2f} ms"
        if exact_too:
            exact = store.search(queries, limit=K, where=where, exact=True, fields=["product_id"])
            shares = [len(ids & {h.id for h in hits}) / len(hits) for ids, hits in zip(found, exact, strict=True)]
            line += f", recall@{K} {statistics.mean(shares):.4f}"
        print(line)


def test_embedded_at_100_000(tmp_path: Path) -> None:
    """Upsert, publish (which optimizes) and query through the project's own store."""
    (vectors, queries), index = clustered(POINTS), EmbeddedIndex(tmp_path / "index")
    made = list(points(vectors))
    with index.write() as writer:
        draft = writer.draft(RECORD, from_published=False)
        began = time.perf_counter()
        draft.upsert(made)
        upsert = time.perf_counter() - began
        began = time.perf_counter()
        draft.publish()
        publish = time.perf_counter() - began
    print(f"\nembedded: {POINTS / upsert:,.0f} points/s upserted; optimize and publish {publish:.0f} s")
    store = index.read()
    measure(store, queries, f"embedded, {POINTS:,} points")
    store.close()


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
@pytest.mark.filterwarnings("ignore:Local mode is not recommended")
def test_local_mode_of_the_client_at_10_000(tmp_path: Path) -> None:
    """The Python emulation that ships with qdrant-client, at a tenth of the size, for comparison."""
    from qdrant_client import QdrantClient, models

    client = QdrantClient(path=str(tmp_path / "local"))
    client.create_collection("bench", {"image": models.VectorParams(size=128, distance=models.Distance.COSINE)})
    vectors, queries = clustered(LOCAL_POINTS)
    made = [
        models.PointStruct(id=p.id, vector={"image": p.vector.tolist()}, payload=p.payload)  # type: ignore[union-attr]
        for p in points(vectors)
    ]
    began = time.perf_counter()
    client.upsert("bench", made)
    print(f"\nlocal mode: {LOCAL_POINTS / (time.perf_counter() - began):,.0f} points/s upserted")
    condition = models.Filter(must=[models.FieldCondition(key="metal", match=models.MatchValue(value="metal-3"))])
    for label, where in {"all": None, "10 %": condition}.items():
        times = []
        for query in queries[:: QUERIES // 20]:
            began = time.perf_counter()
            client.query_points("bench", query=query.tolist(), using="image", limit=K, query_filter=where)
            times.append(1000 * (time.perf_counter() - began))
        print(f"local mode, {LOCAL_POINTS:,} points, {label}: p50 {statistics.median(times):.1f} ms")
    client.close()
