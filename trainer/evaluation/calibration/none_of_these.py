"""What is no product: a measure of strangeness made of the features of a shop's photos and of drawn strangers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.labels.photos import Ints, Numbers
from trainer.evaluation.calibration.folds import turns
from trainer.evaluation.calibration.standard import Standard
from trainer.network.served import Strangeness

DIRECTIONS = 128
"""Of the photos' spread that are told apart; the others share one variance."""
SHRINKAGE = 0.1
"""Of their covariance towards an equal one."""
STRANGERS_SHARE = 1 / 3
"""Of the strangers' spread in the one that both kinds are told apart by."""
COMMON_SHRINKAGE = 0.5
"""Of that one towards an equal one."""
MISTAKEN = 0.015
"""Share of a shop's own photos that may be called none of its categories."""
KNOTS = (0.5, 0.2, 0.1, 0.05, 0.03, 0.02, 0.015, 0.01, 0.005, 0.002, 0.001)
"""Shares of a shop's own photos of which the strangeness is told."""


@dataclass(frozen=True, slots=True)
class NoneOfThese:
    """A measure of strangeness, and from where on a photo is none of the categories."""

    module: Strangeness
    above: float
    judged: int
    """Photos of the shop that ``above`` was found on, each measured by what was made without it."""
    scores: tuple[float, ...]
    """Rising."""
    shares: tuple[float, ...]
    """Of the shop's photos that are at least as strange as each of ``scores``; falling."""

    def record(self) -> dict[str, Any]:
        """As model.json has it, under ``calibration.none_of_these``."""
        return {
            "above": self.above,
            "judged": self.judged,
            "strangeness": list(self.scores),
            "share": list(self.shares),
        }


@dataclass(frozen=True, slots=True)
class _Measure:
    """Both scores, before they are made comparable."""

    standard: Standard
    directions: Numbers
    """[k, F], of unit length."""
    rest: float
    excess: Numbers
    """[k]: what each direction is counted too much where all have the variance of the rest, as a share of it."""
    towards: Numbers
    """[F]."""

    @classmethod
    def of(cls, features: NDArray[np.floating], strangers: NDArray[np.floating], stages: Sequence[int]) -> _Measure:
        standard = Standard.of(features, stages)
        apart, odd = standard.apply(features), standard.apply(strangers)
        width = apart.shape[1]
        covariance = apart.T @ apart / len(apart)
        equal = max(float(np.trace(covariance)) / width, 1e-9)
        values, vectors = np.linalg.eigh(covariance)
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        kept = min(DIRECTIONS, width, len(apart))
        others = float(values[kept:].mean()) if kept < width else 0.0
        rest = (1 - SHRINKAGE) * others + SHRINKAGE * equal
        main = (1 - SHRINKAGE) * values[:kept] + SHRINKAGE * equal
        away = odd - odd.mean(axis=0)
        common = (1 - STRANGERS_SHARE) * covariance + STRANGERS_SHARE * (away.T @ away) / len(odd)
        middle = max(float(np.trace(common)) / width, 1e-9)
        common = (1 - COMMON_SHRINKAGE) * common + COMMON_SHRINKAGE * middle * np.eye(width)
        return cls(standard, vectors[:, :kept].T, rest, 1 - rest / main, np.linalg.solve(common, odd.mean(axis=0)))

    def scores(self, features: NDArray[np.floating]) -> Numbers:
        """[n, 2]: the distance, over the mean one of the rest, and the discriminant."""
        apart = self.standard.apply(features)
        along = apart @ self.directions.T
        far = (apart**2).mean(axis=1) - (along**2 * self.excess).sum(axis=1) / apart.shape[1]
        return np.stack([far / self.rest, apart @ self.towards], axis=1)


def fit_none_of_these(
    features: NDArray[np.floating],
    strangers: NDArray[np.floating],
    stages: Sequence[int],
    folds: Ints,
) -> NoneOfThese | None:
    """A measure of strangeness, with the bound above which a photo is none of the categories.

    Two scores see two kinds: photos of other things are far from all that the shop has, by the Mahalanobis distance of
    their features (Lee et al., *A Simple Unified Framework for Detecting Out-of-Distribution Samples*, NeurIPS 2018;
    here one normal distribution for all categories, which found as much); drawn things, pages and noise are not always
    far, but like the strangers that `trainer.data.strangers` draws (a linear discriminant, Fisher 1936). Either is
    enough. The bound is the one that a share of `MISTAKEN` of the shop's own photos passes when each is measured
    without itself (conformal: Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World*, 2005).

    Args:
        features: [n, F], of the shop's photos.
        strangers: [m, F], of drawn ones, the same network's.
        stages: widths of the network's stages in F.
        folds: int64 [n], see `folds_for`.

    Returns:
        None where no photo can be measured without itself.
    """
    own = np.full((len(features), 2), np.nan)
    for learn, judged in turns(folds):
        own[judged] = _Measure.of(features[learn], strangers, stages).scores(features[judged])
    own = own[~np.isnan(own[:, 0])]
    if len(own) < 2:
        return None
    middle = np.median(own, axis=0)
    reach = np.maximum(_upper(own, MISTAKEN) - middle, 1e-6)
    strangeness = ((own - middle) / reach).max(axis=1)
    measure = _Measure.of(features, strangers, stages)
    above = float(_upper(strangeness[:, None], MISTAKEN)[0])
    shares = [share for share in KNOTS if share * len(own) >= 1]
    scores = [float(_upper(strangeness[:, None], share)[0]) for share in shares]
    rising = [n for n, score in enumerate(scores) if n == 0 or score > max(scores[:n])]
    return NoneOfThese(
        _module(measure, middle, reach),
        round(above, 4),
        len(own),
        tuple(round(scores[n], 4) for n in rising),
        tuple(shares[n] for n in rising),
    )


def _upper(scores: Numbers, share: float) -> Numbers:
    """Of each column the score that at most this share of all photos to come is above; of few, the highest there is."""
    ordered = np.sort(scores, axis=0)
    place = int(np.ceil((len(ordered) + 1) * (1 - share))) - 1
    found: Numbers = ordered[min(place, len(ordered) - 1)]
    return found


def _module(measure: _Measure, middle: Numbers, reach: Numbers) -> Strangeness:
    kept, width = measure.directions.shape
    module = Strangeness(width, kept)
    slope = 1 / reach
    values = {
        "centre": measure.standard.centre,
        "scale": measure.standard.scale,
        "directions": measure.directions,
        "excess": measure.excess * kept / width,  # the module takes the mean over the kept ones
        "towards": measure.towards,
        "reach": np.stack([slope * [1 / measure.rest, 1.0], -middle * slope], axis=1),
    }
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(torch.from_numpy(np.ascontiguousarray(value, np.float64)))
    return module.eval()
