"""What a fit works with: a device, other processes, a time, and a place to go on from when it is killed."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from indexer.system.machine import cores
from trainer.data.parts.split import Split
from trainer.data.sharing import ALONE, Share, joined
from trainer.learning.checkpoints import Checkpoints, digest
from trainer.learning.loop import Bounds, Training
from trainer.network.devices import CPU, Device, choose, repeatable
from trainer.settings import FitSettings

FOLDER = ".checkpoints"
"""Folder beside the models, of runs that are not finished."""

_NOT_OF_THE_OUTCOME = ("minutes", "device", "weights")
"""Settings by which a run that goes on may differ: of the weights, what is in them counts."""


@dataclass(slots=True)
class Means:
    """The means of one run.

    Args:
        device: what whole networks learn on.
        share: this process's, among those that learn together.
        until: the ``time.monotonic()`` at which training stops.
        target: the model that is made.
        resume: go on from what a killed run left.
        note: tells the user a line.
        identity: what decides the outcome, see `Checkpoints`.
    """

    device: Device = CPU
    share: Share = ALONE
    until: float = math.inf
    target: Path | None = None
    resume: bool = False
    note: Callable[[str], None] = lambda _: None
    identity: Mapping[str, Any] | None = None

    def about(self, settings: FitSettings, parts: Split, weights: Mapping[str, Tensor]) -> None:
        """Say what the run is made of: without that, nothing is kept of it on the disk."""
        photos = hashlib.sha256()
        for sample in (*parts.train, None, *parts.validation):
            one = (sample.key, sample.content, sample.category, sample.product_id, sample.group) if sample else ()
            photos.update(repr(one).encode())
        record = {name: value for name, value in settings.record().items() if name not in _NOT_OF_THE_OUTCOME}
        self.identity = {**record, "weights": digest(weights), "photos": photos.hexdigest()}
        if self.resume and self.share.first and not any(path.exists() for path in self._left()):
            self.note("There is no checkpoint of this model; beginning anew.")

    def bounds(self, training: str) -> Bounds:
        """What one of the run's trainings is held to."""
        return Bounds(self.until, self.checkpoints(training))

    def checkpoints(self, training: str) -> Checkpoints | None:
        """Where one of the run's trainings is kept."""
        if self.target is None or self.identity is None:
            return None
        folder = self.target.parent / FOLDER
        return Checkpoints(folder, f"{self.target.name}.{training}", self.identity, resume=self.resume)

    def told(self, result: Training, bounds: Bounds) -> None:
        """Tell of what ended a training early, and how to go on."""
        checkpoints = bounds.checkpoints
        if not self.share.first:
            return
        told = result.told()
        if told and not result.finished and checkpoints is not None and checkpoints.path.exists():
            told += " To go on from there: the same command with --resume."
        if told:
            self.note(told)
        if checkpoints is not None and checkpoints.failed:
            self.note(checkpoints.failed)

    def forget(self) -> None:
        """Remove what was kept to go on from."""
        for path in self._left() if self.share.first else ():
            with suppress(OSError):
                path.unlink()
        with suppress(OSError):  # where other models are being made it is not empty
            self._folder().rmdir()

    def _folder(self) -> Path:
        return (self.target.parent if self.target else Path()) / FOLDER

    def _left(self) -> list[Path]:
        if self.target is None:
            return []
        return sorted(self._folder().glob(f"{escape(self.target.name)}.*.safetensors"))


@contextmanager
def gathered(settings: FitSettings, target: Path, *, resume: bool, note: Callable[[str], None]) -> Iterator[Means]:
    """The means that the settings ask for, for the length of a ``with`` block.

    Raises:
        UsageError: there is no such device.
    """
    until = time.monotonic() + settings.minutes * 60 if settings.minutes else math.inf
    device = choose(settings.device)
    with joined(device.name) as share, repeatable(settings.deterministic):
        yield Means(device, share, until, target, resume, note)


def threads(*, whole: bool, share: Share) -> None:
    """Let torch use the cores. A head on cached features is a few small products: a second thread only makes them wait
    for each other."""
    torch.set_num_threads(max(1, cores() // share.processes) if whole else 1)
