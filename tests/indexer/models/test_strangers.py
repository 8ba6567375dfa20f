"""What a model makes of strangers is read as it was written, and refused in one line where it is something else."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.errors import ModelError
from indexer.models.directory import load_model
from indexer.models.strangers import DIRECTIONS, Strangers
from tests.shops.models.tiny_model import DIMENSION, write_tiny_model


def vectors(count: int = 100) -> np.ndarray:
    rows = np.random.default_rng(0).normal(size=(count, DIMENSION)) * np.linspace(2, 0.1, DIMENSION) + 0.5
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_mean_and_spread_survive_the_file() -> None:
    rows = vectors()
    made = Strangers.of(rows)
    again = Strangers.from_record(json.loads(json.dumps(made.record())), DIMENSION)
    assert again.mean == pytest.approx(rows.mean(axis=0), abs=1e-3)
    exact = np.cov(rows.T, bias=True)
    assert np.trace(again.covariance) == pytest.approx(np.trace(exact), rel=1e-3)
    assert np.abs(again.covariance - exact).max() < 0.1 * np.abs(exact).max()
    assert (again.pictures, len(again.spread)) == (100, DIRECTIONS)
    assert len(json.dumps(made.record())) < 12_000


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_pictures(count: int) -> None:
    made = Strangers.of(vectors(count))
    again = Strangers.from_record(made.record(), DIMENSION)
    assert again.mean == pytest.approx(vectors(count).mean(axis=0), abs=1e-3)
    assert np.isfinite(again.covariance).all()


def test_it_is_no_part_of_the_fingerprint(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "m")
    plain = load_model(model)
    assert plain.strangers is None
    path = model / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"strangers": Strangers.of(vectors()).record()}))
    known = load_model(model)
    assert known.fingerprint == plain.fingerprint
    assert known.strangers is not None


def packed(rows: np.ndarray) -> str:
    return base64.b64encode(rows.astype("<f2").tobytes()).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"float16": "no base64"},
        {"float16": packed(np.ones((3, 64)))},
        {"float16": packed(np.full((4, DIMENSION), np.nan)), "rows": 4},
        {"float16": 3},
        {"rows": 0},
        {"rows": "many"},
        {"rows": -1},
        {"rest": -1.0},
        {"rest": "nan"},
        {"pictures": None},
    ],
)
def test_what_was_not_written_so_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    model = write_tiny_model(tmp_path / "m")
    path, record = model / "model.json", Strangers.of(vectors()).record() | change
    path.write_text(json.dumps(json.loads(path.read_text()) | {"strangers": record}))
    with pytest.raises(ModelError, match="strangers is not what was written for dimension 128") as caught:
        load_model(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("record", [[], "strangers", 3, {}])
def test_what_is_no_record_is_refused(tmp_path: Path, record: object) -> None:
    path = write_tiny_model(tmp_path / "m") / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"strangers": record}))
    with pytest.raises(ModelError, match="strangers is not what was written"):
        load_model(path.parent)
