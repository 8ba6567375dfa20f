"""What the server answers before the app sees anything, by both parsers: a problem, with an id that the log has too."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from searcher.http.request_context import request_id
from searcher.http.server.bounded import Bounded
from searcher.http.server.connections import Limits
from searcher.http.server.h11_protocol import BoundedH11
from searcher.http.server.httptools_protocol import LONGEST_ADDRESS, BoundedHttpTools
from tests.searcher.http.conversation import app_over, running
from tests.shops.indexes.built_index import Photographed

LIMIT = 120_000
HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"POST /v1/similar" + HOST + b"Content-Type: application/json\r\n"


@pytest.fixture(scope="module", params=[BoundedHttpTools, BoundedH11], ids=["httptools", "h11"])
def parser(request: pytest.FixtureRequest) -> type[Bounded]:
    chosen: type[Bounded] = request.param
    return chosen


@pytest.fixture(scope="module")
def port(parser: type[Bounded], photographed: Photographed) -> Iterator[int]:
    limits = Limits(connections=100, header_bytes=LIMIT, header_seconds=0.7, drain_seconds=0.1)
    with running(app_over(photographed, rate_limit=0, body_timeout=0.7), limits, parser) as port:
        yield port


def answer(port: int, sent: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and problem of the last answer to what is sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(sent)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                got += piece
    first, _, rest = got[got.rindex(b"HTTP/1.1 ") :].partition(b"\r\n")
    lines, _, body = rest.partition(b"\r\n\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines.decode().split("\r\n"))}
    return int(first.split()[1]), headers, json.loads(body)


UNREADABLE = {
    "no request": b"HELLO\r\n\r\n",
    "a handshake of TLS": bytes.fromhex("16030100d1010000cd0303") + bytes(40),
    "a header without a colon": b"GET /" + HOST + b"no colon\r\n\r\n",
    "a header with a zero": b"GET /" + HOST + b"X: a\0b\r\n\r\n",
    "an address with a blank": b"GET /v1/products/a b" + HOST + b"\r\n",
    "an address with raw bytes": b"GET /n\xc3\xa4" + HOST + b"\r\n",
    "a length that is none": JSON + b"Content-Length: abc\r\n\r\n",
    "a length below nothing": JSON + b"Content-Length: -1\r\n\r\n",
    "a length beyond all": JSON + b"Content-Length: 99999999999999999999999999\r\n\r\n",
    "two lengths": JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a piece that is none": JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a coding that is not known": JSON + b"Transfer-Encoding: gzip\r\n\r\nxx",
}


def is_problem(found: tuple[int, dict[str, str], dict[str, Any]], status: int) -> str:
    got, headers, document = found
    assert got == document["status"] == status
    assert headers["content-type"] == "application/problem+json"
    assert document["request_id"] == headers["x-request-id"]
    assert document["type"].startswith("urn:jewelry:problem:")
    return str(document["detail"])


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_request_is_a_problem(port: int, name: str) -> None:
    assert is_problem(answer(port, UNREADABLE[name]), 400) == "this is not an HTTP request that can be read"


@pytest.mark.parametrize("address", [b"/%s", b"/v1/similar?product_id=%s", b"/v1/similar?where=%s", b"/static/%s"])
def test_an_address_of_70_000_letters(port: int, parser: type[Bounded], address: bytes) -> None:
    """Within what a head may take, but more than one parser counts; the other one has the app answer."""
    found = answer(port, b"GET " + address % (b"a" * 70_000) + HOST + b"Connection: close\r\n\r\n")
    if parser is BoundedHttpTools:
        assert (
            is_problem(found, 431) == f"the address is longer than {LONGEST_ADDRESS} bytes; send what is long in a body"
        )
    else:
        is_problem(found, 422 if b"similar" in address else 404)


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 130_000, b"GET /" + HOST + b"X: " + b"a" * 130_000])
def test_a_head_that_is_too_large(port: int, head: bytes) -> None:
    assert is_problem(answer(port, head), 431) == f"address and headers are larger than {LIMIT} bytes"


def test_a_head_that_does_not_come(port: int) -> None:
    assert "did not arrive within 0.7 s" in is_problem(answer(port, b"GET / HTTP/1.1\r\nHos"), 408)


def test_a_body_that_does_not_come(port: int) -> None:
    assert "did not arrive within 0.7 s" in is_problem(answer(port, JSON + b"Content-Length: 20\r\n\r\n{}"), 408)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"OPTIONS /v1/similar", 405),
        (b"TRACE /v1/similar", 405),
        (b"DELETE /v1/similar", 405),
        (b"PROPFIND /", 405),
        (b"OPTIONS *", 404),
        (b"GET //", 404),
        (b"GET /v1/similar/", 404),
        (b"GET http://localhost/nothing", 404),
        (b"GET /static/../../etc/passwd", 404),
    ],
)
def test_what_the_app_has_no_route_for(port: int, sent: bytes, status: int) -> None:
    is_problem(answer(port, sent + HOST + b"Connection: close\r\n\r\n"), status)


@pytest.mark.parametrize("wanted", [b"websocket", b"h2c"])
def test_another_protocol_is_not_spoken(port: int, wanted: bytes) -> None:
    """The request is answered as it is without the wish (RFC 9110, section 7.8)."""
    asked = b"GET /nothing" + HOST + b"Connection: upgrade, close\r\nUpgrade: " + wanted + b"\r\n\r\n"
    is_problem(answer(port, asked), 404)


def test_the_log_has_the_id(port: int, caplog: pytest.LogCaptureFixture) -> None:
    ids: list[str | None] = []

    class Noting(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            ids.append(request_id.get())
            return bool(record)

    logger, noting = logging.getLogger("searcher.http"), Noting()
    logger.addFilter(noting)
    try:
        with caplog.at_level(logging.INFO, logger="searcher.http"):
            _, headers, _ = answer(port, b"HELLO\r\n\r\n")
    finally:
        logger.removeFilter(noting)
    assert headers["x-request-id"] in ids
