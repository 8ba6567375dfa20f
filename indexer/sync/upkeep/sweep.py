"""Clearing away what nobody needs any more: pictures of photos that left, and what killed processes began."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from indexer.errors import StoreError
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.beside.ledger import NAME, Ledger
from indexer.store.filters.tree import value_at
from indexer.store.interface import Index

_BEGUN = re.compile(r"\..+-[0-9a-f]{8}")
"""Names of files that were being written, see `indexer.system.files.replacing`."""
BEGUN_SECONDS = 3600.0
"""After which such a file belongs to a process that was killed: the longest takes seconds to write."""


def prune(index: Index, keep: int = 1) -> tuple[list[str], int]:
    """`Index.prune`, and `sweep` after it; returns the generations that were removed, and the number of pictures."""
    if not index.generations():
        return [], 0
    removed = index.prune(keep)
    with index.write():
        return removed, sweep(index)


def sweep(index: Index) -> int:
    """Remove the thumbnails of photos that no generation has; returns how many. The writer's lock is held.

    Those of a generation that can be gone back to stay, and all stay while there is unfinished work, whose
    pictures are drawn already, or while a generation cannot be read.
    """
    store = ThumbnailStore(index.local)
    _remove_begun(index.local)
    work = index.local / "work"
    if work.is_dir() and any(work.glob("*.journal")):
        return 0
    left = store.digests()
    if not left:
        return 0
    try:
        left.difference_update(_shown(index))
    except StoreError:
        return 0
    for digest in left:
        with suppress(OSError):
            store.path(digest).unlink()
    return len(left)


def _shown(index: Index) -> Iterator[str]:
    """The file hashes of the photos of all generations: as their ledgers have them, else as their points do."""
    ledgers = [Ledger.read(path) for path in index.companions(NAME)]
    if None not in ledgers:
        for ledger in ledgers:
            text = "" if ledger is None else ledger.rows["sha256"].tobytes().hex()
            yield from (text[at : at + 64] for at in range(0, len(text), 64))
        return
    for generation in index.stores():
        for point in generation.scroll(fields=["photo.sha256"]):
            yield str(value_at(point.payload, "photo.sha256"))


def _remove_begun(local: Path) -> None:
    before = time.time() - BEGUN_SECONDS
    for folder in (local, *local.glob("thumbnails/*"), *local.glob("reports/*")):
        with suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208 - of a hundred thousand, Path takes half a second
                if _BEGUN.fullmatch(name):
                    _remove_older(folder / name, before)


def _remove_older(path: Path, moment: float) -> None:
    with suppress(OSError):  # one that stays is no reason to leave the others
        if path.is_file() and path.stat().st_mtime < moment:
            path.unlink()
