"""Errors that others than this service put into words: each becomes a problem as all others are.

What sends files answers a header Range that it cannot take with a line of plain text, for one, and a later version of a
library may say more. No answer of 400 and above leaves the service as anything but a problem.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from searcher.http.problems import MEDIA_TYPE, problem
from searcher.http.request_context import header


class OnlyProblems:
    """Pure ASGI middleware: a problem in place of any other error; its headers stay."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        replaced = False

        async def as_problem(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] >= 400:
                headers = Headers(raw=message.get("headers", []))
                if headers.get("content-type") != MEDIA_TYPE:
                    replaced = True
                    kept = {
                        name: value for name, value in headers.items() if name not in ("content-type", "content-length")
                    }
                    await problem(message["status"], _words(message["status"], scope), headers=kept)(
                        scope, receive, send
                    )
            if not replaced:
                await send(message)

        await self.app(scope, receive, as_problem)


def _words(status: int, scope: Scope) -> str:
    if status == 416:
        return "the header Range asks for bytes that there are not; Content-Range says how many there are"
    if status == 400 and header(scope, b"range") is not None:
        return "the header Range cannot be read; ask for bytes=0-99, or without it"
    return f"the service answers {HTTPStatus(status).phrase.lower()}"
