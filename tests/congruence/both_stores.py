"""Filled stores of both engines for a test: a shard, and a collection of qdrant-client's ``:memory:``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.fields.identity import point_id
from indexer.fields.types import FieldTable
from indexer.store.records import Point
from tests.congruence.engines import DIMENSION, AnyStore, Embedded, Engine, memory

ENGINES = ("embedded", "memory")


def unit_vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def points(payloads: list[dict[str, Any]]) -> list[Point]:
    """A photo for each payload; the ids are hashes, as a sync makes them."""
    return [
        Point(point_id(payload["product_id"], str(number)), payload, vector)
        for number, (payload, vector) in enumerate(zip(payloads, unit_vectors(len(payloads)), strict=True))
    ]


@contextmanager
def open_engine(name: str, folder: Path) -> Iterator[Engine]:
    engine: Engine = Embedded(folder) if name == "embedded" else memory()
    yield engine
    engine.close()


@contextmanager
def filled(engine: Engine, table: FieldTable, payloads: list[dict[str, Any]]) -> Iterator[AnyStore]:
    store = engine.new(table)
    store.upsert(points(payloads))
    yield store
    engine.drop(store)
