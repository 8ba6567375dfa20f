"""How many pixels this process decodes at a time: many threads with large photos must not fill the memory together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
        with self._turn, self._changed:  # who is next waits with the turn, so that no large photo waits for ever
            self._changed.wait_for(lambda: self._left >= wanted)
            self._left -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._left += wanted
                self._changed.notify()
