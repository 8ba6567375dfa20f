"""HEAD on every route that has GET: the same status and headers, no body, and a connection that can be used again."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from searcher.http.access.keys import KeyFile
from searcher.http.app import ROUTERS, create_app
from searcher.http.server.bounded import Bounded
from searcher.http.server.connections import Limits
from searcher.http.server.h11_protocol import BoundedH11
from searcher.http.server.httptools_protocol import BoundedHttpTools
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import ADDRESSES, MakeApp, answered, bearer, running
from tests.shops.whole_shop import Shop, build_shop

REFUSED = {
    "/nothing-here": 404,
    "/static/nothing.js": 404,
    "/v1/products/P999": 404,
    "/v1/similar": 422,
    "/v1/similar?product_id=P001&k=0": 422,
    "/v1/facets?no-such-name=1": 422,
    "/v1/pictures/x": 422,
    "/v1/similar?product_id=P001&key=secret": 400,
}
VARYING = ("date", "ratelimit", "x-request-id")
MEASURED = frozenset({"/metrics", "/v1/similar"})
"""Their answers tell seconds, so that two of them need not be of one length."""


@dataclass
class Served:
    """A service with keys behind a real server, with one or the other parser."""

    port: int
    token: str
    addresses: dict[str, str]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module", params=[BoundedHttpTools, BoundedH11])
def served(request: pytest.FixtureRequest, shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    keys = KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")
    token = keys.add("boss", "admin", 0)[1]
    settings = ServeSettings(_env_file=None, index=shop.index.root, keys=keys.path)  # type: ignore[call-arg]
    parser: type[Bounded] = request.param
    with running(
        create_app(settings, SearchService(shop.index)),
        Limits(connections=20, header_bytes=8000, drain_seconds=0.1),
        parser,
    ) as port:
        group = json.loads(asked(port, "GET", "/v1/duplicates?limit=1", bearer(token))[2])["groups"][0]
        first, second = (member["sha256"] for member in group["members"][:2])
        yield Served(port, token, answered(first, second))


Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def kept_open(port: int) -> Iterator[Callable[..., Answer]]:
    """Asks over one connection, which would be out of step after a body that the client does not expect."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(method: str, path: str, headers: dict[str, str]) -> Answer:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    try:
        yield ask
    finally:
        connection.close()


def asked(port: int, method: str, path: str, headers: dict[str, str]) -> Answer:
    with kept_open(port) as ask:
        return ask(method, path, headers)


def without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


