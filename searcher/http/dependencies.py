"""What routes ask for in their parameters: the search service and the settings of the app they run in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from searcher.reports.report_store import ReportStore
from searcher.service import SearchService
from searcher.settings import ServeSettings


def _service(request: Request) -> SearchService:
    service: SearchService = request.app.state.service
    return service


def _settings(request: Request) -> ServeSettings:
    settings: ServeSettings = request.app.state.settings
    return settings


def _reports(request: Request) -> ReportStore:
    reports: ReportStore = request.app.state.reports
    return reports


Service = Annotated[SearchService, Depends(_service)]
"""A parameter ``service: Service`` of a ``def`` route, which FastAPI runs in its thread pool."""

Settings = Annotated[ServeSettings, Depends(_settings)]
"""A parameter ``settings: Settings``."""

Reports = Annotated[ReportStore, Depends(_reports)]
"""A parameter ``reports: Reports``."""
