"""Files that survive a crash: atomic replacement, fsync, copies that share blocks, room on the disk."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from indexer.errors import StoreUnwritable, is_full

LONGEST = 200
"""Bytes of a file's name that the name of its work file begins with: a whole name may have 255."""
FREE_BYTES_MARGIN = 64 * 1024 * 1024
NEW_SHARD_BYTES = 192 * 1024 * 1024
"""What the engine sets aside for a new shard: asked for on every disk, although most keep it sparse, because those in
memory do not."""


@contextmanager
def replacing(path: Path, *, durable: bool = True, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write, which becomes ``path`` when the block ends well and vanishes otherwise.

    A reader sees the old content or the new one, whoever else writes the same file meanwhile.

    Args:
        path: what to write or to replace; its folder must be there.
        durable: wait until it is on the disk, so that a power cut, too, leaves the old content or the new one.
        mode: its rights from its first byte on, less those that the process withholds.

    Raises:
        OSError: it cannot be written.
    """
    work = _beside(path)
    try:
        with open(work, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        work.replace(path)
    except BaseException:  # a full disk needs the room
        with suppress(OSError):
            work.unlink()
        raise
    if durable:
        fsync(path.parent)


def replace_text(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Replace a small file by this text, see `replacing`."""
    with replacing(path, mode=mode) as file:
        file.write(text.encode())


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn a failing disk into one line; raises ``StoreUnwritable``."""
    try:
        yield
    except OSError as error:
        what = f"{root}: writing failed ({error.strerror or error}); the published index is untouched"
        raise StoreUnwritable(f"{what}; make room and run it again" if is_full(error) else what) from error


@contextmanager
def gone_on_failure(folder: Path) -> Iterator[None]:
    """Remove what was begun in a folder when it cannot be finished: a full disk needs the room."""
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def whole_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """A folder to fill, which becomes ``target`` when the block ends well and vanishes otherwise.

    Where there is a folder with something in it already, ``replace`` decides: it stays in place until the new one is
    complete on the disk, or is an error. Raises ``OSError``.
    """
    work = _beside(target)
    work.mkdir()
    try:
        yield work
        put_in_place(work, target, replace=replace)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def put_in_place(work: Path, target: Path, *, replace: bool = False) -> None:
    """Make a finished folder durable and rename it to ``target``, as `whole_folder` says; raises ``OSError``."""
    fsync_tree(work)
    if replace and target.exists():
        _swap(work, target)
    else:
        work.replace(target)
    fsync(target.parent)


def _swap(work: Path, target: Path) -> None:
    """Two renames, as no system call swaps folders everywhere; the old one is put back if the second fails."""
    old = _beside(target)
    try:
        target.rename(old)
        work.rename(target)
    except BaseException:  # a signal may come between the two
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _beside(path: Path) -> Path:
    name = os.fsencode(path.name)[:LONGEST].decode(errors="ignore")
    return path.with_name(f".{name}-{secrets.token_hex(4)}")


def require_room(root: Path, needed: int) -> None:
    """Raise ``StoreUnwritable`` unless this many bytes, and a margin, are free.

    To be asked before the engine writes: its files are mapped into memory, and where the disk has no block left for a
    page of these, the system ends the process.
    """
    free, wanted = shutil.disk_usage(root).free, needed + FREE_BYTES_MARGIN
    if free < wanted:
        raise StoreUnwritable(
            f"{root}: {free / 1e6:.0f} MB free, {wanted / 1e6:.0f} MB needed for the next generation; make room and "
            "run it again: the published index is untouched"
        )


def entries(folder: Path) -> Iterator[Path]:
    """Everything below a folder that readers may be opening, folders before what is in them.

    The engine replaces small files, unchanged, when it opens a shard: what it makes for that comes and goes
    while somebody else lists the folder, and is passed over here (`os.walk` does, ``Path.rglob`` raises).
    """
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root) / name for name in [*folders, *sorted(files)] if not name.startswith("."))


def size_on_disk(folder: Path) -> int:
    """Bytes that a folder really takes; sparse files take less than their length."""
    total = 0
    for path in entries(folder):
        with suppress(FileNotFoundError):
            total += path.stat().st_blocks * 512
    return total


def let_all_read(folder: Path) -> None:
    """Give every file the rights to read that its folder gives: the engine makes some for their owner alone."""
    for path in entries(folder):
        if path.is_file():
            rights = path.stat().st_mode
            wanted = rights | (path.parent.stat().st_mode & 0o444)
            if wanted != rights:
                path.chmod(wanted)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a published shard while readers may be opening it."""
    target.mkdir(parents=True)
    for path in entries(source):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir()
        else:
            with suppress(FileNotFoundError):
                copy_file(path, copy)


def copy_file(source: Path, target: Path) -> None:
    """A copy that shares blocks where the file system can; never a link, because the engine writes in place.

    The engine maps its files in large, mostly empty pieces: only what holds data is copied.
    """
    with source.open("rb") as reader, target.open("wb") as writer:
        size = os.fstat(reader.fileno()).st_size
        try:
            for start, end in extents(reader.fileno(), size):
                while start < end:
                    copied = os.copy_file_range(reader.fileno(), writer.fileno(), end - start, start, start)
                    if not copied:
                        raise OSError(errno.EIO, "the copy ended early")
                    start += copied
            writer.truncate(size)
        except (OSError, AttributeError) as error:
            if is_full(error):
                raise
            reader.seek(0)  # another file system, an old kernel, or no Linux: the plain way
            writer.seek(0)
            shutil.copyfileobj(reader, writer)


def extents(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """The parts of a sparse file that hold data, as (start, end); all of it where the file system does not say."""
    end = 0
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except (OSError, AttributeError) as error:
            if isinstance(error, OSError) and error.errno == errno.ENXIO:  # nothing but a hole up to the end
                return
            yield end, size
            return
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end


def fsync(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_tree(folder: Path) -> None:
    """Wait until a folder and all in it are on the disk."""
    for path in sorted(folder.rglob("*"), reverse=True):
        fsync(path)
    fsync(folder)
