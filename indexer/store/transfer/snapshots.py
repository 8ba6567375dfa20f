"""Snapshots: a generation put aside as a folder, and published again from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.errors import StoreError, UsageError
from indexer.store.embedded.snapshots import check_snapshot, open_snapshot
from indexer.store.interface import Index
from indexer.store.records import EMBEDDED, EngineFiles, GenerationRecord
from indexer.store.tally import holds
from indexer.store.transfer.copy import TransferReport, check_target, copy_thumbnails, transfer
from indexer.store.transfer.snapshot_files import new_folder, read_manifest, write_manifest
from indexer.system.files import writing
from indexer.system.plain_json import PlainJson
from indexer.system.progress import Progress


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
        content, record = index.put_aside(temporary)
        write_manifest(temporary, content, record)
        copied = copy_thumbnails(index.local, temporary) if thumbnails else 0
    facts = {name: content[name] for name in ("engine", "generation", "points", "checksum")}
    return SnapshotReport(source=index.location, folder=str(folder), **facts, thumbnails=copied)


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
        StoreError: it is not a snapshot, a damaged one, or cannot be restored.
    """
    manifest, record = read_manifest(folder)
    check_target(record, index, overwrite)
    if manifest["engine"] == EMBEDDED:
        with writing(index.local):
            index.local.mkdir(parents=True, exist_ok=True)
        with open_snapshot(folder, record, index.local) as store:
            check_snapshot(store, manifest["points"], manifest["checksum"], str(folder))
            report = transfer(store, str(folder), index, overwrite=overwrite, progress=progress)
    elif manifest["engine"] != index.engine:
        raise UsageError(
            f"{folder}: is a Qdrant server's snapshot; restore it to a server, then: indexer pull --from URL"
        )
    else:
        report = _recover(folder, manifest, record, index, overwrite)
    copy_thumbnails(folder, index.local)
    return report


def _recover(
    folder: Path, manifest: dict[str, Any], record: GenerationRecord, index: Index, overwrite: bool
) -> TransferReport:
    """Let the engine take its files over, and publish them if they hold what was put aside."""
    files = EngineFiles(index.engine, folder, {name: file["sha256"] for name, file in manifest["files"].items()})
    with index.write() as writer:
        check_target(record, index, overwrite)
        draft = writer.adopt(files, record)
        if not holds(draft, manifest["points"], manifest["checksum"]):
            raise StoreError(f"{index.location}: other points came back than were put aside; nothing was published")
        generation = draft.publish()
    points, checksum = manifest["points"], manifest["checksum"]
    return TransferReport(str(folder), index.location, generation, points, points, checksum, True, published=True)
