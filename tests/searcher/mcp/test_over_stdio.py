"""The command as a program starts it, asked over its own stdin and stdout: by the client library, and line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest
from mcp import Client, StdioServerParameters, types
from mcp.shared.exceptions import MCPError

from indexer.store.embedded.index import EmbeddedIndex
from tests.searcher.mcp.common_subset import refused
from tests.shops.indexes.built_index import draw_payloads, points, publish, record, unit_vectors

COMMAND = ["-c", "from searcher.cli.main import main; main()", "mcp", "--index"]
PRODUCTS, LETTERS = 40, 4000

HELLO: dict[str, Any] = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
INITIALIZE = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}).encode()
INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'


@pytest.fixture(scope="module")
def wordy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of products with long descriptions, each with letters that JSON escapes."""
    payloads = [one for one in draw_payloads(PRODUCTS) if one["photo"]["rank"] == 0]
    for one in payloads:
        words = f'{one["product_id"]} "is" a piece of été\n'
        one["description"] = (words * (LETTERS // len(words) + 1))[:LETTERS]
    index = EmbeddedIndex(tmp_path_factory.mktemp("wordy") / "index")
    publish(index, points(payloads, unit_vectors(len(payloads))), record())
    return index.root


def call(number: int | str, tool: str = "similar", **arguments: Any) -> bytes:
    params = {"name": tool, "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()


def nested(depth: int) -> Any:
    value: Any = "category=rings"
    for _ in range(depth):
        value = [value]
    return value


class Talked(NamedTuple):
    """What the client library was told and answered, over one process."""

    tools: list[types.Tool]
    many: types.CallToolResult
    whole: types.CallToolResult
    plain: types.CallToolResult
    unused: types.CallToolResult
    photo: types.CallToolResult
    deep: MCPError | types.CallToolResult


def text(result: types.CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


@pytest.fixture(scope="module")
def talked(wordy: Path) -> Talked:
    unused = {"url": "", "image": None, "crop": None, "where": "", "min_score": "", "fields": None, "relax": [""]}
    few = {"product_id": "P003", "k": 3}

    async def refusal(client: Client) -> MCPError | types.CallToolResult:
        try:  # the library writes little more
            return await client.call_tool("similar", {"product_id": "P003", "where": nested(150)})
        except MCPError as error:
            return error

    async def run() -> Talked:
        command, given = [*COMMAND, str(wordy)], dict(os.environ)
        server = StdioServerParameters(command=sys.executable, args=command, env=given, cwd=wordy)
        async with Client(server) as client:
            return Talked(
                (await client.list_tools()).tools,
                await client.call_tool("similar", {"product_id": "P003", "k": 32}),
                await client.call_tool("product", {"product_id": "P003"}),
                await client.call_tool("similar", few),
                await client.call_tool("similar", few | unused),
                await client.call_tool("classify", {}),
                await refusal(client),
            )

    return anyio.run(run)


def test_every_client_takes_the_arguments_of_every_tool(talked: Talked) -> None:
    wrong = {tool.name: list(refused(tool.input_schema)) for tool in talked.tools}
    assert {name: found for name, found in wrong.items() if found} == {}
    arguments = {tool.name: tool.input_schema["properties"] for tool in talked.tools}
    crop = arguments["similar"]["crop"]
    assert crop["items"] == {"type": "number", "minimum": 0, "maximum": 1}
    assert (crop["minItems"], crop["maxItems"]) == (4, 4)
    assert set(arguments["discover"]["context"]["items"]["properties"]) == {"positive", "negative"}


def test_an_answer_is_bounded_and_says_what_was_cut(talked: Talked) -> None:
    """32 products with descriptions of 4 kB; the whole of one is there for who asks for it."""
    assert len(text(talked.many)) <= 20_000
    found = json.loads(text(talked.many))
    assert len(found["matches"]) == 32
    assert all(row["fields"]["description"].endswith("… (4,000 characters)") for row in found["matches"])
    assert "are cut" in found["cut"]
    assert "the tool product" in found["cut"]
    whole = json.loads(text(talked.whole))
    assert len(whole["fields"]["description"]) == LETTERS
    assert "cut" not in whole


def test_null_and_nothing_are_not_given(talked: Talked) -> None:
    assert not talked.unused.is_error
    assert text(talked.unused) == text(talked.plain)


def test_classify_advises_what_it_takes(talked: Talked) -> None:
    assert talked.photo.is_error
    assert text(talked.photo) == "nothing is given to ask with; give exactly one of url and image"


def test_what_is_nested_too_deep_is_an_error_of_the_call(talked: Talked) -> None:
    assert isinstance(talked.deep, MCPError)
    assert (talked.deep.code, talked.deep.message) == (-32602, "lists and objects are nested more than 100 deep")


def test_every_request_is_answered_although_the_input_ends_behind_it(wordy: Path, tmp_path: Path) -> None:
    """Those that cannot be read too, under their id wherever one can be told."""
    lines = [
        INITIALIZE,
        INITIALIZED,
        call(2, product_id="\ud800"),
        call(3, product_id="P003", where=nested(300)),
        call(4, where="deeper").replace(b'"deeper"', b"[" * 50_000 + b"]" * 50_000),
        b"this is no JSON",
        b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"similar"',
        b'{"jsonrpc":"2.0","id":"six","method":"tools/call","params":{"name":"similar","arguments":{"product_id":"\xff"}}}',
        call(7, product_id="P003", k=1),
        b"\xef\xbb\xbf" + call(8, product_id="P003", k=1) + b"\r",
    ]
    done = subprocess.run(
        [sys.executable, *COMMAND, str(wordy)],
        input=b"\n".join(lines),  # no line break behind the last one
        capture_output=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answers = {one["id"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert {id for id, one in answers.items() if "result" in one} == {1, 7, 8}
    assert {id: one["error"]["code"] for id, one in answers.items() if "error" in one} == {
        2: -32602,
        3: -32602,
        4: -32602,
        None: -32700,
        5: -32700,
        "six": -32700,
    }
    assert all(one["error"]["message"].isprintable() for one in answers.values() if "error" in one)
    assert done.stderr.decode() == "refused: the line is not JSON: Expecting value at letter 1\n"
