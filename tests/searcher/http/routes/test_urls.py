"""URLs that lead inside: every spelling of this machine and its network, redirects, name servers that lie."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.photos.fetch.fetcher import Fetcher
from searcher.search.reading.examples import ExampleReader
from tests.indexer.photos.fetch.web_server import Wall, WebServer, answer, redirect, web_server
from tests.indexer.photos.fetch.web_server import wall as build_wall
from tests.searcher.http.conversation import problem_of, unlimited
from tests.shops.whole_shop import build_shop

PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    shop = build_shop(tmp_path_factory.mktemp("shop"))
    with unlimited(shop) as client:
        yield client


def fetch_with(client: TestClient, names: Names) -> None:
    """Let the service ask another name server."""
    fetcher = Fetcher(resolver=names, timeout=10)
    client.app.state.service.reader = ExampleReader(None, fetch=fetcher.fetch)  # type: ignore[attr-defined]


INSIDE = (
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[0:0:0:0:0:ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://192.0.0.192/",
    "http://168.63.129.16/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://127.0.0.1:6333/collections",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1#@example.com/",
    "http://user:password@example.com/",
    "http://example.com:6333/",
    "http://example.com:22/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "dict://127.0.0.1:11211/",
    "jar:http://127.0.0.1!/",
    "data:image/png;base64,AAAA",
    "//127.0.0.1/",
    "http:/127.0.0.1",
    "http:///etc/passwd",
    "HTTP://",
    "",
    " ",
    "\\\\127.0.0.1\\share",
    "http://127.0.0.1\r\nX-Evil: 1/",
    "http://example.com/\r\nHost: localhost",
    "http://exa mple.com/",
    "http://\u202e/",
    "http://%31%32%37.0.0.1/",
    "http://" + "a" * 300 + ".com/",
    "http://a..b/",
    "http://-/",
)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return build_wall(monkeypatch)


@pytest.fixture
def server(wall: Wall) -> Iterator[WebServer]:
    with web_server() as server:
        wall.server = server
        yield server


class Names:
    """A name server with a script: the answers to each name in turn, the last forever."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): list(script) for name, script in answers.items()}

    def __call__(self, host: str) -> list[str]:
        script = self._answers.get(host)
        if script is None:  # literal addresses, in whatever spelling the system knows; never a question to the network
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
            return list(dict.fromkeys(str(place[0]) for *_, place in found))
        return script.pop(0) if len(script) > 1 else script[0]


def asked_by_url(client: TestClient, url: str) -> list[Any]:
    """The same URL in every field that takes one."""
    one = {"url": url}
    batch = client.post("/v1/batch", json={"queries": [one, "P001"], "k": 2})
    assert batch.status_code == 200
    assert "error" in batch.json()["answers"][0]
    assert "error" not in batch.json()["answers"][1]
    return [
        client.post("/v1/similar", json=one),
        client.post("/v1/classify", json=one),
        client.post("/v1/recommend", json={"positive": [one]}),
        client.post("/v1/recommend", json={"positive": ["P001"], "negative": [one]}),
        client.post("/v1/discover", json={"target": one}),
        client.post("/v1/discover", json={"context": [{"positive": "P001", "negative": one}]}),
    ]


@pytest.mark.parametrize("url", INSIDE)
def test_no_url_leads_inside(client: TestClient, server: WebServer, wall: Wall, url: str) -> None:
    fetch_with(client, Names(localhost=[["127.0.0.1", "::1"]], example_com=[[PUBLIC]]))
    for got in asked_by_url(client, url):
        assert "longer than" not in problem_of(got, 422).detail, "it is refused, not waited for"
    assert wall.dialled == []
    assert server.requests == []


def test_no_redirect_leads_inside(client: TestClient, server: WebServer, wall: Wall) -> None:
    fetch_with(client, Names(shop_example=[[PUBLIC]], localhost=[["127.0.0.1"]]))
    for place in (
        "http://127.0.0.1/",
        "http://localhost/",
        "//[::1]/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
    ):
        server.pages["/ring.jpg"] = redirect(place)
        for got in asked_by_url(client, "http://shop.example/ring.jpg"):
            assert "redirects to" in problem_of(got, 422).detail
    assert {address for address, _ in wall.dialled} == {PUBLIC}


def test_a_name_server_that_changes_its_mind(client: TestClient, server: WebServer, wall: Wall) -> None:
    """DNS rebinding: first a public address, then loopback; and both at once."""
    server.pages["/ring.jpg"] = answer(body=b"no photo")
    for script in ([[PUBLIC], ["127.0.0.1"]], [[PUBLIC, "127.0.0.1"]]):
        fetch_with(client, Names(shop_example=script))
        for got in asked_by_url(client, "http://shop.example/ring.jpg"):
            problem_of(got, 422)
    assert {address for address, _ in wall.dialled} == {PUBLIC}
