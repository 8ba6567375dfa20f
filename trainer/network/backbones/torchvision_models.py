"""torchvision's classification networks: where their stages end, and how these are taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from torch import Tensor, nn
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.models.vision_transformer import VisionTransformer, interpolate_embeddings
from torchvision.ops import StochasticDepth

from indexer.errors import UsageError
from trainer.network.backbones.architecture import Architecture, State, Trunk
from trainer.network.backbones.names import Stages

Layout = Literal["map", "grid", "patches", "class"]
"""What a stage gives: a map [n, c, h, w], the same with its channels last, or a class token and then patches [n, p, c],
of which the one or the other is kept."""


class Stage(NamedTuple):
    """The name of a module, or of what a forward pass computes, and the layout of what comes out of it."""

    name: str
    layout: Layout = "map"


class Family(NamedTuple):
    """Networks whose stages bear the same names: the one that their classifier sees, and several up to the last.

    Of MobileNetV2 the five were chosen by measurement (docs/results.md); of the others they stand where those do: the
    ends of the stages at strides 16 and 32, and, where blocks are inverted residuals, the widest layer between.
    """

    names: str  # a pattern
    last: tuple[Stage, ...]
    several: tuple[Stage, ...]


def _maps(*names: str) -> tuple[Stage, ...]:
    return tuple(Stage(name) for name in names)


_SWIN_LAST = _maps("permute")  # after its last norm, channels first
_VIT_LAST = (Stage("encoder.ln", "patches"), Stage("encoder.ln", "class"))
_VIT_BETWEEN = tuple(Stage(f"encoder.layers.encoder_layer_{number}", "patches") for number in (5, 8))

FAMILIES = (
    Family(
        "mobilenet_v2",
        _maps("features.18"),
        _maps("features.10", "features.13", "features.14.conv.0", "features.16", "features.17"),
    ),
    Family(
        "mobilenet_v3_small",
        _maps("features.12"),
        _maps("features.6", "features.8", "features.9.block.0", "features.10", "features.11"),
    ),
    Family(
        "mobilenet_v3_large",
        _maps("features.16"),
        _maps("features.10", "features.12", "features.13.block.0", "features.14", "features.15"),
    ),
    Family(
        "efficientnet_b.",
        _maps("features.8"),
        _maps("features.4", "features.5", "features.6.0.block.0", "features.6", "features.7"),
    ),
    Family(
        "efficientnet_v2_s",
        _maps("features.7"),
        _maps("features.4", "features.5", "features.6.0.block.0", "features.6"),
    ),
    Family("resnet.*", _maps("layer4"), _maps("layer2", "layer3", "layer4")),
    Family("convnext_.*", _maps("features.7"), _maps("features.3", "features.5", "features.7")),
    Family(
        "regnet_.*",
        _maps("trunk_output.block4"),
        _maps("trunk_output.block2", "trunk_output.block3", "trunk_output.block4"),
    ),
    Family("vgg11_bn", _maps("features.28"), _maps("features.14", "features.21", "features.28")),
    Family("vgg16", _maps("features.30"), _maps("features.16", "features.23", "features.30")),
    Family("vgg16_bn", _maps("features.43"), _maps("features.23", "features.33", "features.43")),
    Family("vit_b_.*", _VIT_LAST, (*_VIT_BETWEEN, *_VIT_LAST)),
    Family("swin_.*", _SWIN_LAST, (Stage("features.3", "grid"), Stage("features.5", "grid"), *_SWIN_LAST)),
    Family("densenet.*", _maps("relu"), _maps("features.transition2.relu", "features.transition3.relu", "relu")),
    Family("mnasnet.*", _maps("layers.16"), _maps("layers.10", "layers.11", "layers.12", "layers.13")),
    Family("shufflenet_.*", _maps("conv5"), _maps("stage3", "stage4", "conv5")),
)


class ExtractedTrunk(Trunk):
    """A network up to the last stage that is kept, as torchvision's feature extraction cuts it out."""

    def __init__(self, model: nn.Module, stages: tuple[Stage, ...]) -> None:
        super().__init__()
        self.stages = stages
        self.maps = tuple(stage.layout != "class" for stage in stages)
        names = [stage.name for stage in stages]
        # Traced through, a stochastic depth would keep the mode it was traced in, even in a copy that serves.
        self.cut = create_feature_extractor(model, names, tracer_kwargs={"leaf_modules": [StochasticDepth]})

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """See `Trunk.forward`."""
        found = self.cut(pixels)
        return [_as_kept(found[stage.name], stage.layout) for stage in self.stages]


class TorchvisionModel(Architecture):
    """A network of torchvision.

    Args:
        name: one of ``names.TORCHVISION``.
        size: side of the pixels in; the position embeddings of a ViT depend on it.

    Raises:
        UsageError: the network does not take photos of that size.
    """

    classifier = ("classifier.", "fc.", "head.", "heads.")

    def __init__(self, name: str, size: int) -> None:
        sized = {"image_size": size} if name.startswith("vit_") else {}
        if sized and size % int(name.rsplit("_", 1)[-1]):
            raise UsageError(f"backbone {name} takes photos of a multiple of its patches: size {size} is none")
        self.name = name
        self.model = models.get_model(name, weights=None, **sized)

    def fitted(self, state: Mapping[str, Tensor]) -> State:
        """See `Architecture.fitted`: position embeddings of another input size are interpolated."""
        own = self.model
        known = state.get("encoder.pos_embedding")
        if not isinstance(own, VisionTransformer) or known is None or known.ndim != 3:
            return dict(state)
        if known.shape == own.encoder.pos_embedding.shape:
            return dict(state)
        try:
            return dict(interpolate_embeddings(own.image_size, own.patch_size, dict(state)))
        except ValueError:  # no square of patches: the check of shapes says what is wrong
            return dict(state)

    def trunk(self, stages: Stages) -> Trunk:
        """See `Architecture.trunk`."""
        family = next(one for one in FAMILIES if re.fullmatch(one.names, self.name))
        return ExtractedTrunk(self.model, family.last if stages == "last" else family.several)


def _as_kept(out: Tensor, layout: Layout) -> Tensor:
    if layout == "grid":
        return out.permute(0, 3, 1, 2)
    if layout == "class":
        return out[:, 0]
    if layout == "patches":
        patches = out[:, 1:].transpose(1, 2)
        side = round(patches.shape[2] ** 0.5)
        return patches.reshape(patches.shape[0], patches.shape[1], side, side)
    return out
