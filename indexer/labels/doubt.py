"""From evidence to a probability: how many labels of a catalog are wrong decides what evidence against one is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TAIL = 0.1
"""Share of the labels, those with most evidence against them, that the two kinds are told apart in."""
LEAST = 20
"""As many at least, in a small catalog."""
ROUNDS = 200
PSEUDO = 0.5
"""Labels of either kind that are taken for seen before any was: a clean catalog is not taken for a perfect one."""
POINTS = 1000
NARROWEST = 0.25
"""Of the smoothing, in natural units of evidence."""
SHORTEST = 2.5
"""Mean excess of the evidence against right labels, at least: in a small catalog it may look shorter by chance."""

Numbers = NDArray[np.float64]


def probability_wrong(evidence: Numbers, if_wrong: Numbers) -> Numbers:
    """The probability of each label [n] to be wrong, rising with the evidence against it.

    Two kinds of labels lie mixed: the wrong ones, of which the evidence is distributed as ``if_wrong``; and right ones
    of pieces that are hard to tell, the fewer the stronger the evidence is. The shares of both, and how fast the second
    fall off (exponentially), are what makes the evidence at hand likeliest: the two-groups model of Efron
    (*Large-Scale Inference*, 2010, chapter 5), by expectation and maximisation. So strong evidence in a catalog that
    has little of it is a piece hard to tell, and in a catalog that has much of it, a wrong label.

    Args:
        evidence: [n], of the labels as they are.
        if_wrong: [m], of labels known to be wrong.
    """
    found = np.zeros(len(evidence))
    if not len(evidence):
        return found
    size = min(len(evidence), max(LEAST, round(TAIL * len(evidence))))
    start = np.sort(evidence)[-size]
    tail = evidence >= start
    above, wrong = evidence[tail] - start, if_wrong[if_wrong >= start] - start
    if not len(wrong):
        return found
    as_wrong = _density(wrong, above)
    share, fall = 0.3, 1.0 / max(float(above.mean()), SHORTEST)
    odds = np.zeros(len(above))
    for _ in range(ROUNDS):
        as_right = fall * np.exp(-fall * above)
        odds = share * as_wrong / np.maximum(share * as_wrong + (1 - share) * as_right, 1e-300)
        share = (odds.sum() + PSEUDO) / (len(above) + 2 * PSEUDO)
        right = 1.0 - odds
        fall = 1.0 / max(float((right * above).sum()) / max(float(right.sum()), 1e-9), SHORTEST)
    found[tail] = odds
    order = np.argsort(evidence, kind="stable")
    found[order] = np.maximum.accumulate(found[order])
    return found


def _density(sample: Numbers, places: Numbers) -> Numbers:
    """The density of a sample at some places: a kernel estimate with Silverman's width, by at most 1,000 quantiles."""
    spread = min(float(sample.std()), 1.4826 * float(np.median(np.abs(sample - np.median(sample)))))
    width = max(NARROWEST, 1.6 * spread * len(sample) ** -0.2)
    points = np.quantile(sample, np.linspace(0.0005, 0.9995, min(POINTS, len(sample))))
    powers = np.exp(-0.5 * ((places[:, None] - points[None]) / width) ** 2)
    density: Numbers = powers.mean(axis=1) / (width * np.sqrt(2 * np.pi))
    return density
