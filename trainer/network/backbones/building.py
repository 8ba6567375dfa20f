"""A network by name, as the library that has it builds it."""

from __future__ import annotations

from trainer.network.backbones.architecture import Architecture
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
