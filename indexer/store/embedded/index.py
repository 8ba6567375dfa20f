"""Generations of an embedded index: build beside, verify, switch CURRENT, keep the last two."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.errors import StoreError, StoreMissing
from indexer.store.embedded.draft import EmbeddedDraft
from indexer.store.embedded.layout import SHARD, Layout
from indexer.store.records import GenerationRecord
from indexer.system.files import (
    NEW_SHARD_BYTES,
    copy_tree,
    gone_on_failure,
    require_room,
    size_on_disk,
    writing,
)
from indexer.system.lock import writer_lock

if TYPE_CHECKING:
    from indexer.store.embedded.engine import EdgeStore

__all__ = ["EmbeddedIndex", "open_index"]


class EmbeddedIndex:
    """A directory of generations, laid out as `Layout` says.

    Readers take no lock: they read CURRENT, open that generation and stay with it.
    """

    in_process = True

    def __init__(self, root: Path) -> None:
        self.root = root
        self._layout = Layout(root)

    @property
    def location(self) -> str:
        """The directory."""
        return str(self.root)

    @property
    def local(self) -> Path:
        """The directory itself."""
        return self.root

    def read(self) -> EdgeStore:
        """See `Index.read`."""
        while True:
            number = self._layout.current()
            if number is None:
                raise StoreMissing(
                    f"{self.root}: no index here yet; fill it with: indexer sync CATALOG --index {self.root}"
                )
            try:
                return self._load(number)
            except StoreError:
                if self._layout.current() == number:  # else it was pruned between the two looks: take the new one
                    raise

    def current(self) -> str | None:
        """See `Index.current`; reads one small file."""
        number = self._layout.current()
        return None if number is None else str(number)

    def record(self) -> GenerationRecord | None:
        """See `Index.record`."""
        number = self._layout.current()
        return None if number is None else self._layout.record(number)

    def describe(self) -> dict[str, Any]:
        """See `Index.describe`."""
        return {"engine": "embedded", "bytes": size_on_disk(self.root), "quantization": "none"}

    def generations(self) -> list[str]:
        """See `Index.generations`."""
        return [str(number) for number in self._layout.numbers()]

    def rollback(self) -> str:
        """See `Index.rollback`; replaces one small file, whatever the size."""
        if self._layout.current() is None:
            raise StoreMissing(f"{self.root}: no index here yet; fill it with: indexer sync CATALOG")
        with writer_lock(self._layout.lock):
            current = self._layout.current()
            earlier = [number for number in self._layout.numbers() if current is not None and number < current]
            if not earlier:
                raise StoreMissing(f"{self.root}: there is no earlier generation to go back to")
            self._load(earlier[-1]).close()  # what cannot be opened is not published
            self._layout.publish(earlier[-1])
            return str(earlier[-1])

    def prune(self, keep: int = 1) -> list[str]:
        """See `Index.prune`."""
        if not self._layout.numbers():
            return []
        with writer_lock(self._layout.lock):
            numbers = self._layout.numbers()
            kept = {*numbers[max(0, len(numbers) - keep) :], self._layout.current()}
            gone = [number for number in numbers if number not in kept]
            self._layout.remove(gone)
            return [str(number) for number in gone]

    @contextmanager
    def write(self) -> Iterator[EmbeddedWriter]:
        """See `Index.write`."""
        with writer_lock(self._layout.lock):
            with writing(self.root):
                self._layout.generations.mkdir(exist_ok=True)
            writer = EmbeddedWriter(self, self._layout)
            try:
                yield writer
            finally:
                writer.abandon()

    def _load(self, number: int) -> EdgeStore:
        from indexer.store.embedded.engine import EdgeStore

        return EdgeStore.load(self._layout.generation(number) / SHARD, str(number), self._layout.record(number))


class EmbeddedWriter:
    """The one writer of an embedded index; see `Writer`."""

    def __init__(self, index: EmbeddedIndex, layout: Layout) -> None:
        self._index, self._layout = index, layout
        self._published: EdgeStore | None = None
        self._draft: EmbeddedDraft | None = None
        layout.remove_unfinished()

    def published(self) -> EdgeStore | None:
        """See `Writer.published`."""
        if self._published is None and self._index.current() is not None:
            self._published = self._index.read()
        return self._published

    def draft(self, record: GenerationRecord, *, from_published: bool) -> EmbeddedDraft:
        """See `Writer.draft`. Raises ``StoreUnwritable`` when there is no room for it."""
        from indexer.store.embedded.engine import EdgeStore

        current, number = self._layout.current(), self._layout.next_number()
        folder = self._layout.building(number)
        with writing(self._layout.root), gone_on_failure(folder):
            if from_published and current is not None:
                source = self._layout.generation(current) / SHARD
                # Twice: the copy, and what the optimizer writes before it drops the old segments.
                require_room(self._layout.root, 2 * size_on_disk(source))
                copy_tree(source, folder / SHARD)
                store = EdgeStore.load(folder / SHARD, str(number), record)
                store.ensure_field_indexes(record.field_table)
            else:
                require_room(self._layout.root, NEW_SHARD_BYTES)
                store = EdgeStore.create(folder / SHARD, str(number), record)
        self._draft = EmbeddedDraft(self._layout, folder, store)
        return self._draft

    def abandon(self) -> None:
        """Close what is open; a draft that was not published disappears."""
        if self._draft is not None:
            self._draft.discard()
        if self._published is not None:
            self._published.close()
            self._published = None


def published_shard(index: EmbeddedIndex, generation: str) -> Path:
    """The folder of a generation's shard; never changed once published."""
    return index._layout.generation(int(generation)) / SHARD


def adopt(writer: EmbeddedWriter, shard: Path, record: GenerationRecord) -> EmbeddedDraft:
    """A draft that is a copy of ``shard``, search graph included; `Draft.publish` then has nothing to build.

    Raises:
        StoreUnwritable: there is no room for it.
        StoreError: it is no shard, or a damaged one.
    """
    from indexer.store.embedded.engine import EdgeStore

    layout = writer._layout
    number = layout.next_number()
    folder = layout.building(number)
    with writing(layout.root), gone_on_failure(folder):
        require_room(layout.root, size_on_disk(shard))
        copy_tree(shard, folder / SHARD)
        store = EdgeStore.load(folder / SHARD, str(number), record)
        store.ensure_field_indexes(record.field_table)
    writer._draft = EmbeddedDraft(layout, folder, store)
    return writer._draft


def open_index(location: str | os.PathLike[str]) -> EmbeddedIndex:
    """The index at a directory. Nothing is created or opened yet."""
    return EmbeddedIndex(Path(location))
