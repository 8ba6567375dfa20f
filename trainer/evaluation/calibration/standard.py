"""Features brought to one scale: each stage of a network to a deviation of about 1, so that none outweighs others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.labels.photos import Numbers


@dataclass(frozen=True, slots=True)
class Standard:
    """Centre and scale of features [F]."""

    centre: Numbers
    scale: Numbers

    @classmethod
    def of(cls, features: NDArray[np.floating], stages: Sequence[int]) -> Standard:
        """From features [n, F]; ``stages`` are the widths of the network's stages in F, in their order."""
        exact = features.astype(np.float64)
        parts = np.split(exact.std(axis=0), np.cumsum(stages)[:-1])
        scale = np.concatenate([np.full(len(part), max(float(part.mean()), 1e-6)) for part in parts])
        if len(scale) != exact.shape[1]:
            raise ValueError(f"stages of {sum(stages)} features in all, where there are {exact.shape[1]}")
        return cls(exact.mean(axis=0), scale)

    def apply(self, features: NDArray[np.floating]) -> Numbers:
        """[n, F]."""
        found: Numbers = (features.astype(np.float64) - self.centre) / self.scale
        return found
