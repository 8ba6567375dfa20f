"""Fetching photos from servers that are slow, broken or hostile: one line, within the limits, and no leftovers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from indexer.errors import FetchError, ImageError
from indexer.photos.fetch.fetcher import Fetcher
from tests.indexer.photos.fetch.web_server import Answer, Send, Wall, WebServer, answer, dripping, redirect, web_server
from tests.indexer.photos.fetch.web_server import wall as build_wall


@pytest.fixture(autouse=True)
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return build_wall(monkeypatch)


@pytest.fixture
def server(wall: Wall) -> Iterator[WebServer]:
    with web_server() as server:
        server.pages["/ring.jpg"] = answer()
        wall.server = server
        yield server


@pytest.fixture
def inside() -> Fetcher:
    """A fetcher for the own network."""
    return Fetcher(allow_private=True, timeout=10)


def refused(fetcher: Fetcher, url: str, match: str) -> str:
    """The message of the refusal: one printable line."""
    with pytest.raises(FetchError, match=match) as caught:
        fetcher.fetch(url)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500
    return message


def test_redirect_loop(server: WebServer, inside: Fetcher) -> None:
    server.pages["/loop"] = redirect("/loop")
    refused(inside, f"{server.root}/loop", "redirects more than 5 times")
    assert len(server.requests) == 6


def test_redirect_without_a_single_place(server: WebServer, inside: Fetcher) -> None:
    server.pages["/none"] = answer("302 Found")
    server.pages["/two"] = b"HTTP/1.1 302 Found\r\nLocation: /ring.jpg\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    for path in ("/none", "/two"):
        refused(inside, server.root + path, "302 without saying where to go")


@pytest.mark.parametrize("size", [20_000, 90_000, 5_000_000])
def test_gigantic_redirect(server: WebServer, inside: Fetcher, size: int) -> None:
    server.pages["/start"] = redirect("/" + "a" * size)
    refused(inside, f"{server.root}/start", "longer than the 8000|not proper HTTP|connection fails")


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 401, 404, 407, 500, 503])
def test_any_other_status(server: WebServer, inside: Fetcher, status: int) -> None:
    server.pages["/x"] = answer(f"{status} Whatever")
    refused(inside, f"{server.root}/x", f"the server answers {status}; ")


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "application/json", "", "imagejpeg", "ximage/jpeg", None, "te\x01xt" * 50]
)
def test_types_that_are_no_photo(server: WebServer, inside: Fetcher, kind: str | None) -> None:
    server.pages["/x"] = answer(kind=kind)
    refused(inside, f"{server.root}/x", "not an image|not proper HTTP")


def test_two_types(server: WebServer, inside: Fetcher) -> None:
    server.pages["/x"] = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Type: text/html\r\n\r\nabc"
    refused(inside, f"{server.root}/x", "not an image")


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "GZIP"])
def test_compressed_although_not_asked_for(server: WebServer, inside: Fetcher, encoding: str) -> None:
    server.pages["/x"] = answer(Content_Encoding=encoding)
    refused(inside, f"{server.root}/x", "comes compressed")


@pytest.mark.parametrize("announced", ["1001", str(10**15)])
def test_announced_oversize_is_not_read(server: WebServer, announced: str) -> None:
    server.pages["/x"] = answer(Content_Length=announced)
    refused(Fetcher(allow_private=True, max_bytes=1000), f"{server.root}/x", "more than the 0.001 MB")


@pytest.mark.parametrize("framing", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_endless_bodies(server: WebServer, framing: bytes) -> None:
    """Only the limit ends this: the server never does."""
    stopped = threading.Event()

    def pour(send: Send) -> None:
        try:
            send(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n" + framing + b"\r\n")
            while True:
                send(b"2710\r\n" + b"x" * 10_000 + b"\r\n" if framing else b"x" * 10_000)
        finally:
            stopped.set()

    server.pages["/x"] = pour
    refused(Fetcher(allow_private=True, max_bytes=100_000), f"{server.root}/x", "more than the 0.1 MB")
    assert stopped.wait(20)


@pytest.mark.parametrize(
    "slow",
    [
        dripping(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 100\r\n\r\n", b"x", times=100),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n", b"X-A: b\r\n", times=100, tail=b"\r\nabc"),
        dripping(b"HTTP/1.1 200 OK\r\nX-A: ", b"a", times=100, tail=b"\r\nContent-Type: image/png\r\n\r\nabc"),
        dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", times=100, tail=answer()),
    ],
    ids=["body", "headers", "one header", "hints"],
)
def test_slow_but_never_silent(server: WebServer, slow: Answer) -> None:
    """Each of them sends something every 0.02 s and is complete after 2 s, which a limit per read would accept."""
    server.pages["/x"] = slow
    refused(Fetcher(allow_private=True, timeout=0.3), f"{server.root}/x", "takes longer than 0.3 s")


def test_redirects_share_the_time(server: WebServer) -> None:
    def later(send: Send) -> None:
        dripping(b"", b"", times=10)(send)
        send(redirect("/x"))

    server.pages["/x"] = later
    refused(Fetcher(allow_private=True, timeout=0.5, max_redirects=50), f"{server.root}/x", "longer than 0.5 s")


@pytest.mark.parametrize(
    "wire",
    [
        answer("101 Switching"),
        b"",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"secret of another service\r\n\r\n",
        b"\x16\x03\x01" * 50,
        answer(Content_Length="100"),
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: gzip\r\n\r\nab",
        answer(Content_Length="-1"),
        answer(Content_Length="9" * 5000),
        answer(Content_Length="3, 4"),
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100_000,
    ],
)
def test_answers_that_are_cut_short_or_no_http(server: WebServer, inside: Fetcher, wire: bytes) -> None:
    server.pages["/x"] = wire
    message = refused(inside, f"{server.root}/x", "cut short or not proper HTTP|connection fails")
    assert "secret" not in message


def test_empty_body(server: WebServer, inside: Fetcher) -> None:
    server.pages["/x"] = answer(body=b"")
    refused(inside, f"{server.root}/x", "an empty file")


def test_nobody_listens(inside: Fetcher) -> None:
    with web_server() as gone:
        url = f"{gone.root}/ring.jpg"
    refused(inside, url, "Connection refused")


def test_a_failed_fetch_is_a_photo_that_cannot_be_used() -> None:
    assert issubclass(FetchError, ImageError)
