"""A product on its way into an answer: what the nearest-neighbour search found and later stages order anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer.fields.types import Payload

DECIMALS = 8
"""Of a score: far below what an engine can tell apart, far above what float64 sums differ by."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product by its photo that is most alike; ``score`` orders the answer, equal scores go by product id."""

    product_id: str
    score: float
    """What the answer is ordered by: at first the similarity, after boosts the boosted score."""
    similarity: float
    """Cosine in [-1, 1] between the two photos most alike, to 8 decimals; with colours, of both, see `colours`."""
    payload: Payload
    vector: NDArray[np.float32]
    """Of the photo that matched, float32 [dimension], unit length."""
    asked: int = 0
    """Which query vector it matched best: a row number."""
    colours: NDArray[np.float32] | None = None
    """Of the same photo, where colours count; see `indexer.photos.colour.palette`."""
    boosts: Mapping[str, float] = field(default_factory=dict)
    """What each boost added to the score, by the boost's text."""

    @property
    def rank_key(self) -> tuple[float, str]:
        """Sorts best first."""
        return (-self.score, self.product_id)
