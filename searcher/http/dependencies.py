"""What routes ask for in their parameters: the search service and the settings of the app they run in.

They are coroutines although they wait for nothing: FastAPI sends a plain function to its thread pool, as if it were a
route, and every request would change threads twice more.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from searcher.http.turns import Turns as _Turns
from searcher.pages.report_store import ReportStore
from searcher.service import SearchService
from searcher.settings import ServeSettings


async def _service(request: Request) -> SearchService:
    service: SearchService = request.app.state.service
    return service


async def _settings(request: Request) -> ServeSettings:
    settings: ServeSettings = request.app.state.settings
    return settings


async def _reports(request: Request) -> ReportStore:
    reports: ReportStore = request.app.state.reports
    return reports


async def _turns(request: Request) -> _Turns:
    turns: _Turns = request.app.state.turns
    return turns


Service = Annotated[SearchService, Depends(_service)]
"""A parameter ``service: Service`` of a ``def`` route, which FastAPI runs in its thread pool."""

Settings = Annotated[ServeSettings, Depends(_settings)]
"""A parameter ``settings: Settings``."""

Reports = Annotated[ReportStore, Depends(_reports)]
"""A parameter ``reports: Reports``."""

Turns = Annotated[_Turns, Depends(_turns)]
"""A parameter ``turns: Turns`` of an ``async def`` route whose work takes its turn."""
