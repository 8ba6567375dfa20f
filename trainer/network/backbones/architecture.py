"""What a library's network has to tell before its stages can be taken."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from trainer.network.backbones.names import Stages

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

State = dict[str, Tensor]


class Trunk(nn.Module, ABC):
    """Normalised pixels → the stages that are kept. ``maps`` says which of them are maps [n, c, h, w]."""

    maps: tuple[bool, ...]

    @abstractmethod
    def forward(self, pixels: Tensor) -> list[Tensor]:
        """The stages of normalised pixels [n, 3, H, W], in order."""


class Architecture(ABC):
    """A network as its library builds it, whole, so that weights can be loaded by the names they were saved under."""

    name: str
    model: nn.Module
    classifier: tuple[str, ...]
    """What the names of the weights begin with that belong to its classifier: they are neither needed nor kept."""
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    side = 224
    """Side of the photos that its weights were trained on, in pixels."""
    hub: tuple[str | None, str] = (None, "")
    """Repository and file on timm's hub."""

    def needed(self) -> State:
        """The weights that a file must have, by name: all but the classifier's."""
        return {name: value for name, value in self.model.state_dict().items() if not name.startswith(self.classifier)}

    def fitted(self, state: Mapping[str, Tensor]) -> State:
        """A file's weights as this network at this input size has them, where its library can turn them into that."""
        return dict(state)

    @abstractmethod
    def trunk(self, stages: Stages) -> Trunk:
        """The stages that are kept; what comes after the last of them is cut off."""
