"""One connection: uvicorn's, with a bound on the head of a request in bytes and time, and an orderly end.

The head is what comes before the body: the request's first line and its headers. Uvicorn has two classes, one for each
parser (httptools where it is installed, else h11), and neither limits what a client may take for a head. What both have
in common stands here; what differs is how one sees where a head begins and ends.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from searcher.http.access.crowding import CROWDED
from searcher.http.problems import problem
from searcher.http.request_context import request_id
from searcher.http.server.connections import Connections
from searcher.http.telemetry.json_logs import FIELDS

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    _Uvicorn = HttpToolsProtocol
else:
    _Uvicorn = object

CLOSE = (b"connection", b"close")
_HEAD = b"HEAD "
HEADERS = {"connection": "close", "x-content-type-options": "nosniff", "cache-control": "no-store"}
LINGER_BYTES = 8 * 1024 * 1024
"""What a client may go on sending after it was refused."""

log = logging.getLogger("searcher.http")


class Bounded(_Uvicorn):
    """A connection of `Connections`; goes before uvicorn's class."""

    def __init__(self, *args: Any, connections: Connections, **named: Any) -> None:
        super().__init__(*args, **named)
        self._of = connections
        self._leaving = self._refused = self._heard = False
        self._head_bytes = self._thrown_away = 0
        self._begins = b""  # what a head begins with: whether an answer without the app may have a body
        self._silent_since: float | None = None
        self._blocked_since: float | None = None
        self._closing_since: float | None = None

    # What `Connections` asks

    @property
    def silent_since(self) -> float | None:
        """See `Connection.silent_since`."""
        return self._silent_since

    @property
    def blocked_since(self) -> float | None:
        """See `Connection.blocked_since`."""
        return self._blocked_since

    @property
    def closing_since(self) -> float | None:
        """See `Connection.closing_since`; noted when it is first asked."""
        if self._closing_since is None and self.transport.is_closing():
            self._closing_since = self._of.clock()
        return self._closing_since

    def is_idle(self) -> bool:
        """See `Connection.is_idle`."""
        return self.cycle is not None and self.cycle.response_complete and not self._heard

    def is_sending(self) -> bool:
        """See `Connection.is_sending`."""
        return self.cycle is not None and self.cycle.more_body and not self.cycle.response_started

    def end(self, reason: str) -> None:
        """See `Connection.end`."""
        if reason == "silent" and self._heard and not self._at_work():
            seconds = f"{self._of.limits.header_seconds:g}"
            self._refuse(408, f"the headers of the request did not arrive within {seconds} s", linger=False)
        elif reason == "stuck" or self._at_work():
            self.transport.abort()
        else:
            self.transport.close()

    def crowd(self) -> None:
        """See `Connection.crowd`."""
        self.app_state = {**self.app_state, CROWDED: True}

    # What uvicorn and its loop call

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected: it owes a request from now on."""
        super().connection_made(transport)
        self.app: Any = _Closing(self.app, self)
        self._silent_since = self._of.clock()
        self._of.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._of.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of heads are counted before a parser keeps them."""
        if self._refused or self.transport.is_closing():
            self._thrown_away += len(data)
            if self._thrown_away > LINGER_BYTES:
                self.transport.abort()
            return
        if not self.reads_head():
            super().data_received(data)
            return
        if not self._heard:
            self._heard = True
            if self.cycle is not None:
                self._waits()
        left = self._of.limits.header_bytes - self._head_bytes
        head, rest = data[:left], data[left:]
        before = self._begins if self._head_bytes else b""
        self._begins = (before + head[: 2 * len(_HEAD)]).lstrip(b"\r\n")[: len(_HEAD)]
        self._head_bytes += len(head)
        cycle = self.cycle
        super().data_received(head)
        if self._refused or self.transport.is_closing():
            return
        if self.cycle is not cycle:
            self._head_bytes, self._heard, self._silent_since = 0, False, None
        elif self.reads_head() and self._head_bytes >= self._of.limits.header_bytes:
            self._of.note("large")
            self._refuse(431, f"address and headers are larger than {self._of.limits.header_bytes} bytes")
            return
        if rest:
            self.data_received(rest)

    def reads_head(self) -> bool:
        """Whether the bytes that come next belong to the head of a request."""
        raise NotImplementedError

    def on_response_complete(self) -> None:
        """An answer is sent: the next request may come."""
        super().on_response_complete()
        if not self._at_work():
            self._waits()

    def send_400_response(self, msg: str) -> None:
        """Say that it is no HTTP, as a problem like all others."""
        del msg  # uvicorn's own words
        self._refuse(400, "this is not an HTTP request that can be read")

    def pause_writing(self) -> None:
        """The client does not read its answer as fast as it comes."""
        self._blocked_since = self._of.clock()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It reads on."""
        self._blocked_since = None
        super().resume_writing()

    def shutdown(self) -> None:
        """The service ends: from now on every answer says so, and who is idle may ask once more.

        Closing an idle connection at once would meet requests that are on their way, which nobody could tell from
        requests that were answered in part.
        """
        self._leaving = True
        if self._at_work():
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(self._of.limits.drain_seconds, self._leave)

    @property
    def leaving(self) -> bool:
        """Whether the service ends."""
        return self._leaving

    def _leave(self) -> None:
        if not self._at_work() and not self.transport.is_closing():
            self.transport.close()

    def _at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _waits(self) -> None:
        self._silent_since = self._of.clock()
        self._of.waits(self)

    def _refuse(self, status: int, detail: str, *, linger: bool = True) -> None:
        """Answer without the app, and close: at once, or when the client has read the answer, or after a while."""
        self._refused = True
        if self._at_work():
            if self.cycle.response_started:  # whose answer this would break into
                self.transport.abort()
                return
            self.cycle.disconnected = True  # what the app answers to half a request is nothing to anybody
            self.cycle.message_event.set()
        said = self._problem(status, detail)
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [name + b": " + value for name, value in said.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", b"" if self._begins == _HEAD else bytes(said.body)]))
        if linger:  # closing on a client that is still sending resets it, and it never sees why
            self.loop.call_later(self._of.limits.drain_seconds, self.transport.close)
        else:
            self.transport.close()

    def _problem(self, status: int, detail: str) -> Response:
        """A problem with an id of its own, which the log has too."""
        own_id = secrets.token_hex(16)
        token = request_id.set(own_id)
        try:
            log.info("refused", extra={FIELDS: {"status": status, "client": self.client[0] if self.client else None}})
            return problem(status, detail, headers={**HEADERS, "x-request-id": own_id})
        finally:
            request_id.reset(token)


class _Closing:
    """ASGI: the app, with ``Connection: close`` in its answers once the service ends."""

    def __init__(self, app: Any, connection: Bounded) -> None:
        self._app, self._connection = app, connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and self._connection.leaving:
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != CLOSE[0]]
                message = {**message, "headers": [*headers, CLOSE]}
            await send(message)

        await self._app(scope, receive, sending)
