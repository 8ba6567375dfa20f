"""Routes for machines that watch the service: /livez, /readyz and /metrics."""

from __future__ import annotations

import logging

from fastapi import Request, Response
from pydantic import BaseModel, Field

from searcher.http.problems import PROBLEMS, problem
from searcher.http.routes.router import Router
from searcher.http.telemetry import metrics

router = Router(tags=["health"])
log = logging.getLogger(__name__)


class Health(BaseModel):
    """That all is well."""

    status: str = Field(examples=["ready"])
    generation: str | None = Field(None, description="The published generation.", examples=["3"])


@router.get("/livez", summary="Whether the process answers", response_model_exclude_none=True)
async def livez() -> Health:
    """Always 200 while the process lives; an orchestrator restarts it when this fails."""
    return Health(status="alive")


@router.get(
    "/readyz", summary="Whether questions can be answered", responses={503: PROBLEMS[503]}, response_model=Health
)
def readyz(request: Request) -> Health | Response:
    """200 once an index is published and the model that built it is loaded; an orchestrator sends requests then."""
    readiness = request.app.state.readiness()
    if readiness.ready:
        return Health(status=readiness.summary, generation=readiness.generation)
    log.warning("not ready: %s", readiness.reason)
    return problem(503, readiness.summary, kind="not-ready", headers={"retry-after": "5"})


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, 401: PROBLEMS[401]},
)
def read_metrics() -> Response:
    """Seconds per route and status, and per stage of an answer. With keys configured it needs one."""
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
