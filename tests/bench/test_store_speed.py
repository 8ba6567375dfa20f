"""The embedded engine at 100,000 photos: upsert, optimize, query time, recall; the client's local mode beside it."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.filters.tree import Filter, Match, Range
from indexer.store.interface import Store
from tests.bench.drawn_points import LOCAL_POINTS, POINTS, QUERIES, K, clustered, points
from tests.shops.indexes.drawn_payload import RECORD

pytestmark = pytest.mark.bench

FILTERS: dict[str, Filter | None] = {
    "all": None,
    "10 %": Filter(must=(Match("metal", ("metal-3",)),)),
    "1 %": Filter(must=(Match("brand", ("brand-42",)),)),
    "0.1 %": Filter(must=(Range("price", gte=500.0, lt=501.0),)),
}


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
