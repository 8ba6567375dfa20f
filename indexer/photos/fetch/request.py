"""One request over a connection to an address that was checked before, within a deadline."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

import certifi
import httpcore
import httpx

from indexer.photos.fetch.url import host_of, port_of
from indexer.version import __version__


class Deadline:
    """A point in time that many steps share, so that many short waits cannot add up to a long one."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, above 0.

        Raises:
            TimeoutError: it has passed.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every step ends at the deadline, whatever timeout the HTTP layer asks for."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self.deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self.deadline.left())

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@dataclass(slots=True)
class Connection:
    """A connection to a checked address of one host, which may serve one request after the other."""

    http: httpcore.HTTP11Connection
    stream: _TimedStream

    def is_idle(self) -> bool:
        """Whether it can take another request: the last answer was read to its end, and the server keeps it open."""
        return self.http.is_idle() and not self.http.has_expired()

    def close(self) -> None:
        """End it."""
        self.http.close()


def tls_context() -> SSLContext:
    """Checks certificates and host names, against the system's authorities (or ``SSL_CERT_FILE``) and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a server: the method, and headers beside those that every request has."""

    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    accept: str = "image/*, application/octet-stream;q=0.5"


def connect(url: httpx.URL, addresses: Sequence[str], deadline: Deadline, tls: SSLContext | None) -> Connection:
    """Connect to one of a host's addresses, the first that takes the connection; the host is not resolved again.

    Raises:
        TimeoutError, httpcore.TimeoutException: the deadline passed.
        httpcore.NetworkError: no connection, or no TLS.
    """
    with ExitStack() as stack:
        stream = _connect(addresses, port_of(url), deadline)
        stack.callback(stream.close)
        if tls is not None:
            stream = stream.start_tls(tls, host_of(url), deadline.left())
            stack.callback(stream.close)
        timed = _TimedStream(stream, deadline)
        connection = Connection(httpcore.HTTP11Connection(_address(url).origin, timed), timed)
        stack.pop_all()
    return connection


@contextmanager
def ask(
    url: httpx.URL,
    asked: Asked,
    deadline: Deadline,
    connection: Connection,
    keep: Callable[[Connection], None] | None = None,
) -> Iterator[httpcore.Response]:
    """Ask for a URL over a connection to its host.

    The host name goes into the Host header. Nothing of this machine is sent: no cookies, no credentials. The response's
    body is read with ``iter_stream``.

    Args:
        url: what to ask for.
        asked: how.
        deadline: of all of it.
        connection: to one of the host's addresses; it is closed in the end, unless it is kept.
        keep: is given the connection where it can take another request; the server is told to close it without.

    Raises:
        TimeoutError, httpcore.TimeoutException: the deadline passed.
        httpcore.NetworkError, httpcore.ProtocolError: the connection broke, or this is no proper HTTP.
    """
    with ExitStack() as stack:
        stack.callback(connection.close)
        connection.stream.deadline = deadline
        request = httpcore.Request(
            asked.method,
            _address(url),
            headers=[
                (b"Host", url.netloc),
                (b"User-Agent", f"jewelry-similarity/{__version__}".encode()),
                (b"Accept", asked.accept.encode()),
                (b"Accept-Encoding", b"identity"),
                *((name.encode(), value.encode("latin-1", "replace")) for name, value in asked.headers),
                *([(b"Connection", b"close")] if keep is None else []),
            ],
        )
        response = connection.http.handle_request(request)
        closing = stack.callback(response.close)
        yield response
        if keep is not None:
            closing()
            if connection.is_idle():
                stack.pop_all()
                keep(connection)


def _address(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path)


def _connect(addresses: Sequence[str], port: int, deadline: Deadline) -> httpcore.NetworkStream:
    """The first address that answers; each gets its share of the time, so that a dead one leaves some to the others."""
    last = len(addresses) - 1
    for number, address in enumerate(addresses):
        try:
            share = deadline.left() / (len(addresses) - number)
            return httpcore.SyncBackend().connect_tcp(address, port, share)
        except (httpcore.NetworkError, httpcore.TimeoutException):
            if number == last:
                raise
    raise httpcore.ConnectError("the host has no address")
