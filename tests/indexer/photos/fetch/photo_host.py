"""A shop's picture server on loopback: photos with validators, connections that stay open, faults on demand."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from indexer.photos.fetch.connections import Connections
from indexer.photos.fetch.fetcher import Fetcher
from indexer.photos.fetch.many.hosts import Hosts, Patience
from indexer.photos.fetch.many.sources import PhotoSources

HASTY = Patience(attempts=3, slow_attempts=2, first_wait=0.01, longest_wait=0.5, failures=3, refusals=6)
"""As patient as a test can be."""


@dataclass
class Photo:
    """What is behind a path, and the validators that the server gives it."""

    data: bytes
    etag: str | None = None
    modified: float | None = None
    kind: str = "image/jpeg"

    def headers(self) -> dict[str, str]:
        tags = {"ETag": self.etag} if self.etag else {}
        return tags | ({"Last-Modified": formatdate(self.modified, usegmt=True)} if self.modified else {})


Fault = Callable[["Handler"], None]


@dataclass
class Asked:
    """A request, and what came of it."""

    method: str
    path: str
    conditional: bool
    status: int = 0
    sent: int = 0


@dataclass
class Log:
    """What a server was asked."""

    requests: list[Asked] = field(default_factory=list)
    connections: int = 0

    def counts(self) -> Counter[tuple[str, int]]:
        return Counter((one.method, one.status) for one in self.requests)

    @property
    def sent(self) -> int:
        """Bytes of bodies."""
        return sum(one.sent for one in self.requests)

    def clear(self) -> None:
        self.requests.clear()
        self.connections = 0


class PhotoHost(ThreadingHTTPServer):
    """Serves ``photos``; a path in ``faults`` does what that says."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.photos: dict[str, Photo] = {}
        self.faults: dict[str, Fault] = {}
        self.log = Log()
        self.root = f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, path: str, data: bytes, **about: Any) -> str:
        """Serve a photo; returns its URL. Without validators of its own it gets an ETag by its content."""
        self.photos[path] = Photo(data, **(about or {"etag": f'"{hash(data) & 0xFFFFFFFF:x}"'}))
        return self.root + path

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: PhotoHost
    timeout = 20

    def setup(self) -> None:
        super().setup()
        self.server.log.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""

    def do_GET(self) -> None:
        conditional = "If-None-Match" in self.headers or "If-Modified-Since" in self.headers
        self.asked = Asked(self.command, self.path, conditional)
        self.server.log.requests.append(self.asked)
        fault = self.server.faults.get(self.path)
        if fault is not None:
            fault(self)
            return
        photo = self.server.photos.get(self.path)
        if photo is None:
            self.answer(404)
        elif self._is_known(photo):
            self.answer(304, headers=photo.headers())
        else:
            self.answer(200, photo.data, kind=photo.kind, headers=photo.headers())

    def do_HEAD(self) -> None:
        self.do_GET()

    def _is_known(self, photo: Photo) -> bool:
        if photo.etag and "If-None-Match" in self.headers:
            return self.headers["If-None-Match"] == photo.etag
        return photo.modified is not None and self.headers["If-Modified-Since"] == formatdate(
            photo.modified, usegmt=True
        )

    def answer(self, status: int, body: bytes = b"", *, kind: str = "image/jpeg", **more: Any) -> None:
        """A whole answer; ``headers`` are added, or replace the usual ones."""
        self.asked.status = status
        self.send_response(status)
        usual = {"Content-Type": kind} if body else {}
        for name, value in (usual | {"Content-Length": str(len(body))} | more.get("headers", {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)
            self.asked.sent += len(body)


def status(code: int, **headers: str) -> Fault:
    """Always this status."""
    return lambda handler: handler.answer(code, headers={k.replace("_", "-"): v for k, v in headers.items()})


def redirect(place: str) -> Fault:
    return status(302, Location=place)


def cut_short(data: bytes) -> Fault:
    """Half of what is promised, and then the line goes dead."""

    def die(handler: Handler) -> None:
        handler.close_connection = True
        handler.answer(200, data[: len(data) // 2], headers={"Content-Length": str(len(data)), "ETag": '"x"'})

    return die


def endless(limit: int) -> Fault:
    """Bytes without a stated length; gives up after ``limit``, so that a test that fails does not fill the memory."""

    def flood(handler: Handler) -> None:
        handler.close_connection = True
        handler.asked.status = 200
        handler.send_response(200)
        handler.send_header("Content-Type", "image/jpeg")
        handler.send_header("Connection", "close")
        handler.end_headers()
        while handler.asked.sent < limit:
            handler.wfile.write(b"\xff" * 65536)
            handler.asked.sent += 65536

    return flood


def slowly(data: bytes, seconds: float) -> Fault:
    """Nothing for a while, and then the photo."""

    def wait(handler: Handler) -> None:
        time.sleep(seconds)
        handler.answer(200, data)

    return wait


def at_first(times: int, fault: Fault, then: bytes) -> Fault:
    """A fault that goes away."""
    left = [times]

    def answer(handler: Handler) -> None:
        left[0] -= 1
        if left[0] >= 0:
            fault(handler)
        else:
            handler.answer(200, then, headers={"ETag": '"well"'})

    return answer


@contextmanager
def photo_host(port: int = 0) -> Iterator[PhotoHost]:
    with PhotoHost(port) as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield host
        finally:
            host.shutdown()
            thread.join()


def hasty_sources(folder: Any, *, timeout: float = 5.0, max_bytes: int = 1_000_000, **more: Any) -> PhotoSources:
    """Sources that fetch from loopback and lose patience soon."""
    fetcher = Fetcher(
        allow_private=True, timeout=timeout, max_bytes=max_bytes, max_redirects=3, connections=Connections(8)
    )
    return PhotoSources(folder, fetcher=fetcher, hosts=Hosts(HASTY), **more)
