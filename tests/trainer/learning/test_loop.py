"""Training runs: that they end where they should, with the best, and go on, killed, as if they had not been."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from indexer.errors import ModelError, UsageError
from tests.trainer.learning.small_training import SmallTraining
from trainer.learning.checkpoints import Checkpoints, digest
from trainer.learning.loop import Bounds, Training, Watch, train
from trainer.learning.recipes import Judgement


class Killed(BaseException):
    """Ends a run as nothing in it expects."""


def killed_in(step: int) -> Watch:
    """Ends a run in a step of it, counted from 1."""
    steps = 0

    def count(*_: float) -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            raise Killed

    return count


def run(small: SmallTraining, *, until: float = math.inf, kept: Checkpoints | None = None, **given: Any) -> Training:
    bounds = Bounds(until, kept)
    return train(small.source, small.validation, small.recipe, small.settings, bounds=bounds, **given)


def state(small: SmallTraining) -> str:
    return digest(small.source.trained().state_dict())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"recipe": "classic", "batch": 8, "schedule": "plateau", "patience": 0},
        {"running_mean": 0.9, "smoothing": 2},
        {"weight_decay": 0.1, "learning_rate": 0.05},
    ],
    ids=["two-level", "classic", "running mean", "decay"],
)
@pytest.mark.parametrize("killed_at", [1, 3, 5, 9])
def test_a_killed_run_goes_on_bit_for_bit(settings: dict[str, Any], killed_at: int, tmp_path: Path) -> None:
    whole, killed, resumed = (SmallTraining(**settings) for _ in range(3))
    expected = run(whole)
    with pytest.raises(Killed):
        run(killed, watch=killed_in(killed_at), kept=Checkpoints(tmp_path / "kept", "all", {}, every=0))
    seen = []
    went_on = run(
        resumed,
        watch=lambda epoch, *_: seen.append(epoch),
        kept=Checkpoints(tmp_path / "kept", "all", {}, resume=True, every=0),
    )
    assert went_on.history == expected.history
    assert (went_on.best_epoch, went_on.best_score) == (expected.best_epoch, expected.best_score)
    assert state(resumed) == state(whole)
    assert len(seen) == sum(1 for _ in expected.history) * len(whole.recipe.plan(np.random.default_rng(0))) - (
        killed_at - 1
    )


@pytest.mark.parametrize("killed_at", [1, 4, 6])
def test_what_learnt_already_goes_on_bit_for_bit(killed_at: int, tmp_path: Path) -> None:
    whole, killed, resumed = (SmallTraining(running_mean=0.9, backbone_rate=0.1) for _ in range(3))
    expected = run(whole, start_counts=True)
    with pytest.raises(Killed):
        run(killed, start_counts=True, watch=killed_in(killed_at), kept=Checkpoints(tmp_path, "fine-tune", {}, every=0))
    went_on = run(resumed, start_counts=True, kept=Checkpoints(tmp_path, "fine-tune", {}, resume=True, every=0))
    assert went_on.history == expected.history
    assert (went_on.start_score, went_on.best_score) == (expected.start_score, expected.best_score)
    assert digest(went_on.before) == digest(expected.before)
    assert state(resumed) == state(whole)


def test_what_a_loss_learns_is_kept_with_the_run(tmp_path: Path) -> None:
    whole, killed, resumed = (SmallTraining(objective="arcface") for _ in range(3))
    (start,) = (own.detach().clone() for own in whole.recipe.objective.parameters())
    run(whole)

    def stop(epoch: int, *_: float) -> None:
        if epoch == 3:
            raise Killed

    with pytest.raises(Killed):
        run(killed, watch=stop, kept=Checkpoints(tmp_path, "all", {}, every=0))
    run(resumed, kept=Checkpoints(tmp_path, "all", {}, resume=True, every=0))
    (learnt,) = whole.recipe.objective.parameters()
    (again,) = resumed.recipe.objective.parameters()
    assert not torch.equal(learnt, start)
    assert torch.equal(learnt, again)


def test_the_same_seed_learns_the_same_and_another_something_else() -> None:
    first, second, other = SmallTraining(), SmallTraining(), SmallTraining(seed=1)
    assert run(first).history == run(second).history
    assert state(first) == state(second)
    run(other)
    assert state(other) != state(first)


def test_each_epoch_sees_other_views() -> None:
    small = SmallTraining(learning_rate=0.0, epochs=3)
    losses = [epoch.loss for epoch in run(small).history]
    assert len(set(losses)) == 3


def test_what_learnt_already_is_kept_where_no_epoch_is_better() -> None:
    good = SmallTraining(noise=0.1, epochs=8, learning_rate=0.01)
    run(good)
    kept = state(good)
    good.settings = SmallTraining(learning_rate=30.0, epochs=2).settings
    result = run(good, start_counts=True)
    assert result.best_epoch == 0
    assert result.best_score == result.start_score
    assert state(good) == kept == digest(result.before)
    assert len(result.history) == 2


def test_no_progress_ends_it() -> None:
    small = SmallTraining(epochs=50, early_stopping=3, learning_rate=0.0)
    result = run(small)
    assert result.ended == "settled"
    assert result.finished
    assert (result.best_epoch, len(result.history)) == (1, 4)
    assert result.told() == "No progress any more in epoch 4; keeping the best so far, of epoch 1."


def test_time_ends_it_with_the_best_so_far() -> None:
    small = SmallTraining(epochs=10_000)
    began = time.monotonic()
    result = run(small, until=began + 0.3)
    assert result.ended == "time"
    assert not result.finished
    assert 1 <= len(result.history) < 10_000
    assert small.recipe.judge(small.validation).score == result.best_score


def test_time_that_is_over_still_gives_a_model() -> None:
    small = SmallTraining()
    before = state(small)
    result = run(small, until=time.monotonic() - 1)
    assert (result.ended, len(result.history), result.best_epoch) == ("time", 1, 1)
    assert state(small) != before
    learnt = SmallTraining()
    before = state(learnt)
    result = run(learnt, start_counts=True, until=time.monotonic() - 1)
    assert (result.ended, result.history, result.best_epoch) == ("time", [], 0)
    assert state(learnt) == before


def test_what_time_cut_short_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    whole, short, resumed = (SmallTraining(running_mean=0.5) for _ in range(3))
    run(whole)
    result = run(short, until=time.monotonic() - 1, kept=Checkpoints(tmp_path, "all", {}))
    assert (result.ended, len(result.history)) == ("time", 1)
    went_on = run(resumed, kept=Checkpoints(tmp_path, "all", {}, resume=True))
    assert len(went_on.history) == 5
    assert state(resumed) == state(whole)


@pytest.mark.parametrize("running_mean", [0.0, 0.5])
def test_a_loss_that_is_no_number_keeps_the_best_so_far(running_mean: float) -> None:
    small = SmallTraining(epochs=6, running_mean=running_mean)
    broken = small.recipe.steps
    epochs = 0

    def steps(*given: Any) -> Any:
        nonlocal epochs
        epochs += 1
        for step in broken(*given):
            yield step._replace(loss=step.loss * math.nan) if epochs == 3 else step

    small.recipe.steps = steps  # type: ignore[method-assign]
    result = run(small)
    assert result.ended == "not a number"
    assert len(result.history) == 2
    assert small.recipe.judge(small.validation).score == result.best_score
    assert all(bool(value.isfinite().all()) for value in small.network.state_dict().values())
    told = result.told()
    assert told is not None
    assert told.startswith("The loss is no number any more in epoch 2; keeping the best so far, of epoch ")


def test_a_loss_that_is_no_number_from_the_start_is_one_line() -> None:
    small = SmallTraining(learning_rate=1e20)
    with pytest.raises(ModelError, match=r"the loss was no number in epoch 1, step \d+, before .*--learning-rate"):
        run(small)


def test_a_weight_that_is_no_number_is_never_judged() -> None:
    small = SmallTraining()
    last = small.network.head.layers[-1]
    assert isinstance(last, nn.Linear)
    judged = []

    def judge(source: Any) -> Judgement:
        judged.append(bool(last.weight.isfinite().all()))
        return Judgement(1.0, 1.0)

    def break_it(epoch: int, *_: float) -> None:
        if epoch == 2:
            with torch.no_grad():
                last.bias.fill_(math.inf)

    small.recipe.judge = judge  # type: ignore[method-assign]
    small.recipe.plan = lambda *_: [np.arange(30)]  # type: ignore[method-assign]
    result = run(small, watch=break_it)
    assert result.ended == "not a number"
    assert judged == [True]


def test_embeddings_that_are_no_numbers_keep_the_best_so_far() -> None:
    small = SmallTraining()
    last = small.network.head.layers[-1]  # type: ignore[index, union-attr]

    def blow_up(epoch: int, *_: float) -> None:
        if epoch == 3:
            with torch.no_grad():
                for parameter in small.network.parameters():
                    parameter.mul_(0).add_(1e30)  # numbers, whose products are none

    small.recipe.plan = lambda *_: [np.arange(30)]  # type: ignore[method-assign]
    result = run(small, watch=blow_up)
    assert result.ended == "not a number"
    assert len(result.history) == 2
    assert bool(last.weight.isfinite().all())
    assert small.recipe.judge(small.validation).score == result.best_score


def test_a_run_that_is_interrupted_goes_on_later(tmp_path: Path) -> None:
    whole, stopped, resumed = (SmallTraining() for _ in range(3))
    run(whole)

    def stop(epoch: int, *_: float) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    result = run(stopped, watch=stop, kept=Checkpoints(tmp_path, "all", {}, every=0))
    assert result.interrupted
    run(resumed, kept=Checkpoints(tmp_path, "all", {}, resume=True, every=0))
    assert state(resumed) == state(whole)


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    identity = {"epochs": 4, "photos": "a" * 64, "recipe": "two-level"}
    run(SmallTraining(), kept=Checkpoints(tmp_path, "all", identity, every=0))
    other = {"epochs": 9, "photos": "b" * 64, "recipe": "two-level", "size": 64}
    with pytest.raises(UsageError) as refused:
        run(SmallTraining(), kept=Checkpoints(tmp_path, "all", other, resume=True))
    assert str(refused.value) == (
        f"{tmp_path}: a checkpoint of another run (epochs was 4, is 9; other size); "
        "give what it was begun with, or leave --resume out to begin anew"
    )


def test_without_resume_what_is_there_is_overwritten(tmp_path: Path) -> None:
    run(SmallTraining(), kept=Checkpoints(tmp_path, "all", {"seed": 0}, every=0))
    second = Checkpoints(tmp_path, "all", {"seed": 1}, every=0)
    whole, other = SmallTraining(seed=1), SmallTraining(seed=1)
    run(whole)
    run(other, kept=second)
    assert state(other) == state(whole)
