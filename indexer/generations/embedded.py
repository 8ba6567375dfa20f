"""Generations of an embedded index: build beside, verify, switch CURRENT, keep the last two."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.errors import StoreError, StoreMissing, StoreUnwritable
from indexer.stores.interface import SCHEMA_VERSION, GenerationRecord, Point
from indexer.system.files import (
    NEW_SHARD_BYTES,
    copy_tree,
    fsync,
    gone_on_failure,
    replace_text,
    require_room,
    size_on_disk,
    writing,
)
from indexer.system.lock import writer_lock

if TYPE_CHECKING:
    from indexer.stores.embedded import EdgeStore

KEEP = 2
POINTS_A_LOOK = 1000
"""Points, some 3 MB, after which the room on the disk is looked at again."""
_CURRENT, _LOCK, _RECORD, _SHARD, _BUILDING = "CURRENT", "LOCK", "generation.json", "shard", ".building"


class EmbeddedIndex:
    """A directory of generations.

        <index>/CURRENT                          the published generation's number
        <index>/LOCK                             held by the one writer, names it
        <index>/generations/<n>/generation.json  what it was built from
        <index>/generations/<n>/shard/           a Qdrant Edge shard, never changed after publication
        <index>/thumbnails/ · <index>/work/      pictures for answers; embeddings not yet published

    Readers take no lock: they read CURRENT, open that generation and stay with it.
    """

    in_process = True

    def __init__(self, root: Path) -> None:
        self.root = root

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
            number = self._current()
            if number is None:
                raise StoreMissing(
                    f"{self.root}: no index here yet; fill it with: indexer sync CATALOG --index {self.root}"
                )
            try:
                return self._load(number)
            except StoreError:
                if self._current() == number:  # else it was pruned between the two looks: take the new one
                    raise

    def current(self) -> str | None:
        """See `Index.current`; reads one small file."""
        number = self._current()
        return None if number is None else str(number)

    def record(self) -> GenerationRecord | None:
        """See `Index.record`."""
        number = self._current()
        return None if number is None else read_record(self._folder(number) / _RECORD)

    def describe(self) -> dict[str, Any]:
        """See `Index.describe`."""
        return {"engine": "embedded", "bytes": size_on_disk(self.root), "quantization": "none"}

    def generations(self) -> list[str]:
        """See `Index.generations`."""
        return [str(number) for number in self.numbers()]

    def rollback(self) -> str:
        """See `Index.rollback`; replaces one small file, whatever the size."""
        if self._current() is None:
            raise StoreMissing(f"{self.root}: no index here yet; fill it with: indexer sync CATALOG")
        with writer_lock(self.root / _LOCK):
            current = self._current()
            earlier = [number for number in self.numbers() if current is not None and number < current]
            if not earlier:
                raise StoreMissing(f"{self.root}: there is no earlier generation to go back to")
            self._load(earlier[-1]).close()  # what cannot be opened is not published
            with writing(self.root):
                replace_text(self.root / _CURRENT, f"{earlier[-1]}\n")
            return str(earlier[-1])

    def prune(self, keep: int = 1) -> list[str]:
        """See `Index.prune`."""
        if not self.numbers():
            return []
        with writer_lock(self.root / _LOCK):
            numbers = self.numbers()
            kept = {*numbers[max(0, len(numbers) - keep) :], self._current()}
            gone = [number for number in numbers if number not in kept]
            self._remove(gone)
            return [str(number) for number in gone]

    def _remove(self, numbers: Iterable[int]) -> None:
        with writing(self.root):
            for number in list(numbers):  # renamed first: half a generation must not look like a whole one
                leaving = self._folder(number).rename(self._building(number))
                shutil.rmtree(leaving, ignore_errors=True)

    def _current(self) -> int | None:
        try:
            return int((self.root / _CURRENT).read_text())
        except (FileNotFoundError, NotADirectoryError):  # also where a file is in the way: nothing is published there
            return None
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{self.root / _CURRENT}: cannot be read ({error}); restore it or remove the index"
            ) from error

    def numbers(self) -> list[int]:
        """Complete generations on disk, oldest first."""
        folder = self.root / "generations"
        return sorted(int(p.name) for p in folder.iterdir() if p.name.isdigit()) if folder.is_dir() else []

    @contextmanager
    def write(self) -> Iterator[EmbeddedWriter]:
        """See `Index.write`."""
        with writer_lock(self.root / _LOCK):
            with writing(self.root):
                (self.root / "generations").mkdir(exist_ok=True)
            writer = EmbeddedWriter(self)
            try:
                yield writer
            finally:
                writer.abandon()

    def _folder(self, number: int) -> Path:
        return self.root / "generations" / str(number)

    def _building(self, number: int) -> Path:
        return self.root / "generations" / f"{number}{_BUILDING}"

    def _load(self, number: int) -> EdgeStore:
        from indexer.stores.embedded import EdgeStore

        folder = self._folder(number)
        return EdgeStore.load(folder / _SHARD, str(number), read_record(folder / _RECORD))


class EmbeddedWriter:
    """The one writer of an embedded index; see `Writer`."""

    def __init__(self, index: EmbeddedIndex) -> None:
        self._index = index
        self._published: EdgeStore | None = None
        self._draft: EmbeddedDraft | None = None
        for left_over in (index.root / "generations").glob(f"*{_BUILDING}"):
            shutil.rmtree(left_over)  # a writer died; its embeddings are in the journal, its shard is not to be trusted

    def published(self) -> EdgeStore | None:
        """See `Writer.published`."""
        if self._published is None and self._index.current() is not None:
            self._published = self._index.read()
        return self._published

    def draft(self, record: GenerationRecord, *, from_published: bool) -> EmbeddedDraft:
        """See `Writer.draft`. Raises ``StoreUnwritable`` when there is no room for it."""
        from indexer.stores.embedded import EdgeStore

        current = self._index._current()
        number = max([*self._index.numbers(), current or 0]) + 1
        folder = self._index._building(number)
        with writing(self._index.root), gone_on_failure(folder):
            if from_published and current is not None:
                source = self._index._folder(current) / _SHARD
                # Twice: the copy, and what the optimizer writes before it drops the old segments.
                require_room(self._index.root, 2 * size_on_disk(source))
                copy_tree(source, folder / _SHARD)
                store = EdgeStore.load(folder / _SHARD, str(number), record)
                store.ensure_field_indexes(record.field_table)
            else:
                require_room(self._index.root, NEW_SHARD_BYTES)
                store = EdgeStore.create(folder / _SHARD, str(number), record)
        self._draft = EmbeddedDraft(self._index, folder, store)
        return self._draft

    def abandon(self) -> None:
        """Close what is open; a draft that was not published disappears."""
        if self._draft is not None:
            self._draft.discard()
        if self._published is not None:
            self._published.close()
            self._published = None


class EmbeddedDraft:
    """The next generation in ``<n>.building``; see `Draft`. Reading it sees what was written so far."""

    def __init__(self, index: EmbeddedIndex, folder: Path, store: EdgeStore) -> None:
        self._index, self._folder, self._store = index, folder, store
        self._open, self._published = True, False
        self._deleted = 0
        self.generation, self.record = store.generation, store.record
        self.count, self.search, self.scroll = store.count, store.search, store.scroll
        self.retrieve, self.facet, self.close = store.retrieve, store.facet, store.close

    def upsert(self, points: Iterable[Point]) -> None:
        """See `Draft.upsert`."""
        with writing(self._index.root):
            self._store.upsert(self._while_there_is_room(points))

    def _while_there_is_room(self, points: Iterable[Point]) -> Iterator[Point]:
        for number, point in enumerate(points):
            if number % POINTS_A_LOOK == 0:
                require_room(self._index.root, 0)
            yield point

    def replace_payload(self, points: Iterable[Point]) -> None:
        """See `Draft.replace_payload`."""
        with writing(self._index.root):
            self._store.replace_payload(self._while_there_is_room(points))

    def delete(self, ids: Sequence[str]) -> None:
        """See `Draft.delete`."""
        self._deleted += len(ids)
        require_room(self._index.root, 0)
        self._store.delete(ids)

    def publish(self) -> str:
        """See `Draft.publish`: optimise, flush, close, fsync, rename, replace CURRENT, prune.

        What is kept beside it is the generation it replaced: one that was rolled back from goes.
        """
        number, before = int(self.generation), self._index._current() or 0
        with writing(self._index.root):
            if self._store.needs_optimizing(deleted=self._deleted):
                require_room(self._index.root, size_on_disk(self._folder))  # all is written once more
                self._store.optimize()
            self._store.flush()
            self._store.close()
            self._open = False
            # The first opening after a flush folds the engine's own journals into its files. It happens here,
            # so that readers, who may be many at once, find nothing left to change.
            self._store.load(self._folder / _SHARD, self.generation, self.record).close()
            record = json.dumps(self.record.to_json(), indent=2, sort_keys=True)
            (self._folder / _RECORD).write_text(record + "\n", encoding="utf-8")
            for path in sorted(self._folder.rglob("*"), reverse=True):
                fsync(path)
            fsync(self._folder)
            final = self._index._folder(number)
            self._folder.rename(final)
            fsync(final.parent)
            replace_text(self._index.root / _CURRENT, f"{number}\n")
            self._published = True
        rolled_back = range(before + 1, number)
        kept = [n for n in self._index.numbers() if n not in rolled_back][-KEEP:]
        with suppress(StoreUnwritable):  # it is published all the same, and the next one clears away
            self._index._remove(n for n in self._index.numbers() if n not in kept)
        return self.generation

    def discard(self) -> None:
        """Throw the draft away unless it was published."""
        if self._open:
            with suppress(StoreError):
                self._store.close()
            self._open = False
        if not self._published:
            shutil.rmtree(self._folder, ignore_errors=True)


def read_record(path: Path) -> GenerationRecord:
    """Read a generation.json; raises ``StoreError`` when it is missing, damaged or of a newer schema."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        record = GenerationRecord.from_json(content)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{path}: cannot be read ({error!r}); remove the index and sync again") from error
    if record.schema_version > SCHEMA_VERSION:
        raise StoreError(f"{path}: index schema {record.schema_version} is newer than this version's; upgrade")
    return record
