"""The server engine: one generation as a collection of a Qdrant server, over qdrant-client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from indexer.errors import FilterError, StoreError
from indexer.fields import FieldTable, FieldType
from indexer.stores.connection import Connection
from indexer.stores.filter_tree import (
    Condition,
    DateRange,
    Except,
    Filter,
    IsEmpty,
    Match,
    Prefix,
    Range,
    Text,
    known_fields,
)
from indexer.stores.interface import VECTOR_NAME, GenerationRecord, Hit, Point, check_vectors

HNSW_EF = 128
REQUEST_BYTES = 16 * 1024 * 1024
"""Largest upsert request; Qdrant refuses those above 32 MB unless it is configured otherwise."""
POINT_BYTES = 128 * 12 + 2048
"""A point in JSON: its vector's digits and a generous payload."""
BATCH = REQUEST_BYTES // POINT_BYTES // 4
SCROLL_BATCH = 1000
SEARCH_BATCH = 64

_SCHEMA: dict[FieldType, Any] = {
    FieldType.KEYWORD: models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, prefix=True),
    FieldType.NUMBER: models.FloatIndexParams(type=models.FloatIndexType.FLOAT),
    FieldType.BOOLEAN: models.BoolIndexParams(type=models.BoolIndexType.BOOL),
    FieldType.DATE: models.DatetimeIndexParams(type=models.DatetimeIndexType.DATETIME),
    FieldType.TEXT: models.TextIndexParams(
        type=models.TextIndexType.TEXT, tokenizer=models.TokenizerType.WORD, lowercase=True
    ),
}


class Quantization(StrEnum):
    """Compressed copies of the vectors that are searched first; the originals settle the order."""

    NONE = "none"
    INT8 = "int8"
    TURBO = "turbo"


class ServerStore:
    """A collection, open for reading and writing; see `Store` and `Draft` in `indexer.stores.interface`.

    Args:
        connection: the wire.
        collection: the collection's own name, not an alias: an answer must come from one generation.
        record: what it was built from.
    """

    def __init__(self, connection: Connection, collection: str, record: GenerationRecord) -> None:
        self._connection, self._client = connection, connection.client
        self._call = connection.call
        self.collection, self.record = collection, record
        self.generation = collection.rsplit("-", 1)[-1]

    def count(self, where: Filter | None = None) -> int:
        """See `Store.count`."""
        answer = self._call(self._client.count, self.collection, count_filter=compile_filter(where), exact=True)
        return int(answer.count)

    def search(
        self,
        vectors: NDArray[np.float32],
        *,
        limit: int,
        where: Filter | None = None,
        exact: bool = False,
        fields: Sequence[str] | None = None,
    ) -> list[list[Hit]]:
        """See `Store.search`."""
        rows = check_vectors(vectors, self.record.dimension)
        compiled, params = compile_filter(where), _search_params(exact, limit)
        requests = [
            models.QueryRequest(
                query=row.tolist(), using=VECTOR_NAME, filter=compiled, limit=limit, params=params,
                with_payload=_selector(fields),
            )
            for row in rows
        ]  # fmt: skip
        found: list[list[Hit]] = []
        for start in range(0, len(requests), SEARCH_BATCH):
            answers = self._call(
                self._client.query_batch_points, self.collection, requests[start : start + SEARCH_BATCH]
            )
            found += [[Hit(str(p.id), float(p.score), p.payload or {}) for p in answer.points] for answer in answers]
        return found

    def scroll(
        self, where: Filter | None = None, *, fields: Sequence[str] | None = None, vectors: bool = False
    ) -> Iterator[Point]:
        """See `Store.scroll`."""
        compiled, offset = compile_filter(where), None
        while True:
            records, offset = self._call(
                self._client.scroll, self.collection, scroll_filter=compiled, limit=SCROLL_BATCH, offset=offset,
                with_payload=_selector(fields), with_vectors=[VECTOR_NAME] if vectors else False,
            )  # fmt: skip
            yield from (_point(record) for record in records)
            if offset is None:
                return

    def retrieve(self, ids: Sequence[str], *, vectors: bool = False) -> list[Point]:
        """See `Store.retrieve`."""
        found: list[Point] = []
        for start in range(0, len(ids), SCROLL_BATCH):
            records = self._call(
                self._client.retrieve, self.collection, list(ids[start : start + SCROLL_BATCH]), with_payload=True,
                with_vectors=[VECTOR_NAME] if vectors else False,
            )  # fmt: skip
            found += [_point(record) for record in records]
        return found

    def facet(self, field: str, where: Filter | None = None, *, limit: int = 100) -> list[tuple[str | bool, int]]:
        """See `Store.facet`."""
        answer = self._call(
            self._client.facet, self.collection, field, facet_filter=compile_filter(where), limit=limit, exact=True
        )
        hits = [(hit.value, int(hit.count)) for hit in answer.hits]
        return sorted(hits, key=lambda hit: (-hit[1], str(hit[0])))  # type: ignore[arg-type]

    def upsert(self, points: Iterable[Point]) -> None:
        """See `Draft.upsert`."""
        remaining = iter(points)
        while batch := list(islice(remaining, BATCH)):
            empty = np.empty(0, np.float32)
            rows = check_vectors(
                np.stack([empty if p.vector is None else p.vector for p in batch]), self.record.dimension
            )
            made = [
                models.PointStruct(id=p.id, vector={VECTOR_NAME: row.tolist()}, payload=p.payload)
                for p, row in zip(batch, rows, strict=True)
            ]
            self._call(self._client.upsert, self.collection, made, wait=True)

    def replace_payload(self, points: Iterable[Point]) -> None:
        """See `Draft.replace_payload`."""
        remaining = iter(points)
        while batch := list(islice(remaining, BATCH)):
            operations = [
                models.OverwritePayloadOperation(
                    overwrite_payload=models.SetPayload(payload=p.payload, points=[UUID(p.id)])
                )
                for p in batch
            ]
            self._call(self._client.batch_update_points, self.collection, operations, wait=True)

    def delete(self, ids: Sequence[str]) -> None:
        """See `Draft.delete`."""
        for start in range(0, len(ids), BATCH):
            chosen: list[Any] = list(ids[start : start + BATCH])
            self._call(self._client.delete, self.collection, models.PointIdsList(points=chosen), wait=True)

    def ensure_field_indexes(self, table: FieldTable) -> None:
        """Index every filterable field; a field whose type changed is indexed anew."""
        present = self._call(self._client.get_collection, self.collection).payload_schema
        for field, kind in known_fields(table).items():
            schema = _SCHEMA[kind]
            if field in present:
                if str(present[field].data_type.value) == str(schema.type.value):
                    continue
                self._call(self._client.delete_payload_index, self.collection, field, wait=True)
            self._call(self._client.create_payload_index, self.collection, field, schema, wait=True)

    def close(self) -> None:
        """See `Store.close`; the connection is shared and stays open."""


