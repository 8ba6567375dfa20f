"""How a map of features becomes one vector: its mean, its maximum, what lies between, or what a query sees."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

_LEAST = 1e-6


class Average(nn.Module):
    """The mean over all places: [n, c, h, w] → [n, c]."""

    def forward(self, maps: Tensor) -> Tensor:
        """The mean of each channel."""
        return maps.mean((2, 3))


class Maximum(nn.Module):
    """The strongest place of each channel: [n, c, h, w] → [n, c]."""

    def forward(self, maps: Tensor) -> Tensor:
        """The maximum of each channel."""
        return maps.amax((2, 3))


class GeM(nn.Module):
    """Generalised mean: (mean of x^p)^(1/p), the average at p = 1 and near the maximum for a large p.

    Radenović, Tolias and Chum, *Fine-tuning CNN Image Retrieval with No Human Annotation* (2018). Values below 1e-6
    count as 1e-6, since a power of a negative number is none.

    Args:
        power: p, of all channels.
        learnt: the power is a weight of the network.
    """

    def __init__(self, power: float = 3.0, *, learnt: bool = False) -> None:
        super().__init__()
        self.power: Tensor
        if learnt:
            self.power = nn.Parameter(torch.tensor(power))
        else:
            self.register_buffer("power", torch.tensor(power))

    def forward(self, maps: Tensor) -> Tensor:
        """[n, c, h, w] → [n, c]."""
        return maps.clamp_min(_LEAST).pow(self.power).mean((2, 3)).pow(1 / self.power)


class AttentionPooling(nn.Module):
    """A learnt query for each part of the channels says which places count: [n, c, h, w] → [n, c].

    Of place i the weight is softmax_i(q · x_i / sqrt(d)) over its d channels of one head (the pooling by attention of
    Lee et al., *Set Transformer*, 2019, without its linear maps, which the head of the network has). Queries begin at
    zero: then all places weigh the same, and what is learnt starts from the plain mean.

    Args:
        channels: c.
        heads: into how many equal parts the channels are cut, fewer where that does not divide them.
    """

    def __init__(self, channels: int, heads: int = 8) -> None:
        super().__init__()
        self.heads = math.gcd(channels, heads)
        self.query = nn.Parameter(torch.zeros(self.heads, channels // self.heads))

    def forward(self, maps: Tensor) -> Tensor:
        """[n, c, h, w] → [n, c]."""
        n, places = maps.shape[0], maps.shape[2] * maps.shape[3]
        parts = maps.reshape(n, *self.query.shape, places)  # [n, heads, d, places]
        scores = (parts * self.query.unsqueeze(-1)).sum(2) / math.sqrt(self.query.shape[1])
        weights = scores.softmax(-1).unsqueeze(2)
        pooled: Tensor = (parts * weights).sum(-1).flatten(1)
        return pooled


POOLINGS: dict[str, Callable[[int], nn.Module]] = {
    "avg": lambda _: Average(),
    "max": lambda _: Maximum(),
    "gem": lambda _: GeM(),
    "gem-learnt": lambda _: GeM(learnt=True),
    "attention": AttentionPooling,
}
"""By name, what pools a map of so many channels."""
