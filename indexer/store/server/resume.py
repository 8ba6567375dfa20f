"""Copying to a server in several attempts: the unfinished collection of the last one is gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from indexer.store.records import GenerationRecord
from indexer.store.server.collection import CollectionState, ensure_field_indexes
from indexer.store.server.draft import BuiltDraft, LiveDraft
from indexer.store.server.index import ServerIndex, ServerWriter
from indexer.system.lock import writer_lock


class ResumedDraft(BuiltDraft):
    """A collection that an earlier attempt left; what it holds counts as written."""

    def note_present(self) -> None:
        """Find out what is there; reads ids alone."""
        for _ in self._noted(self.scroll(fields=[])):
            pass


class ResumableIndex(ServerIndex):
    """A server index to which points are copied that can be had again: an attempt that failed leaves its collection.

    Args:
        index: the index to write to.
        record: of the generation to be written. An unfinished collection is gone on with when this machine began
            it for the same record; any other is cleared away as `ServerIndex` does.
    """

    def __init__(self, index: ServerIndex, record: GenerationRecord) -> None:
        super().__init__(index.connection, index.name, index.local, index.options)
        self._record = record
        self.unfinished: CollectionState | None = None

    def clear_abandoned(self) -> None:
        """See `ServerIndex.clear_abandoned`; spares the one to go on with."""
        published = self.alias_target()
        for state in self.states():
            mine = not state.complete and state.collection != published and state.writer == self.signature()
            if mine and state.record.means_same(self._record) and self.unfinished is None:
                self.unfinished = state
            elif mine:
                self.drop(state.collection)

    @contextmanager
    def write(self) -> Iterator[ServerWriter]:
        """See `Index.write`; what was written before a failure stays, for the next attempt."""
        with writer_lock(self.local / "LOCK"):
            yield ResumingWriter(self)


class ResumingWriter(ServerWriter):
    """A writer whose next draft is the unfinished collection, where there is one."""

    def __init__(self, index: ResumableIndex) -> None:
        super().__init__(index)
        self._resumable = index

    def draft(self, record: GenerationRecord, *, from_published: bool) -> BuiltDraft | LiveDraft:
        """See `Writer.draft`."""
        state = self._resumable.unfinished
        if from_published or state is None:
            return super().draft(record, from_published=from_published)
        connection = self._resumable.connection
        ensure_field_indexes(connection, state.collection, state.record.field_table)
        draft = ResumedDraft(connection, state, self._resumable.options.ready_timeout, self._publish)
        draft.note_present()
        self._draft = draft
        return draft
