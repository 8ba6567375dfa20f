"""What is answered to who comes when all connections are at work: probes, and 503 to everybody else.

A few more connections than the limit are taken, so that an orchestrator still learns that the service lives, and
everybody else why there is no answer. The server marks their requests; see `searcher.http.server.connections`.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from searcher.http.access.hosts import PROBES
from searcher.http.problems import problem
from searcher.http.request_context import own_path

CROWDED = "crowded"
"""Name in the state of a request whose connection is one too many."""


class Crowding:
    """Pure ASGI middleware: 503 in place of the app to a connection that is one too many."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] == "http" and scope.get("state", {}).get(CROWDED) and own_path(scope) not in PROBES:
            detail = "too many connections are at work; ask again in a moment"
            headers = {"retry-after": "1", "connection": "close"}
            await problem(503, detail, headers=headers)(scope, receive, send)
            return
        await self.app(scope, receive, send)
