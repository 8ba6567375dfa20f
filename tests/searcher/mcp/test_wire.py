"""The wire in this process: what comes as lines, what is answered, and what is said of what is not."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from typing import Any, BinaryIO, cast

import anyio
import pytest

from indexer.errors import JewelryError
from searcher.mcp import wire
from searcher.mcp.server import make_server
from searcher.service import SearchService
from tests.searcher.mcp.test_over_stdio import INITIALIZE, INITIALIZED, call
from tests.shops.indexes.built_index import Built


@pytest.fixture(scope="module")
def service(built: Built) -> SearchService:
    return SearchService(built.index)


def serve(service: SearchService, source: BinaryIO, sink: BinaryIO, **bounds: int) -> None:
    """Answer what comes from one stream into another, until it ends."""

    async def run() -> None:
        server = make_server(service)
        reader = source if isinstance(source, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", source))
        async with wire.over_streams(reader, sink, **bounds) as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(run)


def answered(service: SearchService, *lines: bytes, **bounds: int) -> list[dict[str, Any]]:
    """The answers to lines behind the greeting, in the order in which they came."""
    sink = io.BytesIO()
    serve(service, io.BytesIO(b"\n".join([INITIALIZE, INITIALIZED, *lines])), sink, **bounds)
    greeting, *answers = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert greeting["id"] == 1
    return answers


@pytest.mark.parametrize(
    ("line", "id", "code", "said"),
    [
        (b'{"jsonrpc":"2.0","id":2}', 2, -32600, "there is no method"),
        (b'{"jsonrpc":"2.0","id":2,"method":7}', 2, -32600, "method must be text"),
        (b'{"jsonrpc":"1.0","id":2,"method":"ping"}', 2, -32600, 'jsonrpc must be "2.0"'),
        (b'{"id":2,"method":"ping"}', 2, -32600, 'jsonrpc must be "2.0"'),
        (b'{"jsonrpc":"2.0","id":2,"method":"ping","params":[1]}', 2, -32602, "params must be an object"),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, -32600, "id must be text or a whole number"),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None, -32600, "id must be text or a whole number"),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, -32600, "id must be text or a whole number"),
        (b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', None, -32600, "id must be text or a whole number"),
        (b'{"jsonrpc":"2.0","id":2,"method":"\\ud800"}', 2, -32602, "half a surrogate pair"),
        (b'{"jsonrpc":"2.0","id":2,"method":"ping","params":{"\\udc00":1}}', 2, -32602, "half a surrogate pair"),
        (b"[1, 2]", None, -32600, "a list of requests is not taken"),
        (b'"ping"', None, -32600, "no object"),
        (b"5", None, -32600, "no object"),
        (b"{", None, -32700, "not JSON"),
        (b'{"jsonrpc":"2.0","method":"a\\"b", "id" : "x", ', "x", -32700, "not JSON"),
        (b'{"params":{"id":3},,"jsonrpc":"2.0","id":2}', 2, -32700, "not JSON"),
        (b'{"params":{"id":3},,"jsonrpc":"2.0","arguments":{"id":4}}', None, -32700, "not JSON"),
        (b'{"jsonrpc":"2.0","id":2,"method":"ping","params":{"a":1' + b"0" * 5000 + b"}}", 2, -32600, "too long"),
        (b'{"jsonrpc":"2.0","id":2,"method":"p\xe9ng"}', 2, -32700, "byte 36 is 0xe9"),
        (b'{"jsonrpc":"2.0","id":2,"method":"sing"}', 2, -32601, "Method not found"),
        (call(2, "similar")[:-2] + b',"more":[1]}', 2, -32700, "not JSON"),
        (b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":5}}', 2, -32602, "params.name must be text"),
        (b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":null}', 2, -32602, "params.name is missing"),
        (
            b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"similar","arguments":[1]}}',
            2,
            -32602,
            "params.arguments must be an object",
        ),
    ],
)
def test_what_cannot_be_taken_is_answered(
    service: SearchService, line: bytes, id: str | int | None, code: int, said: str
) -> None:
    (answer,) = answered(service, line)
    assert (answer["id"], answer["error"]["code"]) == (id, code)
    assert said in answer["error"]["message"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nothing", "the line is not JSON"),
        (b'{"jsonrpc":"2.0","method":"x","params":[1]}', "params must be an object"),
        (b'{"jsonrpc":"2.0","method":"x","params":{"a":"\\ud83d"}}', "half a surrogate pair"),
        (b'{"jsonrpc":"2.0","id":9,"result":{}}', "answers nothing"),
        (b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}', "answers nothing"),
    ],
)
def test_what_no_answer_can_name_is_logged(
    service: SearchService, line: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = answered(service, line, b"", b" \r")
    assert [one["id"] for one in answers] == ([None] if line == b"nothing" else [])
    (logged,) = caplog.records
    assert said in logged.getMessage()


def test_whole_surrogate_pairs_are_letters(service: SearchService) -> None:
    (answer,) = answered(service, call(2, "search_text", text="\N{RING}"))
    assert "result" in answer


@pytest.mark.parametrize("ending", [b"\n" + call(3, product_id="P003", k=1), b""])
@pytest.mark.parametrize("id_first", [True, False])
def test_a_line_that_is_too_long_is_answered_and_not_kept(
    service: SearchService, id_first: bool, ending: bytes
) -> None:
    """The id stands before the photo or behind it, as programs write it; what follows is answered."""
    request = json.loads(call(2, image="A" * 3_000_000))
    if not id_first:
        request["id"] = request.pop("id")
    first, *rest = answered(service, json.dumps(request).encode() + ending, most_bytes=100_000)
    assert (first["id"], first["error"]["code"]) == (2, -32600)
    assert "the line has 3,000,1" in first["error"]["message"]
    assert [one["id"] for one in rest] == ([3] if ending else [])


def test_the_end_of_the_input_waits_for_what_is_at_work(
    service: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls, one after the other; a third one that its client has given up is not waited for."""
    asked, text = threading.Event(), service.text

    def slow(words: str, **options: Any) -> Any:
        asked.set()
        time.sleep(0.2)
        return text(words, **options)

    monkeypatch.setattr(service, "text", slow)
    cancelled = b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}'
    lines = [call(2, "search_text", text="ring"), call(3, "search_text", text="gold"), call(4, "search_text", text="x")]
    answers = answered(service, *lines, cancelled)
    assert asked.is_set()
    assert sorted(one["id"] for one in answers) == [2, 3]
    assert not any(one["result"]["isError"] for one in answers)


def test_it_ends_when_nobody_reads_the_answers(service: SearchService) -> None:
    (to_read, to_write), (gone, sink) = os.pipe(), os.pipe()
    os.close(gone)
    source, answers = os.fdopen(to_read, "rb"), os.fdopen(sink, "wb", buffering=0)
    os.write(to_write, INITIALIZE + b"\n")
    ending = threading.Timer(10, os.close, (to_write,))
    ending.start()
    try:
        with pytest.raises(JewelryError, match="nobody reads the answers any more: Broken pipe"):
            serve(service, source, answers)
        assert ending.is_alive(), "it has waited for the end of the input"
    finally:
        ending.cancel()
        if ending.is_alive():
            os.close(to_write)  # first: a thread reads from the other end
        source.close()
        answers.close()


def test_what_takes_too_long_at_the_end_is_answered_once(
    service: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(wire, "PATIENCE", 0.05)
    monkeypatch.setattr(service, "facets", lambda **_: ended.wait(0.5) or ())
    (answer,) = answered(service, call(2, "facets"))
    assert answer["error"] == {
        "code": -32603,
        "message": "the input ended, and this took more than 0.05 seconds longer",
    }
