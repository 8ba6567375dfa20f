"""What the models that a fit begins with have seen: no photo that one of them learnt from may be measured on."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Self

import numpy as np

from indexer.models.directory import JSON_NAME, WEIGHTS_NAME
from trainer.data.dataset import Sample
from trainer.data.groups.near_duplicates import near_pairs
from trainer.data.parts.lists import HELD_OUT_NAME, SEEN_NAME, Listed, read_list

_HEADER = 1 << 20  # of a weights file: the names of its tensors


class State(IntEnum):
    """What an earlier model has to do with a photo, or with a group of photos: the surest of them holds."""

    NEW = 0
    NEAR_HELD_OUT = 1
    """A near-duplicate of a photo that was held out."""
    UNKNOWN = 2
    """Nothing says that the earlier model has not seen it."""
    NEAR_SEEN = 3
    HELD_OUT = 4
    SEEN = 5

    @property
    def is_seen(self) -> bool:
        """Whether a figure measured on it says little."""
        return self in (State.UNKNOWN, State.NEAR_SEEN, State.SEEN)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of the models that a fit begins with (and of those that these began with)."""

    models: tuple[str, ...]
    held_out: tuple[Listed, ...] = ()
    seen: tuple[Listed, ...] = ()
    is_known: bool = True
    """False where a model does not say what it learnt from: then every photo that it did not hold out is suspicious."""

    @classmethod
    def of(cls, *weights: str) -> Self | None:
        """What is known of those weights that this project trained; None where none of them is.

        Args:
            weights: as ``--weights`` takes them: model directories or the weights in them, other files, names.

        Raises:
            ModelError: a list of photos cannot be read.
        """
        models: list[str] = []
        held_out: list[Listed] = []
        seen: list[Listed] = []
        is_known = True
        for place in weights:
            path = Path(place)
            folder = path.parent if path.name == WEIGHTS_NAME else path
            if any((folder / name).is_file() for name in (JSON_NAME, WEIGHTS_NAME)):
                models.append(str(folder))
                learnt = read_list(folder / SEEN_NAME)
                held_out += read_list(folder / HELD_OUT_NAME) or ()
                seen += learnt or ()
                is_known = is_known and learnt is not None and _knew(folder)
            elif _is_ours(path):
                models.append(str(path))
                is_known = False
        return cls(tuple(models), tuple(held_out), tuple(seen), is_known) if models else None

    def states(self, samples: Sequence[Sample]) -> list[State]:
        """What the earlier models have to do with each photo, told by its content; by its name in old lists only."""
        held_out, seen = _Known(self.held_out), _Known(self.seen)
        near_seen, near_held_out = seen.near(samples), held_out.near(samples)
        found = []
        for sample in samples:
            if seen.has(sample):
                state = State.SEEN
            elif held_out.has(sample):
                state = State.HELD_OUT
            elif sample.look in near_seen:
                state = State.NEAR_SEEN
            elif not self.is_known:
                state = State.UNKNOWN
            else:
                state = State.NEAR_HELD_OUT if sample.look in near_held_out else State.NEW
            found.append(state)
        return found

    def by_group(self, samples: Sequence[Sample]) -> dict[int, State]:
        """What they have to do with each group: the surest of what they have to do with its photos."""
        found: dict[int, State] = {}
        for sample, state in zip(samples, self.states(samples), strict=True):
            found[sample.group] = max(state, found.get(sample.group, State.NEW))
        return found


class _Known:
    """The photos of a list, to be asked for."""

    def __init__(self, photos: Iterable[Listed]) -> None:
        photos = list(photos)
        self._pixels = {photo.pixels for photo in photos if photo.pixels}
        self._keys = {photo.key for photo in photos if not photo.pixels}
        self._looks = {photo.look for photo in photos if photo.look is not None}

    def has(self, sample: Sample) -> bool:
        return sample.pixels in self._pixels or sample.key in self._keys

    def near(self, samples: Sequence[Sample]) -> set[int]:
        """The hashes among those of the samples that are near to one of the list."""
        if not self._looks:
            return set()
        values = np.array(sorted(self._looks | {sample.look for sample in samples}), np.uint64)
        pairs = values[near_pairs(values)].tolist()
        beside = {other for pair in pairs for one, other in (pair, pair[::-1]) if one in self._looks}
        return beside | self._looks


def _knew(folder: Path) -> bool:
    """Whether it was known of a model what those had seen that it began with itself."""
    try:
        record = json.loads((folder / JSON_NAME).read_text(encoding="utf-8"))
        return record["training"]["seen"]["known"] is not False
    except (OSError, ValueError, LookupError, TypeError):  # whoever loads the model will say what is wrong
        return True


def _is_ours(path: Path) -> bool:
    """Whether weights lie on their own that this project trained: its networks have a backbone and a head."""
    if path.suffix != ".safetensors" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            header = file.read(min(length, _HEADER))
            return all(name in header for name in (b'"backbone.', b'"head.', b'"classifier.'))
    except (OSError, struct.error):  # whoever loads it will say what is wrong
        return False
