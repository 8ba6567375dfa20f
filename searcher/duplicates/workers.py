"""Processes that compare pairs: numpy's many small steps hold the interpreter lock, so threads share one core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from searcher.duplicates.answers import Evidence, Photo
from searcher.duplicates.signature import Array, Signatures

T = TypeVar("T")
_HERE: dict[str, Any] = {}
"""In a worker: its own comparison, made once."""


class Workers:
    """A pool of processes, started when it is first needed.

    Args:
        load: gives pictures; it is sent to the processes.
        count: how many.
    """

    def __init__(self, load: Callable[[Photo], Any], count: int) -> None:
        self._load, self._count = load, count
        self._pool: ProcessPoolExecutor | None = None
        self.broken = count < 2

    def run(self, work: Callable[..., T], parts: Sequence[tuple[Any, ...]]) -> list[T] | None:
        """The results of ``work(*part)``, in order; None where processes cannot be had, and the caller does it itself.

        A worker cannot start where the main program cannot be imported again (a script piped into Python, or one
        without a ``__main__`` guard), and may be killed where memory is short.
        """
        if self.broken:
            return None
        try:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    self._count, mp_context=get_context("spawn"), initializer=_begin, initargs=(self._load,)
                )
            return [one.result() for one in [self._pool.submit(work, *part) for part in parts]]
        except BrokenProcessPool:
            self.broken = True
            self.close()
            return None

    def close(self) -> None:
        """End the processes; a later `run` starts others."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _begin(load: Callable[[Photo], Any]) -> None:
    from searcher.duplicates.comparison import Comparison

    _HERE["comparison"] = Comparison(load, workers=1)


def compare_here(pairs: Sequence[tuple[Photo, Photo]], until: float | None) -> tuple[Array, list[Evidence | None]]:
    """`Comparison.compare`, in a worker."""
    found: tuple[Array, list[Evidence | None]] = _HERE["comparison"].compare(pairs, until=until)
    return found


def signatures_here(photos: Sequence[Photo]) -> Signatures:
    """`Comparison.signatures`, in a worker."""
    made: Signatures = _HERE["comparison"].signatures(photos)
    return made
