"""Short questions one after the other, where threads side by side would only be in each other's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from searcher.search.stages import stage

T = TypeVar("T")


class Turns:
    """Runs work in FastAPI's thread pool; with ``one_at_a_time``, whoever comes next waits outside of it.

    The embedded engine works under Python's global lock, so of several threads that search, one works and the others
    hand the lock to and fro with it. Taking turns, two worker processes on two cores answered a fifth more questions,
    and the slowest hundredth took half as long. A server's engine works elsewhere: there waiting gains nothing.
    """

    def __init__(self, one_at_a_time: bool) -> None:
        self._lock = asyncio.Lock() if one_at_a_time else None

    async def take(self, work: Callable[[], T]) -> T:
        """What ``work`` returns or raises; it must not wait for a network, a photo or another question."""
        if self._lock is None:
            return await run_in_threadpool(work)
        with stage("wait"):
            await self._lock.acquire()
        try:
            return await run_in_threadpool(work)
        finally:
            self._lock.release()
