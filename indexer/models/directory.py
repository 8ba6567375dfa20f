"""The model directory: what trainer writes and everyone else reads (model.onnx, model.json, fingerprint)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

from indexer.errors import ModelError
from indexer.models.calibration import Calibrations
from indexer.models.preprocessing import Preprocessing
from indexer.models.strangers import Strangers
from indexer.system.arguments import path_of

FORMAT_VERSION = 2
"""The newest that is read. Format 1 has a fingerprint of its own rule: see `first_fingerprint_of`."""
ONNX_NAME = "model.onnx"
JSON_NAME = "model.json"
WEIGHTS_NAME = "model.safetensors"
REPORT_NAME = "report"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A verified model directory. ``fingerprint`` names the model: equal fingerprints give comparable vectors."""

    path: Path
    fingerprint: str
    dimension: int
    preprocessing: Preprocessing
    categories: tuple[str, ...]
    calibration: Calibrations
    """What its scores mean; empty where it does not say."""
    strangers: Strangers | None = field(compare=False)
    """What it makes of pictures of no product; None in models of the first format."""
    metrics: dict[str, Any]
    record: dict[str, Any]
    network: bytes = field(repr=False, compare=False)
    """What the file `onnx` held when it was verified: a session is made of this, and the file is read once."""

    @property
    def onnx(self) -> Path:
        """The network: ``image`` uint8 [n,H,W,3] → ``embedding`` float32 [n,dimension], ``category_logits`` [n,C].

        Where ``calibration.none_of_these`` says what it means, ``strangeness`` [n,1] besides.
        """
        return self.path / ONNX_NAME

    @property
    def short(self) -> str:
        """The first 12 digits of the fingerprint, for people."""
        return self.fingerprint[:12]


def fingerprint_of(onnx: bytes, preprocessing: Preprocessing, dimension: int, categories: Sequence[str]) -> str:
    """The fingerprint of format 2: sha256 over the ONNX bytes and all else that decides what its outputs mean.

    That is the preprocessing record, the dimension, and the categories in the order of the logits.
    """
    meaning = {"categories": list(categories), "dimension": dimension, "preprocessing": preprocessing.record()}
    return _digest(onnx, meaning)


def first_fingerprint_of(onnx: bytes, preprocessing: Preprocessing) -> str:
    """The fingerprint of format 1: sha256 over the ONNX bytes and the preprocessing record alone.

    Models of it go on being read, and keep it: the vectors in their indexes are told by it.
    """
    return _digest(onnx, preprocessing.record())


def _digest(onnx: bytes, meaning: dict[str, Any]) -> str:
    digest = hashlib.sha256(onnx)
    digest.update(json.dumps(meaning, sort_keys=True, separators=(",", ":")).encode())
    return digest.hexdigest()


def load_model(path: str | Path) -> ModelFile:
    """Read and verify a model directory.

    Raises:
        ModelError: it is missing or incomplete, of a newer format, or its files are not those it was written with.
        UsageError: it is no path.
    """
    path = path_of("model", path)
    if not path.is_dir():
        raise ModelError(f"{path}: no such model directory; train one with: trainer fit CATALOG -o {path}")
    for name in (JSON_NAME, ONNX_NAME):
        if not (path / name).is_file():
            raise ModelError(f"{path}: {name} is missing, so this is not a complete model directory; train it anew")
    try:
        record = json.loads((path / JSON_NAME).read_text(encoding="utf-8"))
        network = (path / ONNX_NAME).read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error}); check its owner and rights") from error
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, "it is no JSON") from error
    try:
        model = _parse(path, record, network)
    except ModelError as error:
        raise ModelError(f"{path / JSON_NAME}: {error}") from error
    except KeyError as error:
        raise _unreadable(path, f"{error} is missing") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise _unreadable(path, str(error)) from error
    _verify(model)
    return model


def _unreadable(path: Path, why: str) -> ModelError:
    return ModelError(f"{path / JSON_NAME}: cannot be read ({why}); restore it or train anew")


def _verify(model: ModelFile) -> None:
    """Refuse a directory whose files are not those it was written with; raises ``ModelError``."""
    if model.record["format_version"] == 1:
        covered, found = f"{ONNX_NAME} or the preprocessing", first_fingerprint_of(model.network, model.preprocessing)
    else:
        covered = f"{ONNX_NAME}, the preprocessing, the dimension or the categories"
        found = fingerprint_of(model.network, model.preprocessing, model.dimension, model.categories)
    if found != model.fingerprint:
        raise ModelError(
            f"{model.path}: {covered} was altered after training (the fingerprint does not match); "
            "restore the directory or train anew"
        )


def _parse(path: Path, record: dict[str, Any], network: bytes) -> ModelFile:
    """The record as a `ModelFile`, not yet verified; raises nearly anything when it is not what trainer writes."""
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")
    version = _whole_number(record, "format_version")
    if version > FORMAT_VERSION:
        raise ModelError(f"model format {version} is newer than this version reads ({FORMAT_VERSION}); upgrade")
    dimension, strangers = _whole_number(record, "dimension"), record.get("strangers")
    return ModelFile(
        path=path,
        fingerprint=str(record["fingerprint"]),
        dimension=dimension,
        preprocessing=Preprocessing.from_record(record["preprocessing"]),
        categories=_categories(record["categories"]),
        calibration=Calibrations.of(record.get("calibration") or {}),
        strangers=None if strangers is None else Strangers.from_record(strangers, dimension),
        metrics=record.get("metrics") or {},
        record=record,
        network=network,
    )


def _whole_number(record: dict[str, Any], name: str) -> int:
    value = record[name]
    if type(value) is not int or value < 1:  # true is an int to Python
        raise ValueError(f"{name} is {shortened(value)} and no whole number from 1 on")
    return value


def _categories(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("categories is no list of names")
    if len(set(names)) < len(names):
        raise ValueError(f"categories has {Counter(names).most_common(1)[0][0]!r} twice")
    return tuple(names)
