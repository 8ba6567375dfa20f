"""The category of a photo, as the model sees it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.models.directory import ModelFile
from indexer.models.vectors import softmax


@dataclass(frozen=True, slots=True)
class Classification:
    """The likeliest categories of a photo, best first, and the model that says so."""

    photo: str
    categories: tuple[tuple[str, float], ...]
    """Name and calibrated probability, 0 to 1."""
    model: str
    took_ms: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "photo": self.photo,
            "categories": [{"category": name, "probability": share} for name, share in self.categories],
            "model": self.model,
            "took_ms": round(self.took_ms, 1),
        }


def check_classifies(model: ModelFile, k: int) -> None:
    """Refuse to name categories, before a photo is read.

    Raises:
        UsageError: the model was trained without categories, or k is below 1.
    """
    if not model.categories:
        raise UsageError(f"{model.path}: this model was trained without categories; train one on labelled photos")
    if k < 1:
        raise UsageError(f"k is {k}; ask for 1 category or more")


def classified(logits: NDArray[np.float32], model: ModelFile, photo: str, k: int, started: float) -> Classification:
    """The k likeliest by the softmax of one photo's logits [C]; see `check_classifies`."""
    shares = softmax(logits.astype(np.float64))
    order = sorted(range(len(shares)), key=lambda n: (-shares[n], model.categories[n]))[:k]
    best = tuple((model.categories[n], round(float(shares[n]), 6)) for n in order)
    return Classification(photo, best, model.fingerprint, 1000 * (time.perf_counter() - started))
