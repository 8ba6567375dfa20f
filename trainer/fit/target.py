"""Where a model goes: found out before an hour of training, and given the whole model in one step at its end."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError

from indexer.errors import ModelError, UsageError, is_full
from indexer.models.directory import JSON_NAME
from indexer.system.files import put_in_place
from indexer.system.scratch import scratch_folder
from indexer.system.text import named

UNFINISHED = ".unfinished-model-"
"""How folders begin in which a model is being written; what a killed fit left of them, the next one removes."""
ROOM = 64 * 1024 * 1024
"""Bytes that have to be free before training begins: a model of a small network with its report takes half of it."""


def check_target(target: Path) -> None:
    """Refuse, before an hour of training, a target that must not be replaced or cannot be written.

    What is done at the end is tried with an empty folder; nothing of it is left.

    Raises:
        UsageError: something is there that is not a model directory, or the name cannot be one's.
        ModelError: its folder cannot be made or written, or there is no room.
    """
    try:
        _refuse(target)
        made = _make_folders(target.parent)
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        with scratch_folder(target.parent, UNFINISHED) as work:
            _try(work, target)
        free = shutil.disk_usage(target.parent).free
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        _remove(made)
    if free < ROOM:
        raise ModelError(
            f"{named(target)}: the disk has {free / 1e6:.0f} MB left, and a model may take {ROOM / 1e6:.0f}; make room "
            "or choose another place with -o"
        )


@contextmanager
def publishing(target: Path) -> Iterator[Path]:
    """A folder to write a model into, which becomes ``target`` when the block ends well and vanishes otherwise.

    A model already there stays in place until the new one is complete on the disk.

    Raises:
        UsageError, ModelError: as `check_target`.
        ModelError: the disk is full or the folder cannot be replaced.
    """
    made: list[Path] = []
    done = False
    try:
        _refuse(target)
        made = _make_folders(target.parent)
        with scratch_folder(target.parent, UNFINISHED) as work:
            work.chmod(0o755)  # whatever the umask says: a model is read by others
            yield work
            put_in_place(work, target, replace=True)
            done = True
    except OSError as error:
        raise _unwritable(target, error) from error
    except SafetensorError as error:  # what its library makes of an error of the system, with its number in words
        number = errno.ENOSPC if "No space left" in str(error) else errno.EIO
        raise _unwritable(target, OSError(number, str(error))) from error
    finally:
        if not done:
            _remove(made)


def _refuse(target: Path) -> None:
    """Raise ``UsageError`` for what a model can never replace."""
    here = Path.cwd()
    if target.exists() and any(target.samefile(folder) for folder in (here, *here.parents)):
        raise UsageError(
            f"{target}: is the folder that you are in, or one above it, and would be replaced; "
            "name one to make with -o, such as models/shop"
        )
    if target.is_symlink():
        raise UsageError(
            f"{named(target)}: is a link, which is not a model directory; name the folder itself, or another, with -o"
        )
    if target.exists() and not (target / JSON_NAME).is_file() and not _is_empty_folder(target):
        raise UsageError(
            f"{named(target)}: exists and is not a model directory; remove it or choose another name with -o"
        )


def _try(work: Path, target: Path) -> None:
    """Put an empty folder where the model goes, and take it away again; raises ``OSError`` where that cannot be."""
    if not target.exists():
        work.rename(target)
        target.rmdir()
    elif _is_empty_folder(target):
        target.rename(work)  # over the empty one
        work.rename(target)
    else:  # a model, which nobody shall miss for a moment: an empty folder cannot take its place
        try:
            work.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def _unwritable(target: Path, error: OSError) -> ModelError | UsageError:
    if error.errno == errno.ENAMETOOLONG:
        return UsageError(f"{named(target)}: the name is too long; choose a shorter one with -o")
    if error.errno == errno.EBUSY:
        below = target / "shop"
        return UsageError(f"{named(target)}: is mounted, so no model can take its place; write below it: -o {below}")
    if isinstance(error, FileExistsError | NotADirectoryError):
        blocking = next((folder for folder in target.parents if folder.exists()), target.parent)
        return UsageError(f"{named(blocking)}: is a file, so nothing can be written below it; choose another -o")
    why = "the disk is full" if is_full(error) else error.strerror or str(error)
    file = Path(os.fsdecode(error.filename or ""))
    if not is_full(error) and not file.name.startswith(UNFINISHED):  # but a file in it is worth a word
        why += f": {named(file.name)}" if file.name else ""
    do = "make room or choose another place with -o" if is_full(error) else "choose another place with -o"
    return ModelError(f"{named(target)}: cannot be written ({why}); {do}")


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; returns what was made, the lowest first."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    made: list[Path] = []
    try:
        for one in reversed(missing):
            one.mkdir(exist_ok=True)
            made.insert(0, one)
    except OSError:
        _remove(made)
        raise
    return made


def _remove(made: list[Path]) -> None:
    """Take folders away again, where nothing is in them."""
    with suppress(OSError):
        for folder in made:
            folder.rmdir()


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())
