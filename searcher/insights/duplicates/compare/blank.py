"""Pictures that show nothing: of one colour, or nearly, within whatever frames them. They are no evidence of anything.

A drawing in white that was flattened on white, an empty scan and a grey square have equal pixels and nothing to do with
each other. So neither hashes nor alignments may speak of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.frame import FramedPicture, at_most
from searcher.insights.duplicates.compare.signature import Array, ground_of, lab_of

SIDE = 256
"""Pixels of the longer side: a chain is one of them wide."""
GRAIN = 1.0
"""Pixels of a blur that evens out a sensor's noise and a codec's."""
SEEN = 4.0
"""CIELAB distance from the ground from which something is there."""
LEAST = 0.001
"""Share of the pixels that are something: a square of 8 pixels in a picture of 256."""
FULL = 0.98
"""Share of a rectangle that differs from what is around it, where a plain card lies on a page of another colour."""
HASHLESS = 0
"""Perceptual hash of a picture in which every frequency is zero."""


def is_blank(framed: FramedPicture) -> bool:
    """Whether the photo within a picture shows nothing: a plain colour or a smooth slope, with or without a border."""
    import cv2

    lab = cv2.GaussianBlur(lab_of(at_most(framed.photo, SIDE)), (0, 0), GRAIN)
    marks = _marks(np.asarray(lab, np.float32))
    if marks.mean() < LEAST:
        return True
    rows, columns = (np.flatnonzero(marks.any(axis=axis)) for axis in (1, 0))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if marks[inside].mean() < FULL:
        return False
    edge = 1 + int(3 * GRAIN)  # where the blur mixed the card with the page
    card = lab[inside][edge:-edge, edge:-edge]
    return bool(min(card.shape[:2]) > edge and _marks(np.asarray(card, np.float32)).mean() < LEAST)


def _marks(lab: Array) -> NDArray[np.bool_]:
    """Pixels that differ from the ground, [h, w]."""
    difference = lab - ground_of(lab)
    return np.asarray(np.einsum("ijk,ijk->ij", difference, difference) > SEEN**2)
