"""Strangers who open connections and say nothing, or never come to an end: everybody else is answered all the same.

A real process that may open few files, so that few connections suffice; all traffic stays on 127.0.0.1.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.serving.service_process import SCRIPT, Running, serving
from tests.shops.indexes.built_index import make_photographed

FILES = 128
STRANGERS = 150
LONG = 60_000
QUESTION = b"GET /v1/similar?product_id=P001&k=2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("silent")
    script = folder / "script.py"
    script.write_text(SCRIPT)
    shop = make_photographed(folder)
    with serving(script, shop.root, "--rate-limit", "0", files=FILES, JEWELRY_HEADER_TIMEOUT="2") as running:
        assert asked(running, b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") == 200
        yield running


def connected(running: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), timeout=30)


def asked(running: Running, question: bytes = QUESTION) -> int:
    """The status of an answer; 0 where there is none."""
    try:
        with connected(running) as connection:
            connection.sendall(question)
            return int((connection.recv(100).split() or [b"", b"0"])[1])
    except OSError:
        return 0


STRANGE = {
    "nothing": b"",
    "half of a line": b"GET /v1/sim",
    "half of the headers": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "empty lines": b"\r\n\r\n",
    "half of a body": b"POST /v1/similar HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 100\r\n\r\n{"k": ',
    "a question, and then nothing": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a question, and half of another": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nX-A: ",
}


@pytest.mark.parametrize("said", STRANGE)
def test_more_connections_than_files_shut_nobody_out(service: Running, said: str) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(STRANGERS):
            stranger = stack.enter_context(connected(service))
            with contextlib.suppress(OSError):
                stranger.sendall(STRANGE[said])
            if number % 50 == 49:
                assert asked(service) == 200
        assert asked(service) == 200
        assert asked(service, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") == 200
        files = Path(f"/proc/{service.process.pid}/fd")
        if files.is_dir():
            assert len(os.listdir(files)) < FILES - 10  # noqa: PTH208 - a folder of the kernel's


@pytest.mark.parametrize("said", ["nothing", "half of a line", "half of the headers", "empty lines"])
def test_headers_have_their_time(service: Running, said: str) -> None:
    """Also where a byte comes now and then: what counts is when they began."""
    with connected(service) as connection:
        connection.sendall(STRANGE[said])
        connection.settimeout(0.3)
        got = None
        for _ in range(100):
            with contextlib.suppress(TimeoutError):
                got = connection.recv(10_000)
                break
            if said != "nothing":
                with contextlib.suppress(OSError):
                    connection.sendall(b"\r\n" if said == "empty lines" else b"a")
        assert got is not None, "it was never closed"
    assert got == b"" if said == "nothing" else got.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert asked(service) == 200


def memory(running: Running) -> int:
    """Bytes that the process holds."""
    status = Path(f"/proc/{running.process.pid}/status")
    if not status.is_file():
        pytest.skip("memory of another process is not told here")
    return 1024 * int(next(line for line in status.read_text().splitlines() if line.startswith("VmRSS")).split()[1])


ENDLESS = {
    "a value": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"a" * 65_536),
    "a name": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX", b"a" * 65_536),
    "headers": (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X-A: b\r\n" * 8192),
    "an address": (b"GET /", b"a" * 65_536),
    "cookies after a question": (
        b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n",
        b"Cookie: b\r\n" * 6000,
    ),
    "trailers": (
        b"POST /v1/text HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        b"\r\n1\r\n{\r\n0\r\n",
        b"X-A: b\r\n" * 8192,
    ),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_endless_headers_take_no_memory(service: Running, kind: str) -> None:
    before = memory(service)
    began, more = ENDLESS[kind]
    with connected(service) as connection:
        connection.sendall(began)
        deadline = time.monotonic() + 30
        with contextlib.suppress(OSError):
            for _ in range(1000):
                connection.sendall(more)
                assert time.monotonic() < deadline
        got = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(10_000):
                got += piece
    assert memory(service) - before < 20_000_000
    assert asked(service) == 200
    if got and kind not in ("cookies after a question", "trailers"):
        head, _, body = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ")
        assert b"connection: close" in head
        assert json.loads(body)["type"] == "urn:jewelry:problem:request-header-fields-too-large"


def test_headers_up_to_the_limit_are_read(service: Running) -> None:
    assert asked(service, QUESTION[:-2] + b"X-A: " + b"a" * LONG + b"\r\n\r\n") == 200
    assert asked(service, QUESTION[:-2] + b"X-A: b\r\n" * (LONG // 8) + b"\r\n") == 200
    assert asked(service, QUESTION[:-2] + b"X-A: " + b"a" * 66_000 + b"\r\n\r\n") == 431


def test_what_is_no_http_is_a_problem_too(service: Running) -> None:
    for said in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HELO shop.example\r\n\r\n",
        b"GET / HTTP/9.9.9\r\n\r\n",
    ):
        with connected(service) as connection:
            connection.sendall(said)
            got = connection.recv(10_000)
        assert got.startswith(b"HTTP/1.1 400 ")
        assert json.loads(got.partition(b"\r\n\r\n")[2])["detail"] == "this is not an HTTP request that can be read"


def test_it_is_counted_and_said(service: Running) -> None:
    with connected(service) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        with connection.makefile("rb") as answer:
            text = answer.read().decode()
    for reason in ("crowded", "silent", "large"):
        assert f'jewelry_http_connections_ended_total{{reason="{reason}"}}' in text
        assert f'jewelry_http_connections_ended_total{{reason="{reason}"}} 0.0' not in text
    assert service.stop() == 0
    told = [json.loads(line) for line in service.log if "connections ended by the service" in line]
    assert told
    assert told[0]["level"] == "warning"
    assert "Traceback" not in "".join(service.log)
