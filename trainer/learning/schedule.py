"""How fast each weight learns: the optimizer, its groups, and how its rates fall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainer.settings import FitSettings

BACKBONE = "backbone."


def optimizer_of(module: nn.Module, objective: nn.Module, settings: FitSettings) -> torch.optim.Optimizer:
    """Adam, with decoupled decay where the recipe has one; biases and norms do not decay.

    Args:
        module: what learns; a part of it named ``backbone`` learns at ``settings.backbone_rate`` of the rate.
        objective: what the loss itself learns (proxies), at its own ``rate`` of the rate and without decay.
        settings: rate and decay.
    """
    groups: list[dict[str, Any]] = []
    for pretrained in (False, True):
        for decays in (True, False):
            chosen = [
                parameter
                for name, parameter in module.named_parameters()
                if parameter.requires_grad
                and name.startswith(BACKBONE) == pretrained
                and (parameter.ndim > 1) == decays
            ]
            rate = settings.learning_rate * (settings.backbone_rate if pretrained else 1.0)
            groups.append({"params": chosen, "lr": rate, "weight_decay": settings.weight_decay if decays else 0.0})
    learnt = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    rate = settings.learning_rate * float(getattr(objective, "rate", 1.0))
    groups.append({"params": learnt, "lr": rate, "weight_decay": 0.0})
    return torch.optim.AdamW([group for group in groups if group["params"]])


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the rates fall, epoch by epoch.

    Args:
        after: to be called with the score after each epoch.
        state, load: what a checkpoint keeps of it.
    """

    after: Callable[[float], None]
    state: Callable[[], dict[str, Any]]
    load: Callable[[dict[str, Any]], None]


def schedule_of(optimizer: torch.optim.Optimizer, settings: FitSettings) -> Schedule:
    """Along a cosine to 0 over all epochs, or to a tenth whenever validation stops to improve."""
    if settings.schedule == "plateau":
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", patience=settings.patience)
        return Schedule(plateau.step, plateau.state_dict, plateau.load_state_dict)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    return Schedule(lambda _: cosine.step(), cosine.state_dict, cosine.load_state_dict)
