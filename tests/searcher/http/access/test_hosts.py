"""By which names a service answers, and who is this machine: rebinding, proxies, pages of other sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.errors import UsageError
from searcher.http.access.hosts import host_in
from searcher.settings import ServeSettings
from tests.faults.serving.service_process import serving
from tests.searcher.http.conversation import Keyring, MakeApp, app_over, bearer, problem_of
from tests.shops.indexes.built_index import Photographed

LOOK = "/v1/probe/products/P001"


@pytest.fixture(autouse=True)
def no_host_of_test_clients(host_of_test_clients: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JEWELRY_ALLOWED_HOSTS")


@pytest.fixture(scope="module")
def plain(photographed: Photographed) -> Iterator[TestClient]:
    """A client of a service whose settings name no host."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("JEWELRY_ALLOWED_HOSTS", raising=False)
        app = app_over(photographed, rate_limit=0)
    with TestClient(app) as client:
        yield client


def asked(client: TestClient, host: str, path: str = LOOK) -> Any:
    return client.get(path, headers=[("host", host)])


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST:8000",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.8.9.1:80",
        "[::1]:8000",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]:80",
    ],
)
def test_this_machine_asks_by_its_own_names(plain: TestClient, host: str) -> None:
    for path in (LOOK, "/", "/livez", "/openapi.json"):
        assert asked(plain, host, path).status_code == 200


REBOUND = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.localhost.example:80",
    "10.0.0.7:8000",
    "169.254.169.254",
    "[fe80::1]:8000",
    "0.0.0.0:8000",
    "127.1",
    "2130706433",
    "user@localhost",
    "",
    ":8000",
    "localhost, evil.example",
    "localhost/evil",
    "[::1",
    "evil.example#localhost",
    "lokalhost",
    "127.0.0.1:80:80",
]


@pytest.mark.parametrize("host", REBOUND)
def test_another_site_s_name_is_not_answered(plain: TestClient, host: str) -> None:
    """As a page has it whose name was made to point here (DNS rebinding)."""
    for path in (LOOK, "/", "/review", "/openapi.json", "/v1/facets", "/metrics", "/static/page/main.js", "/nothing"):
        said = problem_of(asked(plain, host, path), 421)
        assert "--allowed-host" in said.detail or "names no host" in said.detail
        assert len(said.detail) < 300
    for probe in ("/livez", "/readyz"):
        assert asked(plain, host, probe).status_code == 200


def test_two_hosts_are_none(make_app: MakeApp) -> None:
    with TestClient(make_app()) as client:
        request = client.build_request("GET", LOOK, headers=[("host", "localhost"), ("host", "evil.example")])
        problem_of(client.send(request), 421)


def test_names_can_be_allowed(make_app: MakeApp) -> None:
    with TestClient(make_app(allowed_hosts="search.shop.example, *.intern.example,192.0.2.7")) as client:
        for host in (
            "search.shop.example:443",
            "SEARCH.shop.example.",
            "a.intern.example",
            "a.b.intern.example",
            "192.0.2.7",
            "localhost",
        ):
            assert asked(client, host).status_code == 200, host
        for host in (
            "shop.example",
            "intern.example",
            "evilintern.example",
            "192.0.2.8",
            "search.shop.example.evil.example",
        ):
            problem_of(asked(client, host), 421)
    for options, host in (
        ({"allowed_hosts": "*"}, "evil.example"),
        ({"serve_host": "localhost"}, "localhost"),
        ({"serve_host": "127.0.0.5"}, "127.0.0.5:8000"),
    ):
        with TestClient(make_app(**options)) as client:
            assert asked(client, host).status_code == 200


def test_with_keys_or_open_any_name_is_answered_unless_names_were_given(make_app: MakeApp, keyring: Keyring) -> None:
    for options in ({"keys": keyring.file.path}, {"open": True, "serve_host": "0.0.0.0"}):
        headers = bearer(keyring.read)
        with TestClient(make_app(**options)) as client:
            assert client.get(LOOK, headers={**headers, "host": "any.example"}).status_code == 200
        with TestClient(make_app(**options, allowed_hosts="search.shop.example")) as client:
            problem_of(client.get(LOOK, headers={**headers, "host": "any.example"}), 421)
            for host in ("search.shop.example", "localhost:8000", "10.1.2.3:8000"):  # an address cannot be rebound
                assert client.get(LOOK, headers={**headers, "host": host}).status_code == 200


@pytest.mark.parametrize("prefix", ["", "/search"])
def test_the_page_works_behind_a_path_too(make_app: MakeApp, prefix: str) -> None:
    with TestClient(make_app(root_path="/search"), base_url="http://127.0.0.1:8000") as client:
        for path in ("/", "/livez", "/static/page/main.js", "/v1/facets?field=metal"):
            assert client.get(f"{prefix}{path}").status_code == 200


