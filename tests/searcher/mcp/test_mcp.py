"""The tools for language models: listed, called and refused, by the mcp package's own client."""

from __future__ import annotations

import base64
import io
import json
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from mcp import Client, types
from PIL import Image

from indexer.fields.types import FieldType
from indexer.store.embedded.index import EmbeddedIndex
from searcher.cli.main import main
from searcher.mcp.server import instructions, make_server
from searcher.mcp.tools import TOOLS
from searcher.questions.bodies import SimilarBody
from searcher.service import SearchService
from tests.searcher.mcp.common_subset import refused
from tests.shops.indexes.built_index import (
    HOSTILE,
    Built,
    Photographed,
    draw_payloads,
    points,
    publish,
    record,
    unit_vectors,
)

Talk = Callable[[Client], Awaitable[Any]]


def talk(service: SearchService, conversation: Talk) -> Any:
    """Connect in this process, and return what the conversation does."""

    async def run() -> Any:
        async with Client(make_server(service)) as client:
            return await conversation(client)

    return anyio.run(run)


def call(service: SearchService, tool: str, **arguments: Any) -> types.CallToolResult:
    answer = talk(service, lambda client: client.call_tool(tool, arguments))
    assert isinstance(answer, types.CallToolResult)
    return answer


def text(result: types.CallToolResult) -> str:
    first = result.content[0]
    assert isinstance(first, types.TextContent)
    return first.text


def document(result: types.CallToolResult) -> dict[str, Any]:
    assert not result.is_error, text(result)
    read: dict[str, Any] = json.loads(text(result))
    return read


@pytest.fixture(scope="module")
def service(photographed: Photographed) -> SearchService:
    return SearchService(photographed.index)


def test_a_model_is_told_of_every_tool(service: SearchService) -> None:
    async def ask(client: Client) -> tuple[Any, str | None]:
        return (await client.list_tools()).tools, client.instructions

    tools, instructions = talk(service, ask)
    assert [tool.name for tool in tools] == list(TOOLS)
    for tool in tools:
        assert tool.annotations.read_only_hint is True
        assert len(tool.description) > 40
        schema = tool.input_schema
        assert schema["type"] == "object"
        assert list(refused(schema)) == []
        undescribed = [name for name, of in schema["properties"].items() if not of.get("description")]
        assert undescribed == []
        assert "title" not in schema
    assert "price (number)" in instructions
    assert not any(word in instructions for word in ("photo", "predicted", "indexed_at"))


def test_tools_have_the_options_of_the_http_service() -> None:
    properties = TOOLS["similar"].schema()["properties"]
    assert set(SimilarBody.model_fields) - {"vector"} == set(properties) - {"pictures"}


def test_similar_is_what_the_service_says(service: SearchService) -> None:
    found = document(call(service, "similar", product_id="P003", k=3, where=["in_stock=true"]))
    wanted = service.similar("P003", k=3, where=["in_stock=true"])
    assert [row["product_id"] for row in found["matches"]] == [match.product_id for match in wanted.matches]
    assert found["matches"][0]["score"] == pytest.approx(wanted.matches[0].score, abs=1e-4)
    assert set(found["matches"][0]["fields"]) == {"category", "title", "price", "currency", "in_stock", "metal"}


def test_fields_can_be_chosen(service: SearchService) -> None:
    found = document(call(service, "similar", product_id="P003", k=2, fields=["price"]))
    assert [set(row["fields"]) for row in found["matches"]] == [{"price"}, {"price"}]
    found = document(call(service, "similar", product_id="P003", k=2, fields=[]))
    assert [row["fields"] for row in found["matches"]] == [{}, {}]
    assert set(document(call(service, "product", product_id="P003", fields=["title"]))["fields"]) == {"title"}


@pytest.mark.parametrize(
    ("tool", "arguments", "key"),
    [
        ("recommend", {"positive": ["P001", "P002"], "negative": ["P003"], "strategy": "best_score"}, "matches"),
        ("discover", {"target": "P001", "context": [{"positive": "P002", "negative": "P003"}]}, "matches"),
        ("also_viewed", {"product_ids": ["P001", "P002"], "explain": True}, "matches"),
        ("search_text", {"text": "ring no 7", "facets": ["category"]}, "matches"),
        ("facets", {"fields": ["category", "price"]}, "facets"),
        ("facets", {}, "facets"),
        ("product", {"product_id": "P004"}, "photos"),
        ("similar", {"product_id": "P000", "preset": "same-metal", "caps": ["category:1"], "k": 2}, "matches"),
    ],
)
def test_every_tool_answers(service: SearchService, tool: str, arguments: dict[str, Any], key: str) -> None:
    assert document(call(service, tool, **arguments))[key]


