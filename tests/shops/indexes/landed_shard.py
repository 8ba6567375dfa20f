"""Shards as commit 0b22ee4 made them: links in the graph for every field, all of it in each process's own memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import qdrant_edge as edge

from indexer.fields.types import FieldType
from indexer.store.embedded import engine
from tests.shops.indexes.drawn_payload import DIMENSION


@contextmanager
def as_landed() -> Iterator[None]:
    """Within the block, new shards of `drawn_payload.RECORD` are made as they were then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "shard_config", _config)
        patch.setattr(engine, "field_index", _field)
        yield


def _config(*_: Any) -> Any:
    return edge.EdgeConfig(
        vectors={"image": edge.EdgeVectorParams(size=DIMENSION, distance=edge.Distance.Cosine)},
        hnsw_config=edge.HnswIndexConfig(m=16, ef_construct=200, full_scan_threshold=4_000),
        wal_enabled=False,
        max_search_threads=1,
    )


def _field(kind: FieldType, *_: Any) -> Any:
    return {
        FieldType.KEYWORD: edge.KeywordIndexParams(prefix=True),
        FieldType.NUMBER: edge.PayloadSchemaType.Float,
        FieldType.BOOLEAN: edge.PayloadSchemaType.Bool,
        FieldType.DATE: edge.PayloadSchemaType.Datetime,
        FieldType.TEXT: edge.TextIndexParams(tokenizer=edge.TokenizerType.Word, lowercase=True),
    }[kind]
