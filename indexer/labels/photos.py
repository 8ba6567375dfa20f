"""Photos with labels as arrays in step: what a catalog, or the training part of one, is to those who judge labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.system.forks import once

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]

REFERENCE = 10_000
"""Photos that vote, drawn evenly where there are more: what votes cost stays in proportion to the catalog."""


@dataclass(frozen=True)
class LabelledPhotos:
    """Photos of a catalog, in any order."""

    vectors: Floats
    """[n, dimension], unit length."""
    piece: Ints
    """[n], a number per piece, 0 and up: photos of one piece say nothing of each other."""
    labels: Ints
    """[n], 0 to ``classes`` - 1; -1 has no label: it is judged, and has no vote."""
    classes: int
    """How many there are, 1 or more."""

    def __len__(self) -> int:
        return len(self.vectors)

    @once
    def voters(self) -> Ints:
        """Rows of the labelled photos that others are compared with, rising; see `REFERENCE`."""
        labelled: Ints = np.flatnonzero(self.labels >= 0)
        if len(labelled) <= REFERENCE:
            return labelled
        return np.sort(np.random.default_rng(0).choice(labelled, REFERENCE, replace=False))
