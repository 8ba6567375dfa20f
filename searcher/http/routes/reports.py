"""Routes of reports as files: the model's training report, and page, table and JSON of each report on the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import HTTPException, Request, Response
from fastapi.responses import FileResponse
from pydantic import StringConstraints

from indexer.errors import JewelryError
from indexer.models.directory import REPORT_NAME
from searcher.http.dependencies import Reports, Service
from searcher.http.problems import PROBLEMS
from searcher.http.request_context import address
from searcher.http.responses.answers import answer_response, json_response
from searcher.http.responses.conditional import NOT_MODIFIED
from searcher.http.responses.files import file_response
from searcher.http.responses.reports import Reports as ReportsThereAre
from searcher.http.responses.reports import StoredReport, without_paths
from searcher.http.routes.router import Router
from searcher.insights.report import Kind
from searcher.pages.page import policy_of
from searcher.pages.report_store import FILES, published_since
from searcher.questions.wording import FILE_NAME

router = Router(prefix="/v1/reports", tags=["reports"], responses=PROBLEMS)

REPORT_FILES = {".html": "text/html; charset=utf-8", ".png": "image/png", ".json": "application/json"}
REPORT_POLICY = {
    "content-security-policy": "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; sandbox"
}
PAGE_TYPES = {"report.html": "text/html; charset=utf-8", "report.csv": "text/csv; charset=utf-8"}
SANDBOX = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-modals"
"""The page runs its one script in an origin of its own: it reaches nothing of this service, and no key."""


@router.get(
    "",
    responses={200: {"model": ReportsThereAre, "description": "Addresses of reports."}},
    response_class=Response,
    summary="Reports there are",
)
def reports(service: Service, reports: Reports) -> Response:
    """The training report of the index's model, and the reports on the catalog, where they have been made."""
    folder = _model_report(service)
    names = sorted(path.name for path in folder.iterdir() if path.suffix in REPORT_FILES) if folder else []
    published, since = published_since(service.index)
    stored = []
    addresses = [address(f"/v1/reports/model/{name}") for name in names]
    for report in reports.reports():
        files = [address(f"/v1/reports/{report.kind}/{name}") for name in FILES]
        addresses += files
        stored.append(
            StoredReport(
                report.kind, report.generation, report.created_at, report.stale(published, since), tuple(files)
            )
        )
    return answer_response(ReportsThereAre(tuple(addresses), tuple(stored)))


@router.get(
    "/model/{name}",
    response_class=FileResponse,
    summary="A file of the model's training report",
    responses={
        200: {"description": "The file.", "content": {kind: {} for kind in REPORT_FILES.values()}},
        **NOT_MODIFIED,
    },
)
def model_report(
    request: Request,
    service: Service,
    name: Annotated[str, StringConstraints(pattern=FILE_NAME)],
) -> Response:
    """Read-only, and without scripts."""
    folder = _model_report(service)
    path = folder / name if folder else None
    if path is None or path.suffix not in REPORT_FILES or not path.is_file():
        raise HTTPException(404, "there is no report of this name; GET /v1/reports lists them")
    return file_response(request, path, REPORT_FILES[path.suffix], headers=REPORT_POLICY)


@router.get(
    "/{kind}/{name}",
    response_class=FileResponse,
    summary="The page, the table or the JSON of a report on the catalog",
    responses={
        200: {"description": "The file.", "content": {kind: {} for kind in (*PAGE_TYPES.values(), "application/json")}},
        **NOT_MODIFIED,
    },
)
def stored_report(
    request: Request, reports: Reports, kind: Kind, name: Literal["report.html", "report.csv", "report.json"]
) -> Response:
    """Read-only; the page may run the one script that it was made with, and reach nothing."""
    if name == "report.json":
        return json_response(without_paths(reports.document(kind)))
    path = reports.find(kind).path(name)
    if not path.is_file():
        raise HTTPException(404, f"the report of {kind} has no {name}; make it again")
    headers = _page_policy(path) if name == "report.html" else {}
    download = None if name == "report.html" else f"{kind}.csv"
    return file_response(request, path, PAGE_TYPES[name], headers=headers, filename=download)


def _page_policy(path: Path) -> dict[str, str]:
    with path.open("rb") as page:
        policy = policy_of(page.read(2000))
    return REPORT_POLICY if policy is None else {"content-security-policy": f"{policy}; {SANDBOX}"}


def _model_report(service: Service) -> Path | None:
    try:
        folder = service.published().model_folder / REPORT_NAME
    except JewelryError:
        return None
    return folder if folder.is_dir() else None
