"""What a model's numbers mean, as `trainer fit` measured it: scores as probabilities, and what is none of the
categories."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cosine score → probability that two photos show the same: a monotone, piecewise linear curve."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.scores or len(self.scores) != len(self.probabilities):
            raise ValueError("a calibration needs as many probabilities as scores, at least one")
        if not all(left < right for left, right in pairwise(self.scores)):  # NaN is above nothing
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
class SameProduct:
    """Cosine score → probability that two photos show the same product, one of as many as were compared."""

    curve: Calibration
    by_category: Mapping[str, Calibration]
    products: int
    """Two or more; one of them was the right one each time."""

    def probability(self, score: float, products: int, category: str | None = None) -> float:
        """In a catalog of ``products``, if it has the product asked with.

        Among more products a score is sooner reached by chance: the odds fall as the wrong ones grow in number.
        """
        curve = self.by_category.get(category or "", self.curve)
        right = curve.probability(score)
        wrong = (1.0 - right) * max(1, products - 1) / (self.products - 1)
        return right / (right + wrong) if right + wrong > 0 else 0.0


@dataclass(frozen=True, slots=True)
class NoneOfThese:
    """From which strangeness on a photo is none of the categories, and how rare that is among the shop's own."""

    above: float
    strangeness: tuple[float, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.strangeness) != len(self.shares) or not all(a < b for a, b in pairwise(self.strangeness)):
            raise ValueError("calibration.none_of_these has no rising strangeness with as many shares")
        if not all(0.0 <= share <= 1.0 for share in self.shares) or not abs(self.above) < float("inf"):
            raise ValueError("calibration.none_of_these has numbers that cannot be")

    def calls(self, strangeness: float) -> bool:
        """Whether so strange a photo is none of the categories."""
        return strangeness > self.above

    def share(self, strangeness: float) -> float | None:
        """About the share of the shop's own photos that are as strange, rounded up; None where most are."""
        place = bisect_right(self.strangeness, strangeness)
        return self.shares[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class Calibrations:
    """All that model.json says under ``calibration``; a model of an earlier version lacks some or all of it."""

    same_category: Calibration | None = None
    same_category_of: Mapping[str, Calibration] = field(default_factory=dict)
    """Where one of the two photos is known to be of a category."""
    same_product: SameProduct | None = None
    duplicates: Mapping[float, float] = field(default_factory=dict)
    """Precision → the cosine from which on so many of the pairs were the same product."""
    none_of_these: NoneOfThese | None = None

    @classmethod
    def of(cls, record: object) -> Calibrations:
        """From model.json; raises ``ValueError`` where it is something else."""
        if not isinstance(record, dict):
            raise ValueError("calibration is no JSON object")
        return cls(
            _curve(record.get("same_category"), "same_category"),
            _curves(record.get("same_category_of"), "same_category_of"),
            _same_product(record.get("same_product")),
            _duplicates(record.get("duplicates")),
            _none_of_these(record.get("none_of_these")),
        )

    def category_probability(self, score: float, category: str | None) -> float | None:
        """That two photos show the same category, one of which is known to show this one, if any."""
        curve = self.same_category_of.get(category or "", self.same_category)
        return None if curve is None else curve.probability(score)

    def duplicate_score(self, precision: float) -> float | None:
        """The cosine from which on at least this share of the pairs were the same product; None where none is known."""
        known = sorted(self.duplicates)
        place = bisect_left(known, precision)
        return self.duplicates[known[place]] if place < len(known) else None


def _curve(record: Any, name: str) -> Calibration | None:
    if not record:
        return None
    try:
        scores, probabilities = (tuple(map(float, record[key])) for key in ("scores", "probabilities"))
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"calibration.{name} is no curve of scores and probabilities") from error
    return Calibration(scores, probabilities)


def _curves(record: Any, name: str) -> dict[str, Calibration]:
    if record is None:
        return {}
    if not isinstance(record, dict):
        raise ValueError(f"calibration.{name} is no object of curves")
    found = {category: _curve(one, f"{name}.{category}") for category, one in record.items()}
    return {category: curve for category, curve in found.items() if curve is not None}


def _same_product(record: Any) -> SameProduct | None:
    if not record:
        return None
    curve = _curve(record, "same_product")
    products = record.get("products")
    if curve is None or type(products) is not int or products < 2:
        raise ValueError("calibration.same_product does not say among how many products")
    return SameProduct(curve, _curves(record.get("by_category"), "same_product.by_category"), products)


def _duplicates(record: Any) -> dict[float, float]:
    if not record:
        return {}
    try:
        return {float(one["precision"]): float(one["score"]) for one in record}
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError("calibration.duplicates is no list of precisions and scores") from error


def _none_of_these(record: Any) -> NoneOfThese | None:
    if not record:
        return None
    try:
        above = float(record["above"])
        strangeness, shares = (tuple(map(float, record[key])) for key in ("strangeness", "share"))
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError("calibration.none_of_these does not say from where on") from error
    return NoneOfThese(above, strangeness, shares)
