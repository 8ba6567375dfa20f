"""Files that are files: a named pipe, a socket or a device is refused unopened, as reading it may never end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read its bytes; never waits for somebody who writes to it.

    Raises:
        OSError: it cannot be opened; its ``strerror`` says what it is where it is no file.
    """
    require_regular(path.stat())  # first: to open some devices is to do something to them
    descriptor = os.open(path, os.O_RDONLY | _WITHOUT_WAITING)
    try:
        require_regular(os.fstat(descriptor))  # again: it may have been exchanged meanwhile
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def require_regular(found: os.stat_result) -> None:
    """Raise ``OSError`` unless this is a file."""
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    what = no_file(found.st_mode)
    if what is not None:
        raise OSError(errno.EINVAL, f"it is {what} and no file")


def no_file(mode: int) -> str | None:
    """What something is that is neither file nor folder, by its mode."""
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else None
