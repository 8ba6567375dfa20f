"""Limits on request bodies, enforced while they arrive: size, time and type, whatever the headers promise."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from searcher.http.photo_forms import AS_PHOTO, PHOTO_ADDRESS
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

    It acts where the app reads the body: a body announced as too large is refused unread, one that turns out to be
    so is cut off. The exception passes through parsers, which close their files, and becomes the answer.

    Whenever an answer comes before the end of the body, the connection is closed, so that nobody can keep it busy
    with the rest. Not at once, though: closing it on a client that is still sending resets it, and the client never
    sees why. So a little more is read and thrown away first (what RFC 9112, section 9.6, advises).
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self.app, self.limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] != "http" or not _has_body(scope):
            await self.app(scope, receive, send)
            return
        body = _Body(scope, receive, send, self.limits)
        await self.app(scope, body.receive, body.send)


class _Body:
    """One request's body on its way through the limits."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: BodyLimits) -> None:
        self._scope, self._receive, self._send, self._limits = scope, receive, send, limits
        self._type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
        self._upload = self._type == "multipart/form-data" or self._type.startswith("image/")
        self._most = limits.upload_bytes if self._upload else limits.json_bytes
        self._size = 0
        self._deadline: float | None = None
        self._ended = False
        self._closing = False

    async def receive(self) -> Message:
        """The next piece; raises ``HTTPException`` when there is more, or it is later, than allowed."""
        if self._ended:
            return await self._receive()
        if self._deadline is None:
            self._check_headers()
            self._deadline = time.monotonic() + self._limits.seconds
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            seconds = f"{self._limits.seconds:g}"
            raise HTTPException(408, f"the body did not arrive within {seconds} s; send a smaller one") from None
        self._note(message)
        if self._size > self._most:
            raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; before the body's end, announce the end of the connection and linger before it."""
        if message["type"] == "http.response.start" and not self._ended:
            self._closing = True
            MutableHeaders(scope=message)["connection"] = "close"
        if not self._closing or message["type"] != "http.response.body" or message.get("more_body", False):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        if self._size == 0 and header(self._scope, b"expect") is not None:
            return  # nothing is on its way: the client waits for a "100 Continue"
        until = self._size + LINGER_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._ended and self._size < until:
                    self._note(await self._receive())

    def _note(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)

    def _check_headers(self) -> None:
        """Refuse what need not be read to be refused."""
        encoding = (header(self._scope, b"content-encoding") or "identity").strip().lower()
        if encoding != "identity":
            raise HTTPException(415, "compressed bodies are not taken; send it without Content-Encoding")
        length = header(self._scope, b"content-length")
        announced = int(length) if length and length.isascii() and length.isdigit() and len(length) < 20 else 0
        if (wanted := self._wanted()) is not None and (announced or length is None):
            raise HTTPException(415, wanted)
        if announced > self._most:
            raise self._too_large()

    def _wanted(self) -> str | None:
        """What the route takes, where the body is something else."""
        path = str(getattr(self._scope.get("route"), "path", ""))
        if path.endswith(PHOTO_ADDRESS):
            return None if self._upload or _is_json(self._type) else f"the Content-Type must be {AS_PHOTO}"
        if self._type.startswith("image/") and path:
            return f"this address takes application/json; a photo goes to an address that ends with {PHOTO_ADDRESS}"
        if self._upload or _is_json(self._type):
            return None
        return f"the Content-Type must be application/json or, at addresses that end with {PHOTO_ADDRESS}, {AS_PHOTO}"

    def _too_large(self) -> HTTPException:
        hint = "; send photos as multipart/form-data" if _is_json(self._type) else ""
        return HTTPException(413, f"the body is larger than {self._most} bytes{hint}")


def _has_body(scope: Scope) -> bool:
    return header(scope, b"transfer-encoding") is not None or header(scope, b"content-length") not in (None, "0")


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))
