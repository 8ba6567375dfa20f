"""Every error as RFC 9457 problem details: the model, the statuses, the handlers, and what OpenAPI says about them.

400 malformed (JSON, multipart, a key in the address)     422 understood, but it makes no sense
401 no key or a wrong one · 403 the key may not do this   429 too many requests
404 no such route, product, report · 405 wrong method     500 a bug; the log has it under the request id
408 413 415 the body is too slow, too large, of no use    503 index or model cannot be used at the moment
416 no such bytes · 421 asked by another name than the service's · 431 address and headers too large
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from indexer import errors
from indexer.system.text import one_line
from searcher.http.parameters import unknown_names_told
from searcher.http.request_context import request_id
from searcher.questions.wording import all_in_words

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS, LONGEST_DETAIL = 20, 1000

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

log = logging.getLogger(__name__)


class FieldError(BaseModel):
    """One field of a request that cannot be taken."""

    where: str = Field(description="Path of the field, as in `body.options.k`.", examples=["body.k"])
    message: str = Field(description="What is wrong with it.", examples=["must be greater than 0"])


class Problem(BaseModel):
    """What went wrong, for programs and people (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})

    type: str = Field(
        description="Names the kind of problem and never changes.", examples=["urn:jewelry:problem:unknown-product"]
    )
    title: str = Field(description="The kind of problem in words.", examples=["Unknown product"])
    status: int = Field(description="The HTTP status.", ge=400, le=599, examples=[404])
    detail: str = Field(description="What is wrong this time, and what to do about it.")
    request_id: str | None = Field(None, description="Names this request in the service's log.")
    errors: list[FieldError] | None = Field(None, description="The fields that cannot be taken.")


_KINDS: tuple[tuple[type[errors.JewelryError], int, str], ...] = (
    (errors.FilterError, 422, "invalid-filter"),
    (errors.UnknownProduct, 404, "unknown-product"),
    (errors.UsageError, 422, "invalid-question"),
    (errors.ReportMissing, 404, "no-report"),
    (errors.ImageError, 422, "invalid-photo"),
    (errors.VectorError, 422, "invalid-vector"),
    (errors.StoreError, 503, "index-unavailable"),
    (errors.ModelError, 503, "model-unavailable"),
    (errors.MissingExtra, 503, "not-installed"),
    (errors.JewelryError, 500, "failed"),
)
UNREADABLE = "is not UTF-8, is nested too deep, or holds a number of thousands of digits"
_HIDDEN = "the service cannot answer this at the moment; its log says why under this request id"


def problem(
    status: int,
    detail: str,
    *,
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
    fields: Sequence[FieldError] | None = None,
) -> Response:
    """A problem as a response.

    Args:
        status: 400 to 599.
        detail: one line for the client; control characters are replaced.
        kind: the end of the problem's type; None takes the status' own name.
        headers: headers besides the content type.
        fields: the fields that are wrong.
    """
    phrase = HTTPStatus(status).phrase
    name = kind or phrase.lower().replace(" ", "-").replace("'", "")
    body = Problem(
        type=f"urn:jewelry:problem:{name}",
        title=(kind or phrase).replace("-", " ").capitalize(),
        status=status,
        detail=_clean(detail),
        request_id=request_id.get(),
        errors=None if fields is None else list(fields),
    )
    text = body.model_dump_json(exclude_none=True)
    return Response(text.encode(), status, headers, MEDIA_TYPE)


def of_error(error: errors.JewelryError, location: str | None = None) -> Response:
    """The problem that an error of this project is; what the client cannot change stays in the log.

    Args:
        error: what was raised.
        location: where the index is, which is left out of the detail.
    """
    status, kind = next((status, kind) for of, status, kind in _KINDS if isinstance(error, of))
    detail = for_clients(error, location)
    return problem(status, detail, kind=kind, headers={"retry-after": "5"} if status == 503 else None)


