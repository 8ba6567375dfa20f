"""Fetching over https: which certificates count, and that the host's name is checked at the pinned address."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from indexer.errors import FetchError
from indexer.photos.fetch.fetcher import Fetcher
from tests.faults.wire.authority import Authority
from tests.indexer.photos.fetch.web_server import PHOTO, Wall, WebServer, answer, redirect, web_server
from tests.indexer.photos.fetch.web_server import wall as build_wall

PUBLIC = "93.184.216.34"

Certify = Callable[..., ssl.SSLContext]


@pytest.fixture(autouse=True)
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return build_wall(monkeypatch)


@pytest.fixture
def certify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certify:
    """Makes a server's TLS with a certificate for a host, by an authority that is trusted, or by itself."""
    authority = Authority()
    (tmp_path / "authority.pem").write_bytes(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))

    def make(host: str, *, trusted: bool = True, days: int = 9) -> ssl.SSLContext:
        signed = authority.certificate(host, ends=timedelta(days=days))
        return (signed if trusted else Authority("A server").of_itself(host)).context(tmp_path)

    return make


@pytest.fixture
def serve(wall: Wall) -> Iterator[Callable[[ssl.SSLContext | None], WebServer]]:
    with ExitStack() as stack:

        def start(tls: ssl.SSLContext | None) -> WebServer:
            server = wall.server = stack.enter_context(web_server(tls))
            server.pages["/ring.jpg"] = answer()
            return server

        yield start


Serve = Callable[[ssl.SSLContext | None], WebServer]


def fetcher(**settings: float) -> Fetcher:
    return Fetcher(resolver=lambda _host: [PUBLIC], **settings)


@pytest.mark.parametrize("spelling", ["shop.example", "SHOP.example", "shop.example."])
def test_the_name_goes_with_the_pinned_address(certify: Certify, serve: Serve, wall: Wall, spelling: str) -> None:
    tls, names = certify("shop.example"), []
    tls.sni_callback = lambda _connection, name, _context: names.append(name)
    server = serve(tls)
    assert fetcher().fetch(f"https://{spelling}/ring.jpg") == PHOTO
    assert names == ["shop.example"]
    assert wall.dialled == [(PUBLIC, 443)]
    assert f"\r\nHost: {spelling.lower()}\r\n" in server.requests[0]


def test_unicode_host(certify: Certify, serve: Serve) -> None:
    server = serve(certify("xn--schmuckstck-1hb.example"))
    assert fetcher().fetch("https://schmuckstück.example/ring.jpg") == PHOTO
    assert "\r\nHost: xn--schmuckstck-1hb.example\r\n" in server.requests[0]


def test_certificate_of_an_address(certify: Certify, serve: Serve) -> None:
    serve(certify(PUBLIC))
    assert fetcher().fetch(f"https://{PUBLIC}/ring.jpg") == PHOTO


@pytest.mark.parametrize(
    ("host", "settings", "reason"),
    [
        ("shop.example", {"trusted": False}, "self-signed certificate|self signed certificate"),
        ("other.example", {}, "Hostname mismatch"),
        (PUBLIC, {}, "Hostname mismatch"),
        ("shop.example", {"days": -1}, "expired"),
    ],
)
def test_bad_certificates(certify: Certify, serve: Serve, host: str, settings: dict[str, int], reason: str) -> None:
    server = serve(certify(host, **settings))
    with pytest.raises(FetchError, match=f"its certificate is not valid: .*({reason})") as caught:
        fetcher().fetch("https://shop.example/ring.jpg")
    assert str(caught.value).isprintable()
    assert server.requests == []


def test_bad_certificate_behind_a_redirect(certify: Certify, serve: Serve) -> None:
    server = serve(certify("shop.example"))
    server.pages["/start"] = redirect("https://other.example/ring.jpg")
    with pytest.raises(FetchError, match=r"its certificate is not valid: .*Hostname mismatch"):
        fetcher().fetch("https://shop.example/start")
    assert len(server.requests) == 1


def test_no_tls_where_it_is_expected(serve: Serve) -> None:
    server = serve(None)
    with pytest.raises(FetchError, match=r"the connection fails|takes longer"):
        fetcher(timeout=1).fetch("https://shop.example/ring.jpg")
    assert not any("GET" in request for request in server.requests)


def test_body_cut_short_under_tls(certify: Certify, serve: Serve) -> None:
    server = serve(certify("shop.example"))
    server.pages["/ring.jpg"] = answer(Content_Length="100")
    with pytest.raises(FetchError, match=r"cut short|connection fails"):
        fetcher().fetch("https://shop.example/ring.jpg")
