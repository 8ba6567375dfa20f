"""Near ids and near values are told alike on the command line, in Python, over HTTP and by the tools of a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result
from mcp import Client, types
from starlette.testclient import TestClient

from searcher.cli.main import main
from searcher.http.app import create_app
from searcher.mcp.server import make_server
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.indexes.built_index import Built

NEAR_GOLD = 'No product has metal "Gold"; near: gold (36).'
NEAR_RINGS = 'No product has category "ring"; near: rings (10).'
MEANT = "did you mean P007?"


@pytest.fixture(scope="module")
def http(built: Built) -> Iterator[TestClient]:
    settings = ServeSettings(_env_file=None, index=built.root)  # type: ignore[call-arg]
    with TestClient(create_app(settings, SearchService(built.index))) as client:
        yield client


def run(built: Built, *command: str) -> Result:
    return CliRunner().invoke(main, [*command, "--index", str(built.root)])


def call(built: Built, tool: str, **arguments: object) -> tuple[bool, str]:
    """Whether a tool's answer is an error, and its text."""

    async def talk() -> types.CallToolResult:
        async with Client(make_server(SearchService(built.index))) as client:
            return await client.call_tool(tool, arguments)

    result = anyio.run(talk)
    first = result.content[0]
    assert isinstance(first, types.TextContent)
    return bool(result.is_error), first.text


@pytest.mark.parametrize("asked", ["p007", "P7", "P-007", "7"])
@pytest.mark.parametrize(
    "command",
    [
        ["similar", "-p", "{}"],
        ["recommend", "--like", "P001", "--unlike", "{}"],
        ["discover", "--target", "{}", "--rather", "P001", "P002"],
        ["also-viewed", "{}"],
        ["product", "{}"],
    ],
)
def test_an_id_on_the_command_line(built: Built, command: list[str], asked: str) -> None:
    printed = run(built, *(part.replace("{}", asked) for part in command))
    assert printed.exit_code == 2
    assert printed.stderr.strip().endswith(f"product {asked!r} is not in the index at {built.root}; {MEANT}")


def test_ids_of_a_file(built: Built, tmp_path: Path) -> None:
    listed = tmp_path / "ids.txt"
    listed.write_text("P001\np7\n")
    printed = run(built, "similar", "--batch", str(listed), "--json")
    assert printed.exit_code == 3
    assert json.loads(printed.stdout)[1]["error"].endswith(MEANT)
    assert MEANT in printed.stderr


def test_an_id_over_http(built: Built, http: TestClient) -> None:
    refused = [
        http.get("/v1/products/p007"),
        http.get("/v1/similar", params={"product_id": "P7"}),
        http.post("/v1/similar", json={"product_id": "p-7"}),
        http.post("/v1/recommend", json={"positive": ["P7"]}),
        http.post("/v1/also-viewed", json={"product_ids": ["P7"]}),
        http.post("/v1/discover", json={"target": "P7", "context": [{"positive": "P001", "negative": "P002"}]}),
    ]
    for response in refused:
        assert response.status_code == 404
        assert response.json()["type"] == "urn:jewelry:problem:unknown-product"
        assert response.json()["detail"].endswith(f"is not in the index; {MEANT}")
    batch = http.post("/v1/batch", json={"queries": ["P7", "P001"]}).json()["answers"]
    assert batch[0]["error"].endswith(MEANT)
    assert batch[1]["matches"]
    assert str(built.root) not in batch[0]["error"]


def test_an_id_that_a_model_asks_for(built: Built) -> None:
    for tool, arguments in (("similar", {"product_id": "p7"}), ("product", {"product_id": "P-7"})):
        failed, text = call(built, tool, **arguments)
        assert failed
        assert text.endswith(MEANT)


def test_values_on_the_command_line(built: Built, tmp_path: Path) -> None:
    printed = run(built, "similar", "-p", "P001", "--where", "metal=Gold", "--html", str(tmp_path / "answer.html"))
    assert printed.exit_code == 0
    assert printed.stdout.splitlines()[:2] == ["No product passes metal=Gold.", NEAR_GOLD]
    assert "near: gold (36)." in (tmp_path / "answer.html").read_text()
    printed = run(built, "text", "gold", "--where", "category=ring", "--json")
    assert json.loads(printed.stdout)["notes"][0] == NEAR_RINGS
    printed = run(built, "facets", "metal", "--where", "category=ring")
    assert printed.exit_code == 0
    assert printed.stderr.strip() == NEAR_RINGS
    printed = run(built, "facets", "metal", "--where", "category=ring", "--json")
    assert json.loads(printed.stdout)["notes"][0] == NEAR_RINGS
    assert printed.stderr == ""


def test_values_over_http(http: TestClient) -> None:
    where = {"where": ["metal=Gold"]}
    for path, body in (
        ("similar", {"product_id": "P001"}),
        ("recommend", {"positive": ["P001"]}),
        ("also-viewed", {"product_ids": ["P001"], "co_view_weight": 0}),
        ("text", {"text": "gold", "mode": "words"}),
        ("facets", {"fields": ["category"]}),
    ):
        assert http.post(f"/v1/{path}", json={**body, **where}).json()["notes"] == [NEAR_GOLD], path
    in_json = {"must": [{"key": "metal", "match": {"value": "Gold"}}]}
    assert http.post("/v1/similar", json={"product_id": "P001", "where": in_json}).json()["notes"] == [NEAR_GOLD]
    assert http.get("/v1/facets", params={"field": "category", "where": "metal=Gold"}).json()["notes"] == [NEAR_GOLD]
    assert "notes" not in http.get("/v1/facets", params={"field": "category", "where": "metal=gold"}).json()


def test_values_that_a_model_asks_for(built: Built) -> None:
    for tool, arguments in (
        ("similar", {"product_id": "P001"}),
        ("search_text", {"text": "ring"}),
        ("facets", {"fields": ["brand"]}),
    ):
        failed, text = call(built, tool, **arguments, where=["metal=Gold"])
        assert not failed
        assert json.loads(text)["notes"] == [NEAR_GOLD]


@pytest.mark.parametrize("report", ["duplicates", "outliers", "mislabels", "clusters"])
def test_a_report_of_nothing_says_it_too(built: Built, report: str) -> None:
    printed = run(built, report, "--where", "metal=Gold", "--json")
    assert printed.exit_code == 0
    assert NEAR_GOLD in json.loads(printed.stdout)["notes"]
