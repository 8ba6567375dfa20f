"""Files of weights that are none, torn ones, and those that hold no numbers: one line that names the file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from indexer.errors import ModelError
from trainer.network.pretrained.reading import read_weights

STATE = {"stem.weight": torch.arange(6.0).view(2, 3), "stem.bias": torch.zeros(2)}


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_weights(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert not {"torch.load", "Tensor", "safetensors_rust", "Unpickl", "PytorchStream", "Header"} & set(message.split())
    return message


def saved(path: Path, state: object = STATE, *, legacy: bool = False) -> Path:
    if path.suffix == ".safetensors":
        save_file(state, path)  # type: ignore[arg-type]
    else:
        torch.save(state, path, _use_new_zipfile_serialization=not legacy)
    return path


def same(read: dict[str, Tensor]) -> bool:
    return read.keys() == STATE.keys() and all(torch.equal(read[name], value) for name, value in STATE.items())


@pytest.mark.parametrize("name", ["new.pth", "old.pth", "table.safetensors"])
def test_state_dicts_of_each_format(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name, legacy=name.startswith("old"))
    assert same(read_weights(path))
    assert same(read_weights(path.rename(tmp_path / "weights.bin")))  # the first bytes tell, not the name


@pytest.mark.parametrize("around", ["state_dict", "model", "state_dict_ema"])
def test_what_training_wraps_around_a_state_dict_is_taken_off(tmp_path: Path, around: str) -> None:
    inside = {f"module.{name}": value for name, value in STATE.items()}
    assert same(read_weights(saved(tmp_path / "run.pth", {around: inside, "epoch": 3})))


def test_files_that_are_no_weights(tmp_path: Path) -> None:
    for name in ("text.pth", "text.safetensors"):
        (tmp_path / name).write_text("not weights")
        assert "not a weights file" in refused(tmp_path / name)
    assert "no such weights file" in refused(tmp_path / "missing.pth")
    assert "no such weights file" in refused(tmp_path)
    assert "holds no state dict" in refused(saved(tmp_path / "list.pth", [1, 2]))
    assert "holds no state dict" in refused(saved(tmp_path / "empty.pth", {}))
    (tmp_path / "table.safetensors").write_bytes((4).to_bytes(8, "little") + b"{no}")
    assert "not a weights file" in refused(tmp_path / "table.safetensors")


def test_what_could_run_is_not_read(tmp_path: Path) -> None:
    assert "what could run code is not loaded" in refused(saved(tmp_path / "module.pth", nn.Linear(1, 1)))


@pytest.mark.parametrize("name", ["new.pth", "old.pth", "table.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 0.99])
def test_files_that_are_cut_off(tmp_path: Path, name: str, share: float) -> None:
    big = {"weight": torch.ones(100, 100), "bias": torch.ones(100)}
    path = saved(tmp_path / name, big, legacy=name.startswith("old"))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "is cut off or damaged; get the file again" in refused(path)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_a_tensor_that_is_not_finite_is_named(tmp_path: Path, name: str, bad: float, kind: torch.dtype) -> None:
    state = {**STATE, "head.weight": torch.tensor([1.0, bad, bad], dtype=kind)}
    message = refused(saved(tmp_path / name, state))
    assert "tensor head.weight is not finite (2 of 3 numbers" in message
