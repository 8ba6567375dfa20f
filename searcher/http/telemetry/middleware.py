"""The outermost layer: request id and trace, a log line and metrics per request, security headers, bugs as 500."""

from __future__ import annotations

import asyncio
import logging
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.system import trace_context
from searcher.http.problems import problem
from searcher.http.request_context import caller_of, choose_request_id, client_address, header, request_id
from searcher.http.telemetry import metrics
from searcher.http.telemetry.json_logs import FIELDS
from searcher.search.ground.stages import listening

QUIET = frozenset({"/livez", "/readyz", "/metrics"})
"""Routes that machines ask every few seconds: logged on level debug, unless they fail."""

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
NOT_MATCHED = "none"

log = logging.getLogger("searcher.http")


class Telemetry:
    """Pure ASGI middleware around everything else.

    The log names the route's template, never the address: product ids and parameters are the visitor's business.
    """

    def __init__(self, app: ASGIApp, shared: bool = False) -> None:
        """See the class; ``shared``: other sites' pages may show what is served here (CORS is on)."""
        self.app = app
        policy = "cross-origin" if shared else "same-origin"
        self._headers = {**SECURITY_HEADERS, "cross-origin-resource-policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status: int | None = None
        own_id = choose_request_id(scope)
        traceparent = trace_context.next_span(header(scope, b"traceparent"))
        stages: dict[str, float] = {}

        def stage_ended(stage: str, seconds: float) -> None:
            stages[stage] = stages.get(stage, 0.0) + seconds
            metrics.stage_ended(stage, seconds)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = own_id
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        token = request_id.set(own_id)
        metrics.request_began()
        try:
            with trace_context.carrying(traceparent), listening(stage_ended):
                try:
                    await self.app(scope, receive, send_with_headers)
                except Exception:  # a bug: the client gets the id, the log gets the rest
                    log.exception("unexpected error")
                    if status is not None:
                        raise  # too late for another answer: the server cuts the connection
                    response = problem(500, "an unexpected error; the service's log has it under this request id")
                    await response(scope, receive, send_with_headers)
                except asyncio.CancelledError:  # by the server alone, whose patience at its end is over
                    if status is not None:
                        raise
                    detail = "the service was stopped before it could answer; ask again"
                    await problem(503, detail, headers={"retry-after": "5"})(scope, receive, send_with_headers)
                finally:
                    seconds = time.perf_counter() - began
                    self._report(scope, 499 if status is None else status, seconds, stages)
        finally:
            request_id.reset(token)

    def _report(self, scope: Scope, status: int, seconds: float, stages: dict[str, float]) -> None:
        route = str(getattr(scope.get("route"), "path", NOT_MATCHED))
        metrics.request_ended(scope["method"], route, status, seconds)
        level = logging.DEBUG if route in QUIET and status < 500 else logging.INFO
        if not log.isEnabledFor(level):
            return
        caller = caller_of(scope)
        fields = {
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(1000 * seconds, 2),
            "client": client_address(scope),
            "key": caller.key_id if caller else None,
        }
        if stages:
            fields["stages_ms"] = {name: round(1000 * spent, 2) for name, spent in stages.items()}
        log.log(level, "request", extra={FIELDS: fields})
