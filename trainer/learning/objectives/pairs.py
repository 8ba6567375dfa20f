"""Objectives over pairs and triplets: triplet, contrastive, multi-similarity, N-pair."""

from __future__ import annotations

import torch
from pytorch_metric_learning.distances import DotProductSimilarity
from pytorch_metric_learning.losses import ContrastiveLoss, MultiSimilarityLoss, NPairsLoss, TripletMarginLoss
from torch import Tensor
from torch.nn import functional

from trainer.learning.objectives.objective import (
    IndicesTuple,
    LibraryObjective,
    Objective,
    PhotoWeighted,
    at_least_single,
)

_ALPHA = 2.0  # of multi-similarity: how sharply the farthest positives stand out, as in the paper


class Triplet(LibraryObjective):
    """max(0, d(a, p) - d(a, n) + margin), the mean of the mined triplets that are not apart yet.

    Schroff et al., *FaceNet*, 2015. Distances are Euclidean; a triplet counts by the product of its three weights.
    """

    def __init__(self, margin: float) -> None:
        super().__init__(TripletMarginLoss(margin=margin, reducer=PhotoWeighted(above_zero=True)))


class OfflineTriplet(Objective):
    """The triplet loss of triplets chosen before the epoch, the mean of all of them, as in the classic recipe.

    A triplet counts by the product of its three weights.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin
        self._mean = PhotoWeighted()

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """See `Objective.forward`; ``indices_tuple`` are the triplets."""
        if indices_tuple is None:
            raise ValueError("the triplets are missing")
        anchor, positive, negative = (embeddings[rows] for rows in indices_tuple)
        losses = functional.triplet_margin_loss(anchor, positive, negative, margin=self.margin, reduction="none")
        self._mean.weights = weights
        return self._mean.tuple_reduction(losses, indices_tuple, embeddings, labels)


def triplet_loss(embeddings: Tensor, margin: float) -> Tensor:
    """The triplet loss of unit vectors [3m, d] laid out anchors, positives, negatives."""
    anchor, positive, negative = embeddings.chunk(3)
    return functional.triplet_margin_loss(anchor, positive, negative, margin=margin)


class Contrastive(LibraryObjective):
    """d(a, p) of pairs that belong together, max(0, margin - d(a, n)) of others; each kind's mean above 0, added.

    Hadsell et al., *Dimensionality Reduction by Learning an Invariant Mapping*, 2006. Distances are Euclidean; a pair
    counts by the product of its two weights.
    """

    def __init__(self, margin: float) -> None:
        super().__init__(ContrastiveLoss(neg_margin=margin, reducer=PhotoWeighted(above_zero=True)))


class MultiSimilarity(LibraryObjective):
    """Two soft maxima for each anchor: over its positives below, and its negatives above the similarity ``margin``.

    Wang et al., *Multi-Similarity Loss with General Pair Weighting*, 2019. A photo's weight is that of its own term
    as an anchor; it stays a positive and a negative of the others.
    """

    def __init__(self, margin: float, temperature: float) -> None:
        super().__init__(MultiSimilarityLoss(_ALPHA, 1 / temperature, margin, reducer=PhotoWeighted()))


class NPair(Objective):
    """For one pair of each label, the softmax that finds each anchor's partner among the partners of all.

    Sohn, *Improved Deep Metric Learning with Multi-class N-pair Loss Objective*, 2016. A batch is as many such tuples
    as it has pairs of each label. The paper's vectors are free in length; here they are of unit length, and a
    temperature takes the place of it. A photo's weight is that of its own term as an anchor.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self._length = temperature**-0.5
        free = DotProductSimilarity(normalize_embeddings=False)
        self._loss = NPairsLoss(distance=free, reducer=PhotoWeighted())

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """See `Objective.forward`; every pair of the batch is used once, so there is nothing to mine."""
        del indices_tuple
        longer = at_least_single(embeddings) * self._length
        loss: Tensor = longer.sum() * 0
        pairs = 0.0
        for rows in n_pair_tuples(labels):
            self._loss.reducer.weights = None if weights is None else weights[rows]
            share = len(rows) / 2 if weights is None else float(weights[rows[: len(rows) // 2]].sum())
            loss = loss + share * self._loss(longer[rows], labels[rows])
            pairs += share
        return loss / pairs if pairs else loss


def n_pair_tuples(labels: Tensor) -> list[Tensor]:
    """Rows of a batch int64 [m] as tuples of one pair of each label: the anchors of all labels, then their partners.

    The first tuple takes the first two photos of each label, the next one the next two, as long as two labels are left.
    """
    order = torch.argsort(labels, stable=True)
    _, counts = torch.unique_consecutive(labels[order], return_counts=True)
    starts = torch.cumsum(counts, 0) - counts
    tuples = []
    for turn in range(int(counts.max()) // 2 if len(counts) else 0):
        first = starts[counts >= 2 * turn + 2] + 2 * turn
        if len(first) < 2:
            break
        tuples.append(torch.cat([order[first], order[first + 1]]))
    return tuples
