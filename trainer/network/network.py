"""The embedding network: a backbone, a head to the unit sphere, and the normalisation of pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainer.network.backbones.backbone import Backbone
from trainer.network.heads.building import Head


class EmbeddingNetwork(nn.Module):
    """Photos → unit vectors, with the pixel normalisation inside.

    Args:
        backbone: normalised pixels [n,3,H,W] → [n, features]; it says how its pixels are normalised.
        stages: widths of the network's stages in the features, in their order; one where only the last is used.
        head: features → unit vectors.
    """

    mean: Tensor
    scale: Tensor
    head: Head

    def __init__(self, backbone: Backbone, stages: tuple[int, ...], head: Head) -> None:
        super().__init__()
        self.backbone = backbone
        self.stages = stages
        self.head = head
        self.register_buffer("mean", torch.tensor(backbone.mean).view(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("scale", 1 / (torch.tensor(backbone.std).view(1, 3, 1, 1) * 255), persistent=False)

    @property
    def dimension(self) -> int:
        """Length of the embedding."""
        return self.head.dimension

    def features(self, image: Tensor) -> Tensor:
        """Backbone features float32 [n, features] of photos uint8 [n,H,W,3]."""
        pixels = (image.permute(0, 3, 1, 2).to(torch.float32) - self.mean) * self.scale
        features: Tensor = self.backbone(pixels)
        return features

    def embed(self, features: Tensor) -> Tensor:
        """Unit vectors float32 [n, dimension] of backbone features."""
        vectors: Tensor = self.head(features)
        return vectors

    def forward(self, image: Tensor) -> Tensor:
        """Unit vectors float32 [n, dimension] of photos uint8 [n,H,W,3]."""
        return self.embed(self.features(image))


class BackboneFeatures(nn.Module):
    """The frozen part of a network alone, as a module that can be exported."""

    def __init__(self, network: EmbeddingNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Backbone features float32 [n, features] of photos uint8 [n,H,W,3]."""
        return self.network.features(image)
