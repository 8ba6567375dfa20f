"""A backbone: the stages of a network that are kept, each pooled, side by side as one vector of features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from indexer.errors import UsageError
from trainer.network.backbones.architecture import Architecture
from trainer.network.backbones.cbam import CBAM
from trainer.network.backbones.names import Stages
from trainer.network.backbones.pooling import POOLINGS


class Backbone(nn.Module):
    """Normalised pixels [n, 3, H, W] → features [n, F], the pooled stages of a network one after the other.

    What the last stage has forgotten of a piece (how a chain is woven, where a stone sits), the stages before still
    know; retrieval by several stages is as old as *Aggregating deep convolutional features* (Babenko and Lempitsky,
    ICCV 2015).

    Args:
        whole: the network, with its weights. The backbone shares them: what it learns, the whole network has learnt.
        size: side of the photos in pixels.
        stages: which are kept. Maps are pooled; what is a vector already (a transformer's class token) is taken as is.
        pooling: one of ``POOLINGS``.
        cbam: each map passes through CBAM before it is pooled.

    Raises:
        UsageError: the network does not take photos of that size, or there is no such pooling.
    """

    def __init__(
        self, whole: Architecture, size: int, *, stages: Stages = "last", pooling: str = "avg", cbam: bool = False
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise UsageError(f"pooling {pooling!r} is not known; choose one of {', '.join(POOLINGS)}")
        self.trunk = whole.trunk(stages)
        self.kept, self.size = stages, size
        self.taps = _widths(self.trunk, whole.name, size)
        """Width of each stage, in order."""
        self.mean, self.std = whole.mean, whole.std
        """Of the pixels, each in 0..1, as the network was trained."""
        self.pools = nn.ModuleList(
            nn.Sequential(*([CBAM(width)] if cbam else ()), POOLINGS[pooling](width)) if is_map else nn.Identity()
            for width, is_map in zip(self.taps, self.trunk.maps, strict=True)
        )
        self._whole = whole

    @property
    def features(self) -> int:
        """F, the widths of all stages together."""
        return sum(self.taps)

    def forward(self, pixels: Tensor) -> Tensor:
        """Features [n, F] of normalised pixels [n, 3, H, W]."""
        return torch.cat([pool(stage) for pool, stage in zip(self.pools, self.trunk(pixels), strict=True)], dim=1)

    def with_several(self) -> Backbone:
        """Several stages of the same network, averaged, with the weights as they are now."""
        return Backbone(self._whole, self.size, stages="several")

    @property
    def name(self) -> str:
        """Of the network."""
        return self._whole.name

    def extra_repr(self) -> str:
        """Name and stages: with the weights, all that decides what the features are."""
        return f"{self.name}, {self.kept}, taps={self.taps}, mean={self.mean}, std={self.std}"


@torch.inference_mode()
def _widths(trunk: nn.Module, name: str, size: int) -> tuple[int, ...]:
    """What comes out for a photo of that size."""
    was_training = trunk.training
    try:
        stages = trunk.eval()(torch.zeros(1, 3, size, size))
    except (RuntimeError, AssertionError, ValueError) as error:  # each family has its own way to say so
        raise UsageError(f"backbone {name} does not take photos of {size} pixels; choose another --size") from error
    finally:
        trunk.train(was_training)
    return tuple(int(stage.shape[1]) for stage in stages)
