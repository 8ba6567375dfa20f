"""What is cheap to know of pairs, as if their second photos were turned to lie like the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.features import KNOWN, PHASH, compare_signatures
from searcher.insights.duplicates.compare.signature import Array, Signatures
from searcher.insights.duplicates.pairs.turned_hashes import turn_of, turned_hashes

DISTANCES = KNOWN.index("rank")
"""Features that measure a distance of embeddings: the first so many."""

Side = tuple[Signatures, NDArray[np.int64], NDArray[np.uint64]]
"""Of the first or the second photos of p pairs: signatures, the rows in them [p], perceptual hashes [p]."""


def as_turned(cheap: Array, turns: NDArray[np.int64], first: Side, second: Side) -> Array:
    """The features [p, len(KNOWN) + len(COMPARED)] anew for those pairs whose code in ``turns`` [p] is not 0.

    An embedding says nothing of a turned picture: it counts as no farther than the neighbours it hides among.
    """
    made = cheap.copy()
    for code in np.unique(turns[turns > 0]).tolist():
        rows, turn = np.flatnonzero(turns == code), turn_of(code)
        lying = second[0].turned(second[1][rows], turn.flipped, turn.quarters)
        made[rows, :DISTANCES] = np.minimum(made[rows, :DISTANCES], 1.0)
        made[rows, PHASH] = np.bitwise_count(first[2][rows] ^ turned_hashes(second[2][rows], turn))
        made[rows, len(KNOWN) :] = compare_signatures(first[0], first[1][rows], lying, np.arange(len(rows)))
    return made
