"""CBAM: a map looks at itself twice, for what counts and for where it is, before it is pooled."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_REDUCTION, _KERNEL = 16, 7  # of the paper


class ChannelAttention(nn.Module):
    """What counts: a weight in 0..1 for each channel, from its mean and its maximum through one small network."""

    def __init__(self, channels: int, reduction: int = _REDUCTION) -> None:
        super().__init__()
        inside = max(1, channels // reduction)
        self.shared = nn.Sequential(nn.Linear(channels, inside), nn.ReLU(), nn.Linear(inside, channels))

    def forward(self, maps: Tensor) -> Tensor:
        """[n, c, h, w] → [n, c, h, w]."""
        weights = torch.sigmoid(self.shared(maps.mean((2, 3))) + self.shared(maps.amax((2, 3))))
        return maps * weights[:, :, None, None]


class SpatialAttention(nn.Module):
    """Where it is: a weight in 0..1 for each place, from the mean and the maximum over channels around it."""

    def __init__(self, kernel: int = _KERNEL) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """[n, c, h, w] → [n, c, h, w]."""
        seen = torch.cat([maps.mean(1, keepdim=True), maps.amax(1, keepdim=True)], dim=1)
        return maps * torch.sigmoid(self.conv(seen))


class CBAM(nn.Sequential):
    """Channel attention, then spatial attention (Woo et al., *CBAM: Convolutional Block Attention Module*, 2018).

    In the paper it stands within every block. Here it stands between a stage and its pooling: the stages after it see
    what they were trained on, so that pretrained weights keep their worth.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(ChannelAttention(channels), SpatialAttention())
