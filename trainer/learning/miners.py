"""Which pairs or triplets count: of the batch, in each step, or of all training photos, before an epoch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pytorch_metric_learning.miners import BatchHardMiner, MultiSimilarityMiner, TripletMarginMiner
from pytorch_metric_learning.utils.loss_and_miner_utils import get_random_triplet_indices
from torch import Tensor

from trainer.data.sampling import Indices, random_triplets
from trainer.learning.objectives.objective import IndicesTuple

Miner = Callable[[Tensor, Tensor], IndicesTuple | None]
"""From embeddings [m, d] and labels [m] to what counts in the batch; None: everything."""

EPSILON = 0.1
"""Of the multi-similarity miner: how far, in cosine, a pair may be on the right side and still count."""
SEMI_HARD = 0.2
"""How far behind the positive a negative may be and still count, where the objective has no such margin itself."""
POOL = 8192
"""Photos among which an offline miner looks for negatives; of a larger catalog it takes others every epoch."""

_BLOCK = 1024


def online_miner(name: str, margin: float = SEMI_HARD) -> Miner:
    """A miner of the batch.

    Args:
        name: ``all``; ``random``: for each anchor one triplet; ``semi-hard``: all triplets whose negative is farther
            than the positive, by less than the margin (FaceNet, 2015); ``hard``: for each anchor its farthest
            positive and its nearest negative (Hermans et al., 2017); ``multi-similarity``: pairs that are
            no better than the hardest of the other kind, within `EPSILON` (Wang et al., 2019).
        margin: of ``semi-hard``, in Euclidean distance of unit vectors.
    """
    match name:
        case "random":
            return _random
        case "semi-hard":
            return _gradless(TripletMarginMiner(margin=margin, type_of_triplets="semihard"))
        case "hard":
            return _gradless(BatchHardMiner())
        case "multi-similarity":
            return _gradless(MultiSimilarityMiner(epsilon=EPSILON))
        case _:
            return lambda embeddings, labels: None  # noqa: ARG005


def _random(embeddings: Tensor, labels: Tensor) -> IndicesTuple:
    """Drawn from torch's own generator."""
    del embeddings
    triplets: IndicesTuple = get_random_triplet_indices(labels, t_per_anchor=1)
    return triplets


def _gradless(miner: Callable[[Tensor, Tensor], IndicesTuple]) -> Miner:
    return lambda embeddings, labels: miner(embeddings.detach(), labels)


def offline_triplets(
    name: str, labels: Indices, rng: np.random.Generator, embeddings: NDArray[np.float32] | None = None
) -> Indices:
    """One triplet for each photo that has a partner; anchors in random order, the positive at random.

    Args:
        name: which negative: ``offline-random``: any; ``offline-hard``: the nearest one; ``offline-semi-hard``: the
            nearest of those farther than the positive, or any where all are nearer.
        labels: int64 [n].
        rng: decides the rest.
        embeddings: unit vectors [n, d] by which near is meant; ``offline-random`` needs none.

    Returns:
        int64 [m, 3]: anchor, positive, negative.
    """
    triplets = random_triplets(labels, rng)
    if name == "offline-random":
        return triplets
    if embeddings is None:
        raise ValueError(f"{name} takes embeddings")
    pool = np.sort(rng.permutation(len(labels))[:POOL])
    for start in range(0, len(triplets), _BLOCK):
        anchor, positive, negative = triplets[start : start + _BLOCK].T  # a view: what is written goes into triplets
        near = embeddings[anchor] @ embeddings[pool].T
        out = labels[anchor][:, None] == labels[pool][None]
        if name == "offline-semi-hard":
            out |= near >= np.einsum("ij,ij->i", embeddings[anchor], embeddings[positive])[:, None]
        near[out] = -np.inf
        found = ~out.all(axis=1)
        negative[found] = pool[near.argmax(axis=1)[found]]
    return triplets
