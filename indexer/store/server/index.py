"""Generations on a Qdrant server: an alias that points to one collection, the next one built beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

from indexer.errors import StoreError, StoreMissing
from indexer.store.reading import read_one
from indexer.store.records import OPENED, SERVER, Checked, EngineFiles, GenerationRecord, Repair
from indexer.store.server.collection import (
    CollectionState,
    change_quantization,
    create_collection,
    ensure_field_indexes,
    quantization_of,
    write_state,
)
from indexer.store.server.connection import Connection
from indexer.store.server.draft import BuiltDraft, LiveDraft, RecoveredDraft
from indexer.store.server.engine import ServerStore
from indexer.store.server.layout import Layout
from indexer.store.server.options import CollectionOptions
from indexer.store.server.reads.mark import Mark
from indexer.store.server.snapshots import check_whole, download_snapshot, upload_snapshot
from indexer.store.server.wire.cluster import Cluster, read_cluster
from indexer.store.server.writers import WriterMark, one_writer
from indexer.store.tally import tally
from indexer.store.tuning import SERVER_TOLERANCE
from indexer.system.arguments import path_of
from indexer.system.scratch import remove_abandoned


class ServerIndex:
    """An alias that points to the collection of the published generation, as `Layout` says; see `Index`.

    Readers ask the alias once and then stay with its collection, so that an answer comes from one generation. A
    sync with the same model changes that collection in place, which shows as another revision: ``3``, ``3.1``, …

    Args:
        connection: the wire.
        name: the alias, and the beginning of the collections' names.
        local: this machine's folder: the writer's lock, thumbnails, the journal of unfinished work, rejects.
        options: how new collections are kept.
    """

    engine, in_process, tolerance = SERVER, False, SERVER_TOLERANCE

    def __init__(
        self, connection: Connection, name: str, local: Path, options: CollectionOptions | None = None
    ) -> None:
        self.local = path_of("local", local)
        self.connection, self.layout = connection, Layout(connection, name, self.local)
        self.options = options or CollectionOptions()
        self.location = self.layout.location
        self.place = f"{','.join(sorted(connection.where.split(',')))}/collections/{name}"
        self._mark = Mark(self._marked)

    def current(self) -> str | None:
        """See `Index.current`; two requests."""
        state = self.layout.current()
        return None if state is None else state.name

    def mark(self) -> str | None:
        """See `Index.mark`; seldom a request, see `indexer.store.server.reads.mark`."""
        return self._mark()

    def _marked(self) -> str | None:
        state = self.layout.current()
        return None if state is None else f"{state.collection} {state.name} {state.record.created_at} {state.build}"

    def record(self) -> GenerationRecord | None:
        """See `Index.record`."""
        state = self.layout.current()
        return None if state is None else state.record

    def last_record(self) -> GenerationRecord | None:
        """See `Index.last_record`."""
        return self.record()

    def describe(self) -> dict[str, Any]:
        """See `Index.describe`."""
        state = self.layout.current()
        found: dict[str, Any] = {
            "engine": self.engine,
            "server": self.connection.where,
            "alias": self.layout.name,
            "server_version": self.connection.version_text,
        }
        if state is not None:
            config = state.info["config"]
            params, strict = config["params"], config.get("strict_mode_config") or {}
            indexed = state.info.get("payload_schema", {})
            found |= {
                "collection": state.collection,
                "quantization": quantization_of(state.info),
                "shards": params.get("shard_number"),
                "replicas": params.get("replication_factor"),
                "write_consistency": params.get("write_consistency_factor"),
                "strict": bool(strict.get("enabled")),
                "optimizer": str(state.info.get("status")),
                "payload_indexes": {name: str(kind["data_type"]) for name, kind in indexed.items()},
            }
            found |= self._spread(state.collection, found["replicas"])
        return found

    def generations(self) -> list[str]:
        """See `Index.generations`."""
        found = [state.name for state in self.layout.complete()]
        if not found:
            self.layout.alias_target()  # which says so where the key sees too little
        return found

    def rollback(self) -> str:
        """See `Index.rollback`; moves the alias, so it takes as few requests whatever the size."""
        with one_writer(self.layout) as mark:
            published = self.layout.alias_target()
            number = self.layout.number_of(published) if published else None
            earlier = [state for state in self.layout.complete() if number is None or state.number < number]
            if published is None or not earlier:
                raise StoreMissing(f"{self.location}: there is no earlier generation to go back to")
            mark.check()
            self.layout.publish(earlier[-1].collection)
            return earlier[-1].name

    def prune(self, keep: int = 1) -> list[str]:
        """See `Index.prune`."""
        with one_writer(self.layout):
            self.layout.remove_unfinished()
            remove_abandoned(self.local, OPENED)
            published = self.layout.alias_target()
            complete = self.layout.complete()
            kept = {state.collection for state in complete[max(0, len(complete) - keep) :]} | {published}
            gone = [state for state in complete if state.collection not in kept]
            for state in gone:
                self.layout.remove(state.collection)
            return [state.name for state in gone]

    def read(self, *, whole: bool = False) -> ServerStore:  # noqa: ARG002
        """See `Index.read`; the files are the server's, which looks after them itself."""
        return self.open(self._published())

    def stores(self) -> Iterator[ServerStore]:
        """See `Index.stores`."""
        return (self.open(state) for state in self.layout.complete())

    def companion(self, name: str, *, whole: bool = False) -> Path | None:
        """See `Index.companion`."""
        state = self.layout.current()
        return None if state is None else self.layout.companions(state).path(name, whole=whole)

    def companions(self, name: str) -> list[Path | None]:
        """See `Index.companions`."""
        return [self.layout.companions(state).path(name) for state in self.layout.complete()]

    def check(self) -> list[Checked]:
        """See `Index.check`: how many points there are, and that one can be read and found."""
        published = self.layout.alias_target()
        return [self._checked(state, published) for state in self.layout.complete()]

    def _checked(self, state: CollectionState, published: str | None) -> Checked:
        problems = []
        try:
            store = self.open(state)
            found = store.count()
            if state.points is not None and found != state.points:
                problems.append(f"it holds {found} photos where {state.points} were published; run a sync")
            read_one(store)
        except StoreError as error:
            problems.append(str(error))
        return Checked(state.name, state.collection == published, state.points, 0, tuple(problems))

    @contextmanager
    def write(self, *, resume: GenerationRecord | None = None) -> Iterator[ServerWriter]:
        """See `Index.write`; a writer on another machine is refused too, see `indexer.store.server.writers`."""
        with one_writer(self.layout) as mark:
            writer = ServerWriter(self, resume, mark)
            try:
                yield writer
            finally:
                writer.abandon()

    def put_aside(self, folder: Path) -> tuple[dict[str, Any], GenerationRecord]:
        """See `Index.put_aside`; made by the server, downloaded, and removed there."""
        state = self._published()
        check_whole(self.connection, self.location, state.collection)
        before = tally(self.open(state))
        download_snapshot(self.connection, self.location, state.collection, folder)
        if self.layout.current() != state or tally(self.open(state)).checksum != before.checksum:
            raise StoreError(f"{self.location}: was written to meanwhile; take the snapshot again")
        content = {
            "engine": self.engine,
            "generation": state.name,
            "points": before.count,
            "checksum": before.checksum,
            "server_version": self.connection.version_text,
        }
        return content, state.record

    def open(self, state: CollectionState) -> ServerStore:
        """A generation as a store, published or not."""
        store = ServerStore(self.connection, state.collection, state.record, state.name, points=state.points)
        store.beside = self.layout.companions(state)
        return store

    def _spread(self, collection: str, copies: int | None) -> dict[str, Any]:
        """On which nodes a collection lies, what of that is not well, and what could not be known."""
        found = read_cluster(self.connection.look, collection)
        if not isinstance(found, Cluster):
            return {"cluster": None, "warnings": [], "notes": [] if found is None else [found]}
        return {
            "cluster": found.to_json(),
            "warnings": found.warnings(copies),
            "notes": [] if found.note is None else [found.note],
        }

    def _published(self) -> CollectionState:
        state = self.layout.current()
        if state is None:
            raise self.layout.missing()
        return state


