"""Opening a generation without the right to write to it: what the engine opens for writing is copied for the reader.

The engine has no way to open a shard for reading alone. It maps the payload and some small files for writing, and makes
small files anew, although reading changes none of them; vectors, search graph and field indexes it only reads. So a
reader that may not write gets a folder of its own: copies of the former, links to the latter. Of 226 MB for 100,000
photos 55 are copied. An open shard needs its folder no longer, so that it goes as soon as the shard is open.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import TypeVar

from indexer.errors import StoreError
from indexer.store.embedded.checksums import SMALL
from indexer.system.files import copy_file, entries
from indexer.system.scratch import scratch_folder

Opened = TypeVar("Opened")
VIEWS = "jewelry-view-"
"""How folders of readers begin, in the folder for temporary files."""
WRITTEN = ("page_*", "tracker*", "chunk_*", "flags_*", "bitmask.dat", "gaps.dat", "*.mappings", "*.json")
"""Files that the engine opens for writing; small ones are copied whatever they are called."""
_MARGIN = 16 * 1024 * 1024


def may_write(shard: Path) -> bool:
    """Whether this process may write to all files and folders of a shard."""
    return os.access(shard, os.W_OK) and all(os.access(path, os.W_OK) for path in entries(shard))


def open_view(shard: Path, load: Callable[[Path], Opened]) -> Opened:
    """What ``load`` makes of a shard that this process may only read.

    Raises:
        StoreError: this user may not read it either, or there is no place for the copies; else what ``load`` raises.
    """
    _check_readable(shard)
    try:
        return _opened(shard, load, links=True)
    except StoreError:  # an engine that writes to more than this one does
        return _opened(shard, load, links=False)


def _opened(shard: Path, load: Callable[[Path], Opened], *, links: bool) -> Opened:
    place = "the folder for temporary files"
    try:
        place = tempfile.gettempdir()
        with scratch_folder(Path(place), VIEWS, mode=0o700) as folder:
            _fill(shard, folder / shard.name, Path(place), links=links)
            return load(folder / shard.name)
    except OSError as error:
        raise StoreError(
            f"{shard}: this user may not write there, and the copy of some files that reading then needs cannot be "
            f"made in {place} ({error.strerror or error}); set TMPDIR to a folder with room that it may write to"
        ) from error


def _fill(shard: Path, view: Path, place: Path, *, links: bool) -> None:
    paths = list(entries(shard))
    linked = {path for path in paths if links and _is_read_only(path)}
    copied = [path for path in paths if path not in linked]
    needed = sum(path.lstat().st_blocks * 512 for path in copied)
    if shutil.disk_usage(place).free < needed + _MARGIN:
        raise OSError(None, f"{needed / 1e6:.0f} MB are needed, and no room is left for them")
    view.mkdir()
    for path in paths:
        target = view / path.relative_to(shard)
        with suppress(FileNotFoundError):  # the engine of another reader replaces small files
            if path.is_dir():
                target.mkdir()
            elif path in linked:
                target.symlink_to(path.resolve())
            else:
                copy_file(path, target)


def _is_read_only(path: Path) -> bool:
    if any(fnmatch(path.name, pattern) for pattern in WRITTEN):
        return False
    return path.is_file() and path.stat().st_blocks * 512 > SMALL


def _check_readable(shard: Path) -> None:
    for path in (shard, *entries(shard)):
        if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
            raise StoreError(
                f"{path}: this user may not read it; let it read all of the index (what a sync by this version "
                "publishes, whoever its folder lets may read)"
            )