def for_clients(error: errors.JewelryError, location: str | None = None) -> str:
    """What a client is told of an error, one line; what it cannot change goes to the log instead.

    Args:
        error: what was raised.
        location: where the index is, which is left out.
    """
    status, kind = next((status, kind) for of, status, kind in _KINDS if isinstance(error, of))
    if status >= 500:
        log.error("%s: %s", kind, one_line(error))
        return _HIDDEN
    detail = one_line(error)
    return re.sub(rf" (at|in) {re.escape(location)}(?![\w/])", "", detail) if location else detail


def handle_errors(app: FastAPI) -> None:
    """Let the app answer errors with problems; those that nobody expected are met by `telemetry`."""

    @app.exception_handler(errors.JewelryError)
    async def expected(request: Request, error: errors.JewelryError) -> Response:
        index = getattr(request.app.state.service, "index", None)
        return of_error(error, getattr(index, "location", None))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = str(error.detail)
        if error.status_code == 404 and detail == HTTPStatus(404).phrase:
            detail = "there is nothing at this address; /openapi.json lists what there is"
        elif error.status_code == 405:
            detail = f"this address does not take {request.method}; the header Allow says what it takes"
            return problem(405, detail, headers={"allow": ", ".join(_methods_of(request))})
        elif error.status_code == 400 and isinstance(error.__cause__, ValueError | RecursionError):
            return problem(400, f"the body is not JSON: it {UNREADABLE}", kind="malformed-json")
        return problem(error.status_code, detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return of_validation(unknown_names_told(request, error.errors()), error.body)

    @app.exception_handler(Exception)
    async def unexpected(_request: Request, _error: Exception) -> Response:
        """What goes wrong outside of `telemetry`, which has an id for everything else."""
        return problem(500, "an unexpected error; the service's log has it")


def _methods_of(request: Request) -> list[str]:
    """What the address takes: of several routes with one path, the error names the methods of the first alone."""
    scope = {name: request.scope[name] for name in ("type", "path", "root_path", "headers") if name in request.scope}
    return [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]


def of_validation(found: Sequence[Any], body: Any = None) -> Response:
    """The problem of a request whose fields cannot be taken; values are not repeated, they may be of any size.

    Args:
        found: the errors as pydantic lists them.
        body: the JSON that was sent, where it was JSON: paths are paths in it.
    """
    if found and found[0].get("type") == "json_invalid":
        reason = found[0].get("ctx", {}).get("error", "")
        where = found[0]["loc"][-1]
        return problem(400, f"the body is not JSON ({reason} at character {where})", kind="malformed-json")
    of_body = isinstance(body, dict | list) and all(one["loc"][0] == "body" for one in found)
    wrong = all_in_words(found, {"body": body} if of_body else None)
    fields = [FieldError(where=_clean(place, 200), message=_clean(said, 400)) for place, said in wrong[:MOST_ERRORS]]
    first = f"{fields[0].where}: {fields[0].message}" if fields else "the request cannot be taken"
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return problem(422, first + more, kind="invalid-request", fields=fields)


def _clean(text: str, longest: int = LONGEST_DETAIL) -> str:
    """One line that is valid Unicode and not longer than a client wants to show."""
    line = one_line(Exception(text[: 2 * longest]))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _documented(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _documented("The request is malformed, or carries a key in its address."),
    401: _documented("No API key, or one that is not known."),
    403: _documented("The API key may not do this."),
    404: _documented("There is no such product or resource."),
    405: _documented("The resource does not know this method."),
    408: _documented("The body took too long to arrive."),
    413: _documented("The body is too large."),
    415: _documented("The body is of a type that cannot be taken."),
    421: _documented("The service does not answer by the name it was asked by."),
    422: _documented("The request is understood but makes no sense."),
    429: _documented("Too many requests; Retry-After says when to come again."),
    500: _documented("A fault of the service."),
    503: _documented("The index or the model cannot be used at the moment."),
}
"""Responses for ``APIRouter(responses=PROBLEMS)``: what every route may answer besides its own."""
