"""What belongs to the request at hand: its id and what was found out about it on its way in."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request this context works on: for logs and problem details."""

_prefix: ContextVar[str] = ContextVar("prefix", default="")

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the holder of a key, or, where no keys are configured, anybody."""

    key_id: str | None
    scope: Literal["read", "admin"]
    rate: int | None = None
    """Requests a minute by the key; None: as the setting says."""
    name: str | None = None
    """Whom the key is for."""
    by_address: bool = False
    """Whether somebody came with an address that the key's holder was given, in place of the key."""


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a request's header; ``name`` in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def own_path(scope: Scope) -> str:
    """The path without what a proxy has put before it."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def address(path: str) -> str:
    """The address of something on this service, as the client that asks reaches it."""
    return f"{_prefix.get()}{path}"


class RootPath:
    """Pure ASGI middleware: the path that a proxy puts before all addresses, whether or not it takes it off again.

    Where the setting is empty, it is what the server says (``uvicorn --root-path``).
    """

    def __init__(self, app: ASGIApp, prefix: str = "") -> None:
        self.app, self.prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, under the prefix."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        prefix, path = self.prefix or scope.get("root_path", "").rstrip("/"), scope["path"]
        whole = path if path == prefix or path.startswith(f"{prefix}/") else f"{prefix}{path}"
        token = _prefix.set(prefix)
        try:
            scope.update(root_path=prefix, path=whole)  # in place: a server may want to see what is found further in
            await self.app(scope, receive, send)
        finally:
            _prefix.reset(token)


def choose_request_id(scope: Scope) -> str:
    """The client's X-Request-ID where it is one that can go into logs and headers, else a new one."""
    given = header(scope, b"x-request-id") or ""
    return given if _SANE_ID.fullmatch(given) else secrets.token_hex(16)


def caller_of(scope: Scope) -> Caller | None:
    """Who asks, once that was checked."""
    caller = scope.get("state", {}).get("caller")
    return caller if isinstance(caller, Caller) else None


def client_address(scope: Scope) -> str:
    """The client's address; that of a proxy which was named has been replaced by the one that it told."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
