"""Which backbones there are, and how each becomes a feature extractor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

BACKBONES = ("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "resnet18", "resnet50", "efficientnet_b0")
"""torchvision classification backbones whose training and ONNX export are tested."""


def strip_classifier(model: nn.Module) -> int:
    """Replace a torchvision model's classifier by the identity; returns the width of the features before it."""
    from torch import nn  # the command line lists the backbones and starts without torch

    for name in ("classifier", "fc"):
        head = getattr(model, name, None)
        if isinstance(head, nn.Module):
            linear = next(module for module in head.modules() if isinstance(module, nn.Linear))
            setattr(model, name, nn.Identity())
            return linear.in_features
    raise UsageError("this backbone has no classifier to replace; choose another with --backbone")
