"""The training loop: epochs of steps, a judgement after each, the best kept, whatever ends it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from indexer.errors import ModelError, VectorError
from trainer.data.sampling import Indices
from trainer.data.sources import Source
from trainer.learning.averaging import RunningMean, State, copied
from trainer.learning.checkpoints import Checkpoint, Checkpoints
from trainer.learning.recipes import Recipe, Step
from trainer.learning.schedule import optimizer_of, schedule_of
from trainer.settings import FitSettings

Ended = Literal["done", "settled", "time", "interrupted", "not a number"]
"""What ended a training: its epochs, no progress any more, the time it had, Ctrl-C, or numbers that broke."""


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
    """What a training run came to. The network holds the weights of ``best_epoch``, 0 for those it began with."""

    history: list[EpochRecord] = field(default_factory=list)
    best_epoch: int = 0
    best_score: float = -math.inf
    start_score: float | None = None
    """The score before the first epoch, where that was asked for."""
    ended: Ended = "done"
    before: State = field(default_factory=dict)
    """The weights it began with, where these were judged."""

    @property
    def interrupted(self) -> bool:
        """Whether the user pressed Ctrl-C."""
        return self.ended == "interrupted"

    @property
    def finished(self) -> bool:
        """Whether nothing is left to go on with."""
        return self.ended in ("done", "settled")

    def told(self) -> str | None:
        """One line about an end before the last epoch; None where there is nothing to say."""
        why = {
            "time": "The time is over",
            "interrupted": "Stopped",
            "not a number": "The loss is no number any more",
            "settled": "No progress any more",
        }.get(self.ended)
        if why is None:
            return None
        kept = f"of epoch {self.best_epoch}" if self.best_epoch else "from before the first epoch"
        return f"{why} in epoch {max(1, len(self.history))}; keeping the best so far, {kept}."


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a training run is held to.

    Args:
        until: the ``time.monotonic()`` at which it stops with the best so far.
        checkpoints: where it is kept on the disk, and gone on with.
    """

    until: float = math.inf
    checkpoints: Checkpoints | None = None


Watch = Callable[[int, float, float, float], None]
"""Called after each step with the number of its epoch (from 1), loss, positive and negative distance."""


def train(
    source: Source,
    validation: Source,
    recipe: Recipe,
    settings: FitSettings,
    watch: Watch | None = None,
    *,
    start_counts: bool = False,
    bounds: Bounds | None = None,
) -> Training:
    """Train until the epochs are over, progress or time ends, the loss breaks, or the user presses Ctrl-C.

    What is random in an epoch or a step is drawn from the seed and its number alone, not from what was drawn before: a
    run that goes on from a checkpoint is the run that was never stopped, bit for bit on the same machine.

    Args:
        source: the training photos; its network is trained in place, as far as its weights require gradients.
        validation: the validation photos, over the same network.
        recipe: sampling, loss and judgement.
        settings: epochs, rates, patience, running mean, seed.
        watch: shown the progress.
        start_counts: the network has learnt already: it is judged before the first epoch, and kept where no epoch is
            better.
        bounds: the time it has, and where it is kept on the disk.

    Raises:
        KeyboardInterrupt: Ctrl-C before there was anything to keep.
        ModelError: the loss was no number before there was anything to keep, or the checkpoint cannot be read.
        UsageError: the checkpoint is one of another run.
    """
    loop = _Loop(source, validation, recipe, settings, watch, bounds or Bounds())
    try:
        loop.begin(start_counts)
        loop.run()
    except KeyboardInterrupt:
        if not loop.best:
            raise
        loop.result.ended = "interrupted"
    except _NotANumber as error:
        if not loop.best:
            raise ModelError(
                f"{error} before anything was learnt that could be kept; try a smaller --learning-rate, or other "
                "--weights"
            ) from error
        loop.result.ended = "not a number"
    loop.module.load_state_dict(loop.best)
    loop.module.eval()
    return loop.result


class _NotANumber(ArithmeticError):
    """A loss or a weight is NaN or infinite."""


