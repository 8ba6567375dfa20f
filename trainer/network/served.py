"""What a served network says of a photo besides its embedding: the category, and how strange it is."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FeatureClassifier(nn.Linear):
    """Backbone features [n, F] → category logits [n, C]; other classifiers see the embedding."""


class Strangeness(nn.Module):
    """Features float32 [n, F] → strangeness float32 [n, 1]: 0 for what is usual, about 1 where photos begin to be odd.

    The larger of two scores, each of which is made comparable by its own middle and reach:

    - how far the features are from those of the photos learned from, as a Mahalanobis distance with a covariance of
      some main directions and one variance for all others;
    - how much more they are like those of drawn pictures of no product than like these, as a linear discriminant.

    The numbers come from `trainer.evaluation.calibration.none_of_these`.

    Args:
        features: F.
        directions: that the covariance keeps.
    """

    centre: Tensor
    scale: Tensor
    directions: Tensor
    excess: Tensor
    towards: Tensor
    reach: Tensor

    def __init__(self, features: int, directions: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.register_buffer("directions", torch.zeros(directions, features))
        self.register_buffer("excess", torch.zeros(directions))
        self.register_buffer("towards", torch.zeros(features))
        self.register_buffer("reach", torch.tensor([[1.0, 0.0], [1.0, 0.0]]))

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        apart = (features - self.centre) / self.scale
        along = apart @ self.directions.T
        far = apart.square().mean(dim=1) - (along.square() * self.excess).mean(dim=1)
        alike = apart @ self.towards
        scores = torch.stack([far, alike], dim=1) * self.reach[:, 0] + self.reach[:, 1]
        return scores.amax(dim=1, keepdim=True)
