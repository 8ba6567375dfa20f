"""A small web server on loopback that answers what a test wants, byte for byte, and a wall around loopback."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any

import pytest

PHOTO = b"\xff\xd8\xff photo"

Send = Callable[[bytes], None]
Answer = bytes | Callable[[Send], None]
"""What a path answers: the bytes on the wire, or a function that sends them as it likes."""


def answer(status: str = "200 OK", body: bytes = PHOTO, kind: str | None = "image/jpeg", **headers: str) -> bytes:
    """A whole HTTP answer; ``Content_Length="9"`` in ``headers`` replaces the true length."""
    lines = {"Content-Length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    if kind is not None:
        lines["Content-Type"] = kind
    head = "\r\n".join([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in lines.items())])
    return head.encode() + b"\r\n\r\n" + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status, body=b"", kind=None, Location=location)


def dripping(head: bytes, drop: bytes, *, times: int, pause: float = 0.02, tail: bytes = b"") -> Callable[[Send], None]:
    """Never silent for long, and complete in the end, if somebody waits for it."""

    def send_slowly(send: Send) -> None:
        send(head)
        for _ in range(times):
            time.sleep(pause)
            send(drop)
        send(tail)

    return send_slowly


class WebServer(socketserver.ThreadingTCPServer):
    """Answers each path with what ``pages`` holds for it and notes what it was asked."""

    allow_reuse_address = True

    def __init__(self, tls: SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, Answer] = {}
        self.requests: list[str] = []
        """The heads of all requests, with their line ends."""
        self.tls = tls
        self.port: int = self.server_address[1]

    @property
    def root(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


class _Handler(socketserver.BaseRequestHandler):
    server: WebServer

    def handle(self) -> None:
        plain: socket.socket = self.request
        plain.settimeout(20)
        if self.server.tls is None:
            return self._answer(plain)
        with self.server.tls.wrap_socket(plain, server_side=True) as secure:
            return self._answer(secure)

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += (got := connection.recv(65536))
            if not got:
                return
        self.server.requests.append(head.decode("latin-1"))
        page = self.server.pages.get(head.split()[1].decode("latin-1"), answer("404 Not Found", b"no", "text/html"))
        if isinstance(page, bytes):
            connection.sendall(page)
        else:
            page(connection.sendall)


@contextmanager
def web_server(tls: SSLContext | None = None) -> Iterator[WebServer]:
    with WebServer(tls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Wall:
    """Notes every address somebody connects to; what is not loopback ends at ``server`` instead.

    So a test shows which address was dialled, and none reaches another machine.
    """

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []
        self.server: WebServer | None = None
        self.dead: set[str] = set()
        """Addresses that refuse the connection."""
        self._connect = socket.create_connection

    def create_connection(self, place: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        self.dialled.append(place)
        if place[0] in self.dead:
            raise ConnectionRefusedError(111, "Connection refused")
        if place[0].startswith("127.") or place[0] == "::1":
            return self._connect(place, *args, **kwargs)
        if self.server is None:
            raise AssertionError(f"a test dialled {place}")
        return self._connect(("127.0.0.1", self.server.port), *args, **kwargs)


def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Put up the wall until the test's end."""
    built = Wall()
    monkeypatch.setattr(socket, "create_connection", built.create_connection)
    return built
