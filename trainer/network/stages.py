"""Features of several stages of a network, each averaged over the picture: textures beside kinds of things."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork

NODES: dict[str, dict[str, int]] = {
    "mobilenet_v2": {
        "features.10": 64,
        "features.13": 96,
        "features.14.conv.0": 576,
        "features.16": 160,
        "features.17": 320,
    },
    "resnet18": {"layer2": 128, "layer3": 256, "layer4": 512},
    "resnet50": {"layer2": 512, "layer3": 1024, "layer4": 2048},
}
"""Of each backbone the places whose averages are taken, and their widths. Of MobileNetV2 the last layer adds nothing to
these (docs/results.md), so that what serves need not run it."""


class Stages(nn.Module):
    """A backbone as far as its last stage that is asked for: [n,3,H,W] → the stages' averages side by side.

    What the last stage has forgotten of a piece (how a chain is woven, where a stone sits), the stages before still
    know; retrieval by several stages is as old as *Aggregating deep convolutional features* (Babenko and Lempitsky,
    ICCV 2015).

    Args:
        model: a torchvision classification network.
        backbone: its name.
        backbone: its name, one of `NODES`.
    """

    def __init__(self, model: nn.Module, backbone: str) -> None:
        super().__init__()
        places = NODES[backbone]
        self.body = create_feature_extractor(model, {name: str(k) for k, name in enumerate(places)})
        self.widths = tuple(places.values())

    def forward(self, pixels: Tensor) -> Tensor:
        """Features float32 [n, sum of the widths]."""
        found = self.body(pixels)
        return torch.cat([found[str(k)].mean(dim=(2, 3)) for k in range(len(self.widths))], dim=1)


def with_stages(network: EmbeddingNetwork, backbone: str) -> EmbeddingNetwork:
    """The same backbone, with the features of several stages where they are known; its head is a fresh one."""
    if backbone not in NODES or len(network.stages) > 1:
        return network
    stages = Stages(network.backbone, backbone)
    return EmbeddingNetwork(stages, stages.widths, MlpHead(sum(stages.widths)))
