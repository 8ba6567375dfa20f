"""A training run on the disk, so that one that was killed goes on where it was: one file, no code in it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from indexer.errors import ModelError, UsageError, advice_on_writing
from indexer.system.files import replacing

FORMAT = 1
EVERY = 30.0
"""Seconds between two checkpoints at least: a run of seconds writes none, a long one loses no more than this."""

_KEY = "training"

_FOLLOWING = ("weights", "photos")
"""What other settings change as well, and what is told only where no setting differs."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a run is at one step.

    Args:
        tensors: weights, the optimizer's, the plan of the epoch, by name.
        facts: everything else, as JSON holds it.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin so, by the rest of their names."""
        return {name.removeprefix(prefix): value for name, value in self.tensors.items() if name.startswith(prefix)}


class Checkpoints:
    """Where one training run keeps its checkpoint, and what it must be a checkpoint of.

    The file is safetensors, whose header holds the rest as JSON: reading it runs nothing. Randomness needs no state of
    its own: what a step draws follows from the seed, the epoch and the step (`trainer.learning.loop`).

    Args:
        folder: made with the first checkpoint.
        name: which training of the run, such as ``fine-tune``.
        identity: by a name for people, what decides the outcome: each setting, the photos, the weights it began with.
        resume: go on from what is there; else it is ignored and overwritten.
        every: seconds between two checkpoints, `EVERY` where it is not given.
        beside: where the model's other trainings are kept. What is there of another run is removed with the first
            checkpoint of this one: of two runs together none could be gone on with.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        identity: Mapping[str, Any],
        *,
        resume: bool = False,
        every: float | None = None,
        beside: Sequence[Path] = (),
    ) -> None:
        self.path = folder / f"{name}.safetensors"
        self.failed: str | None = None
        """Why the latest checkpoint could not be written, for people; the training goes on without."""
        self._identity: dict[str, Any] = json.loads(json.dumps(identity))
        self._resume, self._every, self._beside = resume, every, tuple(beside)
        self._latest = time.monotonic()

    def read(self) -> Checkpoint | None:
        """The checkpoint to go on from; None where there is none, or none is wanted.

        Raises:
            UsageError: it is one of another run: other photos, settings or weights.
            ModelError: it cannot be read.
        """
        if not self._resume or not self.path.exists():
            return None
        facts = _facts(self.path)
        _refuse_other(self.path, facts, self._identity)
        try:
            with safe_open(self.path, "pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (OSError, SafetensorError) as error:
            raise _unreadable(self.path) from error
        return Checkpoint(tensors, facts)

    def due(self) -> bool:
        """Whether it is time for another."""
        return time.monotonic() - self._latest >= (EVERY if self._every is None else self._every)

    def write(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint, whole and durable, or leave the one before and say why in `failed`."""
        facts = {**checkpoint.facts, "format": FORMAT, "identity": self._identity}
        # copies, because safetensors refuses tensors that share memory, as the best do with those before, or tied ones
        tensors = {
            name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in checkpoint.tensors.items()
        }
        content = save(tensors, {_KEY: json.dumps(facts)})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.path) as file:
                file.write(content)
            self.failed = None
            self._remove_others()
        except OSError as error:
            self.failed = f"{self.path.parent}: no checkpoint ({error.strerror}); {advice_on_writing(error)}"
        self._latest = time.monotonic()

    def _remove_others(self) -> None:
        """Remove what is beside it of another run."""
        for path in self._beside:
            if path.exists() and not belongs(path, self._identity):
                with suppress(OSError):
                    path.unlink()
        self._beside = ()


def check(path: Path, identity: Mapping[str, Any]) -> None:
    """Whether a run can go on from a checkpoint, by its first bytes alone.

    Raises:
        UsageError, ModelError: as `Checkpoints.read`.
    """
    _refuse_other(path, _facts(path), json.loads(json.dumps(identity)))


def belongs(path: Path, identity: Mapping[str, Any]) -> bool:
    """Whether a checkpoint can be read and is one of this run."""
    try:
        check(path, identity)
    except (UsageError, ModelError):
        return False
    return True


def _facts(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, "pt") as file:
            facts: dict[str, Any] = json.loads((file.metadata() or {})[_KEY])
        if "format" in facts and isinstance(facts["identity"], dict):
            return facts
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path) from error
    raise _unreadable(path)


def _unreadable(path: Path) -> ModelError:
    return ModelError(f"{path}: the checkpoint cannot be read; leave --resume out to begin anew")


def _refuse_other(path: Path, facts: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    if facts["format"] != FORMAT:
        raise ModelError(f"{path}: a checkpoint of another version; leave --resume out to begin anew")
    before: Mapping[str, Any] = facts["identity"]
    other = [name for name in {**identity, **before} if identity.get(name) != before.get(name)]
    if not other:
        return
    told = []
    for name in [name for name in other if name not in _FOLLOWING] or other:
        was, now = before.get(name), identity.get(name)
        told.append(f"{name} was {_value(was)}, is {_value(now)}" if _short(was) and _short(now) else f"other {name}")
    raise UsageError(
        f"{path.parent}: a checkpoint of another run ({'; '.join(told)}); "
        "give what it was begun with, or leave --resume out to begin anew"
    )


def _value(value: object) -> object:
    return "none" if value == "" else value


def _short(value: object) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) < 64)


def digest(state: Mapping[str, Tensor]) -> str:
    """The sha256 of named tensors: equal where names, shapes, types and values are."""
    whole = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        whole.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        whole.update(flat.view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()
