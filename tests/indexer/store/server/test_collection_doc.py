"""docs/collection.md is true: its Python runs against a collection of ours, its JSON is what Qdrant's models take."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel
from qdrant_client import QdrantClient, models

from indexer.fields.identity import point_id
from indexer.fields.types import FieldType
from indexer.models.directory import load_model
from indexer.store.filters.json_form import read_filter
from indexer.store.filters.tree import known_fields
from indexer.store.records import GenerationRecord, Point
from indexer.store.server.collection import CollectionState, create_collection, read_state
from indexer.store.server.connection import Connection
from indexer.store.server.engine import ServerStore
from indexer.store.server.options import CollectionOptions
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.models.tiny_model import write_tiny_model

DOC = (Path(__file__).parents[4] / "docs" / "collection.md").read_text(encoding="utf-8")
TABLE = {
    "title": FieldType.TEXT,
    "metal": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
    "in_stock": FieldType.BOOLEAN,
    "created": FieldType.DATE,
}
REQUESTS: dict[str, type[BaseModel]] = {
    "points/query": models.QueryRequest,
    "points/scroll": models.ScrollRequest,
    "points/count": models.CountRequest,
    "facet": models.FacetRequest,
}

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings(r"ignore:Local mode performs exact \(brute-force\) search"),
]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOC, re.DOTALL | re.MULTILINE)


def curls() -> list[tuple[str, dict[str, Any]]]:
    found = re.findall(r"/collections/jewelry/(\S+)\".*?-d '(.*?)'\n", "\n".join(blocks("bash")), re.DOTALL)
    return [(path, json.loads(body)) for path, body in found]


def scripts() -> list[tuple[str, dict[str, Any]]]:
    found = re.findall(r"client\.(\w+)\(\"jewelry\", (\{.*?\n\})\);", "\n".join(blocks("javascript")), re.DOTALL)
    paths = {"query": "points/query", "count": "points/count", "facet": "facet"}
    return [(paths[method], json.loads(body)) for method, body in found]


def product(name: str, category: str, key: str, **more: Any) -> Point:
    row = np.random.default_rng(len(name) + sum(map(ord, name))).normal(size=128).astype(np.float32)
    return Point(point_id(name, key), {"product_id": name, "category": category, "photo": {"path": key}, **more}, row)


POINTS = [
    product("R100", "rings", "rings/R100.jpg", metal="gold", price=420.0, in_stock=True),
    product("R101", "rings", "rings/R101/a.jpg", metal=["gold", "silver"], price=99.0, in_stock=True),
    product("R102", "rings", "rings/R102.jpg", metal="silver", price=501.0, in_stock=True),
    product("R103", "rings", "rings/R103.jpg", metal="gold", price=120.0, in_stock=False),
    product("N1", "necklaces", "necklaces/N1.jpg", title="Pearl, white", created="2026-03-01T00:00:00Z", in_stock=True),
    product("N2", "necklaces", "necklaces/N2.jpg", title="Pearls", created="2026-03-01T00:00:00Z"),
    product("N3", "necklaces", "necklaces/N3.jpg", title="Pearl", created="2025-03-01T00:00:00Z", price=1.0),
]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_tiny_model(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def client(model: Path) -> Iterator[QdrantClient]:
    made = QdrantClient(":memory:")
    connection = Connection(made, ":memory:")
    record = GenerationRecord(load_model(model).fingerprint, 128, TABLE, "/c", str(model), "2026-01-01T00:00:00Z")
    create_collection(connection, CollectionState("jewelry-1", record, complete=True), CollectionOptions())
    ServerStore(connection, "jewelry-1", record).upsert(POINTS)
    made.update_collection_aliases(
        [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name="jewelry-1", alias_name="jewelry")
            )
        ]
    )
    yield made
    made.close()


def test_the_python_runs_and_answers(
    client: QdrantClient, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = write_photo(tmp_path / "photo.jpg", seed=1)
    names: dict[str, Any] = {"client": client, "MODEL": model, "PHOTO": photo}
    printed = []
    for number, block in enumerate(blocks("python")):
        exec(compile(block, f"docs/collection.md, example {number}", "exec"), names)
        printed.append(capsys.readouterr().out)
    record, own, groups, rescored, new, words, facets = printed
    assert names["record"]["fingerprint"] in record
    assert names["point_id"]("Ринг", "a/b.jpg") == point_id("Ринг", "a/b.jpg")
    assert "rings/R100.jpg" in own
    assert [line.split()[0] for line in groups.splitlines()] == ["R101"]
    assert (rescored, new) == ("", "")
    assert len(names["answer"].points) == len(POINTS)
    assert words.split() == ["N1"]
    assert facets.splitlines() == ["gold 2", "silver 2", "2"]


@pytest.mark.parametrize("language", ["bash", "javascript"])
def test_every_request_is_found_and_is_what_qdrants_models_take(client: QdrantClient, language: str) -> None:
    requests = curls() if language == "bash" else scripts()
    sent = "\n".join(blocks(language)).count("curl " if language == "bash" else "await client.")
    assert len(requests) == sent > 2
    for path, body in requests:
        REQUESTS[path].model_validate(body)
        read_filter(body["filter"], TABLE)


def test_the_three_languages_ask_the_same(client: QdrantClient) -> None:
    by_path = dict(curls())
    for path, body in scripts():
        assert body == by_path[path]
    query = by_path["points/query"]
    assert query["query"] == point_id("R100", "rings/R100.jpg")
    where = models.Filter.model_validate(query["filter"])
    found = client.query_points("jewelry", query=query["query"], using=query["using"], query_filter=where).points
    assert [point.id for point in found] == [point_id("R101", "rings/R101/a.jpg")]


def test_what_the_tables_say_is_what_is_written(client: QdrantClient) -> None:
    state = read_state(Connection(client, ":memory:"), "jewelry")
    described: dict[str, Any] = dict(state.metadata() or {})
    for key in described["jewelry_similarity"]:
        assert f"`{key}`" in DOC, f"the metadata's {key} is not described"
    for field in known_fields({}):
        assert f"`{field}`" in DOC, f"the field {field} is not described"


def test_the_python_is_formatted_for_reading() -> None:
    for block in blocks("python"):
        ast.parse(block)
        assert max(map(len, block.splitlines())) <= 120
