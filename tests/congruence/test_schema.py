"""Whose collection it is: what is refused before any question is asked, and whether a real server takes part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from qdrant_client import QdrantClient, models

from indexer.errors import StoreError
from indexer.store.filters.tree import known_fields
from indexer.store.records import SCHEMA_VERSION, VECTOR_NAME
from indexer.store.server.collection import CollectionState, create_collection, ensure_field_indexes, read_state
from indexer.store.server.connection import Connection
from indexer.store.server.options import CollectionOptions
from tests.congruence.engines import DIMENSION, record_of, why_no_server
from tests.congruence.shop import TABLE


@pytest.fixture
def connection() -> Iterator[Connection]:
    client = QdrantClient(":memory:")
    yield Connection(client, ":memory:")
    client.close()


@pytest.mark.server
def test_a_real_server_takes_part() -> None:
    if reason := why_no_server():
        pytest.skip(reason)


def test_a_collection_says_what_it_was_built_from(connection: Connection) -> None:
    state = CollectionState("shop-3", record_of(TABLE), complete=True)
    create_collection(connection, state, CollectionOptions())
    assert read_state(connection, "shop-3") == state


def test_a_collection_of_somebody_else_is_refused(connection: Connection) -> None:
    shape = {VECTOR_NAME: models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)}
    connection.client.create_collection("theirs", vectors_config=shape)
    connection.client.create_collection("theirs too", vectors_config=shape, metadata={"owner": "somebody"})
    for name in ("theirs", "theirs too"):
        with pytest.raises(StoreError, match=f"{name} was not made by this project"):
            read_state(connection, name)


@pytest.mark.parametrize("name", ["image", "other"])
def test_a_collection_of_another_shape_is_refused(connection: Connection, name: str) -> None:
    state = CollectionState("shop-1", record_of(TABLE), complete=True)
    connection.client.create_collection(
        "shop-1",
        vectors_config={name: models.VectorParams(size=64, distance=models.Distance.COSINE)},
        metadata=state.metadata(),
    )
    with pytest.raises(StoreError, match=r"shop-1 holds vectors 'image' of (64|None) dimensions .* 128"):
        read_state(connection, "shop-1")


def test_a_newer_schema_is_refused(connection: Connection) -> None:
    record = replace(record_of(TABLE), schema_version=SCHEMA_VERSION + 1)
    create_collection(connection, CollectionState("shop-1", record, complete=True), CollectionOptions())
    with pytest.raises(StoreError, match="newer"):
        read_state(connection, "shop-1")


def test_a_missing_collection_is_one_line(connection: Connection) -> None:
    with pytest.raises(StoreError) as error:
        read_state(connection, f"nowhere-{uuid4().hex}")
    assert "\n" not in str(error.value)


def test_every_field_a_filter_may_name_is_indexed(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in keeps no list of indexes, so the requests themselves are looked at."""
    asked: dict[str, str] = {}
    links: set[bool] = set()
    make = connection.client.create_payload_index

    def listen(collection: str, field: str, schema: models.PayloadSchemaParams, wait: bool) -> models.UpdateResult:
        asked[field] = str(schema.type.value)
        links.add(schema.enable_hnsw)
        return make(collection, field, schema, wait=wait)

    connection.client.create_collection("shop-1", vectors_config={})
    monkeypatch.setattr(connection.client, "create_payload_index", listen)
    ensure_field_indexes(connection, "shop-1", TABLE)
    kinds = {"keyword": "keyword", "number": "float", "boolean": "bool", "date": "datetime", "text": "text"}
    assert asked == {name: kinds[kind] for name, kind in known_fields(TABLE).items()}
    assert links == {False}, "links of a field's own triple the time that a graph takes"
