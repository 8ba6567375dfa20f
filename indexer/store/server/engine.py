"""The server engine: one generation as a collection of a Qdrant server, asked in plain JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import FilterError, StoreError
from indexer.store.beside.companions import Companions
from indexer.store.filters.check import check_facet, check_filter
from indexer.store.filters.tree import Filter
from indexer.store.policy import GRAPHLESS, Walk, Way, is_estimable
from indexer.store.reading import selector
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
from indexer.store.server.filters import compile_beside, compile_filter, has_prefix
from indexer.store.server.reads.plain import ask_collection, reading, to_counts, to_hits, to_point
from indexer.store.server.reads.shares import Shares, search_params
from indexer.store.server.wire.faults import is_too_large
from indexer.store.tuning import ALL_VALUES, READ_BATCH, REQUEST_BYTES, SEARCH_BATCH, WRITE_BATCH
from indexer.store.vectors import check_limit, check_vectors

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

NUMBER_BYTES = 24
"""A float32 written out as JSON, with its comma, takes no more than this."""


class ServerStore:
    """A collection, open for reading and writing; see `Store` and `Draft` in `indexer.store.interface`.

    Args:
        connection: the wire.
        collection: the collection's own name, not an alias: an answer must come from one generation.
        record: what it was built from.
        generation: the generation's name; None takes the end of the collection's name.
        points: how many it holds, as far as that is known; None has the server asked when it matters.
    """

    files: EngineFiles | None = None

    def __init__(
        self,
        connection: Connection,
        collection: str,
        record: GenerationRecord,
        generation: str | None = None,
        *,
        points: int | None = None,
    ) -> None:
        self._connection, self._call = connection, connection.call
        self.collection, self.record = collection, record
        self.generation = generation or collection.rpartition("-")[2]
        self._shares = Shares(self._estimate, points)
        self._all: tuple[Filter, int] | None = None
        self.beside: Companions | None = None

    @property
    def _client(self) -> QdrantClient:
        return self._connection.client

    def count(self, where: Filter | None = None) -> int:
        """See `Store.count`."""
        if where is not None and (known := self._all) is not None and known[0] == where:
            self._all = None  # told once: a sync in place may change it
            return known[1]
        asked = {"filter": self._compiled(where), "exact": True}
        with self._asked("points/count", asked) as answer:
            return int(answer["count"])

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
        compiled = self._compiled(where)
        if not len(rows):
            return []
        walk = Walk(Way.EXACT) if exact or using in GRAPHLESS else self._shares.walk(where, limit)
        names = names_of(self.record, vectors_too)
        same = {
            "using": using,
            "filter": compiled,
            "limit": limit,
            "params": search_params(walk),
            "with_payload": selector(fields),
            "with_vector": names,
        }
        searches = [{"query": row, **same} for row in rows.tolist()]
        found: list[list[Hit]] = []
        for start in range(0, len(searches), SEARCH_BATCH):
            asked = {"searches": searches[start : start + SEARCH_BATCH]}
            with self._asked("points/query/batch", asked) as answers:
                both = zip(asked["searches"], answers, strict=True)
                found += [to_hits(answer["points"], points=bool(names)) for _, answer in both]
        if where is not None and walk.way is Way.EXACT and len(found[0]) < limit:
            self._all = where, len(found[0])  # who finds few wants to know whether there are more
        return found

    def scroll(
        self, where: Filter | None = None, *, fields: Sequence[str] | None = None, vectors: Vectors = False
    ) -> Iterator[Point]:
        """See `Store.scroll`."""
        asked: dict[str, Any] = {
            "filter": self._compiled(where),
            "limit": READ_BATCH,
            "with_payload": selector(fields),
            "with_vector": names_of(self.record, vectors),
        }
        while True:
            with self._asked("points/scroll", asked) as answer:
                points, offset = [to_point(one) for one in answer["points"]], answer.get("next_page_offset")
            yield from points
            if offset is None:
                return
            asked["offset"] = offset

    def retrieve(self, ids: Sequence[str], *, vectors: Vectors = False) -> list[Point]:
        """See `Store.retrieve`."""
        found: list[Point] = []
        wanted = list(dict.fromkeys(ids))
        for start in range(0, len(wanted), READ_BATCH):
            ids_of = wanted[start : start + READ_BATCH]
            asked = {"ids": ids_of, "with_payload": True, "with_vector": names_of(self.record, vectors)}
            with self._asked("points", asked) as answer:
                found += [to_point(one) for one in answer]
        return found

    def facet(self, field: str, where: Filter | None = None, *, limit: int = 100) -> list[tuple[str | bool, int]]:
        """See `Store.facet`."""
        check_limit(limit)
        check_facet(field, self.record.field_table)
        self._check(where)
        most = max(limit + 1, ALL_VALUES)
        while True:
            asked = {"key": field, "filter": compile_beside(where), "limit": most, "exact": True}
            with self._asked("facet", asked) as answer:
                # Each shard answers with its own first values. Where all of them together have fewer than were asked
                # for, none left one out; a full list may lack counts of those that it names.
                if len(answer["hits"]) < most:
                    return to_counts(answer["hits"])[:limit]
            most *= 10

    def upsert(self, points: Iterable[Point]) -> None:
        """See `Draft.upsert`."""
        from qdrant_client import models

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
        from qdrant_client import models

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
        from qdrant_client import models

        for start in range(0, len(ids), WRITE_BATCH):
            chosen: list[Any] = list(ids[start : start + WRITE_BATCH])
            self._call(self._client.delete, self.collection, models.PointIdsList(points=chosen), wait=True)

    def companion(self, name: str, *, whole: bool = False) -> Path | None:
        """See `Store.companion`: the file that this machine has of it."""
        return None if self.beside is None else self.beside.path(name, whole=whole)

    def close(self) -> None:
        """See `Store.close`; the connection is shared and stays open."""

    @contextmanager
    def _asked(self, what: str, body: dict[str, Any]) -> Iterator[Any]:
        """What the server answers, to be read in the block; see `ask_collection`."""
        given = {name: value for name, value in body.items() if value is not None}
        answer = ask_collection(self._connection, self.collection, what, given)
        with reading(self._connection):
            yield answer

    def _estimate(self, where: Filter | None) -> int:
        """What a filter keeps, counted where the server's estimate would not do."""
        exact = where is not None and not is_estimable(where)
        with self._asked("points/count", {"filter": compile_filter(where), "exact": exact}) as answer:
            return int(answer["count"])

    def _compiled(self, where: Filter | None) -> dict[str, Any] | None:
        self._check(where)
        return compile_filter(where)

    def _check(self, where: Filter | None) -> None:
        check_filter(where, self.record.field_table)
        if where is not None and not self._connection.knows(PREFIX_MATCH) and has_prefix(where):
            raise FilterError(
                f"{self._connection.where}: filtering by prefix needs Qdrant 1.19, this server is older; "
                "upgrade it or filter by whole values"
            )

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
