"""What all objectives have in common, and how a photo that counts for less reaches their means."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from pytorch_metric_learning.reducers import BaseReducer
from torch import Tensor, nn

IndicesTuple = tuple[Tensor, ...]
"""What a miner chose, int64 each: (anchors, positives, negatives), or (anchors, positives, anchors, negatives)."""


class Objective(nn.Module, ABC):
    """A loss of a batch. Parameters of its own (proxies, class weights) learn along with the network."""

    rate = 1.0
    """The learning rate of its own parameters, as a multiple of the network's."""

    @abstractmethod
    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """The loss, a scalar with gradients.

        Args:
            embeddings: unit vectors [m, d].
            labels: int64 [m]; equal numbers belong together. Of an objective of two levels [m, 2].
            indices_tuple: the pairs or triplets that count; all of the batch where None.
            weights: float [m] in 0..1, how much each photo counts; 1 where None. What each objective makes of them
                stands with it.
        """


class PhotoWeighted(BaseReducer):  # type: ignore[misc]
    """The mean of losses, each counted by the product of the weights of its photos (anchor, positive, negative).

    Args:
        above_zero: leave out losses of 0, as of triplets that are apart already: otherwise the more a network has
            learnt, the less it would learn (section 3.2 of Hermans et al., *In Defense of the Triplet Loss*, 2017).
    """

    def __init__(self, *, above_zero: bool = False) -> None:
        super().__init__()
        self.above_zero = above_zero
        self.weights: Tensor | None = None

    def element_reduction(self, losses: Tensor, indices: Tensor, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Losses of single photos."""
        return self.tuple_reduction(losses, (indices,), embeddings, labels)

    def tuple_reduction(self, losses: Tensor, indices: Sequence[Tensor], embeddings: Tensor, labels: Tensor) -> Tensor:
        """Losses of pairs or triplets: ``indices`` holds the number of each one's first, second (and third) photo."""
        del labels
        losses = losses.flatten()
        counted = (losses > 0).to(losses.dtype) if self.above_zero else torch.ones_like(losses)
        if self.weights is not None:
            for photos in indices:
                counted = counted * self.weights[photos].to(losses.dtype)
        total = counted.sum()
        if not total > 0:
            none: Tensor = self.zero_loss(embeddings)
            return none
        return (losses * counted).sum() / total

    pos_pair_reduction = neg_pair_reduction = triplet_reduction = tuple_reduction


class LibraryObjective(Objective):
    """A loss of pytorch-metric-learning whose reducer is `PhotoWeighted`."""

    def __init__(self, loss: nn.Module, rate: float = 1.0) -> None:
        super().__init__()
        self.loss = loss
        self.rate = rate
        self._reducers = [module for module in loss.modules() if isinstance(module, PhotoWeighted)]

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """See `Objective.forward`."""
        for reducer in self._reducers:
            reducer.weights = weights
        loss: Tensor = self.loss(at_least_single(embeddings), labels, indices_tuple)
        return loss


def at_least_single(embeddings: Tensor) -> Tensor:
    """Embeddings in single precision where they come in half: the library would turn its own parameters into it."""
    return embeddings.float() if embeddings.dtype in (torch.float16, torch.bfloat16) else embeddings
