"""A model.json with other categories or another dimension than it was written with is one line in all programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from indexer.cli.main import main as indexer
from indexer.sync.run import sync
from searcher.cli.main import main as searcher
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.models.tiny_model import CATEGORIES, write_tiny_model
from trainer.cli.main import main as trainer

SWAPPED = [*CATEGORIES[1:], CATEGORIES[0]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog, its model and its index."""
    root = tmp_path_factory.mktemp("shop")
    for seed in range(4):
        write_photo(root / "catalog" / CATEGORIES[seed % 2] / f"{seed}.jpg", seed)
    write_tiny_model(root / "model")
    sync(root / "catalog", root / "model", root / "index")
    return root


@pytest.mark.parametrize("change", [{"categories": SWAPPED}, {"categories": list(CATEGORIES[:4])}, {"dimension": 64}])
def test_refused_by_all_three_programs(shop: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    model = write_tiny_model(tmp_path / "model")
    path = model / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    catalog, photo = shop / "catalog", next((shop / "catalog").rglob("*.jpg"))
    commands: list[tuple[click.Command, list[Path | str]]] = [
        (indexer, ["sync", catalog, "--model", model, "--index", tmp_path / "index"]),
        (searcher, ["classify", "--image", photo, "--model", model, "--index", shop / "index"]),
        (searcher, ["similar", "--image", photo, "--model", model, "--index", shop / "index"]),
        (trainer, ["evaluate", model, catalog]),
    ]
    for program, arguments in commands:
        done = CliRunner().invoke(program, list(map(str, arguments)))
        assert done.exit_code == 1, (arguments, done.output)
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "dimension or the categories was altered after training" in done.stderr
    assert not (tmp_path / "index" / "CURRENT").exists()
