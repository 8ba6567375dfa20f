"""The model directory: what trainer writes and everyone else reads (model.onnx, model.json, fingerprint)."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from indexer.errors import ModelError
from indexer.models.preprocessing import Preprocessing

FORMAT_VERSION = 1
ONNX_NAME = "model.onnx"
JSON_NAME = "model.json"
WEIGHTS_NAME = "model.safetensors"
REPORT_NAME = "report"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cosine score → probability that two photos show the same category: a monotone, piecewise linear curve."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.scores or len(self.scores) != len(self.probabilities):
            raise ValueError("a calibration needs as many probabilities as scores, at least one")
        if any(right <= left for left, right in pairwise(self.scores)):
            raise ValueError("the scores of a calibration must rise")
        if not all(0.0 <= p <= 1.0 for p in self.probabilities):
            raise ValueError("the probabilities of a calibration must lie in 0..1")

    def probability(self, score: float) -> float:
        """Interpolated between the knots, flat beyond them."""
        if score <= self.scores[0]:
            return self.probabilities[0]
        if score >= self.scores[-1]:
            return self.probabilities[-1]
        right = bisect_right(self.scores, score)
        x0, x1 = self.scores[right - 1], self.scores[right]
        y0, y1 = self.probabilities[right - 1], self.probabilities[right]
        return y0 + (y1 - y0) * (score - x0) / (x1 - x0)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A verified model directory. ``fingerprint`` names the model: equal fingerprints give comparable vectors."""

    path: Path
    fingerprint: str
    dimension: int
    preprocessing: Preprocessing
    categories: tuple[str, ...]
    calibration: Calibration | None
    metrics: dict[str, Any]
    record: dict[str, Any]
    network: bytes = field(repr=False, compare=False)
    """What the file `onnx` held when it was verified: a session is made of this, and the file is read once."""

    @property
    def onnx(self) -> Path:
        """The network: ``image`` uint8 [n,H,W,3] → ``embedding`` float32 [n,dimension], ``category_logits`` [n,C]."""
        return self.path / ONNX_NAME

    @property
    def short(self) -> str:
        """The first 12 digits of the fingerprint, for people."""
        return self.fingerprint[:12]


def fingerprint_of(onnx: bytes, preprocessing: Preprocessing) -> str:
    """sha256 over the ONNX bytes and the preprocessing record: all that decides what a vector means."""
    digest = hashlib.sha256(onnx)
    digest.update(json.dumps(preprocessing.record(), sort_keys=True, separators=(",", ":")).encode())
    return digest.hexdigest()


def load_model(path: Path) -> ModelFile:
    """Read and verify a model directory.

    Raises:
        ModelError: it is missing or incomplete, of a newer format, or its files are not those it was written with.
    """
    if not path.is_dir():
        raise ModelError(f"{path}: no such model directory; train one with: trainer fit CATALOG -o {path}")
    for name in (JSON_NAME, ONNX_NAME):
        if not (path / name).is_file():
            raise ModelError(f"{path}: {name} is missing, so this is not a complete model directory; train it anew")
    try:
        record = json.loads((path / JSON_NAME).read_text(encoding="utf-8"))
        model = _parse(path, record, (path / ONNX_NAME).read_bytes())
    except ModelError as error:
        raise ModelError(f"{path / JSON_NAME}: {error}") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error}); check its owner and rights") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path / JSON_NAME}: cannot be read ({error!r}); restore it or train anew") from error
    if fingerprint_of(model.network, model.preprocessing) != model.fingerprint:
        raise ModelError(
            f"{path}: {ONNX_NAME} or the preprocessing was altered after training (the fingerprint does not match); "
            "restore the directory or train anew"
        )
    return model


def _parse(path: Path, record: dict[str, Any], network: bytes) -> ModelFile:
    """The record as a `ModelFile`, not yet verified; raises nearly anything when it is not what trainer writes."""
    version = int(record["format_version"])
    if version > FORMAT_VERSION:
        raise ModelError(f"model format {version} is newer than this version reads ({FORMAT_VERSION}); upgrade")
    dimension = int(record["dimension"])
    if dimension < 1:
        raise ValueError(f"dimension {dimension}")
    categories = record["categories"]
    if not isinstance(categories, list) or not all(isinstance(name, str) for name in categories):
        raise TypeError("categories is not a list of names")
    return ModelFile(
        path=path,
        fingerprint=str(record["fingerprint"]),
        dimension=dimension,
        preprocessing=Preprocessing.from_record(record["preprocessing"]),
        categories=tuple(categories),
        calibration=_calibration(record.get("calibration") or {}),
        metrics=record.get("metrics") or {},
        record=record,
        network=network,
    )


def _calibration(record: dict[str, Any]) -> Calibration | None:
    curve = record.get("same_category")
    if not curve:
        return None
    return Calibration(tuple(map(float, curve["scores"])), tuple(map(float, curve["probabilities"])))
