"""Whether one curve of tones, the same for all channels, makes one picture of another: then they are one picture.

Brightness, contrast, gamma and levels are such a curve, whatever they cut off at white; another metal, another stone,
another light and an engraving are none, on the same board least of all. So where next to nothing is left, no more has
to be known; where something is left in one place, it is asked whether it lies on both pieces.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.quick_percentiles import median, percentiles
from searcher.insights.duplicates.compare.signature import Array, piece_mask

FACTS = ("tone_usual", "tone_most", "tone_peak", "tone_range", "spot_apart", "spot_share")
"""What is left after the curve, in levels of 100: of half the pixels, of all but a thousandth, of the worst. The range
of tones that both pictures have. Of what stands out the share that lies on the ground of one of the pictures, and the
share of the picture that it is."""
LEVELS = 48
SOFT = 1.0
"""Pixels of blur: finer differences come from codecs and scaling."""
SOFTER = 2.0
"""The same for tints, of which codecs keep a quarter."""
RIM = 3
"""Pixels beside the end of a picture that say nothing: they are mixed with what is beyond."""
STANDS_OUT = 6.0
"""Levels from which what is left stands out, and times what is usual."""
LEAST = 400
"""Pixels that both pictures have, at least."""

SAME_USUAL, SAME_MOST, SAME_PEAK = 0.35, 2.6, 4.5
"""What is left of one and the same picture at the most: a codec's work."""
NEAR_MOST, NEAR_PEAK = 5.0, 8.0
"""The same where the trees take it for a copy rather than for none."""
CERTAINLY, PROBABLY = 0.99, 0.9
BESIDE = 0.3
"""Share of what stands out, on the ground of one of the pictures, from which something was put there."""
LARGE = 0.01
"""Share of the picture that it covers at least: an initial takes a thousandth."""
LEAST_RANGE = 25.0
"""Levels that the tones of a picture spread over, for its tones to say which picture it is."""


def facts(first: Array, second: Array, valid: NDArray[np.bool_]) -> Array:
    """float32 [len(FACTS)] for two aligned pictures in CIELAB [h, w, 3] and where both are; NaN if that is little."""
    import cv2

    where = cv2.erode(valid.astype(np.uint8), np.ones((2 * RIM + 1,) * 2, np.uint8), borderValue=0).astype(bool)
    if where.sum() < LEAST:
        return np.full(len(FACTS), np.nan, np.float32)
    one, other = _rgb(first), _rgb(second)
    # What is white in one of them can be anything in the other: the curve is asked for in the sense that has one.
    left = min((_left(one, other, where), _left(other, one, where)), key=lambda apart: float(apart[where].mean()))
    usual, most = percentiles(left[where], 50, 99.9)
    low, high = percentiles(one[where].mean(axis=1), 1, 99)
    spot = (left > max(STANDS_OUT, STANDS_OUT * usual)) & where
    share = float(spot.sum() / where.sum())
    apart = 0.0
    if spot.any():
        on_both = piece_mask(first) & piece_mask(second)
        on_both = cv2.dilate(on_both.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        apart = float((spot & ~on_both).sum() / spot.sum())
    return np.array([usual, most, left[where].max(), high - low, apart, share], np.float32)


def proof(row: Array) -> float:
    """How surely one curve of tones says that two pictures are one: 0 where it does not; ``row`` is what `facts` gives.

    Of drawn pieces that differ in size alone, by a fiftieth, the thousandth pixel is 3.3 off or more, of those with
    another engraving 5, of those in another metal 6.
    """
    if not _is_measured(row):
        return 0.0
    usual, most, peak, spread = (float(row[FACTS.index(f"tone_{name}")]) for name in ("usual", "most", "peak", "range"))
    if spread < LEAST_RANGE or usual > SAME_USUAL:
        return 0.0
    if most < SAME_MOST and peak < SAME_PEAK:
        return CERTAINLY
    return PROBABLY if most < NEAR_MOST and peak < NEAR_PEAK else 0.0


def peak_of(row: Array) -> float:
    """By how much the worst pixel is off, 0..100; 0 where that was not measured."""
    return float(row[FACTS.index("tone_peak")]) if _is_measured(row) else 0.0


def is_beside(row: Array) -> bool:
    """Whether what differs lies beside the piece: a badge or a mark, and no other engraving or stone."""
    if not _is_measured(row):
        return False
    return bool(row[FACTS.index("spot_share")] > LARGE and row[FACTS.index("spot_apart")] > BESIDE)


def _is_measured(row: Array) -> bool:
    return len(row) >= len(FACTS) and not np.isnan(row).any()


def _rgb(lab: Array) -> Array:
    """Levels of 100, [h, w, 3]."""
    import cv2

    return np.asarray(100 * cv2.cvtColor(np.ascontiguousarray(lab), cv2.COLOR_LAB2RGB), np.float32)


def _left(first: Array, second: Array, where: NDArray[np.bool_]) -> Array:
    """By how much each pixel of the second is off what the curve makes of the first, the worst channel, [h, w]."""
    import cv2

    apart = second - _toned(first, second, where)
    light = apart.mean(axis=2)
    tints = cv2.GaussianBlur(apart - light[..., None], (0, 0), SOFTER)
    worst = np.maximum(np.abs(cv2.GaussianBlur(light, (0, 0), SOFT)), np.abs(tints).max(axis=2))
    return np.asarray(worst, np.float32)


def _toned(first: Array, second: Array, where: NDArray[np.bool_]) -> Array:
    """The first with the tones of the second: the middle of what each level became, rising, all channels alike."""
    source, target = first[where].ravel(), second[where].ravel()
    edges = np.linspace(0, 100, LEVELS + 1)
    places = np.clip(np.digitize(source, edges) - 1, 0, LEVELS - 1)
    order = np.argsort(places, kind="stable")
    starts = np.searchsorted(places[order], np.arange(LEVELS + 1))
    levels, tones = [], []
    for start, end in pairwise(starts.tolist()):
        if end - start >= 8:
            inside = order[start:end]
            levels.append(float(source[inside].mean()))
            tones.append(median(target[inside]))
    rising = np.maximum.accumulate(tones)
    return np.asarray(np.interp(first, levels, rising), np.float32)
