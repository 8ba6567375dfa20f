"""A network as an earlier fit left it, whole, from its model directory."""

from __future__ import annotations

from pathlib import Path

from indexer.errors import ModelError
from indexer.models.directory import WEIGHTS_NAME, load_model
from trainer.network.backbones.backbone import Backbone
from trainer.network.backbones.building import architecture
from trainer.network.backbones.names import Stages
from trainer.network.heads.building import build_head
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork
from trainer.network.pretrained.matching import refused_as
from trainer.network.pretrained.reading import read_weights
from trainer.network.weights import name_now


def trained_network(folder: Path) -> tuple[EmbeddingNetwork, int]:
    """The network with its head, and the side of its photos in pixels.

    Raises:
        ModelError: it is no model directory, or its weights are not those of the network that its record names.
    """
    model = load_model(folder)
    path, size = folder / WEIGHTS_NAME, model.preprocessing.size
    given = read_weights(path)
    state = {name_now(name): value for name, value in given.items() if not name.startswith("classifier.")}
    trained = model.record.get("training", {})
    try:
        head = build_head(model.record["head"]) if "head" in model.record else MlpHead(state["head.centre"].shape[0])
        whole = architecture(str(trained["backbone"]), size)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder}: its record does not say which network it is ({error}); train it anew") from error
    pooling, cbam = str(trained.get("pooling", "avg")), bool(trained.get("cbam", False))
    forms: tuple[Stages, ...] = ("several", "last")
    kept = [Backbone(whole, size, stages=stages, pooling=pooling, cbam=cbam) for stages in forms]
    backbone = next((one for one in kept if one.features == head.width), kept[0])
    network = EmbeddingNetwork(backbone, backbone.taps, head)
    own = network.state_dict()
    if {name: value.shape for name, value in own.items()} != {name: value.shape for name, value in state.items()}:
        raise refused_as(own, state, str(path), backbone.name)
    network.load_state_dict(state)
    network.eval()
    return network, size
