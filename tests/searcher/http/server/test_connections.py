"""Who has a place among the connections, which one goes for another, and both parsers' ways to read a head."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from searcher.http.access.crowding import CROWDED, Crowding
from searcher.http.server.bounded import Bounded
from searcher.http.server.connections import CLOSING_SECONDS, SPARE, Connections, Limits, room_for_connections
from searcher.http.server.h11_protocol import BoundedH11
from searcher.http.server.httptools_protocol import BoundedHttpTools
from tests.searcher.http.conversation import app_over, running
from tests.shops.indexes.built_index import Photographed


class Stranger:
    """A connection of which only the times count."""

    def __init__(self, name: str, silent: float | None = None, *, idle: bool = False, sending: bool = False) -> None:
        self.name, self.silent_since, self.idle, self.sending = name, silent, idle, sending
        self.blocked_since: float | None = None
        self.closing_since: float | None = None
        self.ended: str | None = None
        self.crowded = False

    def is_idle(self) -> bool:
        return self.idle

    def is_sending(self) -> bool:
        return self.sending

    def end(self, reason: str) -> None:
        self.ended = reason

    def crowd(self) -> None:
        self.crowded = True


def after(*strangers: Stranger, most: int = 2, now: float = 0.0, swept: bool = False) -> dict[str, str]:
    """Who was ended, and why, once all of them had come."""

    async def come() -> None:
        connections = Connections(Limits(most), lambda **_: None, clock=lambda: now)
        for stranger in strangers:
            connections.opened(stranger)
        if swept:
            connections.sweep()

    asyncio.run(come())
    return {stranger.name: stranger.ended for stranger in strangers if stranger.ended}


def test_the_oldest_silent_one_goes_first() -> None:
    assert after(Stranger("a", 1), Stranger("b", 2), Stranger("c", 3)) == {"a": "crowded"}
    assert after(Stranger("work"), Stranger("b", 2), Stranger("c", 3)) == {"b": "crowded"}
    assert after(Stranger("idle", 1, idle=True), Stranger("b", 2), Stranger("c", 3)) == {"b": "crowded"}
    assert after(Stranger("body", sending=True), Stranger("idle", 1, idle=True), Stranger("c", 3)) == {
        "idle": "crowded"
    }
    assert after(Stranger("work"), Stranger("body", sending=True), Stranger("c", 3)) == {"body": "crowded"}


def test_where_all_are_at_work_some_are_told_so() -> None:
    many = [Stranger(str(number)) for number in range(2 + SPARE + 1)]
    assert after(*many) == {str(2 + SPARE): "crowded"}
    assert [stranger.crowded for stranger in many] == [False] * 2 + [True] * SPARE + [False]


def test_what_takes_too_long_is_ended() -> None:
    idle = Stranger("idle", 0, idle=True)  # the server's own timer closes it
    blocked, closing = Stranger("blocked"), Stranger("closing")
    blocked.blocked_since, closing.closing_since = 0.0, 11.0 - CLOSING_SECONDS - 0.1
    found = after(Stranger("silent", 0.9), Stranger("new", 1.1), idle, Stranger("work"), most=9, now=11.0, swept=True)
    assert found == {"silent": "silent"}
    assert after(blocked, closing, most=9, now=11.0, swept=True) == {"closing": "stuck"}
    assert after(blocked, most=9, now=31.0, swept=True) == {"blocked": "stuck"}


@pytest.mark.parametrize(
    ("files", "room"), [(1024, 752), (128, 48), (256, 112), (20_000, 19_728), (-1, 1_000_000), (16, 1), (0, 1)]
)
def test_there_are_fewer_connections_than_files(files: int, room: int) -> None:
    assert room_for_connections(files) == room


@pytest.mark.parametrize(("path", "status"), [("/v1/similar", 503), ("/", 503), ("/livez", 200), ("/readyz", 200)])
def test_one_too_many_is_told_and_probes_are_answered(path: str, status: int) -> None:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": [], "state": {CROWDED: True}, "method": "GET"}
    asyncio.run(Crowding(app)(scope, app, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == status
    assert ((b"connection", b"close") in sent[0]["headers"]) == (status == 503)


LIMITS = Limits(connections=100, header_bytes=2000, header_seconds=0.6, write_seconds=1.0)


@pytest.fixture(scope="module", params=[BoundedHttpTools, BoundedH11])
def port(request: pytest.FixtureRequest, photographed: Photographed) -> Iterator[int]:
    parser: type[Bounded] = request.param
    with running(app_over(photographed, rate_limit=0, body_timeout=1.0), LIMITS, parser) as port:
        yield port


def said(port: int, *pieces: bytes) -> bytes:
    """All that comes back for what is sent as it is."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with contextlib.suppress(OSError):
            for piece in pieces:
                connection.sendall(piece)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                got += piece
        return got


LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_a_head_of_both_parsers(port: int) -> None:
    assert said(port, LAST).startswith(b"HTTP/1.1 200")
    assert said(port, *[LAST[at : at + 1] for at in range(len(LAST))]).startswith(b"HTTP/1.1 200")
    assert said(port, LIVE * 3 + LAST).count(b"HTTP/1.1 200") == 4
    body = b'{"k": 1, "name": "%s"}' % (b"x" * 5000)  # larger than a head may be
    posted = b"POST /v1/probe/json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    sized = posted + b"Content-Length: %d\r\n\r\n" % len(body) + body
    pieces = posted + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\nX-End: yes\r\n\r\n"
    assert said(port, sized + LAST).count(b"HTTP/1.1 200") == 2
    assert said(port, pieces, LAST).count(b"HTTP/1.1 200") == 2
    assert said(port, sized * 2, sized + LAST).count(b"HTTP/1.1 200") == 4


@pytest.mark.parametrize("size", [1600, 1990, 2100, 50_000])
def test_the_bound_is_the_bound(port: int, size: int) -> None:
    head = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-A: "
    whole = head + b"a" * (size - len(head) - 4) + b"\r\n\r\n"
    got = said(port, whole)
    assert got.startswith(b"HTTP/1.1 200" if size < 2000 else b"HTTP/1.1 431")
    both = said(port, LIVE + whole).count(b"HTTP/1.1 200")
    assert both == 2 if size < 1700 else both <= 2


@pytest.mark.parametrize("begun", [b"", b"G", LAST[:-2], LIVE + b"GET /"])
def test_silence_has_an_end(port: int, begun: bytes) -> None:
    got = said(port, begun)
    assert got.count(b"HTTP/1.1 200") == begun.count(b"\r\n\r\n")
    late = begun in (b"G", LAST[:-2])  # of a begun request behind an answer nothing is kept but the time
    assert (b"HTTP/1.1 408" in got) == late
    if late:
        assert json.loads(got.rpartition(b"\r\n\r\n")[2])["type"] == "urn:jewelry:problem:request-timeout"


def test_who_reads_nothing_is_not_waited_for_without_end(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        many = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400
        connection.settimeout(1.0)
        ended = False
        for _ in range(80):
            try:
                connection.sendall(many)
                time.sleep(0.2)
            except TimeoutError:
                continue
            except OSError:
                ended = True
                break
        assert ended
    assert said(port, LAST).startswith(b"HTTP/1.1 200")


def test_headers_behind_a_body_say_nothing(port: int) -> None:
    """A trailer is no header: it comes after everything was decided."""
    posted = (
        b"POST /v1/probe/json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n8\r\n{"k": 1}\r\n0\r\nX-Request-ID: late\r\n\r\n'
    )
    got = said(port, posted)
    assert got.startswith(b"HTTP/1.1 200")
    assert b"late" not in got
