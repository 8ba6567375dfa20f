"""What a fit works with: a device, other processes, a time, and a place to go on from when it is killed."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from indexer.models.preprocessing import Preprocessing
from indexer.system.machine import cores
from trainer.data.dataset import Sample
from trainer.data.parts.split import Split
from trainer.data.sharing import ALONE, Share, joined
from trainer.data.sources import Photos, Source
from trainer.learning.checkpoints import Checkpoints, belongs, check, digest
from trainer.learning.loop import Bounds, Training, Watch, train
from trainer.learning.recipes import Recipe
from trainer.network.devices import CPU, Device, choose, repeatable
from trainer.network.network import EmbeddingNetwork
from trainer.settings import FitSettings

FOLDER = ".checkpoints"
"""Folder beside the models, of runs that are not finished."""

TRAININGS = ("whole", "head", "fine-tune")
"""What a run trains, each with a checkpoint of its own."""

_LONGEST = 200
"""Bytes of a name to which a training, a suffix and the mark of an unfinished file can be added: it may have 255."""

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
    cut: bool = False
    """A training of the run did not come to its end: what is trained after it is not what the run would have come to,
    and is not kept."""

    def about(self, settings: FitSettings, parts: Split, weights: Mapping[str, Tensor]) -> None:
        """Say what the run is made of: without that, nothing is kept of it on the disk.

        Raises:
            UsageError: it shall go on from a checkpoint, and one that is there is of another run.
            ModelError: one that is there cannot be read.
        """
        photos = hashlib.sha256()
        for sample in (*parts.train, None, *parts.validation):
            one = (sample.key, sample.content, sample.category, sample.product_id, sample.group) if sample else ()
            photos.update(repr(one).encode())
        record = {name: value for name, value in settings.record().items() if name not in _NOT_OF_THE_OUTCOME}
        self.identity = {**record, "weights": digest(weights), "photos": photos.hexdigest()}
        left = self._left()
        if self.resume:
            for path in left:  # before anything is learnt, and before any of them is replaced
                check(path, self.identity)
            if not left:
                self.say("There is no checkpoint of this model; beginning anew.")
        elif left:
            again = all(belongs(path, self.identity) for path in left)
            self.say(
                "A run of this model was not finished; begun anew. To go on with it instead: --resume."
                if again
                else "A run of this model with other settings or photos was not finished; begun anew."
            )

    def photos(
        self, network: EmbeddingNetwork, samples: Sequence[Sample], preprocessing: Preprocessing, *, norms: bool
    ) -> Photos:
        """Photos that go through the whole of a network, see `Photos`."""
        return Photos(network, samples, preprocessing, norms=norms, mixed=self.device.mixed, share=self.share)

    def bounds(self, training: str) -> Bounds:
        """What one of the run's trainings is held to."""
        return Bounds(self.until, self.checkpoints(training))

    def train(
        self,
        training: str,
        sources: tuple[Source, Source],
        recipe: Recipe,
        settings: FitSettings,
        watch: Watch,
        *,
        start_counts: bool = False,
    ) -> Training:
        """One of the run's trainings, on training and validation photos, and a line where it ends early."""
        bounds = self.bounds(training)
        result = train(*sources, recipe, settings, watch, start_counts=start_counts, bounds=bounds)
        self.told(result, bounds)
        return result

    def checkpoints(self, training: str) -> Checkpoints | None:
        """Where one of the run's trainings is kept; nowhere after one that was cut."""
        if self.target is None or self.identity is None or self.cut:
            return None
        name = f"{_short(self.target.name)}.{training}"
        return Checkpoints(self._folder(), name, self.identity, resume=self.resume, beside=self._paths())

    def say(self, line: str) -> None:
        """Tell the user a line, once for all processes."""
        if self.share.first:
            self.note(line)

    def told(self, result: Training, bounds: Bounds) -> None:
        """Tell of what ended a training early, and how to go on."""
        self.cut = self.cut or not result.finished
        checkpoints, line = bounds.checkpoints, result.told()
        if line and not result.finished and checkpoints is not None and checkpoints.path.exists():
            line += " To go on from there: the same command with --resume."
        for told in (line, checkpoints.failed if checkpoints else None):
            if told:
                self.say(told)

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
        return [path for path in self._paths() if path.exists()]

    def _paths(self) -> list[Path]:
        """Where the trainings of this model are kept."""
        if self.target is None:
            return []
        name = _short(self.target.name)
        return [self._folder() / f"{name}.{training}.safetensors" for training in TRAININGS]


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


def _short(name: str) -> str:
    """What the files of a model begin with: its name, or what stands for one to which nothing could be added."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= _LONGEST else hashlib.sha256(encoded).hexdigest()


def threads(*, whole: bool, share: Share) -> None:
    """Let torch use the cores. A head on cached features is a few small products: a second thread only makes them wait
    for each other."""
    torch.set_num_threads(max(1, cores() // share.processes) if whole else 1)