def test_photos(service: SearchService, photographed: Photographed) -> None:
    photo = base64.b64encode((photographed.catalog / "P005" / "0.png").read_bytes()).decode()
    found = document(call(service, "similar", image=photo, k=1))
    assert (found["matches"][0]["product_id"], found["matches"][0]["score"]) == ("P005", 1.0)
    categories = document(call(service, "classify", image=photo, k=2))["categories"]
    assert len(categories) == 2
    assert "is not base64" in text(call(service, "classify", image="*"))


def test_pictures_come_when_asked_for(service: SearchService) -> None:
    """The last product has none; the others are shown in the order of the answer."""
    result = call(service, "similar", product_id="P000", k=11, pictures=True)
    named = [one.text for one in result.content[1::2] if isinstance(one, types.TextContent)]
    order = [row["product_id"] for row in document(result)["matches"] if row["product_id"] != "P011"]
    assert named == order[: len(named)]
    assert len(named) == 10
    for picture in result.content[2::2]:
        assert isinstance(picture, types.ImageContent)
        with Image.open(io.BytesIO(base64.b64decode(picture.data))) as image:
            assert (image.format, picture.mime_type) == ("WEBP", "image/webp")
    assert len(call(service, "product", product_id="P001", pictures=True).content) == 1 + 2 * 2
    assert len(call(service, "product", product_id="P001").content) == 1


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("similar", {"product_id": "nobody"}, "nobody"),
        ("similar", {}, "nothing is given to ask with; give exactly one of product_id, url and image"),
        (
            "similar",
            {"product_id": "P001", "url": "x"},
            "product_id and url are given to ask with; give exactly one of",
        ),
        ("classify", {}, "nothing is given to ask with; give exactly one of url and image"),
        ("classify", {"url": "x", "image": "y"}, "url and image are given"),
        ("similar", {"product_id": "P001", "k": 51}, "k: must be at most 50"),
        ("similar", {"product_id": "P001", "hue": "red"}, "hue: is not known here; there is: k, pictures"),
        ("similar", {"product_id": "P001", "where": ["colour=red"]}, "colour"),
        ("similar", {"image": "!!", "where": ["colour=red"]}, "there is no field 'colour'"),
        ("classify", {"image": "!!", "crop": [0, 0, 0, 1]}, "is empty or outside the photo"),
        (
            "discover",
            {"context": [{"positive": "P001", "negative": "P002", "more": 1}]},
            "there is: positive, negative",
        ),
        ("similar", {"url": "http://127.0.0.1/secret"}, "127.0.0.1"),
        ("similar", {"product_id": "P001", "min_score": "nan"}, "min_score"),
        ("also_viewed", {"product_ids": []}, "product_ids"),
        ("discover", {"context": [{"positive": "P001"}]}, "negative"),
        ("product", {"product_id": "a\x1b[31m\nb"}, "not in the index"),
        ("facets", {"fields": ["nothing"]}, "nothing"),
        ("sell", {}, "there is no tool 'sell'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    service: SearchService, tool: str, arguments: dict[str, Any], said: str
) -> None:
    result = call(service, tool, **arguments)
    assert result.is_error
    assert said in text(result)
    assert text(result).isprintable()


def test_lists_written_as_text(service: SearchService) -> None:
    """What some clients make of a list: JSON in a text, or its only value."""
    plain = document(call(service, "similar", product_id="P001", where=["category=rings"]))
    for written in ('["category=rings"]', "category=rings"):
        assert document(call(service, "similar", product_id="P001", where=written)) == plain
    assert document(call(service, "also_viewed", product_ids="P001", k=1))["matches"]


@pytest.mark.parametrize("blank", [None, "", " ", "null", [""], [None, " "]])
@pytest.mark.parametrize("tool", TOOLS)
def test_null_and_nothing_are_as_if_not_given(service: SearchService, tool: str, blank: Any) -> None:
    """For every argument that a question does not use; what it cannot do without is missing."""
    used: dict[str, dict[str, Any]] = {
        "similar": {"product_id": "P001"},
        "search_text": {"text": "ring"},
        "recommend": {"positive": ["P001"]},
        "discover": {"target": "P001"},
        "also_viewed": {"product_ids": ["P001"]},
        "classify": {"image": base64.b64encode(b"no photo").decode()},
        "facets": {},
        "product": {"product_id": "P001"},
    }
    schema = TOOLS[tool].schema()
    if blank == "null":  # a text like any other where a text is meant
        names = {name for name, one in schema["properties"].items() if one["type"] == "array"}
    else:
        names = set(schema["properties"])
    unused = dict.fromkeys(names - set(used[tool]), blank)
    assert call(service, tool, **used[tool], **unused) == call(service, tool, **used[tool])
    for name in schema.get("required", []):
        if name in names:
            assert f"{name}: is missing" in text(call(service, tool, **{name: blank}))


