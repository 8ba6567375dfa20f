"""Layers that stand for a backbone where a test needs no photos, or only small ones: pixels as they are, one stage."""

from __future__ import annotations

from torch import nn

from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork


class _Plain(nn.Sequential):
    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)


def plain_network(*layers: nn.Module, width: int, dimension: int = 4) -> EmbeddingNetwork:
    """A network of ``layers`` that give ``width`` features, and a head of two layers on them.

    Without layers its features are what it is given.
    """
    return EmbeddingNetwork(_Plain(*layers), (width,), MlpHead(width, dimension=dimension))  # type: ignore[arg-type]
