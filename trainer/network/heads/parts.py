"""The head in two parts: what a piece is (learnt from categories), and which one it is (whitened, not learnt)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.network.heads.whitening import Whitening

HIDDEN = 512
CATEGORY = 32
DETAIL = 96
NOISE = 1.0
"""Deviation of the noise that training adds to whitened features, in which views of a photo differ by 1."""


class DetailHead(nn.Module):
    """Whitened features, the strongest directions alone, as unit vectors: nothing in it is learnt from labels.

    Args:
        whitening: of the backbone's features.
        dimension: directions that are kept.
    """

    kind = "detail"
    weight: Tensor
    bias: Tensor

    def __init__(self, whitening: Whitening, *, dimension: int = CATEGORY + DETAIL) -> None:
        super().__init__()
        self.width, self.dimension = whitening.weight.shape[1], dimension
        self.register_buffer("weight", torch.from_numpy(whitening.weight[:dimension]).float())
        self.register_buffer("bias", torch.from_numpy(whitening.bias[:dimension]).float())

    def forward(self, features: Tensor) -> Tensor:
        """Unit vectors float32 [n, dimension] of backbone features [n, width]."""
        return functional.normalize(functional.linear(features, self.weight, self.bias), dim=1)

    def record(self) -> dict[str, Any]:
        """What `heads.building` makes it of again."""
        return {"kind": self.kind, "width": self.width, "dimension": self.dimension}


class TwoPartHead(nn.Module):
    """A learned part for the category and a whitened one for the detail, side by side in one unit vector.

    The cosine of two vectors is ``1 - share`` times the cosine of their category parts plus ``share`` times that of
    their detail parts. So what a shop wants, more of the kind or more of the very piece, is one number, which can be
    changed without training anew.

    Args:
        whitening: of the backbone's features; its directions, strongest first.
        detail_share: what the detail part is worth against the category part, 0..1.
        category, detail: dimensions of the two parts.
    """

    kind = "two-part"
    weight: Tensor
    bias: Tensor
    spread: Tensor
    share: Tensor

    def __init__(
        self, whitening: Whitening, *, detail_share: float = 0.5, category: int = CATEGORY, detail: int = DETAIL
    ) -> None:
        super().__init__()
        directions, self.width = whitening.weight.shape
        self.directions, self.category, self.detail = directions, category, detail
        self.dimension = category + detail
        self.register_buffer("weight", torch.from_numpy(whitening.weight).float())
        self.register_buffer("bias", torch.from_numpy(whitening.bias).float())
        self.register_buffer("spread", torch.tensor(whitening.spread, dtype=torch.float32))
        self.register_buffer("share", torch.tensor(detail_share, dtype=torch.float32))
        self.layers = nn.Sequential(nn.Linear(directions, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, category))

    def forward(self, features: Tensor) -> Tensor:
        """Unit vectors float32 [n, category + detail] of backbone features [n, width]; training adds noise."""
        whitened = functional.linear(features, self.weight, self.bias)
        if self.training:
            whitened = whitened + NOISE * torch.randn_like(whitened)
        whitened = whitened / self.spread
        category = functional.normalize(self.layers(whitened), dim=1)
        detail = functional.normalize(whitened[:, : self.detail], dim=1)
        return torch.cat([(1 - self.share).sqrt() * category, self.share.sqrt() * detail], dim=1)

    def weigh(self, share: float) -> None:
        """Give the detail part another share."""
        self.share.fill_(share)

    def record(self) -> dict[str, Any]:
        """What `heads.building` makes it of again."""
        return {
            "kind": self.kind,
            "width": self.width,
            "directions": self.directions,
            "category": self.category,
            "detail": self.detail,
            "detail_share": round(float(self.share), 6),
        }
