"""What a client has already is not sent again: ``If-None-Match`` and ``If-Modified-Since`` (RFC 9110, section 13)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from fastapi import Request, Response
from starlette.datastructures import Headers

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The client has it already, by its `If-None-Match` or `If-Modified-Since`."}
}
"""For ``responses=`` of routes that may answer so."""

_LISTED = re.compile(r'(?:^|,)[ \t]*(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)')
"""An entry of a list of entity tags; the tag itself may hold commas, and what is no tag is passed over."""

_OF_THE_BODY = frozenset(
    {"accept-ranges", "content-disposition", "content-encoding", "content-length", "content-type", "last-modified"}
)
"""What describes the body that a 304 leaves out. Everything else is sent as with a 200: a cache that holds the answer
takes on these headers, the rules on what may show it and what it may run among them."""


def named_by(tags: str, etag: str) -> bool:
    """Whether ``If-None-Match`` names an entity tag: weak comparison, and ``*`` names every one (section 13.1.2).

    Args:
        tags: the header's value; several headers are joined with commas.
        etag: as the header ``ETag`` says it.
    """
    if tags.strip(" \t") == "*":
        return True
    return etag.removeprefix("W/") in _LISTED.findall(tags)


def is_known(asked: Headers, etag: str | None, modified: str | None) -> bool:
    """Whether the client has it already, by what it says of its copy.

    Args:
        asked: the request's headers. With ``If-None-Match`` the other one counts for nothing (section 13.1.3).
        etag: the header ``ETag`` of the answer.
        modified: its ``Last-Modified``.
    """
    if tags := asked.getlist("if-none-match"):
        return etag is not None and named_by(",".join(tags), etag)
    since, last = _moment(asked.get("if-modified-since")), _moment(modified)
    return since is not None and last is not None and last <= since


def unless_known(request: Request, response: Response) -> Response:
    """An answer, or 304 without a body where the client has it already."""
    if not is_known(request.headers, response.headers.get("etag"), response.headers.get("last-modified")):
        return response
    return Response(
        status_code=304, headers={name: value for name, value in response.headers.items() if name not in _OF_THE_BODY}
    )


def _moment(text: str | None) -> datetime | None:
    """The moment of a date of HTTP; None where there is none, or it cannot be read: then it counts for nothing."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
