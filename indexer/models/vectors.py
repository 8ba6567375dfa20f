"""What is made of a network's outputs: unit vectors of embeddings, probabilities of logits."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", bound=np.floating[Any])


def unit(vectors: NDArray[Real], least: float = 1e-12) -> NDArray[Real]:
    """Vectors [..., dimension] scaled to length 1, in the precision they have.

    Args:
        vectors: the last axis is scaled.
        least: what is shorter than this is divided by it: zeros stay zeros, and rounding error gets no direction.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, least), vectors.dtype)


def softmax(logits: NDArray[Real]) -> NDArray[Real]:
    """Probabilities [..., classes] that sum to 1 over the last axis, in the precision of the logits."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), logits.dtype)
