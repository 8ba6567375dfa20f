"""Drawn points for measurements."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from indexer.store.records import Point
from tests.shops.indexes.drawn_payload import drawn_payload

POINTS, LOCAL_POINTS, QUERIES, K = 100_000, 10_000, 200, 10


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
        payload = drawn_payload(
            number,
            f"P{number // 3:06d}",
            f"category-{number % 8}",
            brand=f"brand-{number % 100}",
            metal=f"metal-{number // 3 % 10}",
            stone=f"stone-{number // 3 % 12}",
            price=float(prices[number]),
            in_stock=number % 7 != 0,
        )
        yield Point(str(uuid.UUID(int=number)), payload, vector)
