"""Snapshots: a generation put aside as a folder, and published again from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from indexer.errors import StoreError, UsageError
from indexer.store.embedded.index import EmbeddedIndex, published_shard
from indexer.store.embedded.layout import SHARD
from indexer.store.interface import Index
from indexer.store.records import GenerationRecord
from indexer.store.transfer.compare import PointSource, tally
from indexer.store.transfer.copy import TransferReport, check_target, copy_thumbnails, transfer
from indexer.store.transfer.snapshot_files import new_folder, read_manifest, write_manifest
from indexer.system.files import copy_tree, writing
from indexer.system.plain_json import PlainJson
from indexer.system.progress import Progress

if TYPE_CHECKING:
    from indexer.store.embedded.engine import EdgeStore
    from indexer.store.server.index import ServerIndex

RECORD = "generation.json"


@dataclass(frozen=True, slots=True)
class SnapshotReport(PlainJson):
    """What was put aside."""

    source: str
    folder: str
    engine: str
    generation: str
    points: int
    checksum: str
    thumbnails: int


def take_snapshot(index: Index, folder: Path, *, thumbnails: bool = False) -> SnapshotReport:
    """Put the published generation aside in a new folder.

    An embedded index's shard is copied, and the copy opened and read through; a server makes a snapshot of the
    collection, which is downloaded and then removed there.

    Args:
        index: of either engine.
        folder: must not exist, or be empty.
        thumbnails: copy the thumbnails too; a sync cannot draw them again without embedding.

    Raises:
        UsageError: the folder is not empty.
        StoreMissing, StoreError: there is no generation, or the server has no snapshots.
        StoreUnwritable: no permission, or no room.
    """
    with new_folder(folder) as temporary:
        content, record = _fill(index, temporary)
        write_manifest(temporary, content, record)
        copied = copy_thumbnails(index.local, temporary) if thumbnails else 0
    return SnapshotReport(
        index.location,
        str(folder),
        content["engine"],
        content["generation"],
        content["points"],
        content["checksum"],
        copied,
    )


def restore_snapshot(
    folder: Path, index: Index, *, overwrite: bool = False, progress: Progress | None = None
) -> TransferReport:
    """Publish a snapshot as the next generation. An embedded one can also be restored to a server, point by point.

    Args:
        folder: what `take_snapshot` wrote; its checksums are verified first.
        index: where to publish; the generation there stays and can be rolled back to.
        overwrite: replace a generation of another catalog or another model.
        progress: called with (stage, points done, points in all).

    Raises:
        UsageError: the index holds another catalog or model, or a server's snapshot is to go into a directory.
        StoreError: it is no snapshot, a damaged one, or cannot be restored.
    """
    manifest, record = read_manifest(folder)
    check_target(record, index, overwrite)
    if manifest["engine"] == "embedded":
        with writing(index.local):
            index.local.mkdir(parents=True, exist_ok=True)
        with _opened(folder, record, index.local) as store:
            _check(store, manifest, str(folder))
            report = transfer(store, str(folder), index, shard=folder / SHARD, overwrite=overwrite, progress=progress)
    elif isinstance(index, EmbeddedIndex):
        raise UsageError(
            f"{folder}: is a Qdrant server's snapshot; restore it to a server, then: indexer pull --from URL"
        )
    else:
        from indexer.store.transfer.server_snapshots import recover

        report = recover(folder, manifest, record, _server(index), overwrite=overwrite)
    copy_thumbnails(folder, index.local)
    return report


def _fill(index: Index, folder: Path) -> tuple[dict[str, Any], GenerationRecord]:
    if not isinstance(index, EmbeddedIndex):
        from indexer.store.transfer.server_snapshots import download

        return download(_server(index), folder)
    store = index.read()
    try:
        generation, record = store.generation, store.record
        copy_tree(published_shard(index, generation), folder / SHARD)
        (folder / RECORD).write_text(json.dumps(record.to_json(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
        wanted = tally(store)
    finally:
        store.close()
    content = {"engine": "embedded", "generation": generation, "points": wanted.count, "checksum": wanted.checksum}
    with _opened(folder, record, folder.parent) as copy:
        _check(copy, content, index.location)
    return content, record


@contextmanager
def _opened(folder: Path, record: GenerationRecord, place: Path) -> Iterator[EdgeStore]:
    """A copy, below ``place``, of a snapshot's shard: the engine tidies up what it opens, a snapshot stays as it is."""
    from indexer.store.embedded.engine import EdgeStore

    with TemporaryDirectory(dir=place, prefix=".snapshot-", ignore_cleanup_errors=True) as scratch:
        with writing(place):
            copy_tree(folder / SHARD, Path(scratch) / SHARD)
        store = EdgeStore.load(Path(scratch) / SHARD, "snapshot", record)
        try:
            yield store
        finally:
            store.close()


def _check(source: PointSource, manifest: dict[str, Any], where: str) -> None:
    found = tally(source)
    if (found.count, found.checksum) != (manifest["points"], manifest["checksum"]):
        raise StoreError(f"{where}: the points in the snapshot are not those that were put aside; take another one")


def _server(index: Index) -> ServerIndex:
    from indexer.store.server.index import ServerIndex

    if not isinstance(index, ServerIndex):
        raise UsageError(f"{index.location}: this kind of index has no snapshots")
    return index
