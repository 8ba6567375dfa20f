"""A shop whose visitors' views are known: what they looked at, the file of it, and what the index then knows."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from indexer.fields.co_views import CoViewed, read_payload
from indexer.store.interface import Index
from indexer.store.records import Point
from indexer.sync.annotate.co_views import EventsReport, update_co_views
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import write_small_catalog
from tests.shops.indexes.both_engines import make_index
from tests.shops.models.tiny_model import write_tiny_model

SESSIONS = {"a": ["P001", "P002", "P003"], "b": ["P001", "P002"], "c": ["P002", "P003", "P999"], "d": ["P004"]}
"""P001 and P002 share two sessions, P002 and P003 two, P001 and P003 one; nobody knows P999."""


def write_events(path: Path, sessions: dict[str, list[str]]) -> Path:
    lines = [
        json.dumps({"session": session, "product": product, "time": 1_770_000_000 + second})
        for session, products in sessions.items()
        for second, product in enumerate(products)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


class Shop:
    """A catalog, a model, an index of either engine, and a file of events."""

    def __init__(self, root: Path, engine: str = "embedded") -> None:
        self.catalog = write_small_catalog(root / "catalog", products=6)
        self.model = write_tiny_model(root / "model")
        self.index: Index = make_index(engine, root)
        self.events = write_events(root / "events.jsonl", SESSIONS)

    def sync(self, **options: Any) -> SyncReport:
        return sync(self.catalog, self.model, self.index, **options)  # type: ignore[arg-type]

    def update(self, **options: Any) -> EventsReport:
        return update_co_views(self.events, self.index, **options)


def stored(index: Index) -> list[Point]:
    store = index.read()
    try:
        return list(store.scroll(vectors=True))
    finally:
        store.close()


def co_views(index: Index) -> dict[str, list[CoViewed]]:
    """By product; all photos of a product say the same."""
    found: dict[str, list[CoViewed]] = {}
    for point in stored(index):
        here = read_payload(point.payload)
        assert found.setdefault(point.payload["product_id"], here) == here
    return {product: others for product, others in found.items() if others}


def score(both: int, one: int, other: int) -> float:
    return float(f"{both / math.sqrt(one * other):.4g}")


EXPECTED = {
    "P001": [CoViewed("P002", 2, score(2, 2, 3)), CoViewed("P003", 1, score(1, 2, 2))],
    "P002": [CoViewed("P001", 2, score(2, 2, 3)), CoViewed("P003", 2, score(2, 2, 3))],
    "P003": [CoViewed("P002", 2, score(2, 2, 3)), CoViewed("P001", 1, score(1, 2, 2))],
}
