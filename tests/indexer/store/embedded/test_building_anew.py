"""The graph of a copied generation is built anew where more than a tenth of it is stale, and never for less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from indexer.store.embedded.engine import EdgeStore
from indexer.store.records import Point
from indexer.system.files import copy_tree
from tests.shops.indexes.both_engines import record

pytestmark = pytest.mark.slow

DIMENSION, POINTS = 1024, 4000
"""16 MB of vectors: the engine builds no graph for less than 10."""


def points(numbers: range, seed: int = 0) -> Iterator[Point]:
    drawn = np.random.default_rng(seed)
    for number in numbers:
        vector = drawn.standard_normal(DIMENSION).astype(np.float32)
        yield Point(str(UUID(int=number + 1)), {"product_id": f"P{number}"}, vector)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("built") / "shard"
    store = EdgeStore.create(path, "1", replace(record(), dimension=DIMENSION))
    store.upsert(points(range(POINTS)))
    assert store.needs_optimizing()
    store.optimize()
    store.flush()
    store.close()
    return path


@pytest.mark.parametrize(
    ("replaced", "removed", "added", "anew"),
    [
        (0.01, 0.0, 0.0, False),
        (0.03, 0.03, 0.03, False),
        (0.12, 0.0, 0.0, True),
        (0.0, 0.12, 0.0, True),
        (0, 0, 0.2, True),
    ],
)
def test_a_tenth_decides(
    built: Path, tmp_path: Path, replaced: float, removed: float, added: float, anew: bool
) -> None:
    copy_tree(built, tmp_path / "shard")
    store = EdgeStore.load(tmp_path / "shard", "2", replace(record(), dimension=DIMENSION))
    gone = [point.id for point in points(range(POINTS - int(removed * POINTS), POINTS))]
    store.upsert(points(range(int(replaced * POINTS)), seed=1))
    store.upsert(points(range(POINTS, POINTS + int(added * POINTS))))
    store.delete(gone)
    assert store.needs_optimizing(deleted=len(gone)) is anew
    store.close()
