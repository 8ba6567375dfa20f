"""Generations of an embedded index: build beside, verify, switch CURRENT, keep the last two."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from indexer.errors import StoreDamaged, StoreError, StoreMissing
from indexer.store.beside.companions import Companions
from indexer.store.beside.lock import writer_lock
from indexer.store.embedded.checksums import companions_of, second_record
from indexer.store.embedded.draft import EmbeddedDraft
from indexer.store.embedded.layout import SHARD, Layout
from indexer.store.embedded.opening import check_generation, load_generation
from indexer.store.embedded.repair import Repairer
from indexer.store.embedded.snapshots import write_snapshot
from indexer.store.records import EMBEDDED, Checked, EngineFiles, GenerationRecord, Repair
from indexer.store.tuning import Memory, memory_of
from indexer.system.arguments import path_of
from indexer.system.files import NEW_SHARD_BYTES, copy_tree, gone_on_failure, require_room, size_on_disk, writing

if TYPE_CHECKING:
    from indexer.store.embedded.engine import EdgeStore
    from indexer.store.interface import Index


class EmbeddedIndex:
    """A directory of generations, laid out as `Layout` says.

    Readers take no lock: they read CURRENT, open that generation and stay with it.

    Args:
        root: the directory.
        memory: where new generations keep payload, ids and field indexes; it stays with each of them.
    """

    engine, in_process, tolerance = EMBEDDED, True, 0.0

    def __init__(self, root: str | os.PathLike[str], memory: Memory | str = Memory.CACHED) -> None:
        self.root = self.local = path_of("index", root)  # where the process goes later does not matter
        self.memory = memory_of(memory)
        self.location = str(self.root)
        self.layout = Layout(self.root)

    @property
    def place(self) -> str:
        """The directory, whatever links lead to it."""
        return str(self.root.resolve())

    def current(self) -> str | None:
        """See `Index.current`; reads one small file."""
        number = self.layout.current()
        return None if number is None else str(number)

    def mark(self) -> str | None:
        """See `Index.mark`; reads one small file and looks at two."""
        return self.layout.mark()

    def record(self) -> GenerationRecord | None:
        """See `Index.record`."""
        number = self.layout.current()
        return None if number is None else self.layout.record(number)

    def last_record(self) -> GenerationRecord | None:
        """See `Index.last_record`: the second record of the published generation, or the newest there is."""
        for number in dict.fromkeys([self.layout.last_published(), *reversed(self.layout.numbers())]):
            folder = self.layout.generation(number)
            if number and folder.is_dir():
                try:
                    return self.layout.record(number)
                except StoreDamaged:
                    if (record := second_record(folder)) is not None:
                        return record
        return None

    def describe(self) -> dict[str, Any]:
        """See `Index.describe`."""
        return {"engine": self.engine, "bytes": size_on_disk(self.root), "quantization": "none"}

    def generations(self) -> list[str]:
        """See `Index.generations`."""
        return [str(number) for number in self.layout.numbers()]

    def rollback(self) -> str:
        """See `Index.rollback`; replaces one small file, whatever the size."""
        if not self.layout.last_published() and not self.layout.numbers():
            raise StoreMissing.at(self.root)
        with writer_lock(self.layout.lock):
            current = self.layout.last_published()  # 0 where that cannot be said: the newest is then gone back to
            earlier = [number for number in self.layout.numbers() if not current or number < current]
            if not earlier:
                raise StoreMissing(f"{self.root}: there is no earlier generation to go back to")
            for number in reversed(earlier):
                try:
                    load_generation(self.layout, number, whole=True).close()
                except StoreDamaged:  # is not published, but an older one may be whole
                    if number == earlier[0]:
                        raise
                else:
                    break
            self.layout.publish(number)
            return str(number)

    def prune(self, keep: int = 1) -> list[str]:
        """See `Index.prune`."""
        if not self.layout.numbers():
            return []
        with writer_lock(self.layout.lock):
            self.layout.remove_unfinished()
            numbers, current = self.layout.numbers(), self.layout.current()
            kept = {*numbers[max(0, len(numbers) - keep) :], current}
            gone = [number for number in numbers if number not in kept]
            self.layout.remove(gone)
            return [str(number) for number in gone]

    def read(self, *, whole: bool = False) -> EdgeStore:
        """See `Index.read`."""
        while True:
            mark, number = self.layout.mark(), self.layout.current()
            if number is None:
                raise StoreMissing.at(self.root, f" --index {self.root}")
            try:
                return load_generation(self.layout, number, whole=whole)
            except StoreError:
                if self.layout.mark() == mark:  # else it was replaced between the two looks: take the new one
                    raise

    def stores(self) -> Iterator[EdgeStore]:
        """See `Index.stores`."""
        for number in self.layout.numbers():
            with closing(load_generation(self.layout, number)) as store:
                yield store

    def companion(self, name: str, *, whole: bool = False) -> Path | None:
        """See `Index.companion`."""
        number = self.layout.current()
        return None if number is None else companions_of(self.layout.generation(number)).path(name, whole=whole)

    def companions(self, name: str) -> list[Path | None]:
        """See `Index.companions`."""
        return [companions_of(self.layout.generation(number)).path(name) for number in self.layout.numbers()]

    def check(self) -> list[Checked]:
        """See `Index.check`: every file, and how many points there are."""
        published = self.layout.current()
        return [check_generation(self.layout, number, number == published) for number in self.layout.numbers()]

    @contextmanager
    def write(self, *, resume: GenerationRecord | None = None) -> Iterator[EmbeddedWriter]:  # noqa: ARG002
        """See `Index.write`; nothing is resumed: a copy of files is quicker than finding out what is there."""
        with writer_lock(self.layout.lock):
            with writing(self.root):
                self.layout.generations.mkdir(exist_ok=True)
            writer = EmbeddedWriter(self)
            try:
                yield writer
            finally:
                writer.abandon()

    def put_aside(self, folder: Path) -> tuple[dict[str, Any], GenerationRecord]:
        """See `Index.put_aside`; the copy is opened and read through."""
        with closing(self.read(whole=True)) as store:
            return write_snapshot(store, folder, self.location), store.record


class EmbeddedWriter:
    """The one writer of an embedded index; see `Writer`."""

    def __init__(self, index: EmbeddedIndex) -> None:
        self._index, self._layout, self._process = index, index.layout, os.getpid()
        self._published: EdgeStore | None = None
        self._draft: EmbeddedDraft | None = None
        self._repairer = Repairer(index.layout)
        self._nothing_left = False
        index.layout.remove_unfinished()

    def repair(self, *, whole: bool = True) -> Repair:
        """See `Writer.repair`; reads every file of the published generation, or what was written to since."""
        there = self._repairer.untouched if self._published is None else int(self._published.generation)
        if whole and self._repairer.is_whole(there):
            return Repair()
        if self._published is not None:
            self._published.close()
        self._published, self._repairer.sound = None, None
        repaired = self._repairer.repair(whole=whole)
        self._published, self._nothing_left = self._repairer.sound, repaired.nothing_left
        return repaired

    def published(self) -> EdgeStore | None:
        """See `Writer.published`."""
        if self._published is None and not self._nothing_left and self._index.current() is not None:
            self._published = self._index.read()
        return self._published

    def release(self) -> None:
        """See `Writer.release`."""
        if self._published is not None:
            self._published.close()
            self._published = self._repairer.sound = None

    def accompany(self, name: str, write: Callable[[Path], None]) -> None:
        """See `Writer.accompany`."""
        number = self._layout.current()
        if number is not None:
            companions_of(self._layout.generation(number)).put(name, write)

    def draft(self, record: GenerationRecord, *, from_published: bool) -> EmbeddedDraft:
        """See `Writer.draft`. Raises ``StoreUnwritable`` when there is no room for it."""
        from indexer.store.embedded.engine import EdgeStore

        current = self._layout.last_published()
        if from_published and current and not self._nothing_left:
            # Twice: the copy, and what the optimizer writes before it drops the old segments.
            # What an earlier version or another setting made becomes what a new one is, but for the graph, whose
            # links for every field do no harm; they go when it is built again.
            base = self._layout.generation(current)
            return self._copied(base / SHARD, record, times=2, memory=self._index.memory, base=companions_of(base))
        with self._begun() as (folder, name):
            require_room(self._layout.root, NEW_SHARD_BYTES)
            store = EdgeStore.create(folder / SHARD, name, record, self._index.memory)
        self._draft = EmbeddedDraft(self._layout, folder, store, self._repairer.damaged)
        return self._draft

    def adopt(self, files: EngineFiles, record: GenerationRecord) -> EmbeddedDraft:
        """See `Writer.adopt`; `Draft.publish` then has nothing to build."""
        return self._copied(files.path, record)

    def abandon(self) -> None:
        """Close what is open; a draft that was not published disappears. In a forked child they are the parent's."""
        if os.getpid() != self._process:
            return
        if self._draft is not None:
            self._draft.discard()
        self.release()

    def _copied(
        self,
        shard: Path,
        record: GenerationRecord,
        *,
        times: int = 1,
        memory: Memory | None = None,
        base: Companions | None = None,
    ) -> EmbeddedDraft:
        """A draft that is a copy of a shard, which may take ``times`` its room.

        Without ``memory``, what is there stays where it is; ``base`` are the files beside the generation it is of.
        """
        from indexer.store.embedded.engine import EdgeStore

        with self._begun() as (folder, name):
            require_room(self._layout.root, times * size_on_disk(shard))
            copy_tree(shard, folder / SHARD)
            store = EdgeStore.load(folder / SHARD, name, record, memory)
            store.ensure_field_indexes(record.field_table, self._index.memory, renewed=memory is not None)
        damaged, known = self._repairer.damaged, base is not None
        self._draft = EmbeddedDraft(self._layout, folder, store, damaged, base=base, known=known)
        return self._draft

    @contextmanager
    def _begun(self) -> Iterator[tuple[Path, str]]:
        """Folder and name of the next generation; the folder goes when it cannot be begun."""
        number = self._layout.next_number()
        folder = self._layout.building(number)
        with writing(self._layout.root), gone_on_failure(folder):
            yield folder, str(number)


def open_index(location: str | os.PathLike[str], memory: str = "cached") -> EmbeddedIndex:
    """The index at a directory. Nothing is created or opened yet.

    Args:
        location: the directory.
        memory: where new generations keep payload, ids and field indexes: ``pinned`` in each process's own memory,
            ``cached`` in the system's, which all processes share, or ``cold`` on the disk.

    Raises:
        UsageError: it is no path, or memory is none of these.
    """
    return EmbeddedIndex(location, memory)


def index_at(given: str | os.PathLike[str] | Index) -> Index:
    """An index of either engine that is opened already, or the embedded one at a directory, as `open_index` does."""
    return cast("Index", given) if hasattr(given, "last_record") else open_index(cast("str", given))
