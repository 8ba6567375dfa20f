"""A folder of shards becomes the next generation of an index, its thumbnails beside it."""

from __future__ import annotations

from pathlib import Path

from indexer.errors import StoreUnwritable, advice_on_writing
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.interface import Index
from indexer.store.transfer.copy import TransferReport, check_target, transfer
from indexer.store.transfer.shards.shard_folder import ShardFolder
from indexer.system.progress import Progress, Telling, nobody


def import_shards(
    folder: Path, target: Index, *, overwrite: bool = False, progress: Progress | None = None
) -> TransferReport:
    """Publish what `indexer embed` wrote.

    The folder is read through before anything is written, a shard at a time, and its thumbnails are written before
    the points are published. Shards that are not all there, are damaged, or are not of one model and one state of a
    catalog are refused.

    Args:
        folder: the folder.
        target: the index to publish it in.
        overwrite: replace a generation of another catalog or another model.
        progress: called with (stage, points done, points in all).

    Raises:
        MissingExtra: pyarrow is not installed.
        StoreError: the folder is not whole, or the target cannot be written.
        UsageError: the target holds another catalog or model, or there are no points.
    """
    shards = ShardFolder.open(folder)
    check_target(shards.record, target, overwrite)
    shards.check(progress)
    _write_thumbnails(shards, target, progress or nobody)
    return transfer(shards, str(folder), target, overwrite=overwrite, progress=progress)


def _write_thumbnails(shards: ShardFolder, target: Index, progress: Progress) -> None:
    there = target.record()
    anew = there is None or there.reading < shards.record.reading  # the same photo was drawn in another way then
    pictures = ThumbnailStore(target.local)
    try:
        for row in Telling(progress, "Writing thumbnails", shards.count()).of(shards.rows()):
            digest = str(row.point.payload["photo"]["sha256"])
            if row.thumbnail is not None and (anew or pictures.find(digest) is None):
                pictures.keep(digest, row.thumbnail)
    except OSError as error:
        raise StoreUnwritable(
            f"{target.local}: thumbnails cannot be written ({error.strerror or error}); nothing was published: "
            f"{advice_on_writing(error)} and run it again"
        ) from error
