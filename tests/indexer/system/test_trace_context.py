"""W3C trace context: what is continued, what is begun anew, and that it reaches a Qdrant server."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.store.server.connection import ServerAddress, connect
from indexer.system import trace_context
from tests.faults.loopback_grpc import LoopbackGrpc, loopback_grpc

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SHAPE = re.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")


@pytest.mark.parametrize(
    ("received", "flags"),
    [
        (f"00-{TRACE}-{PARENT}-01", "01"),
        (f"00-{TRACE}-{PARENT}-00", "00"),
        (f"00-{TRACE}-{PARENT}-ff", "01"),
        (f"cc-{TRACE}-{PARENT}-01", "01"),
        (f"cc-{TRACE}-{PARENT}-01-what-comes-later", "01"),
    ],
)
def test_a_trace_is_continued_by_a_span_of_ones_own(received: str, flags: str) -> None:
    version, trace, span, own_flags = trace_context.next_span(received).split("-")
    assert (version, trace, own_flags) == ("00", TRACE, flags)
    assert span != PARENT
    assert trace_context.trace_id(received) == TRACE


@pytest.mark.parametrize(
    "received",
    [
        None,
        "",
        f"00-{TRACE}-{PARENT}-01-x",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
        f" 00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\n",
        f"cc-{TRACE}-{PARENT}-01.later",
    ],
)
def test_what_is_none_begins_a_new_one(received: str | None) -> None:
    begun = trace_context.next_span(received)
    assert SHAPE.fullmatch(begun)
    assert TRACE not in begun
    assert begun != trace_context.next_span(received)


@given(st.text())
def test_any_text_gives_a_traceparent(received: str) -> None:
    assert SHAPE.fullmatch(trace_context.next_span(received))


def test_it_is_carried_for_the_length_of_a_block_and_not_into_other_threads() -> None:
    seen: list[str | None] = []
    with trace_context.carrying("outer"), trace_context.carrying("inner"):
        assert trace_context.current() == "inner"
        thread = threading.Thread(target=lambda: seen.append(trace_context.current()))
        thread.start()
        thread.join()
    assert trace_context.current() is None
    assert seen == [None]


def test_a_server_gets_it_over_rest() -> None:
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["traceparent"])
            body = json.dumps({"title": "qdrant", "version": "1.20.0"}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            connection = connect(ServerAddress(f"http://127.0.0.1:{server.server_address[1]}", attempts=1))
            with trace_context.carrying(f"00-{TRACE}-{PARENT}-01"):
                connection.call(connection.client.info)
            connection.call(connection.client.info)
            connection.client.close()
        finally:
            server.shutdown()
            thread.join()
    assert seen == [None, f"00-{TRACE}-{PARENT}-01", None]


def test_a_server_gets_it_over_grpc(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []
    answer = LoopbackGrpc.serve

    def looked_at(self: LoopbackGrpc, method: str, request: Any, context: Any) -> Any:
        seen.append(dict(context.invocation_metadata()).get("traceparent"))
        return answer(self, method, request, context)

    monkeypatch.setattr(LoopbackGrpc, "serve", looked_at)
    with loopback_grpc() as server:
        with trace_context.carrying(f"00-{TRACE}-{PARENT}-01"):
            connection = connect(ServerAddress("http://127.0.0.1:1", grpc=True, grpc_port=server.port, attempts=1))
        connection.client.close()
    assert seen == [f"00-{TRACE}-{PARENT}-01"]
