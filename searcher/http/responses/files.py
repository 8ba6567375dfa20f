"""Files as answers: whole, in part where a range is asked for, or not at all where the client has them already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fastapi import HTTPException, Request, Response
from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from searcher.http.request_context import header
from searcher.http.responses.conditional import unless_known


def file_response(
    request: Request,
    path: Path,
    media_type: str,
    *,
    headers: Mapping[str, str] | None = None,
    filename: str | None = None,
) -> Response:
    """A file, or 304 where the client has it already.

    Args:
        request: what was asked.
        path: the file.
        media_type: what it is sent as.
        headers: headers besides those of a file.
        filename: the name to keep it under, for what is no page; None lets a browser show it.

    Raises:
        HTTPException: 404, there is no such file any more.
    """
    try:
        stat = path.stat()
    except FileNotFoundError:
        raise HTTPException(404, "the file was there a moment ago and is gone; ask again") from None
    return unless_known(
        request, _InParts(path, headers=headers, media_type=media_type, filename=filename, stat_result=stat)
    )


class _InParts(FileResponse):
    """Starlette's, which takes any range with any method.

    It is defined for GET alone, and one in a unit that is not known is passed over (RFC 9110, section 14.2).
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        unit, given, _ = (header(scope, b"range") or "").partition("=")
        if scope["method"] == "HEAD" or (given and unit.strip().lower() != "bytes"):
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"range"]}
        await super().__call__(scope, receive, send)
