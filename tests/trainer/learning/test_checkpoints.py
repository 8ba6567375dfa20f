"""Checkpoints on the disk: whole or not there, of this run or refused."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from indexer.errors import ModelError, UsageError
from tests.trainer.learning.small_training import SmallTraining
from trainer.learning.checkpoints import Checkpoint, Checkpoints, belongs, check, digest
from trainer.learning.loop import Bounds, train

IDENTITY = {"epochs": 4, "photos": "a" * 64, "recipe": "two-level", "share": 0.1}


def kept(folder: Path, identity: dict[str, object] = IDENTITY, *, resume: bool = True) -> Checkpoints:
    return Checkpoints(folder, "shop.whole", identity, resume=resume, every=0)


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    tensors = {
        "module.a": torch.randn(3, 2).T,  # not contiguous
        "module.count": torch.tensor(3),
        "best.a": torch.tensor([float("nan"), float("inf"), 1e-45]),
    }
    kept(tmp_path / "new").write(Checkpoint(tensors, {"score": 0.1 + 0.2, "best": float("-inf")}))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["shop.whole.safetensors"]
    read = kept(tmp_path / "new").read()
    assert read is not None
    assert digest(read.tensors) == digest(tensors)
    assert (read.facts["score"], read.facts["best"]) == (0.1 + 0.2, float("-inf"))
    assert set(read.part("module.")) == {"a", "count"}


def test_nothing_is_read_that_is_not_there_or_not_asked_for(tmp_path: Path) -> None:
    assert kept(tmp_path).read() is None
    kept(tmp_path).write(Checkpoint({}, {}))
    assert kept(tmp_path, resume=False).read() is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"epochs": 9}, "epochs was 4, is 9"),
        ({"share": 0.2}, "share was 0.1, is 0.2"),
        ({"photos": "b" * 64}, "other photos"),
        ({"recipe": ""}, "recipe was two-level, is none"),
        ({"backbone": "resnet18"}, "other backbone"),
        ({"epochs": 9, "photos": "b" * 64}, "epochs was 4, is 9"),  # of which other photos may be what follows
    ],
)
def test_that_of_another_run_is_refused(change: dict[str, object], told: str, tmp_path: Path) -> None:
    kept(tmp_path).write(Checkpoint({}, {}))
    with pytest.raises(UsageError) as refused:
        kept(tmp_path, {**IDENTITY, **change}).read()
    assert str(refused.value) == (
        f"{tmp_path}: a checkpoint of another run ({told}); "
        "give what it was begun with, or leave --resume out to begin anew"
    )


def test_what_is_beside_it_of_another_run_goes_with_the_first_that_is_kept(tmp_path: Path) -> None:
    def training(name: str, identity: dict[str, object]) -> Checkpoints:
        beside = [tmp_path / f"shop.{other}.safetensors" for other in ("whole", "head", "fine-tune", "lost")]
        return Checkpoints(tmp_path, f"shop.{name}", identity, every=0, beside=beside)

    for name, identity in (("whole", IDENTITY), ("fine-tune", {**IDENTITY, "epochs": 9})):
        training(name, identity).write(Checkpoint({}, {}))
    assert [path.name for path in tmp_path.iterdir()] == ["shop.fine-tune.safetensors"]

    training("fine-tune", IDENTITY).write(Checkpoint({}, {}))
    (tmp_path / "shop.head.safetensors").write_bytes(b"cut")
    training("whole", IDENTITY).write(Checkpoint({}, {}))
    assert {path.name for path in tmp_path.iterdir()} == {"shop.whole.safetensors", "shop.fine-tune.safetensors"}
    assert belongs(tmp_path / "shop.fine-tune.safetensors", IDENTITY)
    with pytest.raises(UsageError, match="epochs was 4, is 9"):
        check(tmp_path / "shop.fine-tune.safetensors", {**IDENTITY, "epochs": 9})


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "folder"])
def test_a_damaged_one_is_one_line(damage: str, tmp_path: Path) -> None:
    checkpoints = kept(tmp_path)
    checkpoints.write(Checkpoint({"a": torch.randn(100)}, {}))
    whole = checkpoints.path.read_bytes()
    checkpoints.path.unlink()
    if damage == "folder":
        checkpoints.path.mkdir()
    else:
        checkpoints.path.write_bytes({"cut": whole[:-50], "empty": b"", "text": b"not a checkpoint"}[damage])
    with pytest.raises(ModelError, match="the checkpoint cannot be read; leave --resume out to begin anew"):
        checkpoints.read()


def test_one_that_cannot_be_written_costs_nothing_but_itself(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    checkpoints = kept(tmp_path / "taken")
    small, alone = SmallTraining(), SmallTraining()
    train(small.source, small.validation, small.recipe, small.settings, bounds=Bounds(checkpoints=checkpoints))
    train(alone.source, alone.validation, alone.recipe, alone.settings)
    assert digest(small.network.state_dict()) == digest(alone.network.state_dict())
    assert checkpoints.failed is not None
    assert checkpoints.failed.startswith(f"{tmp_path / 'taken'}: no checkpoint (")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_short_run_writes_none(tmp_path: Path) -> None:
    small = SmallTraining()
    bounds = Bounds(checkpoints=Checkpoints(tmp_path, "shop.whole", IDENTITY))
    began = time.monotonic()
    train(small.source, small.validation, small.recipe, small.settings, bounds=bounds)
    if time.monotonic() - began < 30:
        assert list(tmp_path.iterdir()) == []


def test_a_digest_is_of_names_shapes_types_and_values() -> None:
    one = {"a": torch.zeros(4), "b": torch.ones(2)}
    others = [
        {"a": torch.zeros(4), "c": torch.ones(2)},
        {"a": torch.zeros(2, 2), "b": torch.ones(2)},
        {"a": torch.zeros(4, dtype=torch.int32), "b": torch.ones(2)},
        {"a": torch.zeros(4), "b": torch.tensor([1.0, 1.0000001])},
    ]
    assert digest(one) == digest(dict(reversed(one.items())))
    assert len({digest(one), *map(digest, others)}) == 5
