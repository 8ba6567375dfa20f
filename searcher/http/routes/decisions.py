"""Routes of people's decisions on pairs of photos; they need a key of scope admin, whose name is kept beside them."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from pydantic import Field, StringConstraints

from searcher.http.access.authentication import require_admin
from searcher.http.dependencies import Service
from searcher.http.problems import PROBLEMS
from searcher.http.request_context import caller_of
from searcher.http.responses import reports
from searcher.http.responses.answers import answer_response
from searcher.http.routes.audits import Offset
from searcher.http.routes.router import Router
from searcher.insights.duplicates.decisions import Decision, Decisions, Verdict, append, decisions_path
from searcher.questions.fields import Body
from searcher.questions.wording import SHA256

Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]

router = Router(prefix="/v1/decisions", tags=["reports"], dependencies=[Depends(require_admin)], responses=PROBLEMS)


class DecisionBody(Body):
    """What two photos are to each other; photos are named by the sha256 of their files."""

    first: Sha256 = Field(examples=["a1" * 32])
    second: Sha256 = Field(examples=["b2" * 32])
    verdict: Verdict = Field(description="`skip` leaves it open, and takes back what was decided before.")


@router.post(
    "",
    responses={200: {"model": Decision, "description": "The decision as it was kept."}},
    response_class=Response,
    summary="Decide what two photos are to each other",
)
def decide(request: Request, service: Service, body: DecisionBody) -> Response:
    """The last decision on a pair counts; `searcher duplicates` follows it from its next run on."""
    caller = caller_of(request.scope)
    by = (caller and caller.name) or "admin"
    kept = append(decisions_path(service.index.local), body.first, body.second, body.verdict, by)
    return answer_response(kept)


@router.get(
    "",
    responses={200: {"model": reports.Decisions, "description": "The decisions, oldest first."}},
    response_class=Response,
    summary="What was decided",
)
def decisions(
    service: Service,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Decisions wanted.")] = 100,
) -> Response:
    """The last decision on each pair."""
    known = Decisions.read(decisions_path(service.index.local))
    return answer_response(reports.Decisions(tuple(islice(known, offset, offset + limit)), len(known), offset))
