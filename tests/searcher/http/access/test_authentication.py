"""Who may ask what: no key, wrong keys, read keys on admin routes, keys in addresses, broken key files."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.errors import UsageError
from searcher.http.access.authentication import is_public
from tests.searcher.http.conversation import Keyring, MakeApp, bearer
from tests.shops.indexes.built_index import Photographed

LOOK = "/v1/probe/products/P001"
ADMIN = "/v1/admin/status"


def test_every_way_to_send_a_key(guarded: TestClient, keyring: Keyring) -> None:
    for headers in (
        bearer(keyring.read),
        {"authorization": f"bearer  {keyring.read} "},
        {"x-api-key": keyring.read},
        {**bearer(keyring.read), "x-api-key": keyring.read},
    ):
        assert guarded.get(LOOK, headers=headers).status_code == 200, headers


NO_KEYS: tuple[dict[str, Any], ...] = (
    {},
    {"authorization": ""},
    {"authorization": "Bearer"},
    {"authorization": "Bearer wrong"},
    {"authorization": "Basic dXNlcjpwYXNz"},
    {"x-api-key": ""},
    {"x-api-key": "jwl_0123456789ab_" + "x" * 43},
    {"x-api-key": b"\xff\xfe"},
)


@pytest.mark.parametrize("path", [LOOK, ADMIN, "/metrics", "/no-such-path", "/livez/", "/static/../v1/x"])
def test_without_a_key_there_is_nothing(guarded: TestClient, path: str) -> None:
    for headers in NO_KEYS:
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:jewelry:problem:unauthorized"


def test_probes_and_the_document_need_no_key(guarded: TestClient) -> None:
    for path in ("/livez", "/readyz", "/openapi.json"):
        assert guarded.get(path).status_code == 200
        assert guarded.get(path, headers=bearer("wrong")).status_code == 200


def test_admin_routes_want_an_admin_key(guarded: TestClient, keyring: Keyring, photographed: Photographed) -> None:
    refused = guarded.get(ADMIN, headers=bearer(keyring.read))
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:jewelry:problem:forbidden")
    answer = guarded.get(ADMIN, headers=bearer(keyring.admin))
    assert answer.status_code == 200
    status = answer.json()
    assert status["location"] == str(photographed.root)
    assert status["generation"] == photographed.store.generation
    assert status["model"] == photographed.store.record.fingerprint
    assert (status["engine"], status["photos"]) == ("embedded", 24)
    assert status["fields"]["price"] == "number"


def test_without_keys_nobody_is_admin(client: TestClient) -> None:
    assert client.get(LOOK).status_code == 200
    assert client.get(ADMIN).status_code == 403


@pytest.mark.parametrize(
    "name",
    ["api_key", "key", "token", "access_token", "API_KEY", "x-api-key", "%6bey", "apikey", "+key", "authorization"],
)
def test_a_key_in_the_address_is_refused_and_not_logged(
    guarded: TestClient, client: TestClient, keyring: Keyring, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for path in (LOOK, "/livez"):
        for service in (guarded, client):
            answer = service.get(f"{path}?x=1&{name}={keyring.admin}", headers=bearer(keyring.read))
            assert answer.status_code == 400
            assert keyring.admin not in answer.text
    ours = [record for record in caplog.records if record.name.startswith(("searcher", "indexer", "uvicorn"))]
    assert len(ours) >= 2
    assert not any(keyring.admin in str(vars(record)) for record in ours)


def test_other_parameters_pass(client: TestClient) -> None:
    assert client.get(f"{LOOK}?keys=1&monkey=2&k=3&where=token%3Dx").status_code == 200
    assert client.get(f"{LOOK}?{'a&' * 1001}").status_code == 400


def test_two_different_keys_are_a_mistake(guarded: TestClient, keyring: Keyring) -> None:
    answer = guarded.get(LOOK, headers={**bearer(keyring.read), "x-api-key": keyring.admin})
    assert answer.status_code == 400


def test_a_revoked_key_and_a_new_one_count_at_once(guarded: TestClient, keyring: Keyring) -> None:
    keyring.file.revoke(keyring.read_key.id)
    assert guarded.get(LOOK, headers=bearer(keyring.read)).status_code == 401
    _, token = keyring.file.add("next", "read")
    assert guarded.get(LOOK, headers=bearer(token)).status_code == 200


def test_a_broken_key_file_lets_nobody_in(guarded: TestClient, keyring: Keyring) -> None:
    keyring.file.path.write_text("{")
    answer = guarded.get(LOOK, headers=bearer(keyring.read))
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:jewelry:problem:keys-unavailable")
    assert str(keyring.file.path) not in answer.text
    assert guarded.get("/livez").status_code == 200


def test_a_body_is_not_read_for_strangers(guarded: TestClient) -> None:
    answer = guarded.post("/v1/probe/json", content=b"x" * 10_000_000)
    assert answer.status_code == 401  # and not 413: the body was not looked at


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "shop.example"])
def test_beyond_this_machine_keys_are_needed(make_app: MakeApp, keyring: Keyring, host: str) -> None:
    with pytest.raises(UsageError, match="--open"):
        make_app(serve_host=host)
    make_app(serve_host=host, open=True)
    make_app(serve_host=host, keys=keyring.file.path)


def test_a_key_file_without_keys_is_no_protection(make_app: MakeApp, keyring: Keyring) -> None:
    for key in keyring.file.keys():  # noqa: SIM118
        keyring.file.revoke(key.id)
    with pytest.raises(UsageError, match="holds no API keys"):
        make_app(keys=keyring.file.path)


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("/", True),
        ("/static/page.js", True),
        ("/static/../v1/admin/status", False),
        ("/staticx", False),
        ("/v1/similar", False),
        ("/metrics", False),
        ("", False),
        ("/livez/x", False),
        ("//livez", False),
    ],
)
def test_public_paths(path: str, public: bool) -> None:
    assert is_public(path) is public
