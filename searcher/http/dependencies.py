"""What routes ask for in their parameters: the search service, settings and turns of the app they run in.

The dependencies are coroutines although they wait for nothing: FastAPI sends a plain function to its thread pool, as if
it were a route, and every request would change threads twice more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from searcher.pages.report_store import ReportStore
from searcher.search.ground.stages import stage
from searcher.service import SearchService
from searcher.settings import ServeSettings

T = TypeVar("T")


class Turns:
    """Runs work in FastAPI's thread pool; with ``one_at_a_time``, whoever comes next waits outside of it.

    The embedded engine works under Python's global lock, so of several threads that search, one works and the others
    only exchange the lock with it. Taking turns, two worker processes on two cores answered a fifth more questions,
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


def _of_app(name: str) -> Any:
    """What `create_app` keeps in ``app.state`` under that name."""

    async def kept(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(kept)


Service = Annotated[SearchService, _of_app("service")]
"""A parameter ``service: Service`` of a ``def`` route, which FastAPI runs in its thread pool."""

Settings = Annotated[ServeSettings, _of_app("settings")]
"""A parameter ``settings: Settings``."""

Reports = Annotated[ReportStore, _of_app("reports")]
"""A parameter ``reports: Reports``."""

TakingTurns = Annotated[Turns, _of_app("turns")]
"""A parameter ``turns: TakingTurns`` of an ``async def`` route whose work takes its turn."""