@pytest.mark.parametrize(
    "bad", ["http://shop.example", "shop.example:80", "a b", "*.", "shop/x", "*shop.example", "[::1"]
)
def test_what_is_no_host_is_refused(bad: str) -> None:
    with pytest.raises(UsageError, match=r"JEWELRY_ALLOWED_HOSTS=.* is not the name of a host; write it without port"):
        ServeSettings.read(allowed_hosts=bad)


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("a:1", "a"),
        ("A.B.", "a.b"),
        ("[::1]:5", "::1"),
        ("a:x", None),
        ("a:1:2", None),
        ("", None),
        ("a b", None),
        (".", None),
    ],
)
def test_host_of_a_header(value: str, host: str | None) -> None:
    assert host_in(value) == host


FORWARDED = {
    "X-Forwarded-For": "127.0.0.1",
    "x-forwarded-for": "",
    "X-Forwarded-Host": "localhost",
    "X-Forwarded-Proto": "https",
    "X-Forwarded": "for=127.0.0.1",
    "X_Forwarded_For": "127.0.0.1",
    "X-Forwarded-Client-Cert": "x",
    "Forwarded": "for=127.0.0.1;host=localhost",
    "X-Real-IP": "127.0.0.1",
    "Via": "1.1 proxy",
    "CF-Connecting-IP": "127.0.0.1",
    "True-Client-IP": "127.0.0.1",
}


@pytest.fixture(scope="module", params=["", "127.0.0.1,::1"], ids=["none trusted", "trusted"])
def proxied(request: pytest.FixtureRequest, photographed: Photographed) -> Iterator[TestClient]:
    """Asked from this machine, by a service that trusts no proxy, or those of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("JEWELRY_ALLOWED_HOSTS", raising=False)
        app = app_over(photographed, rate_limit=0, trusted_proxies=request.param)
    with TestClient(app, base_url="http://localhost:8000", client=("127.0.0.1", 50_000)) as client:
        yield client


@pytest.mark.parametrize("name", FORWARDED)
def test_who_comes_through_a_proxy_is_not_this_machine(proxied: TestClient, name: str) -> None:
    """Whatever it says, and whoever says it."""
    assert proxied.get(LOOK).status_code == 200
    said = problem_of(proxied.get(LOOK, headers={name: FORWARDED[name]}), 403)
    assert said.detail.startswith("without API keys only this machine is answered, and a proxy passed this on")
    assert "searcher keys add" in said.detail
    problem_of(proxied.post("/v1/similar", json={"product_id": "P001"}, headers={name: FORWARDED[name]}), 403)
    for path in ("/livez", "/readyz", "/"):
        assert proxied.get(path, headers={name: FORWARDED[name]}).status_code == 200


def test_with_keys_or_open_proxies_are_as_they_were(make_app: MakeApp, keyring: Keyring) -> None:
    for options in ({"keys": keyring.file.path}, {"open": True}):
        with TestClient(make_app(**options)) as client:
            for name, value in FORWARDED.items():
                assert client.get(LOOK, headers={**bearer(keyring.read), name: value}).status_code == 200


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", 200), ("127.3.2.1", 200), ("::1", 200), ("192.0.2.1", 403)]
)
def test_another_machine_is_not_this_one(make_app: MakeApp, address: str, status: int) -> None:
    """Also where a server was started by hand, at another address than the settings'."""
    with TestClient(make_app(), base_url="http://localhost", client=(address, 50_000)) as client:
        assert client.get(LOOK).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8000", 200),
        ("http://127.0.0.1:8000", 200),
        ("http://[::1]:8000", 200),
        ("https://shop.example", 200),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_another_site_sends_no_forms_here(make_app: MakeApp, origin: str, status: int) -> None:
    """A form needs no consent (CORS) to be sent, so that a page could have this machine work for it."""
    app = make_app(cors_origins="https://shop.example")
    with TestClient(app, base_url="http://localhost:8000") as client:
        files = {"photo": b"x"}
        assert client.post("/v1/probe/photo", files=files, headers={"origin": origin}).status_code == status
        assert client.post("/v1/probe/photo", files=files).status_code == 200


def test_a_decision_needs_a_key_whatever_the_origin(make_app: MakeApp, keyring: Keyring) -> None:
    body = {"first": "a" * 64, "second": "b" * 64, "verdict": "skip"}
    for origin in ("http://localhost:8000", "https://evil.example"):
        with TestClient(make_app(), base_url="http://localhost:8000") as client:
            problem_of(client.post("/v1/decisions", json=body, headers={"origin": origin}), 403)
        with TestClient(make_app(keys=keyring.file.path)) as client:
            problem_of(client.post("/v1/decisions", json=body, headers={"origin": origin}), 401)


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_a_real_service(script: Any, photographed: Photographed, workers: str) -> None:
    """The server's own belief in proxies of this machine is off."""
    import httpx

    with serving(script, photographed.root, "--workers", workers, FORWARDED_ALLOW_IPS="*") as running:
        for headers, status in (({}, 200), ({"host": "evil.example"}, 421), ({"x-forwarded-for": "192.0.2.9"}, 403)):
            assert httpx.get(f"{running.url}/v1/facets?field=metal", headers=headers, timeout=60).status_code == status
        assert running.stop() == 0
    lines = "".join(running.log)
    assert "192.0.2.9" not in lines
    assert '"client": "127.0.0.1"' in lines