class _Loop:
    """One run: what it is made of, where it is, and what it keeps."""

    def __init__(
        self,
        source: Source,
        validation: Source,
        recipe: Recipe,
        settings: FitSettings,
        watch: Watch | None,
        bounds: Bounds,
    ) -> None:
        self.source, self.validation, self.recipe, self.settings = source, validation, recipe, settings
        self.watch, self.until, self.checkpoints = watch, bounds.until, bounds.checkpoints
        self.share = source.share
        self.module = source.trained()
        self.objective: nn.Module = getattr(recipe, "objective", None) or nn.Module()
        self.optimizer = optimizer_of(self.module, self.objective, settings)
        self.schedule = schedule_of(self.optimizer, settings)
        self.mean = RunningMean(self.module, settings.running_mean) if settings.running_mean else None
        self.result = Training()
        self.best: State = {}
        self.scores: list[float] = []
        self.epoch, self.plan = 1, list[Indices]()
        self.seen: list[tuple[float, float, float]] = []
        """Loss and distances of each step of this epoch: its length is the place in the plan."""
        self._judging = 0.0

    def begin(self, start_counts: bool) -> None:
        """Go on from the checkpoint, or begin."""
        self.share.same_start(self.module)
        checkpoint = self.checkpoints.read() if self.checkpoints else None
        if checkpoint is not None:
            self._restore(checkpoint)
        elif start_counts:
            self.result.before = copied(self.module.state_dict())
            self.result.start_score = self._judge().score
            self.result.best_score, self.best = self.result.start_score, self.result.before

    def run(self) -> None:
        """All epochs that are left."""
        while self.epoch <= self.settings.epochs:
            if self._settled():
                self.result.ended = "settled"
                return
            if self.best and self._time_is_over():
                self._keep(now=True)
                self.result.ended = "time"
                return
            if not self._steps():
                self._keep(now=True)  # an epoch that was cut is judged, and gone on with as it is here
                self._conclude()
                self.result.ended = "time"
                return
            self._conclude()
            self._keep()

    def _steps(self) -> bool:
        """The steps that are left of this epoch; False where time ended them."""
        rng = np.random.default_rng((self.settings.seed, self.epoch))
        if not self.plan:
            self.plan = self.recipe.plan(rng, self.source)
        rng = np.random.default_rng((self.settings.seed, self.epoch, 1))
        self.source.learn()
        self.objective.train()
        passed = len(self.seen)
        self._seed_step()
        for step in self.recipe.steps(self.source.after(passed), self.plan[passed:], rng):
            self._learn(step)
            self._keep()
            if self._time_is_over():
                return len(self.seen) == len(self.plan)
            self._seed_step()
        return True

    def _learn(self, step: Step) -> None:
        """One step of the optimizer."""
        loss = float(step.loss.detach())
        if not math.isfinite(loss):
            raise _NotANumber(f"the loss was no number in epoch {self.epoch}, step {len(self.seen) + 1},")
        self.optimizer.zero_grad()
        step.loss.backward()  # type: ignore[no-untyped-call]
        self.share.sum_gradients(self.module)
        self.optimizer.step()
        if self.mean:
            self.mean.update()
        self.seen.append((loss, *step.distances))
        if self.watch:
            self.watch(self.epoch, *self.seen[-1])

    def _conclude(self) -> None:
        """Judge an epoch, or what there was time for of it, and keep what is better than all before."""
        rate = max(group["lr"] for group in self.optimizer.param_groups)
        if not all(bool(p.isfinite().all()) for p in self.module.parameters() if p.requires_grad):
            raise _NotANumber(f"a weight was no number after epoch {self.epoch},")
        with self.mean.in_place() if self.mean else nullcontext():
            self.share.average_statistics(self.module)
            if self.settings.weights == "none":
                self.source.settle(self.settings.seed)
            judgement = self._judge()
            loss, positive, negative = np.mean(self.seen, axis=0).tolist()
            self.result.history.append(
                EpochRecord(self.epoch, loss, judgement.precision_at_1, positive, negative, rate)
            )
            self.scores = [*self.scores, judgement.score][-self.settings.smoothing :]
            score = float(np.mean(self.scores))
            if self.settings.keep == "last" or score > self.result.best_score or not self.best:
                self.result.best_epoch, self.result.best_score = self.epoch, score
                self.best = copied(self.module.state_dict())
        self.schedule.after(judgement.score)
        self.epoch, self.plan, self.seen = self.epoch + 1, [], []

    def _judge(self) -> Any:
        began = time.monotonic()
        try:
            judgement = self.recipe.judge(self.validation)
        except VectorError as error:
            raise _NotANumber(f"the embeddings were no numbers in epoch {self.epoch},") from error
        self._judging = time.monotonic() - began
        return judgement

    def _time_is_over(self) -> bool:
        """Whether what is left is what the next judgement takes."""
        return self.share.any_of(time.monotonic() + self._judging >= self.until)

    def _settled(self) -> bool:
        """Whether the latest epochs brought no progress, as many as the settings wait for."""
        patience = self.settings.early_stopping
        return 0 < patience <= self.epoch - 1 - self.result.best_epoch

    def _seed_step(self) -> None:
        """What torch draws in the step that comes follows from its number alone."""
        sequence = np.random.SeedSequence((self.settings.seed, self.epoch, len(self.seen)))
        torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0]))

    def _keep(self, *, now: bool = False) -> None:
        """Write a checkpoint where it is time for one."""
        if self.checkpoints is not None and self.share.first and (now or self.checkpoints.due()):
            self.checkpoints.write(self._now())

    def _now(self) -> Checkpoint:
        """Everything that the steps that are left depend on."""
        optimizer = self.optimizer.state_dict()
        tensors: dict[str, Tensor] = {}
        parts = {
            "module.": self.module.state_dict(),
            "objective.": self.objective.state_dict(),
            "mean.": self.mean.state if self.mean else {},
            "best.": self.best,
            "before.": self.result.before,
            "plan.": {str(place): torch.from_numpy(indices) for place, indices in enumerate(self.plan)},
        }
        for prefix, part in parts.items():
            tensors |= {prefix + name: tensor for name, tensor in part.items()}
        for place, state in optimizer["state"].items():
            tensors |= {f"optimizer.{place}.{name}": torch.as_tensor(value) for name, value in state.items()}
        facts = {
            "epoch": self.epoch,
            "seen": self.seen,
            "history": [list(epoch) for epoch in self.result.history],
            "best_epoch": self.result.best_epoch,
            "best_score": self.result.best_score,
            "start_score": self.result.start_score,
            "scores": self.scores,
            "groups": optimizer["param_groups"],
            "schedule": self.schedule.state(),
        }
        return Checkpoint(tensors, facts)

    def _restore(self, checkpoint: Checkpoint) -> None:
        """The state in which `_now` found the run."""
        facts = checkpoint.facts
        self.module.load_state_dict(checkpoint.part("module."))
        self.objective.load_state_dict(checkpoint.part("objective."))
        if self.mean:
            self.mean.load(checkpoint.part("mean."))
        self.best, self.result.before = checkpoint.part("best."), checkpoint.part("before.")
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in checkpoint.part("optimizer.").items():
            place, _, kind = name.partition(".")
            states.setdefault(int(place), {})[kind] = tensor
        self.optimizer.load_state_dict({"state": states, "param_groups": facts["groups"]})
        self.schedule.load(facts["schedule"])
        plan = checkpoint.part("plan.")
        self.plan = [plan[str(place)].numpy() for place in range(len(plan))]
        self.epoch = int(facts["epoch"])
        self.seen = [tuple(step) for step in facts["seen"]]
        self.scores = list(facts["scores"])
        self.result.history = [EpochRecord(*epoch) for epoch in facts["history"]]
        self.result.best_epoch, self.result.best_score = int(facts["best_epoch"]), facts["best_score"]
        self.result.start_score = facts["start_score"]
