"""Where a backbone's weights come from: torchvision's download, a file, an earlier model, or nowhere."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision import models

from indexer.errors import ModelError, UsageError
from indexer.models.directory import WEIGHTS_NAME
from trainer.network.backbones import BACKBONES, strip_classifier
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork
from trainer.network.stages import with_stages

IMAGENET, NONE = "imagenet", "none"


def build_network(backbone: str, weights: str, *, seed: int = 0, several: bool = False) -> EmbeddingNetwork:
    """A network with the given weights in its backbone and a fresh head of two layers drawn from ``seed``.

    Args:
        backbone: one of `trainer.settings.BACKBONES`.
        weights: ``imagenet`` (torchvision's download), ``none``, a torchvision checkpoint (``.pth`` or
            ``.safetensors``), or a model directory that this project trained, whose head is loaded as well where
            it sees the same features.
        seed: decides the random initialisation.
        several: features of several stages in place of the last one, where those of the backbone are known.

    Raises:
        UsageError: the backbone is not one of those.
        ModelError: the weights cannot be fetched or read, or belong to another network.
    """
    if backbone not in BACKBONES:
        raise UsageError(f"backbone {backbone!r} is not known; choose one of {', '.join(BACKBONES)}")
    torch.manual_seed(seed)
    if weights == NONE:
        return _assemble(models.get_model(backbone, weights=None), backbone, several=several)
    state, origin = _imagenet(backbone) if weights == IMAGENET else _read(Path(weights))
    if any(key.startswith("backbone.") for key in state):
        return _earlier(state, origin, backbone, several=several)
    model = models.get_model(backbone, weights=None, num_classes=_classes(state))
    _load(model, state, origin, backbone)
    return _assemble(model, backbone, several=several)


def _assemble(model: nn.Module, backbone: str, *, several: bool) -> EmbeddingNetwork:
    width = strip_classifier(model)
    network = EmbeddingNetwork(model, (width,), MlpHead(width))
    return with_stages(network, backbone) if several else network


def _earlier(state: dict[str, Tensor], origin: str, backbone: str, *, several: bool) -> EmbeddingNetwork:
    """A network with what an earlier model knew: its backbone, and its head where that is of the same kind."""
    had_several = any(key.startswith("backbone.body.") for key in state)
    network = _assemble(models.get_model(backbone, weights=None), backbone, several=had_several)
    own = {_name_now(key): value for key, value in state.items() if not key.startswith("classifier.")}
    same_head = several == had_several and "head.layers.2.weight" in own and "head.weight" not in own
    if not same_head:
        own = {key: value for key, value in own.items() if not key.startswith("head.")}
        own |= {f"head.{key}": value for key, value in network.head.state_dict().items()}
    _load(network, own, origin, backbone)
    if several == had_several:
        return network
    if had_several:
        raise ModelError(
            f"{origin}: was trained on several stages of {backbone} and lacks its last one, which this recipe needs; "
            "go on with --recipe two-part, or start from other --weights"
        )
    whole = models.get_model(backbone, weights=None)
    whole.load_state_dict({**whole.state_dict(), **network.backbone.state_dict()})
    return _assemble(whole, backbone, several=True)


def _name_now(key: str) -> str:
    """The name of a tensor in a model of an earlier version as it is now."""
    if key in ("centre", "spread"):
        return f"head.{key}"
    first, _, rest = key.partition(".")
    return f"head.layers.{rest}" if first == "head" and rest[:1].isdigit() else key


def _imagenet(backbone: str) -> tuple[dict[str, Tensor], str]:
    chosen = models.get_model_weights(backbone).DEFAULT
    try:
        return chosen.get_state_dict(progress=False, check_hash=True), chosen.url
    except (URLError, OSError, RuntimeError) as error:
        place = Path(torch.hub.get_dir()) / "checkpoints" / chosen.url.rsplit("/", 1)[-1]
        reason = getattr(error, "reason", None) or error
        raise ModelError(
            f"cannot download the ImageNet weights ({reason}): fetch {chosen.url} elsewhere and save it as {place}, "
            "or give a file with --weights FILE, or train from scratch with --weights none"
        ) from error


def _read(path: Path) -> tuple[dict[str, Tensor], str]:
    if path.is_dir():
        path = path / WEIGHTS_NAME
    if not path.is_file():
        raise ModelError(f"{path}: no such weights file; --weights takes imagenet, none, a file or a model directory")
    try:
        state = _load_safetensors(path) if path.suffix == ".safetensors" else _load_pickled(path)
    except Exception as error:  # unpicklers and safetensors raise their own classes, and any of Python's
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:120]
        raise ModelError(
            f"{path}: not a weights file ({text}); give a state dict saved by torch.save, or a .safetensors file"
        ) from error
    if not isinstance(state, dict) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ModelError(f"{path}: holds no state dict (names → tensors); save model.state_dict() instead")
    return state, str(path)


def _load_pickled(path: Path) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _load_safetensors(path: Path) -> dict[str, Tensor]:
    state: dict[str, Tensor] = load_file(path)
    return state


def _classes(state: dict[str, Tensor]) -> int:
    """How many classes a checkpoint was trained for: the length of its last bias; 1000 where there is none."""
    names = [name for name in state if name.startswith(("classifier.", "fc.")) and name.endswith(".bias")]
    return int(state[names[-1]].shape[0]) if names else 1000


def _load(model: nn.Module, state: dict[str, Tensor], origin: str, backbone: str) -> None:
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        expected = model.state_dict()
        missing = [name for name in expected if name not in state]
        foreign = [name for name in state if name not in expected]
        shaped = [n for n, value in state.items() if n in expected and value.shape != expected[n].shape]
        raise ModelError(
            f"{origin}: these are not weights of {backbone} ({len(missing)} names missing, {len(foreign)} unknown, "
            f"{len(shaped)} of another shape, first: {(missing + foreign + shaped)[0]}); "
            "choose the matching --backbone or another file"
        ) from error
