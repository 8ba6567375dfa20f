"""Opening a generation: only if it is what was published, and also where this user may not write to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import StoreDamaged, StoreError, StoreUnwritable
from indexer.store.embedded.checksums import companions_of, read_checksums
from indexer.store.embedded.layout import RECORD, SHARD, Layout, read_record
from indexer.store.embedded.view import may_write, open_view
from indexer.store.records import EMBEDDED, Checked, EngineFiles, GenerationRecord
from indexer.system.forks import whole

if TYPE_CHECKING:
    from indexer.store.embedded.engine import EdgeStore


def load_generation(layout: Layout, number: int, *, whole: bool = False) -> EdgeStore:
    """Open a complete generation for reading.

    Every file is there with its length, the small ones with their bytes, and all points: what can be known at the
    price of some milliseconds. A generation that was published before checksums were kept is opened as it is.

    Args:
        layout: of the index.
        number: of the generation.
        whole: compare the bytes of all files.

    Raises:
        StoreDamaged: it is not what was published; the message says how it is repaired.
        StoreError: it cannot be read by this user or this version.
    """
    folder = layout.generation(number)
    try:
        record, checksums = read_record(folder / RECORD), read_checksums(folder)
        problems = [] if checksums is None else checksums.damage(whole=whole)
        if problems:
            raise StoreDamaged(f"{folder}: is damaged: {in_short(problems)}")
        store = _open(folder / SHARD, str(number), record)
        try:
            found = store.count()
        except StoreError:
            store.close()
            raise
        if checksums is not None and found != checksums.points:
            store.close()
            raise StoreDamaged(f"{folder}: is damaged: it holds {found} photos where {checksums.points} were published")
    except StoreDamaged as error:
        raise StoreDamaged(error.what, layout.repair) from error
    store.again = partial(load_generation, layout, number)
    store.beside = companions_of(folder)
    return store


def check_generation(layout: Layout, number: int, published: bool) -> Checked:
    """Compare all that a generation holds with what was published; raises ``StoreError`` where it cannot be read."""
    folder, points, files = layout.generation(number), None, 0
    try:
        checksums = read_checksums(folder)
        if checksums is not None:
            points, files = checksums.points, len(checksums.files)
        problems = [] if checksums is None else checksums.damage(whole=True)
        if not problems:
            load_generation(layout, number).close()
    except StoreDamaged as error:
        problems = [error.what.removeprefix(f"{folder}: is damaged: ")]
    return Checked(str(number), published, points, files, tuple(problems))


def in_short(problems: list[str]) -> str:
    """The first of several, and how many there are."""
    return problems[0] + (f", and {len(problems) - 1} more" if len(problems) > 1 else "")


def _open(shard: Path, generation: str, record: GenerationRecord) -> EdgeStore:
    with whole():
        from indexer.store.embedded.engine import EdgeStore

    def load(path: Path) -> EdgeStore:
        try:
            return EdgeStore.load(path, generation, record)
        except StoreUnwritable:
            raise
        except StoreError as error:
            raise StoreDamaged(f"{shard.parent}: is damaged: it cannot be opened ({error})") from error

    if may_write(shard):
        try:
            return load(shard)
        except StoreUnwritable as full:  # even opening writes a few bytes, which may find room elsewhere
            try:
                return _viewed(shard, load)
            except StoreError:
                raise full from None
    return _viewed(shard, load)


def _viewed(shard: Path, load: Callable[[Path], EdgeStore]) -> EdgeStore:
    store = open_view(shard, load)
    store.files = EngineFiles(EMBEDDED, shard)  # what is copied further is the generation and not the view
    return store
