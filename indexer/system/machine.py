"""The machine this runs on: cores, an allocator that keeps its memory, and how many pixels are decoded at a time."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # of malloc.h


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
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    megabyte = 1 << 20
    wanted = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 1024 * megabyte), (_M_TOP_PAD, 64 * megabyte))
    return all(mallopt(option, value) for option, value in wanted)


class PixelBudget:
    """A number of pixels that threads take from while they decode, first come, first served.

    Args:
        pixels: what may be decoded at a time; a larger photo takes all of it, and so is decoded alone.
    """

    def __init__(self, pixels: int) -> None:
        self._all = self._left = pixels
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def taking(self, pixels: int) -> Iterator[None]:
        """Wait until so many pixels are free, and hold them."""
        wanted = min(pixels, self._all)
        with self._turn, self._changed:  # who is next waits with the turn, so that no large photo waits forever
            self._changed.wait_for(lambda: self._left >= wanted)
            self._left -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._left += wanted
                self._changed.notify()
