"""Which part of a network learns: its head alone, its last blocks too, or all of it."""

from __future__ import annotations

from typing import Literal

from torch import nn

from trainer.network.network import EmbeddingNetwork

FineTune = Literal["none", "top", "all"]

_THIRD = 3


def let_learn(network: EmbeddingNetwork, which: FineTune) -> None:
    """Let the head and none, the last blocks (`top_blocks`) or all of the backbone have gradients."""
    chosen = set(top_blocks(network.backbone)) if which == "top" else None
    for name, parameter in network.backbone.named_parameters():
        parameter.requires_grad_(which == "all" or (chosen is not None and _block(name) in chosen))
    for parameter in network.head.parameters():
        parameter.requires_grad_(True)


def top_blocks(backbone: nn.Module) -> list[str]:
    """The last blocks of a backbone, by name, in order: what it makes of a picture when it last made it smaller.

    Of a convolutional network these are the blocks from its last halving of the picture on: MobileNetV2's from 14 on,
    the last stage of a ResNet, EfficientNet or ConvNeXt. They know kinds of things, which other photos show
    otherwise; those before know edges and textures, which are the same everywhere (Yosinski et al., *How transferable
    are features in deep neural networks?*, 2014). A transformer, whose picture stays as large as its patches made it,
    is cut at its last third.
    """
    blocks = list(dict.fromkeys(_block(name) for name, _ in backbone.named_parameters()))
    halving = [_block(f"{name}.weight") for name, module in backbone.named_modules() if _halves(module)]
    numbered = [place for place, block in enumerate(blocks) if block[-1].isdigit()]
    first = max((blocks.index(block) for block in halving if block in blocks), default=0)
    if not numbered:
        first = len(blocks) // 2
    elif first <= numbered[0]:
        first = numbered[-max(1, len(numbered) // _THIRD)]
    return blocks[first:]


def _block(parameter: str) -> str:
    """The block of a parameter: its name up to the first number, as ``features.14`` and ``layer4``, or its module."""
    *parts, last = parameter.split(".")
    end = next((place for place, part in enumerate(parts) if part[-1:].isdigit()), len(parts) - 1)
    return ".".join(parts[: end + 1]) or last


def _halves(module: nn.Module) -> bool:
    stride = getattr(module, "stride", 1)
    return (
        isinstance(module, nn.Conv2d | nn.AvgPool2d | nn.MaxPool2d)
        and max(stride if isinstance(stride, tuple) else (stride,)) > 1
    )
