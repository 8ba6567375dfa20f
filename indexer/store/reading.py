"""What the libraries of both engines answer, as ours: they name the parts of a record alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from indexer.errors import StoreDamaged
from indexer.store.interface import Store
from indexer.store.records import Hit, Point, vector_of


def to_point(record: Any) -> Point:
    """A point with the vectors that were asked for."""
    found = record.vector if isinstance(record.vector, dict) else {}
    return Point.of(str(record.id), record.payload or {}, {n: np.asarray(row, np.float32) for n, row in found.items()})


def to_hits(scored: Iterable[Any], *, points: bool) -> list[Hit]:
    """One question's answers, best first; with ``points``, each with its vectors."""
    return [Hit(str(p.id), float(p.score), p.payload or {}, to_point(p) if points else None) for p in scored]


def to_counts(hits: Iterable[Any]) -> list[tuple[str | bool, int]]:
    """Values and their number of points, most frequent first."""
    counts = [(hit.value, int(hit.count)) for hit in hits if hit.count]  # 0: an index remembers what no point has now
    return sorted(counts, key=lambda hit: (-hit[1], str(hit[0])))


def selector(fields: Sequence[str] | None) -> Any:
    """The payload fields to ask for; None asks for all."""
    return True if fields is None else list(fields)


def read_one(store: Store) -> None:
    """Read a point with its vectors, and find it by each of them; raises ``StoreError`` where that cannot be done."""
    for name, dimension in store.record.dimensions.items():
        asked = np.zeros((1, dimension), np.float32)
        asked[0, 0] = 1.0
        [hits] = store.search(asked, limit=1, using=name, vectors_too=True)
        if hits and (hits[0].point is None or vector_of(hits[0].point, name) is None):
            raise StoreDamaged(f"generation {store.generation}: a photo has no vector", "run indexer sync CATALOG")
