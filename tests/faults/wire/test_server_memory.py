"""Where a server is told to keep payload, ids and field indexes, in the words that its version knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.fields.types import FieldType
from indexer.settings import IndexerSettings
from indexer.store.server.collection import CollectionState, create_collection
from indexer.store.server.index import ServerIndex
from tests.faults.loopback_qdrant import loopback_qdrant
from tests.shops.indexes.both_engines import record

TABLE = {str(kind): kind for kind in FieldType}


@pytest.mark.parametrize(
    ("version", "memory", "collection", "field"),
    [
        ("1.19.0", "pinned", ["cached", "pinned", None], ["pinned", None]),  # no server pins payload
        ("1.19.0", "cached", ["cached", "cached", None], ["cached", None]),
        ("1.19.0", "cold", ["cold", "cold", None], ["cold", None]),
        ("1.18.0", "pinned", [None, None, False], [None, None]),
        ("1.18.0", "cached", [None, None, True], [None, None]),
        ("1.18.0", "cold", [None, None, True], [None, True]),
    ],
)
def test_a_new_collection_is_where_the_setting_says(
    version: str,
    memory: str,
    collection: list[str | bool | None],
    field: list[str | bool | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JEWELRY_MEMORY", memory)
    with loopback_qdrant(version) as server:
        index = IndexerSettings.read(qdrant_url=server.url, state=tmp_path).open_chosen()
        assert isinstance(index, ServerIndex)
        create_collection(
            index.connection, CollectionState("shop-1", record(table=TABLE), complete=False), index.options
        )
        made = server.created["shop-1"].model_dump(mode="json")
        fields = [told.params.model_dump(mode="json") for told in server.indexes["shop-1"].values() if told.params]
    placed = [made[name] and made[name]["memory"] for name in ("payload", "id_tracker")]
    assert [*placed, made["on_disk_payload"]] == collection
    assert [[told["memory"], told["on_disk"]] for told in fields] == [field] * len(fields)
    assert {told["enable_hnsw"] for told in fields} == {False}
    assert len(fields) > len(TABLE)
