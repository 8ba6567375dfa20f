"""The fields an answer shows: names that there are not are refused in every form, parts of an object are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from mcp import Client, types
from starlette.testclient import TestClient

from indexer.errors import FilterError, UsageError
from indexer.fields.roles import ROLES
from indexer.fields.types import FieldType
from indexer.store.filters.check import field_type
from indexer.store.filters.tree import known_fields
from searcher.cli.main import main
from searcher.http.app import create_app
from searcher.mcp.server import make_server
from searcher.search.shown_fields import check_shown_fields, shown_fields
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.indexes.built_index import Photographed

TABLE = {"title": FieldType.TEXT, "price": FieldType.NUMBER, "size.ring": FieldType.NUMBER}
PAYLOAD: dict[str, Any] = {
    "product_id": "P001",
    "title": "Ring",
    "price": 5.0,
    "size": {"ring": 52.0, "box": 3.0},
    "photo": {"path": "a.jpg", "rank": 0.0, "width": 640.0},
    "co_viewed": [1],
    "a.b": 7,
}


@pytest.mark.parametrize("names", [None, [], ["title"], ["size.ring", "photo.rank", "photo", "cluster", "co_viewed"]])
def test_names_that_there_are(names: list[str] | None) -> None:
    check_shown_fields(names, TABLE)


def test_all_that_the_index_writes_itself_is_there() -> None:
    check_shown_fields([role.name for role in ROLES], {})


@pytest.mark.parametrize("name", ["titel", "Title", "", "photo.", ".title", "size", "photo.rank.x", "x" * 5000, "\x00"])
def test_names_that_there_are_not(name: str) -> None:
    with pytest.raises(UsageError, match="fields: there is no field ") as refused:
        check_shown_fields(["title", name], TABLE)
    assert "Fields: title, price, size.ring, product_id, " in str(refused.value)
    assert len(str(refused.value)) < 1000
    assert ("did you mean 'title'?" in str(refused.value)) == (name in ("titel", "Title", ".title"))


@pytest.mark.parametrize("name", ["title,price", "title, size.ring ", "price,photo.rank"])
def test_names_in_one_text(name: str) -> None:
    first, second = map(str.strip, name.split(","))
    with pytest.raises(UsageError, match=re.escape(f"{name!r} (give each by itself: {first!r}, {second!r}). Fields: ")):
        check_shown_fields([name], TABLE)
    with pytest.raises(FilterError, match="give each by itself") as refused:
        field_type(name, known_fields(TABLE))
    assert "Fields: title (" in str(refused.value)


@pytest.mark.parametrize("name", ["title,", ",", "title,no", "Title,price"])
def test_not_all_of_them_are_names(name: str) -> None:
    with pytest.raises(UsageError, match="there is no field ") as refused:
        check_shown_fields([name], TABLE)
    assert "by itself" not in str(refused.value)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], {}),
        (["title", "cluster"], {"title": "Ring"}),
        (["photo.rank"], {"photo": {"rank": 0.0}}),
        (["photo.rank", "photo.width", "size.ring"], {"photo": {"rank": 0.0, "width": 640.0}, "size": {"ring": 52.0}}),
        (["photo.rank", "photo"], {"photo": PAYLOAD["photo"]}),
        (["photo", "photo.rank"], {"photo": PAYLOAD["photo"]}),
        (["photo.sha256", "title.x"], {}),
        (["a.b", "co_viewed"], {"a.b": 7, "co_viewed": [1]}),
    ],
)
def test_what_is_shown_of_them(names: list[str], shown: dict[str, Any]) -> None:
    before = json.dumps(PAYLOAD)
    assert shown_fields(PAYLOAD, names) == shown
    assert json.dumps(PAYLOAD) == before
    assert "co_viewed" not in shown_fields(PAYLOAD, None)


@pytest.fixture(scope="module")
def service(photographed: Photographed) -> SearchService:
    return SearchService(photographed.index)


WORDS = "fields: there is no field 'titel' (did you mean 'title'?). Fields: brand, "


def test_in_python(service: SearchService) -> None:
    asked: list[Callable[[], Any]] = [
        lambda: service.similar("P001", fields=["titel"]),
        lambda: service.recommend(["P001"], fields=["title", "titel"]),
        lambda: service.discover("P001", fields=["titel"]),
        lambda: service.also_viewed(["P001"], fields=["titel"]),
        lambda: service.text("ring", mode="words", fields=["titel"]),
    ]
    for ask in asked:
        with pytest.raises(UsageError) as refused:
            ask()
        assert WORDS in str(refused.value)
    (error,) = service.similar_batch(["P001"], fields=["titel"])
    assert WORDS in str(error)
    parts = service.similar("P001", k=1, fields=["photo.rank", "title"]).matches[0].payload
    assert set(parts) == {"photo", "title"}
    assert set(parts["photo"]) == {"rank"}


def test_on_the_command_line(photographed: Photographed) -> None:
    asked = ["similar", "--index", str(photographed.root), "--product-id", "P001", "--field", "titel"]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 2
    assert WORDS in result.output


def test_over_http(photographed: Photographed, service: SearchService) -> None:
    settings = ServeSettings(_env_file=None, index=photographed.root, rate_limit=0)  # type: ignore[call-arg]
    with TestClient(create_app(settings, service)) as client:
        answers = [
            client.get("/v1/similar?product_id=P001&fields=title&fields=titel"),
            client.post("/v1/similar", json={"product_id": "P001", "fields": ["titel"]}),
            client.post(
                "/v1/similar/photo",
                files={"image": (photographed.catalog / "P005" / "0.png").read_bytes()},
                data={"fields": "titel"},
            ),
        ]
    for answer in answers:
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:jewelry:problem:invalid-question"
        assert WORDS in answer.json()["detail"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("similar", {"product_id": "P001"}), ("product", {"product_id": "P001"}), ("search_text", {"text": "ring"})],
)
def test_to_a_language_model(service: SearchService, tool: str, arguments: dict[str, Any]) -> None:
    async def ask(fields: list[str]) -> types.CallToolResult:
        async with Client(make_server(service)) as client:
            return await client.call_tool(tool, {**arguments, "fields": fields})

    refused, answered = anyio.run(ask, ["titel"]), anyio.run(ask, ["title", "photo.rank"])
    assert refused.is_error
    assert not answered.is_error
    assert isinstance(refused.content[0], types.TextContent)
    assert WORDS in refused.content[0].text
