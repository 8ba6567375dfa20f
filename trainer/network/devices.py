"""What the network computes on: the processor or a graphics card, in which precision, and whether twice the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch

from indexer.errors import UsageError


class Device(NamedTuple):
    """Where tensors live, and the type in which a whole network's layers compute there; None for float32 as it is."""

    place: torch.device
    mixed: torch.dtype | None = None

    @property
    def name(self) -> str:
        """As model.json says it: ``cpu``, ``cuda``, ``mps``."""
        return self.place.type


CPU = Device(torch.device("cpu"))


def choose(name: str) -> Device:
    """The device of a name: ``cpu``, ``cuda``, ``mps``, or ``auto`` for the quickest there is.

    A CUDA card that computes in bfloat16 does so where that is safe ("mixed precision", Micikevicius et al., 2018;
    bfloat16 has float32's range, so that no loss has to be scaled). Of several processes on one machine each takes a
    card of its own.

    Raises:
        UsageError: there is no such device here.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, found in there.items() if found)
    if not there.get(name, False):
        raise UsageError(
            f"--device {name}: torch finds no such device on this machine; leave --device out to take the best there is"
        )
    if name != "cuda":
        return Device(torch.device(name))
    place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    torch.cuda.set_device(place)
    return Device(place, torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None)


@contextmanager
def repeatable(wanted: bool = True) -> Iterator[None]:
    """The same numbers from the same input, run after run, for the length of a ``with`` block.

    Raises:
        RuntimeError: within it, where an operation has no way to do so.
    """
    before = torch.are_deterministic_algorithms_enabled()
    benchmark = torch.backends.cudnn.benchmark
    if wanted:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's products differ
        torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(wanted)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.backends.cudnn.benchmark = benchmark