def compile_filter(where: Filter | None) -> models.Filter | None:
    """The project's filter tree as qdrant-client's models; None stays None."""
    if where is None:
        return None
    return models.Filter(
        must=[_condition(c) for c in where.must] or None,
        should=[_condition(c) for c in where.should] or None,
        must_not=[_condition(c) for c in where.must_not] or None,
    )


def _condition(condition: Condition) -> Any:
    match condition:
        case Filter():
            return compile_filter(condition)
        case Match(field, values):
            return _match(field, values)
        case Except(field, values):
            return models.FieldCondition(key=field, match=models.MatchExcept(**{"except": list(values)}))
        case Range(field, gte, gt, lte, lt):
            return models.FieldCondition(key=field, range=models.Range(gte=gte, gt=gt, lte=lte, lt=lt))
        case DateRange(field, after, later, before, earlier):
            bounds: Any = {"gte": after, "gt": later, "lte": before, "lt": earlier}
            return models.FieldCondition(key=field, range=models.DatetimeRange(**bounds))
        case Text(field, text):
            return models.FieldCondition(key=field, match=models.MatchText(text=text))
        case Prefix(field, prefix):
            return models.FieldCondition(key=field, match=models.MatchPrefix(prefix=prefix))
        case IsEmpty(field):
            return models.IsEmptyCondition(is_empty=models.PayloadField(key=field))
    raise FilterError(f"the server engine cannot filter by {condition!r}")


def _match(field: str, values: tuple[str | bool, ...]) -> Any:
    words = [value for value in values if isinstance(value, str)]
    conditions: list[Any] = []
    if words or not values:
        conditions.append(models.FieldCondition(key=field, match=models.MatchAny(any=words)))
    conditions += [
        models.FieldCondition(key=field, match=models.MatchValue(value=value))
        for value in values
        if isinstance(value, bool)
    ]
    return conditions[0] if len(conditions) == 1 else models.Filter(should=conditions)


def _search_params(exact: bool, limit: int) -> models.SearchParams:
    if exact:
        return models.SearchParams(exact=True)
    # Sent explicitly: without rescoring a compressed collection would answer with approximate scores.
    quantization = models.QuantizationSearchParams(rescore=True, oversampling=2.0)
    return models.SearchParams(hnsw_ef=max(HNSW_EF, limit), quantization=quantization)


def _selector(fields: Sequence[str] | None) -> Any:
    return True if fields is None else list(fields)


def _point(record: Any) -> Point:
    vector = record.vector.get(VECTOR_NAME) if isinstance(record.vector, dict) else None
    return Point(str(record.id), record.payload or {}, None if vector is None else np.asarray(vector, np.float32))


def quantization_config(preset: Quantization) -> Any:
    """qdrant-client's model of a preset; None for none. The originals stay on disk, the copies in memory."""
    if preset is Quantization.INT8:
        return models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(
                type=models.ScalarType.INT8, quantile=0.99, memory=models.Memory.PINNED
            )
        )
    if preset is Quantization.TURBO:
        return models.TurboQuantization(
            turbo=models.TurboQuantQuantizationConfig(bits=models.TurboQuantBitSize.BITS4, memory=models.Memory.PINNED)
        )
    return None


def read_collection(connection: Connection, collection: str) -> GenerationRecord:
    """The record in a collection's metadata.

    Raises:
        StoreError: the collection is not one of ours, or of another shape than its record says.
    """
    info = connection.call(connection.client.get_collection, collection)
    try:
        record = GenerationRecord.from_json((info.config.metadata or {})["jewelry_similarity"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"{connection.where}: collection {collection} was not made by this project; set another JEWELRY_COLLECTION"
        ) from error
    vectors = info.config.params.vectors
    size = vectors[VECTOR_NAME].size if isinstance(vectors, dict) and VECTOR_NAME in vectors else None
    if size != record.dimension:
        raise StoreError(
            f"{connection.where}: collection {collection} holds vectors of {size} dimensions, not {record.dimension}"
        )
    return record
