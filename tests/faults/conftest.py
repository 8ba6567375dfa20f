"""A shop whose index is on a loopback server, and a command line whose waiting is written down, not done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.loopback_qdrant import LoopbackQdrant, loopback_qdrant
from tests.faults.shop import PHOTOS, PRODUCTS, Shop
from tests.shops.catalogs.small_catalog import write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model


@pytest.fixture
def server() -> Iterator[LoopbackQdrant]:
    with loopback_qdrant() as running:
        yield running


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds the connection would have waited before each further attempt."""
    waited: list[float] = []
    monkeypatch.setattr("indexer.store.server.connection.time.sleep", waited.append)
    return waited


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_catalog(tmp_path_factory.mktemp("faults") / "catalog", PRODUCTS, PHOTOS)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("faults") / "model")


@pytest.fixture
def shop(server: LoopbackQdrant, catalog: Path, model: Path, tmp_path: Path, waits: list[float]) -> Shop:
    return Shop(server.url, catalog, model, tmp_path)
