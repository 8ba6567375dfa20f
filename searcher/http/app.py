"""The app: routes, and around them telemetry, authentication, rate limits, body limits and problem details.

    ClientAddress ─▶ RootPath ─▶ Telemetry ─▶ OnlyProblems ─▶ Crowding ─▶ Hosts ─▶ CORS (if wanted) ─▶ Uploads
    ─▶ Authentication ─▶ RateLimits ─▶ EmptyParameters ─▶ problem details ─▶ routes

A stranger, or who asks too often, is refused by the headers alone: the body is read by routes, through the limits.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import Depends, FastAPI
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute

from indexer.system.machine import cores, return_freed_memory
from indexer.version import __version__
from searcher.http.access.authentication import Authentication, check_exposure
from searcher.http.access.crowding import Crowding
from searcher.http.access.hosts import Hosts
from searcher.http.access.keys import KeyFile, Keys
from searcher.http.access.proxies import ClientAddress
from searcher.http.access.rate_limits import RateLimits, TokenBuckets
from searcher.http.access.uploads import BodyLimits, Uploads
from searcher.http.dependencies import Turns
from searcher.http.openapi import DESCRIPTION, TAGS, complete_openapi
from searcher.http.parameters import EmptyParameters, refuse_unknown
from searcher.http.problems import handle_errors, problem
from searcher.http.readiness import ReadinessCheck
from searcher.http.request_context import RootPath
from searcher.http.responses.only_problems import OnlyProblems
from searcher.http.routes import admin, audits, catalog, decisions, duplicates, health, page, reports, search
from searcher.http.routes.router import Router
from searcher.http.telemetry.middleware import Telemetry
from searcher.pages.report_store import ReportStore
from searcher.service import SearchService
from searcher.settings import ServeSettings

ROUTERS: tuple[Router, ...] = (
    search.router,
    catalog.router,
    reports.router,
    duplicates.router,
    audits.router,
    decisions.router,
    health.router,
    admin.router,
    page.router,
)
"""Each module of `routes` has one; its prefix is its own, so that logs and metrics show whole templates."""

log = logging.getLogger(__name__)


def create_app(
    settings: ServeSettings | None = None, service: SearchService | None = None, keys: Keys | None = None
) -> FastAPI:
    """The service as an ASGI app.

    Args:
        settings: None reads those of this process.
        service: what answers; None opens the index and model that the settings name.
        keys: who may ask; None takes the key file that the settings name, if any.

    ``app.state`` holds ``settings``, ``service``, ``reports`` (`ReportStore`), ``keys`` (`Keys` or None),
    ``turns`` (`Turns`), ``limits`` (`TokenBuckets`) and ``readiness`` (`ReadinessCheck`).

    Raises:
        UsageError: settings that make no sense, or that would open the service to the network without keys.
        StoreError: the server of the index cannot be reached.
    """
    settings = settings or ServeSettings.read()
    check_exposure(settings)
    app = FastAPI(
        title="Jewelry similarity",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,  # FastAPI's pages load scripts from elsewhere, which the security headers forbid
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.service = service or open_service(settings)
    app.state.reports = ReportStore(app.state.service.index.local)
    app.state.keys = keys or (None if settings.keys is None else KeyFile(settings.keys))
    app.state.turns = Turns(app.state.service.index.in_process)
    app.state.limits = TokenBuckets(settings.rate_limit / 60, settings.rate_burst, 1 / settings.serve_workers)
    app.state.readiness = ReadinessCheck(app.state.service)
    include_routes(app)
    handle_errors(app)
    complete_openapi(app, keyed=app.state.keys is not None)
    _wrap(app, settings)
    return app


def open_service(settings: ServeSettings) -> SearchService:
    """The search service that settings name; raises ``UsageError`` and ``StoreError`` as `open_chosen` does."""
    place = settings.open_chosen()
    return_freed_memory()
    return SearchService(
        place,
        settings.model,
        settings.catalog,
        allow_private=settings.allow_private_urls,
        at_once=max(1, cores() // settings.serve_workers),
        text_model=settings.text_model,
        most_pixels=settings.upload_pixels,
    )


def include_routes(app: FastAPI) -> None:
    """Add the routes of all `ROUTERS`; those under /v1 refuse what they do not know."""
    app.router.routes.extend(_routes())


@cache
def _routes() -> list[BaseRoute]:
    """What every app of this process shares: FastAPI takes a quarter of a second to work out what its routes take."""
    shared = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for router in ROUTERS:
        versioned = router.prefix.startswith("/v1")
        shared.include_router(router, dependencies=[Depends(refuse_unknown)] if versioned else None)
    return shared.routes


def _wrap(app: FastAPI, settings: ServeSettings) -> None:
    """The layers around the routes; the last one added is the outermost."""
    limits = BodyLimits(settings.upload_limit, settings.json_limit, settings.body_timeout)
    app.add_middleware(EmptyParameters)
    app.add_middleware(RateLimits, buckets=app.state.limits)
    app.add_middleware(Authentication, keys=app.state.keys, lifetime=settings.picture_lifetime)
    app.add_middleware(Uploads, limits=limits)
    if settings.cors_origins:
        app.add_middleware(
            _Cors,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=("authorization", "content-type", "traceparent", "x-api-key", "x-request-id"),
            expose_headers=("ratelimit", "ratelimit-policy", "retry-after", "x-request-id"),
        )
    app.add_middleware(Hosts, settings=settings)
    app.add_middleware(Crowding)
    app.add_middleware(OnlyProblems)
    app.add_middleware(Telemetry, shared=bool(settings.cors_origins))
    app.add_middleware(RootPath, prefix=settings.root_path)
    app.add_middleware(ClientAddress, trusted=settings.trusted_proxies)


class _Cors(CORSMiddleware):
    """Starlette's, with refusals as problems."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """See `CORSMiddleware.preflight_response`."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return problem(response.status_code, bytes(response.body).decode(), headers=headers)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load index and model before the first question; without them the service starts and /readyz says so."""
    readiness = await asyncio.to_thread(app.state.readiness)
    if not readiness.ready:
        log.warning("not ready: %s", readiness.reason)
    yield
    app.state.service.close()


def describe() -> dict[str, Any]:
    """The OpenAPI document of the service's own routes, without an index and without settings."""
    app = FastAPI()
    include_routes(app)
    complete_openapi(app, keyed=False)
    return app.openapi()


if __name__ == "__main__":  # for generators of clients, the one of `searcher.client` among them
    json.dump(describe(), sys.stdout)