@pytest.mark.parametrize(("name", "value"), [("k", 2), ("offset", 1), ("min_score", -0.5), ("explain", True)])
def test_a_number_and_a_truth_may_be_text(service: SearchService, name: str, value: Any) -> None:
    plain = call(service, "similar", product_id="P001", **{name: value})
    assert document(plain)["matches"]
    assert call(service, "similar", product_id="P001", **{name: json.dumps(value)}) == plain


@pytest.mark.parametrize("value", ["many", "[1]", "1e999", "NaN", "9" * 5000, [], {}])
@pytest.mark.parametrize(
    ("name", "other"), [("k", True), ("offset", True), ("min_score", True), ("explain", 1), ("pictures", 1)]
)
def test_nothing_else_is_a_number_or_a_truth(service: SearchService, name: str, other: Any, value: Any) -> None:
    for one in (value, other):
        result = call(service, "similar", product_id="P001", **{name: one})
        assert result.is_error
        assert f"similar: {name}: must be" in text(result)


def test_nothing_among_filters_is_no_filter(service: SearchService) -> None:
    plain = document(call(service, "similar", product_id="P001", where=["category=rings"]))
    assert document(call(service, "similar", product_id="P001", where=["", "category=rings", None])) == plain
    assert [
        row["fields"] for row in document(call(service, "similar", product_id="P001", k=1, fields=[]))["matches"]
    ] == [{}]
    assert "crop.1: must be a number" in text(call(service, "similar", image="x", crop=[0, None, 1, 1]))
    assert "hue: is not known" in text(call(service, "similar", product_id="P001", hue=None))


def test_an_answer_is_bounded(service: SearchService) -> None:
    """So is the line that says what is wrong; what is left out has no picture."""

    async def run() -> types.CallToolResult:
        async with Client(make_server(service, 2000)) as client:
            return await client.call_tool("similar", {"product_id": "P000", "k": 11, "pictures": True, "explain": True})

    result = anyio.run(run)
    found = document(result)
    assert len(text(result)) <= 2000
    assert "go on with offset" in found["cut"]
    assert 0 < len(found["matches"]) < 10
    names = [one.text for one in result.content[1::2] if isinstance(one, types.TextContent)]
    assert names == [row["product_id"] for row in found["matches"] if row["product_id"] != "P011"]
    long = call(service, "similar", product_id="P001", where=["x" * 1000] * 50)
    assert long.is_error
    assert len(text(long)) < 2000


def test_the_fields_that_a_model_is_told_of_are_bounded(tmp_path: Path) -> None:
    index, table = EmbeddedIndex(tmp_path), {f"column_{n}_{'x' * 500}": FieldType.KEYWORD for n in range(10)}
    publish(index, points(draw_payloads(1)[:1], unit_vectors(1)), replace(record(), field_table=table))
    told = instructions(SearchService(index))
    assert f"column_0_{'x' * 500} (keyword), column_1_" in told
    assert len(told) < 5000
    assert "characters)." in told


def test_a_bug_is_logged_and_not_told(
    service: SearchService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret of the shop")

    monkeypatch.setattr(service, "text", broken)
    result = call(service, "search_text", text="ring")
    assert result.is_error
    assert "secret" not in text(result)
    assert "secret of the shop" in caplog.text


def test_hostile_texts_stay_data(service: SearchService) -> None:
    found = document(call(service, "product", product_id="P011"))
    assert found["fields"]["title"] == HOSTILE


def test_ctrl_c_ends_the_command(photographed: Photographed) -> None:
    """Although a thread waits for the next line of stdin."""
    command = [
        sys.executable,
        "-c",
        "from searcher.cli.main import main; main()",
        "mcp",
        "--index",
        str(photographed.root),
    ]
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()
        assert "jewelry-similarity" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read() == "Stopped.\n"


def test_without_an_index_the_command_ends_in_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["mcp", "--index", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "indexer sync" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_the_extra_the_command_names_it(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searcher.mcp.server.find_spec", lambda _: None)
    done = CliRunner().invoke(main, ["mcp", "--index", str(built.root)])
    assert done.exit_code == 1
    assert done.stderr == "Error: mcp is not installed; run: pip install 'jewelry-similarity[mcp]'\n"
