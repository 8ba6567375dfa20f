"""A backbone: the stages of a network that are kept, each pooled, side by side as one vector of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from indexer.errors import UsageError
from trainer.network.backbones.cbam import CBAM
from trainer.network.backbones.pooling import POOLINGS

Stages = Literal["last", "several"]
"""What is kept of a network: its last stage, as its classifier saw it, or several, from middle to last."""


class Backbone(nn.Module):
    """Normalised pixels [n, 3, H, W] → features [n, F], the pooled stages of a network one after the other.

    Args:
        trunk: pixels → what its stages give, in order: maps [n, c, h, w], which are pooled, or vectors [n, c], which
            already are (what a transformer's class token sums up).
        widths: c of each, in order.
        maps: which of them are maps.
        mean, std: of the pixels, each in 0..1, as the trunk was trained.
        pooling: one of ``POOLINGS``.
        cbam: each map passes through CBAM first.
    """

    def __init__(
        self,
        trunk: nn.Module,
        widths: Sequence[int],
        maps: Sequence[bool],
        *,
        mean: Sequence[float],
        std: Sequence[float],
        pooling: str = "avg",
        cbam: bool = False,
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise UsageError(f"pooling {pooling!r} is not known; choose one of {', '.join(POOLINGS)}")
        self.trunk = trunk
        self.mean, self.std = tuple(mean), tuple(std)
        self.taps = tuple(widths)
        """Width of each stage, in order."""
        self.features = sum(self.taps)
        """Width of all together."""
        self.pools = nn.ModuleList(
            nn.Sequential(*([CBAM(width)] if cbam else ()), POOLINGS[pooling](width)) if is_map else nn.Identity()
            for width, is_map in zip(self.taps, maps, strict=True)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """Features [n, F] of normalised pixels [n, 3, H, W]."""
        return torch.cat([pool(stage) for pool, stage in zip(self.pools, self.trunk(pixels), strict=True)], dim=1)
