"""The embedded engine: one generation as a Qdrant Edge shard; `parameters` and `filters` are what it is told."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as edge
from numpy.typing import NDArray

from indexer.errors import StoreError, StoreUnwritable
from indexer.fields.types import FieldTable
from indexer.store.beside.companions import Companions
from indexer.store.embedded.filters import compile_filter
from indexer.store.embedded.parameters import field_index, is_of_kind, is_outdated, search_params, shard_config
from indexer.store.filters.check import check_facet, check_filter
from indexer.store.filters.tree import Filter, Match, known_fields
from indexer.store.policy import GRAPHLESS, POLICY, Walk, Way, is_estimable, way_to_search, without_alternatives
from indexer.store.reading import selector, to_counts, to_hits, to_point
from indexer.store.records import (
    EMBEDDED,
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
from indexer.store.tuning import RE_OPTIMIZE_ABOVE, READ_BATCH, WRITE_BATCH, Memory
from indexer.store.vectors import check_limit, check_vectors
from indexer.system.forks import Lock, NotPickled, in_child, whole

NO_SPACE = (f"os error {errno.ENOSPC}", f"os error {errno.EDQUOT}", "Not enough space available")
"""How the engine's messages name a full disk."""

_used: list[bool] = []
"""Whether this process has used the engine."""


