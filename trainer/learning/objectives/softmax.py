"""Objectives that are softmaxes over the batch: SupCon, NT-Xent, and the two levels."""

from __future__ import annotations

from typing import cast

import torch
from pytorch_metric_learning.losses import SupConLoss
from pytorch_metric_learning.utils.loss_and_miner_utils import convert_to_pairs
from torch import Tensor
from torch.nn import functional

from trainer.learning.objectives.objective import (
    IndicesTuple,
    LibraryObjective,
    Objective,
    PhotoWeighted,
    at_least_single,
)


class SupCon(LibraryObjective):
    """For each anchor, the mean over its positives of -log of their share of the softmax over all others.

    Khosla et al., *Supervised Contrastive Learning*, 2020. A photo's weight is that of its own term, and its share
    among the positives of the others; one of weight 0 is no positive, and no anchor.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__(_WeightedSupCon(temperature=temperature, reducer=PhotoWeighted(above_zero=True)))

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """See `Objective.forward`."""
        cast(_WeightedSupCon, self.loss).photo_weights = weights
        return super().forward(embeddings, labels, indices_tuple, weights)


class _WeightedSupCon(SupConLoss):  # type: ignore[misc]
    photo_weights: Tensor | None = None

    def _compute_loss(self, mat: Tensor, pos_mask: Tensor, neg_mask: Tensor) -> dict[str, object]:
        if self.photo_weights is not None:
            pos_mask = pos_mask * self.photo_weights.to(mat.dtype)
        computed: dict[str, object] = super()._compute_loss(mat, pos_mask, neg_mask)
        return computed


class NTXent(Objective):
    """For each pair that belongs together, -log of its share of the softmax over it and the anchor's negatives.

    Chen et al., *SimCLR*, 2020; Sohn, 2016. Unlike in SupCon the anchor's other positives are not in the denominator.
    Own code: the library holds every positive pair against every negative pair in memory (16 million numbers a
    batch) and takes fifty times as long. A pair counts by the product of its two weights.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self._mean = PhotoWeighted()

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """See `Objective.forward`."""
        embeddings = at_least_single(embeddings)
        similar = embeddings @ embeddings.T / self.temperature
        anchors, positives, others, negatives = convert_to_pairs(indices_tuple, labels)
        apart = torch.zeros_like(similar, dtype=torch.bool)
        apart[others, negatives] = True
        against = apart.any(dim=1)[anchors]  # a pair without negatives has nothing to be told from
        anchors, positives = anchors[against], positives[against]
        rows, place = torch.unique(anchors, return_inverse=True)
        against_all = similar[rows].masked_fill(~apart[rows], -torch.inf).logsumexp(dim=1)
        losses = functional.softplus(against_all[place] - similar[anchors, positives])
        self._mean.weights = weights
        return self._mean.tuple_reduction(losses, (anchors, positives), embeddings, labels)


class TwoLevel(Objective):
    """Category plus instance: photos of a category come near, yet each stays nearest to views of itself.

    Category labels alone throw away what "looks like this" means: all rings become one point, and a cropped copy no
    longer finds its original. The first level is SupCon over categories; the second is NT-Xent between views of a
    photo, in whose denominator photos of the same category are negatives as well. With two views a photo the two
    losses are one formula under different labels, so both levels are SupCon, and a photo of weight w (a label that
    is in doubt) counts for less in the first alone: its views are views of itself whatever its label.

    Args:
        category_temperature, instance_temperature: of the two softmaxes.
        instance_weight: weight of the second level against the first.

    Photos without a category take part in the second level alone.
    """

    def __init__(self, category_temperature: float, instance_temperature: float, instance_weight: float) -> None:
        super().__init__()
        self.category = SupCon(category_temperature)
        self.instance = SupCon(instance_temperature)
        self.instance_weight = instance_weight

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """See `Objective.forward`; ``labels`` are [m, 2]: category, below 0 where there is none, and instance."""
        del indices_tuple
        categories, instances = labels.unbind(dim=1)
        known = categories >= 0
        by_category = self.category(
            embeddings[known], categories[known], weights=None if weights is None else weights[known]
        )
        by_instance = self.instance(embeddings, instances)
        loss: Tensor = by_category + self.instance_weight * by_instance
        return loss
