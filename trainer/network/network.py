"""The embedding network: a backbone, a head to the unit sphere, and the normalisation of pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.network.backbones.backbone import Backbone

DIMENSION = 128
HIDDEN = 512


class EmbeddingNetwork(nn.Module):
    """Photos → unit vectors, with the pixel normalisation inside.

    Args:
        backbone: normalised pixels [n,3,H,W] → [n, features]; it says how its pixels are normalised.
        features: width of what the backbone returns.
        dimension: length of the embedding.
    """

    mean: Tensor
    scale: Tensor
    centre: Tensor
    spread: Tensor

    def __init__(self, backbone: Backbone, features: int, *, dimension: int = DIMENSION) -> None:
        super().__init__()
        self.backbone = backbone
        self.dimension = dimension
        self.head = nn.Sequential(nn.Linear(features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, dimension))
        self.register_buffer("mean", torch.tensor(backbone.mean).view(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("scale", 1 / (torch.tensor(backbone.std).view(1, 3, 1, 1) * 255), persistent=False)

        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("spread", torch.ones(()))

    def standardise(self, features: Tensor) -> None:
        """Let the head see features around 0 with deviations around 1, judged by those of the training photos.

        A backbone's pooled features are all positive and far from 0; centred, the head learns faster and better
        (in cross-validation on 1,199 shop photos: P@10 .947 against .944, mAP .936 against .928).
        """
        self.centre.copy_(features.mean(dim=0))
        self.spread.copy_(features.std(dim=0).mean().clamp_min(1e-6))

    def features(self, image: Tensor) -> Tensor:
        """Backbone features float32 [n, features] of photos uint8 [n,H,W,3]."""
        pixels = (image.permute(0, 3, 1, 2).to(torch.float32) - self.mean) * self.scale
        features: Tensor = self.backbone(pixels)
        return features

    def embed(self, features: Tensor) -> Tensor:
        """Unit vectors float32 [n, dimension] of backbone features."""
        return functional.normalize(self.head((features - self.centre) / self.spread), dim=1)

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
