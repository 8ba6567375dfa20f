"""From the last stage of a network to several of them, after it has learnt."""

from __future__ import annotations

from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork


def with_stages(network: EmbeddingNetwork) -> EmbeddingNetwork:
    """The same backbone, with the features of several stages; its head is a fresh one."""
    if network.backbone.kept == "several":
        return network
    backbone = network.backbone.with_several()
    return EmbeddingNetwork(backbone, backbone.taps, MlpHead(backbone.features))
