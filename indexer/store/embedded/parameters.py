"""What the embedded engine is told: how a shard is kept, how a field is indexed, which way a search goes."""

from __future__ import annotations

from typing import Any

import qdrant_edge as edge

from indexer.fields.types import FieldType
from indexer.store.policy import GRAPHLESS, Walk, Way
from indexer.store.records import GenerationRecord, VectorName
from indexer.store.tuning import FULL_SCAN_KB, HNSW_EF_CONSTRUCT, HNSW_M, Memory

_TIERS = {Memory.PINNED: edge.Memory.Pinned, Memory.CACHED: edge.Memory.Cached, Memory.COLD: edge.Memory.Cold}

_KINDS = {
    FieldType.KEYWORD: edge.PayloadSchemaType.Keyword,
    FieldType.NUMBER: edge.PayloadSchemaType.Float,
    FieldType.BOOLEAN: edge.PayloadSchemaType.Bool,
    FieldType.DATE: edge.PayloadSchemaType.Datetime,
    FieldType.TEXT: edge.PayloadSchemaType.Text,
}


def shard_config(record: GenerationRecord, memory: Memory) -> Any:
    """Of a new shard; what it says of memory stays with the shard, however it is opened."""
    return edge.EdgeConfig(
        vectors={
            str(name): edge.EdgeVectorParams(size=dimension, distance=edge.Distance.Cosine, hnsw_config=_graph_of(name))
            for name, dimension in record.dimensions.items()
        },
        hnsw_config=edge.HnswIndexConfig(m=HNSW_M, ef_construct=HNSW_EF_CONSTRUCT, full_scan_threshold=FULL_SCAN_KB),
        wal_enabled=False,
        max_search_threads=1,  # more of them share out segments, of which there is one, and wait by yielding
        payload_memory=_TIERS[memory],
        id_tracker_memory=_TIERS[memory],
    )


def _graph_of(name: VectorName) -> Any:
    """None for the shard's own; colours have none, see `indexer.store.policy`."""
    if name not in GRAPHLESS:
        return None
    return edge.HnswIndexConfig(m=0, ef_construct=HNSW_EF_CONSTRUCT, full_scan_threshold=FULL_SCAN_KB)


def field_index(kind: FieldType, memory: Memory) -> Any:
    """Of a filterable field: without links of its own in the graph, see `indexer.store.policy`."""
    common: Any = {"enable_hnsw": False, "memory": _TIERS[memory]}
    match kind:
        case FieldType.KEYWORD:
            return edge.KeywordIndexParams(prefix=True, **common)
        case FieldType.NUMBER:
            return edge.FloatIndexParams(**common)
        case FieldType.BOOLEAN:
            return edge.BoolIndexParams(**common)
        case FieldType.DATE:
            return edge.DatetimeIndexParams(**common)
        case FieldType.TEXT:
            return edge.TextIndexParams(tokenizer=edge.TokenizerType.Word, lowercase=True, **common)


def is_of_kind(index: Any, kind: FieldType) -> bool:
    """Whether a field that is indexed (``PayloadIndexInfo``) is so as this kind."""
    return bool(index.data_type == _KINDS[kind])


def is_outdated(index: Any, memory: Memory) -> bool:
    """Whether a field is indexed with links in the graph, or elsewhere than it should be."""
    links, place = (getattr(index.params, name, None) for name in ("enable_hnsw", "memory"))
    return links is not False or place != _TIERS[memory]


def search_params(walk: Walk) -> Any:
    """Of one search."""
    match walk.way:
        case Way.EXACT:
            return edge.SearchParams(exact=True)
        case Way.ACORN:  # at any share: what the filter keeps was looked at already
            return edge.SearchParams(hnsw_ef=walk.ef, acorn=edge.AcornSearchParams(enable=True, max_selectivity=1.0))
        case Way.PLAIN:
            return edge.SearchParams(hnsw_ef=walk.ef)
