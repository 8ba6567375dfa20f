"""The server engine: one generation as a collection of a Qdrant server, over qdrant-client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from indexer.errors import FilterError, StoreError
from indexer.store.filters.check import check_facet, check_filter
from indexer.store.filters.tree import Filter
from indexer.store.reading import selector, to_counts, to_hits, to_point
from indexer.store.records import (
    EngineFiles,
    GenerationRecord,
    Hit,
    Point,
    VectorName,
    Vectors,
    dimension_of,
    names_of,
    stack_vectors,
)
from indexer.store.server.connection import PREFIX_MATCH, Connection
from indexer.store.server.filters import compile_filter, has_prefix
from indexer.store.server.wire.faults import is_too_large
from indexer.store.tuning import READ_BATCH, REQUEST_BYTES, SEARCH_BATCH, SERVER_EF, WRITE_BATCH
from indexer.store.vectors import check_limit, check_vectors

NUMBER_BYTES = 24
"""A float32 written out as JSON, with its comma, takes no more than this."""


class ServerStore:
    """A collection, open for reading and writing; see `Store` and `Draft` in `indexer.store.interface`.

    Args:
        connection: the wire.
        collection: the collection's own name, not an alias: an answer must come from one generation.
        record: what it was built from.
        generation: the generation's name; None takes the end of the collection's name.
    """

    files: EngineFiles | None = None

    def __init__(
        self, connection: Connection, collection: str, record: GenerationRecord, generation: str | None = None
    ) -> None:
        self._connection, self._call = connection, connection.call
        self.collection, self.record = collection, record
        self.generation = generation or collection.rpartition("-")[2]

    @property
    def _client(self) -> QdrantClient:
        return self._connection.client

    def count(self, where: Filter | None = None) -> int:
        """See `Store.count`."""
        answer = self._call(self._client.count, self.collection, count_filter=self._compiled(where), exact=True)
        return int(answer.count)

    def search(
        self,
        vectors: NDArray[np.float32],
        *,
        limit: int,
        where: Filter | None = None,
        exact: bool = False,
        fields: Sequence[str] | None = None,
        using: VectorName = "image",
        vectors_too: Vectors = False,
    ) -> list[list[Hit]]:
        """See `Store.search`."""
        rows = check_vectors(vectors, dimension_of(self.record, using))
        check_limit(limit)
        compiled, params = self._compiled(where), _search_params(exact, limit)
        names = names_of(self.record, vectors_too)
        requests = [
            models.QueryRequest(
                query=row.tolist(),
                using=using,
                filter=compiled,
                limit=limit,
                params=params,
                with_payload=selector(fields),
                with_vector=names,
            )
            for row in rows
        ]
        found: list[list[Hit]] = []
        for start in range(0, len(requests), SEARCH_BATCH):
            answers = self._call(
                self._client.query_batch_points, self.collection, requests[start : start + SEARCH_BATCH]
            )
            found += [to_hits(answer.points, points=bool(names)) for answer in answers]
        return found

    def scroll(
        self, where: Filter | None = None, *, fields: Sequence[str] | None = None, vectors: Vectors = False
    ) -> Iterator[Point]:
        """See `Store.scroll`."""
        compiled, offset = self._compiled(where), None
        while True:
            records, offset = self._call(
                self._client.scroll,
                self.collection,
                scroll_filter=compiled,
                limit=READ_BATCH,
                offset=offset,
                with_payload=selector(fields),
                with_vectors=names_of(self.record, vectors),
            )
            yield from (to_point(record) for record in records)
            if offset is None:
                return

    def retrieve(self, ids: Sequence[str], *, vectors: Vectors = False) -> list[Point]:
        """See `Store.retrieve`."""
        found: list[Point] = []
        wanted: list[Any] = list(dict.fromkeys(ids))
        for start in range(0, len(wanted), READ_BATCH):
            records = self._call(
                self._client.retrieve,
                self.collection,
                wanted[start : start + READ_BATCH],
                with_payload=True,
                with_vectors=names_of(self.record, vectors),
            )
            found += [to_point(record) for record in records]
        return found

    def facet(self, field: str, where: Filter | None = None, *, limit: int = 100) -> list[tuple[str | bool, int]]:
        """See `Store.facet`."""
        check_limit(limit)
        check_facet(field, self.record.field_table)
        answer = self._call(
            self._client.facet, self.collection, field, facet_filter=self._compiled(where), limit=limit, exact=True
        )
        return to_counts(answer.hits)

    def upsert(self, points: Iterable[Point]) -> None:
        """See `Draft.upsert`."""
        for batch in _batches(points, NUMBER_BYTES * sum(self.record.dimensions.values())):
            columns = stack_vectors(batch, self.record)
            made = [
                models.PointStruct(
                    id=p.id, vector={name: rows[i].tolist() for name, rows in columns.items()}, payload=p.payload
                )
                for i, p in enumerate(batch)
            ]
            self._halving(lambda part: self._call(self._client.upsert, self.collection, part, wait=True), made)

    def replace_payload(self, points: Iterable[Point]) -> None:
        """See `Draft.replace_payload`."""
        for batch in _batches(points, 0):
            operations = [
                models.OverwritePayloadOperation(overwrite_payload=models.SetPayload(payload=p.payload, points=[p.id]))
                for p in batch
            ]
            self._halving(
                lambda part: self._call(self._client.batch_update_points, self.collection, part, wait=True), operations
            )

    def delete(self, ids: Sequence[str]) -> None:
        """See `Draft.delete`."""
        for start in range(0, len(ids), WRITE_BATCH):
            chosen: list[Any] = list(ids[start : start + WRITE_BATCH])
            self._call(self._client.delete, self.collection, models.PointIdsList(points=chosen), wait=True)

    def close(self) -> None:
        """See `Store.close`; the connection is shared and stays open."""

    def _compiled(self, where: Filter | None) -> models.Filter | None:
        check_filter(where, self.record.field_table)
        if where is not None and not self._connection.knows(PREFIX_MATCH) and has_prefix(where):
            raise FilterError(
                f"{self._connection.where}: filtering by prefix needs Qdrant 1.19, this server is older; "
                "upgrade it or filter by whole values"
            )
        return compile_filter(where)

    def _halving(self, send: Callable[[list[Any]], Any], batch: list[Any]) -> None:
        """Send a batch; where the server or a proxy before it takes less, in smaller pieces."""
        try:
            send(batch)
        except StoreError as error:
            if len(batch) == 1 or not is_too_large(error.__cause__):
                raise
            middle = len(batch) // 2
            self._halving(send, batch[:middle])
            self._halving(send, batch[middle:])


def _batches(points: Iterable[Point], vector_bytes: int) -> Iterator[list[Point]]:
    """Points in the order given, as many together as fit a request; a point too large for one goes alone."""
    batch: list[Point] = []
    size = 0
    for point in points:
        added = vector_bytes + len(json.dumps(point.payload)) + 128
        if batch and (size + added > REQUEST_BYTES or len(batch) == WRITE_BATCH):
            yield batch
            batch, size = [], 0
        batch.append(point)
        size += added
    if batch:
        yield batch


def _search_params(exact: bool, limit: int) -> models.SearchParams:
    if exact:
        return models.SearchParams(exact=True)
    # Sent explicitly: without rescoring a compressed collection would answer with approximate scores.
    quantization = models.QuantizationSearchParams(rescore=True, oversampling=2.0)
    return models.SearchParams(hnsw_ef=max(SERVER_EF, limit), quantization=quantization)
