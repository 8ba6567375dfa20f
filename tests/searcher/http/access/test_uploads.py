"""Bodies that are too large, too slow, of no use, or not what their headers say."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from searcher.http.access.uploads import BodyLimits, Uploads
from tests.searcher.http.conversation import MakeApp, app_over, exchange, problem_of, running
from tests.shops.indexes.built_index import Photographed

LIMITS: dict[str, Any] = {"upload_limit": 50_000, "json_limit": 1000, "body_timeout": 0.5, "rate_limit": 0}


@pytest.fixture
def limited(make_app: MakeApp) -> Iterator[TestClient]:
    with TestClient(make_app(**LIMITS)) as client:
        yield client


@pytest.fixture(scope="module")
def port(photographed: Photographed) -> Iterator[int]:
    """One real server for all tests that need one."""
    with running(app_over(photographed, **LIMITS)) as port:
        yield port


def multipart(content: bytes) -> bytes:
    head = (
        b'--cut\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    return head + content + b"\r\n--cut--\r\n"


def test_the_limits_themselves_are_allowed(limited: TestClient) -> None:
    frame = len(multipart(b""))
    content_type = {"content-type": "multipart/form-data; boundary=cut"}
    fits = limited.post("/v1/probe/photo", content=multipart(b"x" * (50_000 - frame)), headers=content_type)
    assert (fits.status_code, fits.json()) == (200, 50_000 - frame)
    problem_of(limited.post("/v1/probe/photo", content=multipart(b"x" * (50_001 - frame)), headers=content_type), 413)
    body = b'{"k": 1, "name": "%s"}' % (b"x" * (1000 - 20))
    as_json = {"content-type": "application/json"}
    assert len(body) == 1000
    assert limited.post("/v1/probe/json", content=body, headers=as_json).status_code == 200
    found = problem_of(limited.post("/v1/probe/json", content=body + b" ", headers=as_json), 413)
    assert "multipart" in found.detail


def test_chunked_bodies_are_counted(limited: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"k": 1, "name": "'
        for _ in range(1000):
            yield b"x" * 100

    answer = limited.post("/v1/probe/json", content=endless(), headers={"content-type": "application/json"})
    problem_of(answer, 413)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 415),
        ({"content-type": "\x7f"}, 415),
        ({"content-type": "application/json", "content-encoding": "identity"}, 200),
        ({"content-type": "Application/JSON; charset=utf-8"}, 200),
        ({"content-type": "application/vnd.shop+json"}, 200),
    ],
)
def test_types(limited: TestClient, headers: dict[str, str], status: int) -> None:
    answer = limited.post("/v1/probe/json", content=b'{"k": 1}', headers=headers)
    assert answer.status_code == status
    if status != 200:
        problem_of(answer, status)


def request(*headers: bytes, path: bytes = b"/v1/probe/json") -> bytes:
    lines = [b"POST " + path + b" HTTP/1.1", b"Host: localhost", *headers, b"", b""]
    return b"\r\n".join(lines)


JSON = b"Content-Type: application/json"


def test_an_announced_size_is_refused_unread(port: int) -> None:
    status, headers, body = exchange(port, request(JSON, b"Content-Length: 500000000", b"Expect: 100-continue"))
    assert (status, body["status"], headers["connection"]) == (413, 413, "close")


def test_a_body_that_never_ends_is_answered_in_time(port: int) -> None:
    status, headers, body = exchange(port, request(JSON, b"Content-Length: 100"), b'{"k": ')
    assert (status, headers["connection"]) == (408, "close")
    assert body["type"] == "urn:jewelry:problem:request-timeout"


def test_a_client_that_keeps_sending_still_sees_why_it_is_refused(port: int) -> None:
    head = request(
        b"Content-Type: multipart/form-data; boundary=cut", b"Transfer-Encoding: chunked", path=b"/v1/probe/photo"
    )
    # A form that begins well: whether a parser stumbles before the limit is met would be a matter of speed.
    begin = b'--cut\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    piece = b"%x\r\n" % 8192 + b"x" * 8192 + b"\r\n"
    first = b"%x\r\n" % len(begin) + begin + b"\r\n"
    status, headers, _ = exchange(port, head, first, *[piece] * 200, b"0\r\n\r\n")
    assert (status, headers["connection"]) == (413, "close")


@pytest.mark.parametrize(
    "lie",
    [
        b"Content-Length: -1",
        b"Content-Length: 1e3",
        b"Content-Length: 1, 2",
        b"Transfer-Encoding: gzip",
        b"Content-Length: " + b"9" * 5000,
    ],
)
def test_framing_that_makes_no_sense(port: int, lie: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request(JSON, lie) + b'{"k": 1}')
        assert connection.recv(20).split()[1] in (b"400", b"413", b"501")


def test_more_than_announced_is_no_part_of_the_request(port: int) -> None:
    """One of uvicorn's parsers answers before it meets the rest, the other one refuses both; neither takes it along."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request(JSON, b"Content-Length: 8") + b'{"k": 1}' + b"garbage" * 1000)
        answer = connection.recv(4096)
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
    assert exchange(port, request(JSON, b"Content-Length: 8"), b'{"k": 1}')[0] == 200


def test_less_than_announced_and_gone(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request(JSON, b"Content-Length: 100") + b'{"k": ')
    status, _, _ = exchange(port, request(JSON, b"Content-Length: 8"), b'{"k": 1}')
    assert status == 200


def test_an_answer_before_the_body_s_end_closes_the_connection(port: int) -> None:
    """Also one that has nothing to do with the body: the rest of it must not keep the server busy."""
    announced = request(b"Content-Type: image/jpeg", b"Content-Length: 40000", path=b"/v1/no-such")
    status, headers, _ = exchange(port, announced, b"x" * 100)
    assert (status, headers["connection"]) == (404, "close")


def test_what_is_thrown_away_is_bounded() -> None:
    """A client that never stops sending is read from for a while only, in pieces that are not kept."""
    taken = 0

    async def endless() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": bytes(64 * 1024), "more_body": True}

    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"content-type", b"image/jpeg"), (b"content-length", b"999999999")]}
    asyncio.run(Uploads(refuse, BodyLimits(1000, 1000, 1.0))(scope, endless, send))
    assert sent[0] == {"type": "http.response.start", "status": 401, "headers": [(b"connection", b"close")]}
    assert [message.get("more_body") for message in sent[1:]] == [True, False]
    assert taken == 128
