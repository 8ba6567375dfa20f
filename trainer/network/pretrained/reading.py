"""A file of weights becomes tensors by name, or one line that says what is wrong with it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from indexer.errors import ModelError

_ZIP, _PICKLE = b"PK", b"\x80"
_LENGTH = 8  # of the number that a .safetensors file begins with: the bytes of its table
_WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model", "model_state_dict")
_PREFIXES = ("module.", "_orig_mod.")  # of what was saved from several GPUs, or compiled


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict by name, on the CPU; what a training run wrapped around it is taken off.

    Nothing that a file could run is run: of pickles only tensors are read.

    Raises:
        ModelError: it is missing, cut off, no state dict, or a tensor of it holds NaN or infinity.
    """
    if not path.is_file():
        raise ModelError(
            f"{path}: no such weights file; --weights takes imagenet, starter, auto, none, a file or a model directory"
        )
    state = _tensors(path, _read(path))
    for name, value in state.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            bad = int((~torch.isfinite(value)).sum())
            raise ModelError(
                f"{path}: tensor {name} is not finite ({bad:,} of {value.numel():,} numbers are NaN or infinite); "
                "get the file again, or choose another"
            )
    return state


def _read(path: Path) -> object:
    """What the file holds. Its first bytes tell the format: names of files often do not."""
    try:
        with path.open("rb") as file:
            head = file.read(_LENGTH + 1)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its owner and rights") from error
    if not head:
        raise _damaged(path)
    if head.startswith(_ZIP):
        if not zipfile.is_zipfile(path):  # the table of a zip file is its end
            raise _damaged(path)
        return _unpickled(path)
    if head[_LENGTH:] == b"{" and not any(head[4:_LENGTH]):  # the length of a table is no number of gigabytes
        return _safetensors(path, int.from_bytes(head[:_LENGTH], "little"))
    if head.startswith(_PICKLE):
        return _unpickled(path)
    raise ModelError(f"{path}: not a weights file; give a state dict saved by torch.save, or a .safetensors file")


def _unpickled(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ModelError(
            f"{path}: holds more than tensors, and what could run code is not loaded; save model.state_dict() instead"
        ) from error
    except Exception as error:  # on torn files torch raises classes of its own and any of Python's
        raise _damaged(path) from error


def _safetensors(path: Path, table: int) -> object:
    try:
        return load_file(path)
    except SafetensorError as error:
        if table + _LENGTH > path.stat().st_size or "incomplete" in str(error).lower():
            raise _damaged(path) from error
        raise ModelError(f"{path}: not a weights file; its table of tensors cannot be read") from error


def _tensors(path: Path, held: object) -> dict[str, Tensor]:
    for wrapper in _WRAPPERS:
        if isinstance(held, dict) and isinstance(held.get(wrapper), dict):
            held = held[wrapper]
            break
    if not isinstance(held, dict) or not held or not all(isinstance(value, Tensor) for value in held.values()):
        raise ModelError(f"{path}: holds no state dict (names → tensors); save model.state_dict() instead")
    for prefix in _PREFIXES:
        if all(str(name).startswith(prefix) for name in held):
            held = {str(name).removeprefix(prefix): value for name, value in held.items()}
    return {str(name): value for name, value in held.items()}


def _damaged(path: Path) -> ModelError:
    return ModelError(f"{path}: is cut off or damaged; get the file again")
