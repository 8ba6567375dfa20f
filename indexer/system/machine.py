"""The machine this runs on: cores, an allocator that keeps its memory, and a budget that threads share."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from indexer.system.forks import in_child

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -2, -3, -4  # of malloc.h
_MEGABYTE = 1 << 20


def cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def keep_freed_memory() -> bool:
    """Ask the allocator to keep and reuse large freed blocks; call it before torch allocates anything.

    A network frees and asks for the same buffers at every layer; handing them back to the system each time costs a
    CPU a tenth to half of its training time.

    Returns:
        Whether this system's C library took the advice (glibc does, others may not know it).
    """
    return _advised((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 1024 * _MEGABYTE), (_M_TOP_PAD, 64 * _MEGABYTE))


def return_freed_memory() -> bool:
    """Ask the allocator to hand large freed blocks back at once, for a service whose many threads decode photos.

    By itself glibc keeps blocks of up to 32 MB once one of them was freed, for each thread those of its own: eight
    threads that decoded one large photo each held hundreds of megabytes that none of them used.

    Returns:
        Whether this system's C library took the advice.
    """
    return _advised((_M_MMAP_THRESHOLD, _MEGABYTE), (_M_TRIM_THRESHOLD, 4 * _MEGABYTE))


def _advised(*wanted: tuple[int, int]) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(option, value) for option, value in wanted)


class Budget:
    """An amount that threads take from while they work, first come, first served.

    Args:
        amount: what may be taken at a time; whoever wants more takes all of it, and so works alone.
    """

    def __init__(self, amount: int) -> None:
        self._all = amount
        self._begin()
        in_child(self._begin)

    def _begin(self) -> None:
        self._left = self._all
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def taking(self, amount: int) -> Iterator[None]:
        """Wait until so much is free, and hold it. A thread that holds some must not ask for more."""
        wanted = min(amount, self._all)
        with self._turn, self._changed:  # who is next waits with the turn, so that nobody who wants much waits forever
            self._changed.wait_for(lambda: self._left >= wanted)
            self._left -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._left += wanted
                self._changed.notify()


@contextmanager
def collecting_later() -> Iterator[None]:
    """No search for circles of objects while many are made that have none: it takes as long again as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
