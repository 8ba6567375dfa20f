"""Percentiles of a few thousand numbers, of which a pair of pictures needs thirty."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def percentiles(values: NDArray[Any], *shares: float) -> list[float]:
    """Linear between neighbours, as `numpy.percentile`, which takes several times as long over so few numbers.

    Args:
        values: at least one real number, no NaN.
        shares: 0 to 100.
    """
    ordered = np.sort(values, axis=None)
    last = len(ordered) - 1
    found = []
    for share in shares:
        low, part = divmod(last * share / 100, 1)
        place = int(low)
        below = float(ordered[place])
        found.append(below + (float(ordered[min(place + 1, last)]) - below) * part)
    return found


def percentile(values: NDArray[Any], share: float) -> float:
    """One of `percentiles`."""
    return percentiles(values, share)[0]


def median(values: NDArray[Any]) -> float:
    """The fiftieth percentile."""
    return percentile(values, 50)
