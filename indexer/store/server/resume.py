"""Copying to a server in several attempts: the unfinished collection of the last one is gone on with."""

from __future__ import annotations

from indexer.store.records import GenerationRecord
from indexer.store.server.collection import CollectionState, ensure_field_indexes
from indexer.store.server.draft import BuiltDraft
from indexer.store.server.layout import Layout


class ResumedDraft(BuiltDraft):
    """A collection that an earlier attempt left; what it holds counts as written."""

    def __init__(
        self, layout: Layout, state: CollectionState, replaced: CollectionState | None, ready_timeout: float
    ) -> None:
        super().__init__(layout, state, replaced, ready_timeout)
        ensure_field_indexes(layout.connection, state.collection, state.record.field_table)
        for _ in self._noted(self.scroll(fields=[])):  # reads ids alone
            pass


def find_unfinished(layout: Layout, record: GenerationRecord) -> CollectionState | None:
    """The collection that this machine began for the same record and did not finish, the oldest of several."""
    published = layout.alias_target()
    for state in layout.states():
        mine = not state.complete and state.collection != published and state.writer == layout.signature()
        if mine and state.record.means_same(record):
            return state
    return None
