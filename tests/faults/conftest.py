"""A shop whose index is on a loopback server, and a command line whose waiting is written down, not done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.faults.loopback_qdrant import LoopbackQdrant, loopback_qdrant
from tests.small_catalog import write_small_catalog
from tests.tiny_model import write_tiny_model

PRODUCTS, PHOTOS = 12, 2


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


class Shop:
    """Runs the command line against one server."""

    def __init__(self, url: str, catalog: Path, model: Path, folder: Path) -> None:
        self.url, self.catalog, self.model, self.state = url, catalog, model, folder / "state"
        self.environment = {"JEWELRY_STATE": str(self.state), "JEWELRY_QDRANT_TIMEOUT": "20"}

    def run(self, *arguments: str, **environment: str) -> Result:
        from indexer.cli.main import main

        settings = {**self.environment, **environment}
        return CliRunner().invoke(main, [*arguments, "--qdrant-url", self.url], env=settings)

    def sync(self, *arguments: str, **environment: str) -> Result:
        return self.run("sync", str(self.catalog), "--model", str(self.model), "--json", *arguments, **environment)


@pytest.fixture
def shop(server: LoopbackQdrant, catalog: Path, model: Path, tmp_path: Path, waits: list[float]) -> Shop:
    return Shop(server.url, catalog, model, tmp_path)
