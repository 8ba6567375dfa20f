"""Snapshots of an embedded index: a copy of the shard, which can be opened without an index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.errors import StoreError
from indexer.store.embedded.layout import RECORD, SHARD, write_record
from indexer.store.records import EMBEDDED, OPENED, GenerationRecord
from indexer.store.tally import PointSource, holds, tally
from indexer.system.files import copy_tree, writing
from indexer.system.scratch import scratch_folder

if TYPE_CHECKING:
    from indexer.store.embedded.engine import EdgeStore


def write_snapshot(store: EdgeStore, folder: Path, where: str) -> dict[str, Any]:
    """Copy a published generation into ``folder``; returns what a manifest says about it.

    Raises:
        StoreError: the copy does not hold the points of ``where``.
        OSError: the disk refuses.
    """
    copy_tree(store.files.path, folder / SHARD)
    write_record(folder / RECORD, store.record)
    wanted = tally(store)
    with open_snapshot(folder, store.record, folder.parent) as copy:
        check_snapshot(copy, wanted.count, wanted.checksum, where)
    return {"engine": EMBEDDED, "generation": store.generation, "points": wanted.count, "checksum": wanted.checksum}


@contextmanager
def open_snapshot(folder: Path, record: GenerationRecord, place: Path) -> Iterator[PointSource]:
    """A copy, below ``place``, of a snapshot's shard: the engine tidies up what it opens, a snapshot stays as it is."""
    from indexer.store.embedded.engine import EdgeStore

    with ExitStack() as stack:
        with writing(place):
            scratch = stack.enter_context(scratch_folder(place, OPENED))
            copy_tree(folder / SHARD, scratch / SHARD)
        store = EdgeStore.load(scratch / SHARD, "snapshot", record)
        try:
            yield store
        finally:
            store.close()


def check_snapshot(copy: PointSource, points: int, checksum: str, where: str) -> None:
    """Raise ``StoreError`` unless an opened snapshot holds the points that were counted when it was taken."""
    if not holds(copy, points, checksum):
        raise StoreError(f"{where}: the points in the snapshot are not those that were put aside; take another one")
