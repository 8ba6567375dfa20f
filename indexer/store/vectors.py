"""What every engine refuses alike: vectors without a direction, and limits below 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError, VectorError

SHORTEST, LONGEST = 1e-3, 1e6
"""Lengths of vectors that every engine scales to 1 alike."""


def check_vectors(vectors: NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """Refuse what engines accept without complaint and then answer with: float32 [n, dimension], finite, non-zero.

    Very short and very long vectors are refused too: in float32 their squares vanish or overflow, and each
    engine then scales them in its own way.

    Raises:
        VectorError: a wrong shape, or a row that is NaN, infinite, all zero or out of scale.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise VectorError(f"vectors of shape {vectors.shape} given where [n, {dimension}] is needed")
    if not np.isfinite(vectors).all():
        raise VectorError(f"vector {int(np.argmin(np.isfinite(vectors).all(axis=1)))} holds NaN or infinity")
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if lengths.size and not lengths.all():
        raise VectorError(f"vector {int(np.argmin(lengths))} is all zeros and has no direction")
    wrong = (lengths < SHORTEST) | (lengths > LONGEST)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise VectorError(f"vector {row} is {lengths[row]:.2g} long; scale it to 1")
    return vectors


def check_limit(limit: int) -> None:
    """Refuse to ask for no answers, which engines take differently.

    Raises:
        UsageError: the limit is below 1.
    """
    if limit < 1:
        raise UsageError(f"the limit must be 1 or more, not {limit}")
