"""A backbone by name: the library's network, and what of it is kept."""

from __future__ import annotations

import torch

from indexer.errors import UsageError
from trainer.network.backbones.architecture import Architecture
from trainer.network.backbones.backbone import Backbone, Stages
from trainer.network.backbones.names import LITE, TIMM, check_backbone

SIZE = 224


def architecture(name: str, size: int | None = None) -> Architecture:
    """The whole network of that name, its weights drawn at random.

    Args:
        name: one of ``names.BACKBONES``, or ``timm/`` and a name of timm's.
        size: side of the photos in pixels.

    Raises:
        UsageError: there is no such network, or it does not take photos of that size.
        MissingExtra: it is one of timm, which is not installed.
    """
    check_backbone(name)
    if name.startswith(TIMM):
        from trainer.network.backbones.timm_models import TimmModel  # timm takes seconds to import

        return TimmModel(name, size)
    if name in LITE:
        from trainer.network.backbones.efficientnet_lite import LiteModel

        return LiteModel(name)
    from trainer.network.backbones.torchvision_models import TorchvisionModel

    return TorchvisionModel(name, size or SIZE)


def take_stages(
    whole: Architecture, name: str, size: int, *, stages: Stages = "last", pooling: str = "avg", cbam: bool = False
) -> Backbone:
    """The backbone that is left of a network: its stages are cut out, measured with a photo of that size, and pooled.

    Raises:
        UsageError: the network does not take photos of that size.
    """
    trunk = whole.trunk(stages)
    try:
        with torch.inference_mode():
            kept = trunk.eval()(torch.zeros(1, 3, size, size))
    except (RuntimeError, AssertionError, ValueError) as error:  # each family has its own way to say so
        raise UsageError(f"backbone {name} does not take photos of {size} pixels; choose another --size") from error
    widths = [int(stage.shape[1]) for stage in kept]
    return Backbone(
        trunk.train(), widths, trunk.maps, mean=whole.mean, std=whole.std, pooling=pooling, cbam=cbam
    )
