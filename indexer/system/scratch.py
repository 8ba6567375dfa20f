"""Folders for work in progress: gone at the end, and when the process is killed, removed by the next that comes by."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def scratch_folder(place: Path, prefix: str, *, mode: int = 0o777) -> Iterator[Path]:
    """A new folder in ``place`` for the length of a ``with`` block; it may be renamed to stay.

    It is locked as long as its process lives, so that `remove_abandoned` can tell it from what a killed one left.

    Args:
        place: an existing folder.
        prefix: how its name begins; nobody else's folders there may begin so.
        mode: its rights, less those that the process withholds.

    Raises:
        OSError: it cannot be made.
    """
    remove_abandoned(place, prefix)
    while True:
        folder = place / f"{prefix}{secrets.token_hex(4)}"
        folder.mkdir(mode=mode)
        with suppress(FileNotFoundError):  # another process took it for abandoned before it was opened
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            with suppress(OSError):  # a network file system without locks on folders: left alone by all, see below
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.is_dir():
                break
            os.close(descriptor)  # or before it was locked
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_abandoned(place: Path, prefix: str) -> list[Path]:
    """Remove this user's folders of that prefix whose process has died; returns what was removed."""
    removed = []
    for folder in sorted(place.glob(f"{prefix}*")):
        with suppress(OSError):  # somebody else was quicker, or locks it, or may alone remove it
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(descriptor).st_uid == os.geteuid():
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
                    removed.append(folder)
            finally:
                os.close(descriptor)
    return removed
