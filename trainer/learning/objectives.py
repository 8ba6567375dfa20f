"""What training minimises: the two-level objective (category and instance) and the classic triplet loss."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pytorch_metric_learning.losses import SupConLoss
from torch import Tensor, nn


class Distances(NamedTuple):
    """Mean Euclidean distance of pairs of one category and of pairs of two: what a person watches while it trains."""

    positive: float
    negative: float


class TwoLevel(nn.Module):
    """Category plus instance: photos of a category come near, yet each stays nearest to views of itself.

    Category labels alone throw away what "looks like this" means: all rings become one point, and a cropped copy no
    longer finds its original. The first level is SupCon over categories (Khosla et al., *Supervised Contrastive
    Learning*, 2020); the second is NT-Xent between views of a photo (Chen et al., *SimCLR*, 2020), in whose
    denominator photos of the same category are negatives as well. With two views a photo the two losses are one
    formula under different labels, so both levels are the library's SupCon: its NT-Xent holds every positive pair
    against every negative pair in memory (16 million numbers a batch) and took fifty times as long.

    Args:
        category_temperature, instance_temperature: of the two softmaxes.
        instance_weight: weight of the second level against the first.
    """

    def __init__(self, category_temperature: float, instance_temperature: float, instance_weight: float) -> None:
        super().__init__()
        self.category: nn.Module = SupConLoss(temperature=category_temperature)
        self.instance: nn.Module = SupConLoss(temperature=instance_temperature)
        self.instance_weight = instance_weight

    def forward(self, embeddings: Tensor, categories: Tensor, instances: Tensor) -> Tensor:
        """The loss of a batch of views.

        Args:
            embeddings: unit vectors [m, d], two views or more of every photo.
            categories: int64 [m].
            instances: int64 [m]; views of one photo, and photos of one near-duplicate group, share a number.
        """
        loss: Tensor = self.category(embeddings, categories) + self.instance_weight * self.instance(
            embeddings, instances
        )
        return loss


def triplet_loss(embeddings: Tensor, margin: float) -> Tensor:
    """The classic triplet loss of unit vectors [3m, d] laid out anchors, positives, negatives (FaceNet, 2015)."""
    anchor, positive, negative = embeddings.chunk(3)
    return nn.functional.triplet_margin_loss(anchor, positive, negative, margin=margin)


@torch.no_grad()
def distances(embeddings: Tensor, categories: Tensor) -> Distances:
    """Mean distances over all pairs of a batch: embeddings [m, d], categories int64 [m]."""
    apart = torch.cdist(embeddings, embeddings)
    same = categories[:, None] == categories[None]
    itself = torch.eye(len(categories), dtype=torch.bool)
    return Distances(float(apart[same & ~itself].mean()), float(apart[~same].mean()))
