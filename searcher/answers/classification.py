"""The category of a photo, as the model sees it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import PlainSerializer

from indexer.errors import UsageError
from indexer.models.directory import ModelFile
from indexer.models.embedder import Prediction
from indexer.models.vectors import softmax
from indexer.system.plain_json import PlainJson, rounded


@dataclass(frozen=True, slots=True)
class Category(PlainJson):
    """A category and its calibrated probability, 0 to 1."""

    category: str
    probability: float


AS_CATEGORY = PlainSerializer(lambda named: Category(*named), return_type=Category)


@dataclass(frozen=True, slots=True)
class Classification(PlainJson):
    """The likeliest categories of a photo, best first, or that it is none of these, and the model that says so."""

    photo: str
    none_of_these: bool
    """The photo is too unlike what the model learned from to show any of its categories; see ``usual``."""
    usual: float | None
    """The share of the shop's own photos that are about as strange; 1 of most. None where the model cannot say."""
    categories: tuple[Annotated[tuple[str, float], AS_CATEGORY], ...]
    """Name and calibrated probability, 0 to 1, if it is one of them."""
    model: str
    took_ms: Annotated[float, rounded(1)]


def check_classifies(model: ModelFile) -> None:
    """Refuse to name categories, before a photo is read.

    Raises:
        UsageError: the model was trained without categories.
    """
    if not model.categories:
        raise UsageError(f"{model.path}: this model was trained without categories; train one on labelled photos")


def classified(seen: Prediction, model: ModelFile, photo: str, k: int, started: float) -> Classification:
    """The k likeliest by the softmax of the logits of one photo, as the network saw it; see `check_classifies`."""
    shares = softmax(seen.category_logits[0].astype(np.float64))
    order = sorted(range(len(shares)), key=lambda n: (-shares[n], model.categories[n]))[:k]
    best = tuple((model.categories[n], round(float(shares[n]), 6)) for n in order)
    known = model.calibration.none_of_these
    none, usual = False, None
    if known is not None and seen.strangeness is not None:
        strangeness = float(seen.strangeness[0])
        none, usual = known.calls(strangeness), known.share(strangeness) or 1.0
    return Classification(photo, none, usual, best, model.fingerprint, 1000 * (time.perf_counter() - started))
