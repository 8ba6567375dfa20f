"""Request ids, traces, log lines, metrics and security headers; and what hostile headers can do to them: nothing."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from searcher.http.telemetry.json_logs import JsonFormatter
from tests.searcher.http.conversation import Keyring, MakeApp, bearer, exchange, running

LOOK = "/v1/probe/products/P001"


class Lines(io.StringIO):
    """What was logged, line by line."""

    def requests(self) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.getvalue().splitlines()]
        return [line for line in found if line["message"] == "request"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The service's log as `searcher serve` writes it."""
    stream = Lines()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("searcher")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.mark.parametrize("given", ["order-17", "a" * 64, "A.b_c-9"])
def test_a_sane_request_id_is_kept(client: TestClient, lines: Lines, given: str) -> None:
    assert client.get(LOOK, headers={"x-request-id": given}).headers["x-request-id"] == given
    assert lines.requests()[0]["request_id"] == given


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", 'a"b', "a;b", "<script>", b"\xc3\xa9", b"a\x7f", "a\tb", "{}"])
def test_any_other_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get(LOOK, headers={"x-request-id": given})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_headers_cannot_be_injected(make_app: MakeApp, lines: Lines) -> None:
    """Bare line breaks never get into a header's value: the server refuses them, or they end up in no answer."""
    with running(make_app()) as port:
        for evil in (b"a\rX-Evil: 1", b"a\nX-Evil: 1", b"a\x00b", b"a\r\n X-Evil: 1"):
            head = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Request-ID: " + evil + b"\r\n\r\n"
            answer = raw(port, head)
            first, _, rest = answer.partition(b"\r\n")
            assert first.split()[1] in (b"200", b"400")
            assert b"evil" not in rest.lower()


def raw(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection, connection.makefile("rb") as answer:
        connection.sendall(sent)
        return answer.read()


TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_trace_is_continued(client: TestClient, lines: Lines) -> None:
    client.get(LOOK, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    assert lines.requests()[0]["trace_id"] == TRACE


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "x" * 10_000,
        f"00-{TRACE}-{PARENT}",
        f"ff-{TRACE}-{PARENT}-01",
        "\x01",
        f"00-{'0' * 32}-{PARENT}-01",
        '"},{"message":"x"',
        b"\xff\xfe",
    ],
)
def test_a_trace_that_is_none_is_begun_anew(client: TestClient, lines: Lines, garbage: str) -> None:
    assert client.get(LOOK, headers={"traceparent": garbage}).status_code == 200
    found = lines.requests()[0]["trace_id"]
    assert re.fullmatch("[0-9a-f]{32}", found)
    assert found not in (TRACE, "0" * 32)


def test_a_request_is_one_line_with_the_template_and_not_the_address(
    make_app: MakeApp, keyring: Keyring, lines: Lines
) -> None:
    with TestClient(make_app(keys=keyring.file.path)) as client:
        client.get("/v1/probe/products/secret-product?where=secret", headers=bearer(keyring.read))
    (line,) = lines.requests()
    assert (
        line.items()
        >= {
            "route": "/v1/probe/products/{product_id}",
            "method": "GET",
            "status": 200,
            "key": keyring.read_key.id,
            "level": "info",
        }.items()
    )
    assert set(line["stages_ms"]) == {"search", "decode"}
    assert "secret" not in lines.getvalue()
    assert keyring.read.split("_", 2)[2] not in lines.getvalue()


@pytest.mark.parametrize("path", ["/v1/%0a%7b%22level%22:%22error%22%7d", "/v1/%1b%5b31m", "/v1/%e2%80%a8x", "/%7f%00"])
def test_nothing_from_outside_begins_a_line(client: TestClient, lines: Lines, path: str) -> None:
    client.get(path, headers={"user-agent": 'x\u2028{"level":"error"}'.encode(), "referer": b"\x1b[31m"})
    client.get("/v1/probe/raise/StoreError")  # logs an error's text, which holds an escape sequence and a line break
    assert lines.getvalue().isascii()
    assert all(character.isprintable() for character in lines.getvalue().replace("\n", ""))
    assert all(json.loads(line) for line in lines.getvalue().splitlines())
    assert len(lines.requests()) == 2


@given(text=st.text())
def test_any_text_is_one_line_of_json(text: str) -> None:
    record = logging.LogRecord("searcher", logging.INFO, "file", 1, "%s", (text,), None)
    line = JsonFormatter().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == text[:4000]


def samples(client: TestClient, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == name
    }


def test_metrics_count_routes_and_stages(client: TestClient) -> None:
    def counts() -> tuple[float, float, float, float]:
        requests = samples(client, "jewelry_http_request_seconds_count")
        stages = samples(client, "jewelry_stage_seconds_count")

        def of(route: str, status: str, method: str = "GET") -> float:
            return requests.get((("method", method), ("route", route), ("status", status)), 0)

        return (
            of("/v1/probe/products/{product_id}", "200"),
            of("none", "404"),
            of("none", "404", "other"),
            stages.get((("stage", "search"),), 0),
        )

    before = counts()
    for number in range(5):
        client.get(f"/v1/probe/products/P{number}")
        client.get(f"/nothing/{number}")
        client.request(f"M{number}", "/nothing")
    client.get("/v1/probe/raise/UsageError")
    assert [after - was for was, after in zip(before, counts(), strict=True)] == [5, 5, 5, 6]
    assert samples(client, "jewelry_http_requests_running") == {(): 1.0}


def test_security_headers_are_on_every_answer(guarded: TestClient, keyring: Keyring) -> None:
    for path in ("/livez", LOOK, "/nothing", "/v1/probe/raise/bug"):
        for headers in ({}, bearer(keyring.read)):
            answer = guarded.get(path, headers=headers)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert "server" not in answer.headers


def test_probes_are_quiet_until_they_fail(client: TestClient, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200
    assert lines.requests() == []


def test_a_real_server_says_no_more_than_it_must(make_app: MakeApp) -> None:
    with running(make_app()) as port:
        status, headers, body = exchange(port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (status, body) == (200, {"status": "alive"})
    assert "server" not in headers