class ServerWriter:
    """The one writer of an alias; see `Writer`."""

    def __init__(self, index: ServerIndex, resume: GenerationRecord | None, mark: WriterMark) -> None:
        self._index, self._layout, self._connection = index, index.layout, index.connection
        self._mark = mark
        self._process = os.getpid()
        self._state = index.layout.current()
        self._draft: BuiltDraft | RecoveredDraft | None = None
        self._resumes = resume is not None
        self._unfinished = None if resume is None else index.layout.unfinished(resume)
        index.layout.remove_unfinished(spared=self._unfinished)
        remove_abandoned(index.local, OPENED)

    def repair(self, *, whole: bool = True) -> Repair:  # noqa: ARG002
        """See `Writer.repair`; a server keeps its own files whole, and a sync in place mends what is missing."""
        return Repair()

    def published(self) -> ServerStore | None:
        """See `Writer.published`."""
        return None if self._state is None else self._index.open(self._state)

    def release(self) -> None:
        """See `Writer.release`; nothing of it is here."""

    def accompany(self, name: str, write: Callable[[Path], None]) -> None:
        """See `Writer.accompany`; points that no version has named for this get their name now."""
        state = self._layout.current()
        if state is not None:
            if not state.content:
                self._mark.check()
                state = replace(state, content=token_hex(8))
                write_state(self._connection, state)
            self._layout.companions(state).put(name, write)

    def draft(self, record: GenerationRecord, *, from_published: bool) -> BuiltDraft | LiveDraft:
        """See `Writer.draft`; with ``from_published`` it is the live collection, changed in place."""
        connection, options = self._connection, self._index.options
        if from_published and self._state is not None:
            if not record.is_comparable(self._state.record) or record.colours != self._state.record.colours:
                raise StoreError(f"{self._index.location}: holds vectors of another model; build it anew beside")
            if options.quantization is not None:
                change_quantization(connection, self._state, options.quantization)
            ensure_field_indexes(connection, self._state.collection, record.field_table, options.memory)
            return LiveDraft(self._layout, self._state, replace(self._state, record=record), self._mark)
        self._mark.refuse_others()  # before the first generation, nobody could see until now that this one writes
        state = self._unfinished or self._begun(record)
        if self._unfinished is None:
            self._create(state)
        self._draft = draft = BuiltDraft(self._layout, state, self._state, options, self._mark)
        self._mark.claim(state.collection)
        if self._unfinished is not None:
            draft.take_up()
        return draft

    def _create(self, state: CollectionState) -> None:
        try:
            create_collection(self._connection, state, self._index.options, self._mark.metadata())
        except StoreError:
            self._mark.refuse_others()  # of two that took the same number at once, one is named
            raise

    def adopt(self, files: EngineFiles, record: GenerationRecord) -> RecoveredDraft:
        """See `Writer.adopt`: a snapshot is uploaded as a new collection."""
        check_whole(self._connection, self._index.location)
        self._mark.refuse_others()
        self._draft = RecoveredDraft(self._layout, self._begun(record), self._index.options.memory, self._mark)
        upload_snapshot(self._connection, self._draft.collection, files)
        self._mark.claim(self._draft.collection, copied=True)
        return self._draft

    def abandon(self) -> None:
        """Remove a collection that was begun and not published, unless another attempt is to go on with it.

        In a forked child it is the parent's.
        """
        if os.getpid() != self._process:
            return
        if self._draft is not None and not self._draft.is_published and not self._resumes:
            with suppress(StoreError):  # what cannot be removed now, the next writer clears away
                if self._layout.alias_target() != self._draft.collection:  # the alias moved, its answer was lost
                    self._layout.remove(self._draft.collection)

    def _begun(self, record: GenerationRecord) -> CollectionState:
        """The next generation's, not yet on the server."""
        name = f"{self._layout.name}-{self._layout.next_number()}"
        return CollectionState(name, record, complete=False, writer=self._layout.signature(), build=token_hex(8))
