"""The next generation of an embedded index, while it is written."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import StoreError, StoreUnwritable
from indexer.store.beside.companions import Companions
from indexer.store.beside.keeping import Keeping
from indexer.store.embedded.checksums import companions_of, read_checksums, seal
from indexer.store.embedded.layout import SHARD, Layout
from indexer.store.records import EngineFiles, Point
from indexer.store.tuning import superseded
from indexer.system.files import fsync, fsync_tree, let_all_read, require_room, size_on_disk, writing

if TYPE_CHECKING:
    from indexer.store.embedded.engine import EdgeStore

POINTS_A_LOOK = 1000
"""Points, some 3 MB, after which the room on the disk is looked at again."""


class EmbeddedDraft:
    """The next generation in ``<n>.building``; see `Draft`. Reading it sees what was written so far."""

    files: EngineFiles | None = None

    def __init__(
        self,
        layout: Layout,
        folder: Path,
        store: EdgeStore,
        damaged: Iterable[int] = (),
        *,
        base: Companions | None = None,
        known: bool = True,
    ) -> None:
        self._layout, self._folder, self._store = layout, folder, store
        self._damaged = frozenset(damaged)
        self._open, self._published = True, False
        self._deleted = 0
        self.generation, self.record = store.generation, store.record
        self.count, self.search, self.scroll = store.count, store.search, store.scroll
        self.retrieve, self.facet, self.close = store.retrieve, store.facet, store.close
        self.companion = store.companion
        self._beside = Keeping(store, base, known=known)

    def upsert(self, points: Iterable[Point]) -> None:
        """See `Draft.upsert`."""
        with writing(self._layout.root):
            self._store.upsert(self._beside.noted(self._while_there_is_room(points)))

    def _while_there_is_room(self, points: Iterable[Point]) -> Iterator[Point]:
        for number, point in enumerate(points):
            if number % POINTS_A_LOOK == 0:
                require_room(self._layout.root, 0)
            yield point

    def replace_payload(self, points: Iterable[Point]) -> None:
        """See `Draft.replace_payload`."""
        with writing(self._layout.root):
            self._store.replace_payload(self._beside.noted(self._while_there_is_room(points)))

    def delete(self, ids: Sequence[str]) -> None:
        """See `Draft.delete`."""
        self._deleted += len(ids)
        require_room(self._layout.root, 0)
        self._beside.removed(ids)
        self._store.delete(ids)

    def publish(self) -> str:
        """See `Draft.publish`: optimise, flush, close, fsync, rename, replace CURRENT, prune."""
        number, before = int(self.generation), self._layout.last_published()
        with writing(self._layout.root):
            if self._store.needs_optimizing(deleted=self._deleted):
                require_room(self._layout.root, size_on_disk(self._folder))  # all is written once more
                self._store.optimize()
            self._store.flush()
            self._store.close()
            self._open = False
            # The first opening after a flush folds the engine's own journals into its files. It happens here,
            # so that readers, who may be many at once, find nothing left to change.
            with closing(self._store.load(self._folder / SHARD, self.generation, self.record)) as finished:
                points = finished.count()
                let_all_read(self._folder)
                seal(self._folder, self.record, points)
                self._beside.put(companions_of(self._folder), finished)
            if (sealed := read_checksums(self._folder)) is not None:
                sealed.note_looked()
            fsync_tree(self._folder)
            final = self._layout.generation(number)
            self._folder.rename(final)
            fsync(final.parent)
            self._layout.publish(number)
            self._published = True
        with suppress(StoreUnwritable):  # it is published all the same, and the next one clears away
            there = self._layout.numbers()
            sound = [one for one in there if one not in self._damaged]
            kept = set(sound).difference(superseded(sound, before=before, published=number))
            self._layout.remove(one for one in there if one not in kept)
        return self.generation

    def discard(self) -> None:
        """Throw the draft away unless it was published."""
        if self._open:
            with suppress(StoreError):
                self._store.close()
            self._open = False
        if not self._published:
            shutil.rmtree(self._folder, ignore_errors=True)
