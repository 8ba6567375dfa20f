"""What an index holds and answers, to compare two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from indexer.store.filters.tree import Filter, Range
from indexer.store.interface import Index
from indexer.store.records import Point
from tests.shops.indexes.both_engines import points

COUNT = 60


def stored(index: Index) -> list[Point]:
    store = index.read()
    try:
        return list(store.scroll(vectors=True))
    finally:
        store.close()


def answers(index: Index, *, exact: bool) -> list[list[tuple[str, Any, dict[str, Any]]]]:
    """What three questions are answered with."""
    store = index.read()
    try:
        asked = np.stack([point.vector for point in points(7000, 3) if point.vector is not None])
        where = Filter(must=(Range("price", lt=COUNT / 2),))
        found = [*store.search(asked, limit=10, exact=exact), *store.search(asked, limit=10, exact=exact, where=where)]
        return [[(hit.id, hit.score, hit.payload) for hit in hits] for hits in found]
    finally:
        store.close()


def scored(index: Index, *, exact: bool) -> list[list[tuple[str, Any, dict[str, Any]]]]:
    """`answers` to compare with those of another engine, which adds up in another order."""
    found = answers(index, exact=exact)
    return [[(i, pytest.approx(score, abs=1e-6), payload) for i, score, payload in hits] for hits in found]
