"""Points in clusters that the fields have nothing to do with, and filters by the share of the points that they keep.

What filters do to a walk over the graph is seen on such points alone: where a cluster is of one value, the nearest of
what a filter keeps are neighbours in the graph, as if there were no filter.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from indexer.store.filters.tree import Filter, Match, Range
from indexer.store.records import Point
from tests.shops.indexes.drawn_payload import DIMENSION, drawn_payload

IN_CLUSTER = 25
FILTERS: dict[str, Filter | None] = {
    "no filter": None,
    "80 %": Filter(must=(Match("in_stock", (True,)),)),
    "65 %": Filter(must=(Range("price", lt=650.0),)),
    "50 %": Filter(must=(Range("price", lt=500.0),)),
    "25 %": Filter(must=(Match("metal", ("metal-1", "metal-2")),)),
    "two, 20 %": Filter(must=(Match("metal", ("metal-1", "metal-2")), Match("in_stock", (True,)))),
    "two wide, 20 %": Filter(
        must=(Match("metal", ("metal-1", "metal-2", "metal-3", "metal-4")), Range("price", lt=400.0))
    ),
    "12.5 %": Filter(must=(Match("metal", ("metal-3",)),)),
    "5 %": Filter(must=(Match("stone", ("stone-4",)),)),
    "1 %": Filter(must=(Range("price", gte=500.0, lt=510.0),)),
    ".1 %": Filter(must=(Match("brand", ("brand-42",)),)),
}


def drawn_points(count: int, seed: int = 0) -> Iterator[Point]:
    """So many points, a thousand drawn at a time."""
    rng = np.random.default_rng(seed)
    centers = _centers(count)
    for start in range(0, count, 1000):
        size = min(1000, count - start)
        vectors = _near(centers[rng.integers(0, len(centers), size)], rng)
        metals, stones, brands = (rng.integers(0, most, size) for most in (8, 20, 1000))
        prices, stocked = rng.uniform(0, 1000, size), rng.random(size) < 0.8
        for row in range(size):
            number = start + row
            payload = drawn_payload(
                number,
                f"P{number // 3:07d}",
                f"category-{number // 3 % 8}",
                brand=f"brand-{brands[row]}",
                metal=f"metal-{metals[row]}",
                stone=f"stone-{stones[row]}",
                price=float(prices[row]),
                in_stock=bool(stocked[row]),
            )
            yield Point(str(uuid.UUID(int=number)), payload, vectors[row])


def drawn_questions(count: int, questions: int) -> NDArray[np.float32]:
    """Further photos of clusters of ``count`` points, float32 [questions, 128]."""
    rng = np.random.default_rng(99)
    centers = _centers(count)
    return _near(centers[rng.integers(0, len(centers), questions)], rng)


def _centers(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(7).standard_normal((max(1, count // IN_CLUSTER), DIMENSION), dtype=np.float32)


def _near(centers: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    vectors = centers + np.float32(0.5) * rng.standard_normal(centers.shape, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)  # type: ignore[no-any-return]
