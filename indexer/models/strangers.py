"""What a model makes of strangers, pictures of what no product is: written by `trainer fit`, read with the model."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIRECTIONS = 32
"""Of the strangers' spread that are kept: with more, nothing else was found; a line of 11 KB."""


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """The vectors of many strangers as a normal distribution.

    It has no part in the fingerprint: it changes no vector, and a model without it is used as before.
    """

    mean: NDArray[np.float64]
    """[dimension]."""
    spread: NDArray[np.float64]
    """[k, dimension]: the main directions, each as long as the vectors spread along it."""
    rest: float
    """Variance in every direction besides."""
    pictures: int
    """That it was made of."""

    @property
    def covariance(self) -> NDArray[np.float64]:
        """[dimension, dimension]."""
        return self.spread.T @ self.spread + self.rest * np.eye(len(self.mean))

    @classmethod
    def of(cls, vectors: NDArray[np.float32]) -> Strangers:
        """From the vectors of strangers [n, dimension]."""
        exact = vectors.astype(np.float64)
        mean = exact.mean(axis=0)
        _, lengths, directions = np.linalg.svd((exact - mean) / math.sqrt(len(exact)), full_matrices=False)
        spread = lengths[:DIRECTIONS, None] * directions[:DIRECTIONS]
        rest = float((lengths[DIRECTIONS:] ** 2).sum()) / exact.shape[1]
        return cls(mean, spread, rest, len(exact))

    def record(self) -> dict[str, Any]:
        """What model.json says: the mean and the directions are the rows of ``float16``, little-endian in base64."""
        rows = np.concatenate([self.mean[None], self.spread]).astype("<f2")
        packed = base64.b64encode(rows.tobytes()).decode("ascii")
        return {"pictures": self.pictures, "rest": self.rest, "rows": len(rows), "float16": packed}

    @classmethod
    def from_record(cls, record: object, dimension: int) -> Strangers:
        """The inverse of `record`; raises ``ValueError`` where it is something else."""
        try:
            if not isinstance(record, dict):
                raise TypeError("no object")
            count, rest, pictures = int(record["rows"]), float(record["rest"]), int(record["pictures"])
            packed = base64.b64decode(record["float16"], validate=True)
            rows = np.frombuffer(packed, "<f2").reshape(count, dimension).astype(np.float64)
            if count < 1 or not np.isfinite(rows).all() or not 0.0 <= rest < math.inf:
                raise ValueError("numbers that cannot be")
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"strangers is not what was written for dimension {dimension}") from error
        return cls(rows[0], rows[1:], rest, pictures)
