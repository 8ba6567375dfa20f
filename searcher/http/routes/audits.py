"""Routes that page through the stored audits: doubtful categories, photos that stand out, clusters."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response

from searcher.http.dependencies import Reports, Service
from searcher.http.problems import PROBLEMS
from searcher.http.responses.answers import json_response
from searcher.http.responses.report_pages import MOST_ENTRIES, ReportPages
from searcher.http.responses.reports import Clusters, Mislabels, Outliers
from searcher.http.routes.router import Router
from searcher.questions.fields import Text

router = Router(prefix="/v1", tags=["reports"], responses=PROBLEMS)

MOST_OFFSET = 1_000_000
Offset = Annotated[int, Query(ge=0, le=MOST_OFFSET, description="Entries skipped before the first.")]
Limit = Annotated[int, Query(ge=1, le=MOST_ENTRIES, description="Entries wanted.")]


@router.get(
    "/mislabels",
    responses={200: {"model": Mislabels, "description": "The products, the most doubtful first."}},
    response_class=Response,
    summary="Products whose category is in doubt",
)
def mislabels(
    service: Service,
    reports: Reports,
    category: Annotated[Text | None, Query(description="Only those filed under it.")] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Response:
    """From the report that `searcher mislabels` stored last; 404 where there is none."""
    return json_response(ReportPages(service.index, reports).entries("mislabels", offset, limit, category))


@router.get(
    "/outliers",
    responses={200: {"model": Outliers, "description": "The products, as ranked."}},
    response_class=Response,
    summary="Photos that stand out",
)
def outliers(
    service: Service,
    reports: Reports,
    oddity: Annotated[
        Literal["far", "no_jewelry", "disagreeing"] | None, Query(description="Only those of this kind.")
    ] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Response:
    """From the report that `searcher outliers` stored last; 404 where there is none."""
    return json_response(ReportPages(service.index, reports).entries("outliers", offset, limit, oddity))


@router.get(
    "/clusters",
    responses={200: {"model": Clusters, "description": "The clusters, the largest first."}},
    response_class=Response,
    summary="Products that look alike, as clusters",
)
def clusters(service: Service, reports: Reports, offset: Offset = 0, limit: Limit = 50) -> Response:
    """From the report that `searcher clusters` stored last; 404 where there is none."""
    return json_response(ReportPages(service.index, reports).entries("clusters", offset, limit))
