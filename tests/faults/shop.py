"""A shop on a server that fails."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

PRODUCTS, PHOTOS = 12, 2


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
