"""The embedding network: a backbone, a head to the unit sphere, and the normalisation of pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainer.network.heads.building import Head

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as all torchvision weights expect them


class EmbeddingNetwork(nn.Module):
    """Photos → unit vectors, with the pixel normalisation inside.

    Args:
        backbone: [n,3,H,W] → [n, features].
        stages: widths of the network's stages in the features, in their order; one where only the last is used.
        head: features → unit vectors.
    """

    mean: Tensor
    scale: Tensor
    head: Head

    def __init__(self, backbone: nn.Module, stages: tuple[int, ...], head: Head) -> None:
        super().__init__()
        self.backbone = backbone
        self.stages = stages
        self.head = head
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("scale", 1 / (torch.tensor(_STD).view(1, 3, 1, 1) * 255), persistent=False)

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
