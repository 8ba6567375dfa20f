"""Limits on request bodies, enforced while they arrive: size, time and type, whatever the headers promise."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from searcher.http.problems import problem
from searcher.http.request_context import header

LINGER_SECONDS = 2.0
LINGER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a request may bring."""

    upload_bytes: int
    """Of multipart forms and of photos sent as they are."""
    json_bytes: int
    seconds: float
    """From the first look at the body until its end."""


class Uploads:
    """Pure ASGI middleware: 413, 408 and 415 for bodies that are too large, too slow or of no use here.

    A body announced as too large is refused unread. One that turns out to be so, or that takes too long, is cut off
    where the app reads it; the exception passes through parsers, which close their files, and becomes the answer.

    After such an answer the connection is closed, but not at once: closing it on a client that is still sending
    resets it, and the client never sees why. So a little more is read and thrown away first (what RFC 9112, section
    9.6, advises).
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self.app, self.limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] != "http" or not _has_body(scope):
            await self.app(scope, receive, send)
            return
        body = _Body(scope, receive, send, self.limits)
        refusal = body.refusal_by_headers()
        if refusal is not None:
            await problem(refusal.status_code, refusal.detail)(scope, receive, body.send)
            return
        await self.app(scope, body.receive, body.send)


class _Body:
    """One request's body on its way through the limits."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: BodyLimits) -> None:
        self._scope, self._receive, self._send, self._limits = scope, receive, send, limits
        self._type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
        upload = self._type == "multipart/form-data" or self._type.startswith("image/")
        self._most = limits.upload_bytes if upload else limits.json_bytes
        self._size = 0
        self._deadline: float | None = None
        self._complete = False
        self._cut = False

    def refusal_by_headers(self) -> HTTPException | None:
        """Why nothing of the body needs to be read."""
        encoding = (header(self._scope, b"content-encoding") or "identity").strip().lower()
        if encoding != "identity":
            return self._refuse(415, "compressed bodies are not taken; send it without Content-Encoding")
        known = self._type == "multipart/form-data" or self._type.startswith("image/") or _is_json(self._type)
        length = header(self._scope, b"content-length")
        announced = int(length) if length and length.isascii() and length.isdigit() else 0
        if not known and (announced or length is None):
            return self._refuse(415, "the Content-Type must be application/json, multipart/form-data or an image")
        return self._too_large() if announced > self._most else None

    async def receive(self) -> Message:
        """The next piece; raises ``HTTPException`` when there is more, or it is later, than allowed."""
        if self._cut:
            raise self._too_large()
        if self._complete:
            return await self._receive()
        if self._deadline is None:
            self._deadline = time.monotonic() + self._limits.seconds
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            seconds = f"{self._limits.seconds:g}"
            raise self._refuse(408, f"the body did not arrive within {seconds} s; send a smaller one") from None
        if message["type"] != "http.request":
            return message
        self._size += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._size > self._most:
            raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; if the body was cut off, announce the end of the connection and linger before it."""
        if not self._cut:
            await self._send(message)
        elif message["type"] == "http.response.start":
            MutableHeaders(scope=message)["connection"] = "close"
            await self._send(message)
        elif message.get("more_body", False):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._linger()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        if self._complete or (self._size == 0 and header(self._scope, b"expect") is not None):
            return  # nothing is on its way: the client waits for a "100 Continue"
        thrown_away = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while thrown_away < LINGER_BYTES:
                    message = await self._receive()
                    if message["type"] != "http.request" or not message.get("more_body", False):
                        return
                    thrown_away += len(message.get("body", b""))

    def _too_large(self) -> HTTPException:
        hint = "; send photos as multipart/form-data" if _is_json(self._type) else ""
        return self._refuse(413, f"the body is larger than {self._most} bytes{hint}")

    def _refuse(self, status: int, detail: str) -> HTTPException:
        self._cut = True
        return HTTPException(status, detail)


def _has_body(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"content-length" in names or b"transfer-encoding" in names


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))