def test_the_addresses_are_those_of_all_routes() -> None:
    """A new route is added there, and so asked below."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    with_get = {route.path for route in routes if "GET" in (route.methods or ())}
    assert with_get | {"/openapi.json"} == set(ADDRESSES)
    assert {route.path for route in routes if "HEAD" in (route.methods or ())} == with_get


def test_every_route_with_get_answers_head_alike(served: Served) -> None:
    key = bearer(served.token)
    with kept_open(served.port) as ask:
        for name, path in served.addresses.items():
            status, got, body = ask("GET", path, key)
            assert (status, len(body)) == (200, int(got["content-length"])), path
            status, headers, nothing = ask("HEAD", path, key)
            assert (status, nothing) == (200, b""), path
            unlike = (*VARYING, "content-length") if name in MEASURED else VARYING
            assert without(headers, *unlike) == without(got, *unlike), path
            assert int(headers["content-length"]) > 0
            assert set(headers) == set(got), path


def test_what_is_refused_is_refused_alike(served: Served) -> None:
    with kept_open(served.port) as ask:
        for path, expected in REFUSED.items():
            status, got, body = ask("GET", path, bearer(served.token))
            assert (status, json.loads(body)["status"]) == (expected, expected), path
            status, headers, nothing = ask("HEAD", path, bearer(served.token))
            assert (status, nothing) == (expected, b""), path
            unlike = (*VARYING, "content-length") if "x-request-id" in got else VARYING
            assert without(headers, *unlike) == without(got, *unlike), path


def test_who_may_get_may_head(served: Served) -> None:
    """Keys are asked for as with GET; probes, the page and its files need none."""
    public = {"/", "/review", "/favicon.ico", "/static/{name:path}", "/livez", "/readyz", "/openapi.json"}
    with kept_open(served.port) as ask:
        for name, path in served.addresses.items():
            for headers in ({}, bearer("wrong")):
                status, got, body = ask("HEAD", path, headers)
                assert (status, body) == (200 if name in public else 401, b""), path
                assert (status == 401) == ("www-authenticate" in got)


def test_a_signed_address_takes_head(served: Served) -> None:
    found = json.loads(asked(served.port, "GET", "/v1/products/P001", bearer(served.token))[2])
    signed = found["photos"][0]["thumbnail"]
    status, got, body = asked(served.port, "HEAD", signed, {})
    assert (status, got["content-type"], body) == (200, "image/webp", b"")
    assert got["cross-origin-resource-policy"] == "cross-origin"
    assert asked(served.port, "HEAD", signed[:-1], {})[0] == 403


def test_admin_routes_want_an_admin_for_head(client: TestClient) -> None:
    for path in ("/v1/admin/status", "/v1/decisions"):
        assert (client.head(path).status_code, client.head(path).content) == (403, b"")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/livez", "GET, HEAD"),
        ("/v1/similar", "GET, HEAD, POST"),
        ("/v1/duplicates", "GET, HEAD, POST"),
        ("/static/page/main.js", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/v1/text", "POST"),
    ],
)
def test_what_an_address_takes_is_said(client: TestClient, path: str, allowed: str) -> None:
    refused = client.request("DELETE", path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    if "HEAD" not in allowed:
        head = client.head(path)
        assert (head.status_code, head.headers["allow"], head.content) == (405, allowed, b"")


def test_the_document_shows_get_alone(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {method for operations in paths.values() for method in operations} == {"get", "post"}


def test_metrics_tell_the_two_apart(client: TestClient) -> None:
    client.head("/v1/products/P001")
    counted = 'jewelry_http_request_seconds_count{method="HEAD",route="/v1/products/{product_id:path}",status="200"}'
    assert counted in client.get("/metrics").text


def test_the_same_limit(make_app: MakeApp) -> None:
    with TestClient(make_app(rate_limit=1, rate_burst=2)) as client:
        answers = [client.head("/v1/products/P001") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].content == b""
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_page_of_another_site_may_ask_for_it(make_app: MakeApp) -> None:
    """A browser asks before it sends a header of its own; HEAD is a method like GET there."""
    wanted = {"access-control-request-method": "HEAD", "access-control-request-headers": "x-api-key"}
    with TestClient(make_app(cors_origins=("https://shop.example",))) as client:
        answer = client.options("/v1/products/P001", headers={"origin": "https://shop.example", **wanted})
    assert answer.status_code == 200
    assert "HEAD" in answer.headers["access-control-allow-methods"]


def test_behind_a_prefix(make_app: MakeApp) -> None:
    with TestClient(make_app(root_path="/search")) as client:
        assert client.head("/search/livez").status_code == client.head("/livez").status_code == 200


def told(port: int, sent: bytes) -> bytes:
    """All that comes back before the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as answer:
            return answer.read()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HEAD /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 9000, 431),
        (b"HEAD /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (b"\r\nHEAD /livez HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"HEAD /livez HTTP/1.0\r\n\r\n", 200),
        (b"HEAD /static/nothing.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
    ],
    ids=["large headers", "large address", "malformed", "of old", "last one"],
)
def test_the_server_itself_answers_without_a_body(served: Served, head: bytes, status: int) -> None:
    got = told(served.port, head)
    lines, _, body = got.partition(b"\r\n\r\n")
    assert (int(lines.split()[1]), body) == (status, b"")
    assert told(served.port, head.replace(b"HEAD", b"GET", 1)).partition(b"\r\n\r\n")[2] != b""


def test_many_in_one_go(served: Served) -> None:
    """Sent before the first is answered: each gets a head, the last one a body."""
    path = served.addresses["/static/{name:path}"].encode()
    one = b" " + path + b" HTTP/1.1\r\nHost: localhost\r\n"
    got = told(served.port, (b"HEAD" + one + b"\r\n") * 5 + b"GET" + one + b"Connection: close\r\n\r\n")
    assert got.count(b"HTTP/1.1 200") == 6
    assert len(got.rpartition(b"\r\n\r\n")[2]) > 0
    heads, _, _ = got.rpartition(b"HTTP/1.1 200")
    assert heads.endswith(b"\r\n\r\n")
    assert heads.count(b"\r\n\r\n") == 5
