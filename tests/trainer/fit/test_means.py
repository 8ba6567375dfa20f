"""What a run leaves to go on from, and when it is refused, told of, or left out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from indexer.errors import ModelError, UsageError
from trainer.data.parts.split import Split
from trainer.fit.means import FOLDER, TRAININGS, Means
from trainer.learning.checkpoints import Checkpoint
from trainer.learning.loop import Bounds, Training
from trainer.settings import FitSettings

WEIGHTS = {"a": torch.zeros(2)}


def begun(target: Path, *, seed: int = 0, resume: bool = False) -> tuple[Means, list[str]]:
    """A run that has said what it is made of, and what it told."""
    told: list[str] = []
    means = Means(target=target, resume=resume, note=told.append)
    means.about(FitSettings(seed=seed), Split((), ()), WEIGHTS)
    return means, told


def keep(means: Means, training: str) -> None:
    checkpoints = means.checkpoints(training)
    assert checkpoints is not None
    checkpoints.write(Checkpoint({}, {}))


def left(target: Path) -> set[str]:
    return {path.name.split(".")[1] for path in (target.parent / FOLDER).glob(f"{target.name}.*")}


def test_to_go_on_with_another_run_is_refused_before_anything_is_learnt(tmp_path: Path) -> None:
    target = tmp_path / "shop"
    keep(begun(target)[0], "fine-tune")
    with pytest.raises(UsageError, match=r"a checkpoint of another run \(seed was 0, is 1\); give what it was begun"):
        begun(target, seed=1, resume=True)
    assert begun(target, resume=True)[1] == []
    (tmp_path / FOLDER / "shop.fine-tune.safetensors").write_bytes(b"cut")
    with pytest.raises(ModelError, match="the checkpoint cannot be read; leave --resume out to begin anew"):
        begun(target, resume=True)


def test_a_run_that_is_begun_anew_can_be_gone_on_with(tmp_path: Path) -> None:
    target = tmp_path / "shop"
    for training in ("head", "fine-tune"):
        keep(begun(target)[0], training)
    keep(begun(tmp_path / "other")[0], "head")
    means, told = begun(target, seed=1)
    assert told == ["A run of this model with other settings or photos was not finished; begun anew."]
    assert left(target) == {"head", "fine-tune"}  # until there is something in their place
    keep(means, "fine-tune")
    assert left(target) == {"fine-tune"}
    assert left(tmp_path / "other") == {"head"}
    begun(target, seed=1, resume=True)
    assert begun(target, seed=1)[1] == [
        "A run of this model was not finished; begun anew. To go on with it instead: --resume."
    ]


@pytest.mark.parametrize("ended", ["time", "interrupted", "not a number"])
def test_after_a_training_that_was_cut_none_is_kept(ended: str, tmp_path: Path) -> None:
    means, _ = begun(tmp_path / "shop")
    means.told(Training(), Bounds())
    assert means.checkpoints("fine-tune") is not None
    means.told(Training(ended=ended), Bounds())  # type: ignore[arg-type]
    assert means.checkpoints("fine-tune") is None
    assert means.bounds("fine-tune").checkpoints is None


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 120])
def test_a_model_may_have_as_long_a_name_as_a_folder(name: str, tmp_path: Path) -> None:
    target = tmp_path / name
    target.mkdir()
    means, _ = begun(target)
    for training in TRAININGS:
        keep(means, training)
        checkpoints = means.checkpoints(training)
        assert checkpoints is not None
        assert checkpoints.failed is None
        assert checkpoints.path.exists()
    assert begun(target, resume=True)[1] == []
    keep(begun(tmp_path / f"{name[:-1]}x")[0], "head")
    means.forget()
    assert len(list((tmp_path / FOLDER).iterdir())) == 1  # the other model's
