"""Which backbones there are by name; the command line reads this without torch."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Literal

from indexer.errors import UsageError

Stages = Literal["last", "several"]
"""What is kept of a network: its last stage, as its classifier saw it, or several, from middle to last."""

TIMM = "timm/"
"""Before the name of a network of timm (extra ``backbones``), which has hundreds: timm/mobilenetv4_conv_small."""

LITE = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
TORCHVISION = (
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_v2_s",
    "convnext_tiny",
    "convnext_small",
    "convnext_base",
    "regnet_y_400mf",
    "regnet_y_800mf",
    "regnet_y_1_6gf",
    "regnet_y_3_2gf",
    "vgg11_bn",
    "vgg16",
    "vgg16_bn",
    "vit_b_16",
    "vit_b_32",
    "swin_t",
    "swin_s",
    "swin_v2_t",
    "densenet121",
    "mnasnet1_0",
    "shufflenet_v2_x1_0",
)
BACKBONES = (*TORCHVISION, *LITE)
"""Backbones that need no further extra; of each family training and ONNX export are tested."""


def check_backbone(name: str) -> str:
    """The name, if it can be that of a backbone. Those of timm are looked up only when one is built.

    Raises:
        UsageError: it is not; the nearest that are stand in the message.
    """
    if name in BACKBONES or name.startswith(TIMM):
        return name
    raise unknown(name, BACKBONES, f"or {TIMM}NAME for one of timm")


def unknown(name: str, known: Iterable[str], also: str = "") -> UsageError:
    """What to say of a backbone that is not known: the nearest names first."""
    names = list(known)
    near: Sequence[str] = difflib.get_close_matches(name, names, n=4, cutoff=0.5)
    offered = f"the nearest {'is' if len(near) == 1 else 'are'} {', '.join(near)}" if near else _some(names)
    return UsageError(f"backbone {name!r} is not known; {offered}{', ' if also else ''}{also}")


def _some(names: Sequence[str]) -> str:
    return f"choose one of {', '.join(names)}"