class EdgeStore(
    NotPickled, advice="an open generation cannot be pickled or copied: open the index in each process, by its folder"
):
    """A generation in a directory: opened for reading by any number of processes, or written by one.

    Without a write-ahead log an Edge shard takes no lock, and opening, querying and closing it changes
    no file; what was not flushed before a crash is gone, which `indexer.store.embedded.index` allows for.
    In a forked child it is opened anew at its first use; what was being written stays the parent's.
    """

    def __init__(self, shard: Any, path: Path, generation: str, record: GenerationRecord) -> None:
        self._opened: Any = shard
        self._replaced = 0
        """Points that were written again: what they were before is still in the graph."""
        self._lock = Lock()
        in_child(self._forget)
        self.again: Callable[[], EdgeStore] | None = None
        self.policy = POLICY
        self.beside: Companions | None = None
        self.files = EngineFiles(EMBEDDED, path)
        self.generation = generation
        self.record = record

    @classmethod
    def create(cls, path: Path, generation: str, record: GenerationRecord, memory: Memory = Memory.CACHED) -> EdgeStore:
        """An empty shard at ``path`` with an index for every filterable field."""
        path.mkdir(parents=True)
        shard = _called(edge.EdgeShard.create, str(path), shard_config(record, memory))
        store = cls(shard, path, generation, record)
        store.ensure_field_indexes(record.field_table, memory)
        return store

    @classmethod
    def load(cls, path: Path, generation: str, record: GenerationRecord, memory: Memory | None = None) -> EdgeStore:
        """Open an existing shard; with ``memory``, what is built in it from now on is there. That writes to it."""
        with whole():
            config = () if memory is None else (shard_config(record, memory),)
            store = cls(_called(edge.EdgeShard.load, str(path), *config), path, generation, record)
            store._use_first()
            return store

    def count(self, where: Filter | None = None) -> int:
        """See `Store.count`."""
        return int(_called(self._shard.count, edge.CountRequest(exact=True, filter=self._compiled(where))))

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
        compiled, names = self._compiled(where), names_of(self.record, vectors_too)
        params = search_params(Walk(Way.EXACT) if exact or using in GRAPHLESS else self._walk(where, limit))
        requests = [
            edge.QueryRequest(
                limit=limit,
                query=edge.Query.Nearest(row.tolist(), using=using),
                filter=compiled,
                with_payload=selector(fields),
                with_vector=names,
                params=params,
            )
            for row in rows
        ]
        if not requests:
            return []
        answers = _called(self._shard.query_batch, edge.QueryBatchRequest(requests))
        return [to_hits(answer, points=bool(names)) for answer in answers]

    def scroll(
        self, where: Filter | None = None, *, fields: Sequence[str] | None = None, vectors: Vectors = False
    ) -> Iterator[Point]:
        """See `Store.scroll`."""
        compiled, offset, names = self._compiled(where), None, names_of(self.record, vectors)
        while True:
            request = edge.ScrollRequest(
                offset=offset, limit=READ_BATCH, filter=compiled, with_payload=selector(fields), with_vector=names
            )
            records, offset = _called(self._shard.scroll, request)
            yield from (to_point(record) for record in records)
            if offset is None:
                return

    def retrieve(self, ids: Sequence[str], *, vectors: Vectors = False) -> list[Point]:
        """See `Store.retrieve`."""
        names = names_of(self.record, vectors)
        return [to_point(record) for record in _called(self._shard.retrieve, list(dict.fromkeys(ids)), True, names)]

    def facet(self, field: str, where: Filter | None = None, *, limit: int = 100) -> list[tuple[str | bool, int]]:
        """See `Store.facet`."""
        check_limit(limit)
        check_facet(field, self.record.field_table)
        request = edge.FacetRequest(field, limit=limit, exact=True, filter=self._compiled(where))
        return to_counts(_called(self._shard.facet, request).hits)

    def upsert(self, points: Iterable[Point]) -> None:
        """See `Draft.upsert`."""
        remaining = iter(points)
        while batch := list(islice(remaining, WRITE_BATCH)):
            columns = stack_vectors(batch, self.record)
            made = [
                edge.Point(p.id, {name: rows[i].tolist() for name, rows in columns.items()}, p.payload)
                for i, p in enumerate(batch)
            ]
            before = self._points()
            _called(self._shard.update, edge.UpdateOperation.upsert_points(made))
            self._replaced += len(batch) - (self._points() - before)

    def replace_payload(self, points: Iterable[Point]) -> None:
        """See `Draft.replace_payload`."""
        for point in points:
            _called(self._shard.update, edge.UpdateOperation.overwrite_payload([point.id], point.payload))

    def delete(self, ids: Sequence[str]) -> None:
        """See `Draft.delete`."""
        if ids:
            _called(self._shard.update, edge.UpdateOperation.delete_points(list(ids)))

    def companion(self, name: str, *, whole: bool = False) -> Path | None:
        """See `Store.companion`."""
        return None if self.beside is None else self.beside.path(name, whole=whole)

    def close(self) -> None:
        """See `Store.close`."""
        if self._opened is not None:
            _called(self._opened.close)

    def ensure_field_indexes(self, table: FieldTable, memory: Memory = Memory.CACHED, *, renewed: bool = False) -> None:
        """Index every filterable field; a field whose type changed is indexed anew.

        Args:
            table: of the fields.
            memory: where new indexes are.
            renewed: index a field anew too that has links in the graph, as earlier versions gave it, or is elsewhere.
        """
        present = _called(self._shard.info).payload_schema
        for field, kind in known_fields(table).items():
            if field in present:
                if is_of_kind(present[field], kind) and not (renewed and is_outdated(present[field], memory)):
                    continue
                _called(self._shard.update, edge.UpdateOperation.delete_field_index(field))
            _called(self._shard.update, edge.UpdateOperation.create_field_index(field, field_index(kind, memory)))

    def needs_optimizing(self, *, deleted: int = 0) -> bool:
        """Whether more than a little is not in the graph yet, or was replaced or removed since (``deleted``)."""
        info = _called(self._shard.info)
        # Each kind of vector is counted for itself, and what is no longer there still counts as indexed.
        new = info.points_count - (info.indexed_vectors_count / len(self.record.dimensions) - deleted)
        stale = new + self._replaced + deleted
        return bool(stale > RE_OPTIMIZE_ABOVE * max(1, info.points_count))

    def _points(self) -> int:
        return int(_called(self._shard.info).points_count)

    def optimize(self) -> None:
        """Build the graph; what is written for it takes as much room again as there is."""
        _called(self._shard.optimize)

    def flush(self) -> None:
        """Write everything to the files."""
        _called(self._shard.flush)

    def _use_first(self) -> None:
        """Ask once, for nothing: the engine makes parts of itself at their first use, which no fork may interrupt."""
        if not _used:
            _used.append(True)
            nothing, vector = (
                Filter(must=(Match("product_id", ("",)),)),
                np.eye(1, self.record.dimension, dtype=np.float32),
            )
            with suppress(StoreError):  # is said where somebody asks
                self.search(vector, limit=1, where=nothing, fields=["product_id"], vectors_too=True)
                self.facet("product_id", nothing, limit=1)
                next(self.scroll(nothing), None)
                self.retrieve([])

    def _walk(self, where: Filter | None, limit: int) -> Walk:
        """Which way a search goes; what the filter keeps is estimated from the field indexes, in microseconds."""
        points = self._estimated(None)
        if not where:
            return way_to_search(points, points, limit, self.policy)
        asked = where if is_estimable(where) else without_alternatives(where, self._estimated)
        return way_to_search(self._estimated(asked), points, limit, self.policy)

    def _estimated(self, where: Filter | None) -> int:
        return int(_called(self._shard.count, edge.CountRequest(exact=False, filter=compile_filter(where))))

    @property
    def _shard(self) -> Any:
        if self._opened is None:
            with self._lock:
                if self._opened is None:
                    self._opened = self._open_again()
        return self._opened

    def _open_again(self) -> Any:
        if self.again is None:
            raise StoreError(f"{self.files.path}: is being written by the process that this one was forked from")
        store = self.again()
        if store.record != self.record:
            raise StoreError(f"{self.files.path}: was replaced since this process was forked; open the index again")
        return store._opened

    def _forget(self) -> None:
        self._opened = None

    def _compiled(self, where: Filter | None) -> Any:
        check_filter(where, self.record.field_table)
        return compile_filter(where)


def _called(function: Any, *arguments: Any) -> Any:
    """Call the engine; it raises bare ``Exception``s, which become one kind of error here and nowhere else."""
    try:
        return function(*arguments)
    except BaseException as error:
        # A panic of the engine is not an Exception, and its class cannot be imported.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        if any(words in str(error) for words in NO_SPACE):
            raise StoreUnwritable(
                "the disk of the index is full; make room: even opening one writes a few bytes"
            ) from error
        what = str(error).splitlines()[0] if str(error) else repr(error)
        raise StoreError(f"the embedded engine failed: {what}") from error
