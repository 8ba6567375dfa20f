"""One GET request over a connection to an address that was checked before, within a deadline."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def tls_context() -> SSLContext:
    """Checks certificates and host names, against the system's authorities (or ``SSL_CERT_FILE``) and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@contextmanager
def get(
    url: httpx.URL, addresses: Sequence[str], deadline: Deadline, tls: SSLContext | None
) -> Iterator[httpcore.Response]:
    """Ask for a URL at one of these addresses, the first that takes the connection; the host is not resolved again.

    The host name goes into the Host header, the TLS server name and the certificate check. Nothing else is sent:
    no cookies, no credentials, and no proxy is used. The response's body is read with ``iter_stream``.

    Raises:
        TimeoutError, httpcore.TimeoutException: the deadline passed.
        httpcore.NetworkError, httpcore.ProtocolError: no connection, no TLS, or no proper HTTP.
    """
    with ExitStack() as stack:
        stream = _connect(addresses, port_of(url), deadline)
        stack.callback(stream.close)
        if tls is not None:
            stream = stream.start_tls(tls, host_of(url), deadline.left())
            stack.callback(stream.close)
        request = httpcore.Request(
            "GET",
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path),
            headers=[
                (b"Host", url.netloc),
                (b"User-Agent", f"jewelry-similarity/{__version__}".encode()),
                (b"Accept", b"image/*, application/octet-stream;q=0.5"),
                (b"Accept-Encoding", b"identity"),
                (b"Connection", b"close"),
            ],
        )
        connection = httpcore.HTTP11Connection(request.url.origin, _TimedStream(stream, deadline))
        stack.callback(connection.close)
        response = connection.handle_request(request)
        stack.callback(response.close)
        yield response


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
