"""The training loop: epochs of steps, a judgement after each, the best checkpoint kept, Ctrl-C allowed."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from trainer.data.sources import Source
from trainer.learning.recipes import Recipe
from trainer.settings import FitSettings


class EpochRecord(NamedTuple):
    """One epoch: mean loss, distances and learning rate over its steps, and validation P@1 after it."""

    epoch: int
    loss: float
    precision_at_1: float
    positive_distance: float
    negative_distance: float
    learning_rate: float

    def record(self) -> dict[str, float]:
        """As model.json and the report name it."""
        values = self._asdict()
        values["val_P@1"] = values.pop("precision_at_1")
        return values


@dataclass(slots=True)
class Training:
    """What a training run came to. The network holds the weights of ``best_epoch``."""

    history: list[EpochRecord] = field(default_factory=list)
    best_epoch: int = 0
    best_score: float = -np.inf
    interrupted: bool = False


Watch = Callable[[int, float, float, float], None]
"""Called after each step with the number of its epoch (from 1), loss, positive and negative distance."""


def train(
    source: Source, validation: Source, recipe: Recipe, settings: FitSettings, watch: Watch | None = None
) -> Training:
    """Train until the epochs are over, the learning rate is spent, or the user presses Ctrl-C.

    Args:
        source: the training photos; its network is trained in place.
        validation: the validation photos, over the same network.
        recipe: sampling, loss and judgement.
        settings: epochs, rate, patience, seed.
        watch: shown the progress.

    Raises:
        KeyboardInterrupt: Ctrl-C before there was a first checkpoint to keep.
    """
    rng = np.random.default_rng(settings.seed)
    torch.manual_seed(settings.seed)
    module = source.trained()
    optimizer = _optimizer(module, settings)
    lower_rate = _schedule(optimizer, settings)
    scores: deque[float] = deque(maxlen=settings.smoothing)
    result = Training()
    best: dict[str, Tensor] = {}
    try:
        for epoch in range(1, settings.epochs + 1):
            rate = optimizer.param_groups[0]["lr"]
            module.train()
            loss, positive, negative = _epoch(source, recipe, optimizer, rng, epoch, watch)
            if settings.weights == "none":
                source.settle(settings.seed)
            judgement = recipe.judge(validation)
            result.history.append(EpochRecord(epoch, loss, judgement.precision_at_1, positive, negative, rate))
            scores.append(judgement.score)
            if settings.keep == "last" or np.mean(scores) > result.best_score or not best:
                result.best_epoch, result.best_score = epoch, float(np.mean(scores))
                best = copy.deepcopy(module.state_dict())
            lower_rate(judgement.score)
    except KeyboardInterrupt:
        if not best:
            raise
        result.interrupted = True
    module.load_state_dict(best)
    module.eval()
    return result


def _epoch(
    source: Source,
    recipe: Recipe,
    optimizer: torch.optim.Optimizer,
    rng: np.random.Generator,
    epoch: int,
    watch: Watch | None,
) -> tuple[float, float, float]:
    """Means over an epoch: loss, positive distance, negative distance."""
    seen = []
    for step in recipe.steps(source, recipe.plan(rng, source), rng):
        optimizer.zero_grad()
        step.loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        seen.append((float(step.loss.detach()), *step.distances))
        if watch:
            watch(epoch, *seen[-1])
    loss, positive, negative = np.mean(seen, axis=0).tolist()
    return loss, positive, negative


def _schedule(optimizer: torch.optim.Optimizer, settings: FitSettings) -> Callable[[float], None]:
    """What to call with the score after each epoch."""
    if settings.schedule == "plateau":
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", patience=settings.patience)
        return plateau.step
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    return lambda _: cosine.step()


def _optimizer(module: nn.Module, settings: FitSettings) -> torch.optim.Optimizer:
    """Adam, with decoupled decay where the recipe has one; biases and norms do not decay."""
    weights = [p for p in module.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in module.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)
