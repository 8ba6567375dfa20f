"""A model directory is read whole and unaltered, or refused with one line that names what is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import ModelError
from indexer.models.calibration import Calibration, Calibrations
from indexer.models.directory import fingerprint_of, first_fingerprint_of, load_model
from indexer.models.preprocessing import Preprocessing
from tests.shops.models.tiny_model import write_tiny_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "tiny", size=48, categories=("rings", "watches"), seed=1)


def edit(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = model / "model.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def refused(model: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_model(model)
    message = str(caught.value)
    assert str(model) in message
    assert "\n" not in message
    return message


def test_a_complete_model(model: Path) -> None:
    loaded = load_model(model)
    assert loaded.path == model
    assert loaded.onnx == model / "model.onnx"
    assert loaded.dimension == 128
    assert loaded.preprocessing == Preprocessing(size=48)
    assert loaded.categories == ("rings", "watches")
    assert loaded.calibration == Calibrations(Calibration((0.0, 0.5, 1.0), (0.1, 0.4, 0.9)))
    assert loaded.metrics == {"category": {"P@1": 0.5}}
    assert loaded.record["training"]["seed"] == 1
    assert len(loaded.fingerprint) == 64
    assert loaded.fingerprint.startswith(loaded.short)


def test_the_tiny_model_is_the_same_for_the_same_seed(model: Path, tmp_path: Path) -> None:
    again = write_tiny_model(tmp_path / "again", size=48, categories=("rings", "watches"), seed=1)
    other = write_tiny_model(tmp_path / "other", size=48, categories=("rings", "watches"), seed=2)
    assert load_model(again).fingerprint == load_model(model).fingerprint != load_model(other).fingerprint


def test_fingerprint_covers_all_that_says_what_the_outputs_mean() -> None:
    golden = "3c176ea3d30e052ac9db36bcc3ca6980f868057612bc79140578b64efc1130ae"
    categories = ("rings", "watches")
    assert fingerprint_of(b"network", Preprocessing(224), 128, categories) == golden
    others = {
        fingerprint_of(b"Network", Preprocessing(224), 128, categories),
        fingerprint_of(b"network", Preprocessing(225), 128, categories),
        fingerprint_of(b"network", Preprocessing(224), 64, categories),
        fingerprint_of(b"network", Preprocessing(224), 128, ("watches", "rings")),
        fingerprint_of(b"network", Preprocessing(224), 128, ("rings",)),
        fingerprint_of(b"network", Preprocessing(224), 128, ("rings,watches",)),
    }
    assert len(others - {golden}) == 6


def test_the_first_format_keeps_its_fingerprint() -> None:
    golden = "63302fcecd417c287f5edf85441afd2365b21eb8eb31f4923833428681b33860"
    assert first_fingerprint_of(b"network", Preprocessing(224)) == golden
    assert first_fingerprint_of(b"network", Preprocessing(225)) != golden
    assert first_fingerprint_of(b"Network", Preprocessing(224)) != golden


def test_a_model_of_the_first_format_is_checked_by_its_own_rule(model: Path) -> None:
    """Its record as the first version wrote it, by hand."""
    network = (model / "model.onnx").read_bytes()
    by_hand = hashlib.sha256(network + b'{"policy":"letterbox","resample":"bilinear","size":48}').hexdigest()
    edit(model, lambda record: record.update(format_version=1, fingerprint=by_hand))
    assert load_model(model).fingerprint == by_hand
    edit(model, lambda record: record["preprocessing"].update(size=64))
    assert "model.onnx or the preprocessing was altered after training" in refused(model)


def test_a_newer_model_is_not_taken_for_one_of_the_first_format(model: Path) -> None:
    edit(model, lambda record: record.update(format_version=1, categories=["watches", "rings"]))
    assert "was altered after training" in refused(model)


@pytest.mark.parametrize(
    "change",
    [
        {"categories": ["watches", "rings"]},
        {"categories": ["rings", "Watches"]},
        {"categories": ["rings"]},
        {"categories": ["rings", "watches", "brooches"]},
        {"categories": []},
        {"dimension": 64},
    ],
)
def test_altered_categories_or_dimension(model: Path, change: dict[str, Any]) -> None:
    edit(model, lambda record: record.update(change))
    assert "model.onnx, the preprocessing, the dimension or the categories was altered" in refused(model)


def test_a_missing_directory(tmp_path: Path) -> None:
    assert "no such model directory; train one with" in refused(tmp_path / "none")


@pytest.mark.parametrize("name", ["model.onnx", "model.json"])
def test_a_missing_file(model: Path, name: str) -> None:
    (model / name).unlink()
    assert f"{name} is missing" in refused(model)


def test_an_altered_network(model: Path) -> None:
    content = bytearray((model / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (model / "model.onnx").write_bytes(content)
    assert "altered after training" in refused(model)


def test_altered_preprocessing(model: Path) -> None:
    edit(model, lambda record: record["preprocessing"].update(size=64))
    assert "altered after training" in refused(model)


def test_a_newer_format(model: Path) -> None:
    edit(model, lambda record: record.update(format_version=3))
    assert "newer than this version reads (2); upgrade" in refused(model)


def test_unknown_preprocessing(model: Path) -> None:
    edit(model, lambda record: record["preprocessing"].update(policy="crop"))
    assert "not known to this version" in refused(model)


@pytest.mark.parametrize("key", ["format_version", "fingerprint", "dimension", "preprocessing", "categories"])
def test_a_missing_entry(model: Path, key: str) -> None:
    edit(model, lambda record: record.pop(key))
    assert key in refused(model)


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 0},
        {"format_version": "1"},
        {"dimension": 0},
        {"dimension": "many"},
        {"dimension": 128.5},
        {"dimension": True},
        {"dimension": [128] * 1000},
        {"categories": "rings"},
        {"categories": [1, 2]},
        {"categories": None},
        {"categories": ["rings", "rings"]},
        {"calibration": "none"},
        {"calibration": {"same_category": {"scores": [], "probabilities": []}}},
        {"calibration": {"same_category": {"scores": [0.5, 0.5], "probabilities": [0, 1]}}},
        {"calibration": {"same_category": {"scores": [0, 1], "probabilities": [0.5]}}},
        {"calibration": {"same_category": {"scores": [0, 1], "probabilities": [0, 1.5]}}},
        {"calibration": {"same_category": {"scores": [0, 1]}}},
        {"calibration": {"same_category": [0, 1]}},
        {"calibration": {"same_category": {"scores": [0, float("nan")], "probabilities": [0, 1]}}},
        {"calibration": {"same_category_of": [1]}},
        {"calibration": {"same_category_of": {"rings": {"scores": [1]}}}},
        {"calibration": {"same_product": {"scores": [0, 1], "probabilities": [0, 1]}}},
        {"calibration": {"same_product": {"scores": [0, 1], "probabilities": [0, 1], "products": 1}}},
        {"calibration": {"same_product": [1]}},
        {"calibration": {"duplicates": [{"precision": 0.5}]}},
        {"calibration": {"none_of_these": {"strangeness": [], "share": []}}},
        {"calibration": {"none_of_these": {"above": 1, "strangeness": [1, 0], "share": [0, 0]}}},
        {"calibration": {"none_of_these": {"above": float("nan"), "strangeness": [], "share": []}}},
    ],
)
def test_a_damaged_entry(model: Path, change: dict[str, Any]) -> None:
    edit(model, lambda record: record.update(change))
    message = refused(model)
    assert "cannot be read" in message
    assert next(iter(change)) in message
    assert "Error" not in message
    assert len(message) < len(str(model)) + 200


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_record(model: Path, content: bytes) -> None:
    (model / "model.json").write_bytes(content)
    assert "cannot be read" in refused(model)


def test_no_calibration(model: Path) -> None:
    edit(model, lambda record: record.update(calibration=None))
    assert load_model(model).calibration == Calibrations()
