"""The colours of what a photo shows: a histogram of its foreground that can be compared as a vector can. No network.

Colour is where people disagree with a network: one that was trained to tell rings from earrings, on photos whose
colours were shaken for it, thinks little of gold against silver. A histogram of few, soft bins knows nothing else
(Swain and Ballard, *Color Indexing*, IJCV 1991). It is taken in CIE L*a*b*, where distances are as they are seen, over
what is not the white or light grey ground of a shop's photos. The square root makes the cosine of two histograms their
Bhattacharyya coefficient, which a large even part (metal) does not rule alone.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

HUES, GREYS = 8, 4
COLOURS = 2 * HUES + GREYS
"""The length of the vector: `HUES` pale ones, as many strong ones, then `GREYS` from dark to light."""

LIGHT, GREY, STRONG = 88.0, 8.0, 30.0
"""L* above which what is grey is ground; chroma below which a colour is grey, and from which on it is strong."""

SAMPLED = 64
"""Pixels a side that are looked at, at least: every third one of a network's input of 224."""

_BITS = 6
"""Of each channel that decide the bin: 64 levels, some 0.8 of L*."""
_FINE = 8
"""Steps between the middles of two hues: a hue counts for the two that it lies between, by how near it is to each."""
_STEPS = HUES * _FINE
_GROUND = 2 * _STEPS + GREYS
_D65 = np.array([0.95047, 1.0, 1.08883])
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def colours_of(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The colours of an sRGB picture, float32 [`COLOURS`], unit length, none below 0.

    Of a picture that is all ground (an empty one, or a light piece on white) they are those of all its pixels.

    Args:
        pixels: uint8 [height, width, 3]; large ones are sampled.
    """
    step = max(1, max(pixels.shape[:2]) // SAMPLED)
    seen = pixels[::step, ::step].reshape(-1, 3) >> (8 - _BITS)
    codes = (seen[:, 0].astype(np.int32) << 2 * _BITS) | (seen[:, 1].astype(np.int32) << _BITS) | seen[:, 2]
    fine = np.bincount(_table()[codes], minlength=_GROUND + GREYS)
    shown = fine[:_GROUND].astype(np.float64) @ _spread()
    if not shown.any():
        shown[-GREYS:] = fine[_GROUND:]
    roots = np.sqrt(shown)
    unit: NDArray[np.float32] = (roots / np.linalg.norm(roots)).astype(np.float32)
    return unit


def no_colours() -> NDArray[np.float32]:
    """Of a photo that cannot be looked at any more: as far from every colour as from every other."""
    return np.full(COLOURS, COLOURS**-0.5, np.float32)


@cache
def _table() -> NDArray[np.uint8]:
    """The fine bin of each colour of `_BITS` a channel; ground has its own greys, at the end."""
    light, a, b = _lab()
    chroma, hue = np.hypot(a, b), np.arctan2(b, a) / np.float32(2 * np.pi) % 1
    step = np.minimum((hue * _STEPS).astype(np.uint8), _STEPS - 1)
    grey = np.clip((light * np.float32(GREYS / 100)).astype(np.uint8), 0, GREYS - 1)
    coloured = np.where(chroma < STRONG, step, _STEPS + step)
    shown = np.where(chroma < GREY, 2 * _STEPS + grey, coloured)
    return np.where((light > LIGHT) & (chroma < GREY), _GROUND + grey, shown).astype(np.uint8)


@cache
def _spread() -> NDArray[np.float64]:
    """How much of each fine bin goes into each of the colours, [fine, `COLOURS`]; rows add up to 1."""
    spread = np.zeros((_GROUND, COLOURS))
    for step in range(_STEPS):
        at = (step + 0.5) / _FINE
        first = int(at)
        for chroma in range(2):
            row, start = chroma * _STEPS + step, chroma * HUES
            spread[row, start + first] = 1.0 - (at - first)
            spread[row, start + (first + 1) % HUES] = at - first
    spread[2 * _STEPS :, 2 * HUES :] = np.eye(GREYS)
    return spread


def _lab() -> tuple[NDArray[np.float32], ...]:
    """L*, a* and b* (CIE 15:2004) of each of these colours, by their code. In float32, which takes a tenth of the time
    and puts none of them into another bin."""
    levels = (np.arange(1 << _BITS) + 0.5) / (1 << _BITS)
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    red, green, blue = (np.outer(column, linear).astype(np.float32) for column in (_TO_XYZ / _D65[:, None]).T)
    shares = (red[:, :, None, None] + green[:, None, :, None] + blue[:, None, None, :]).reshape(3, -1)
    below = shares / np.float32(3 * (6 / 29) ** 2) + np.float32(4 / 29)
    x, y, z = np.where(shares > np.float32((6 / 29) ** 3), np.cbrt(shares), below)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
