"""One writer at a time: a lock file that names its holder and is released when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import StoreLocked, StoreUnwritable, advice_on_writing
from indexer.system.clock import now
from indexer.system.marks import mark


@contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """Hold the lock file for the length of a ``with`` block; its folder is created.

    Raises:
        StoreLocked: another process holds it; the message names process, machine and command.
        StoreUnwritable: the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+")
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    mark(path.parent)
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise StoreLocked(f"{path.parent}: being written by {holder}; wait for it to end") from None
        try:
            handle.truncate(0)
            os.write(handle.fileno(), _signature().encode())  # unbuffered: closing would try a failed write again
        except OSError as error:
            raise _unwritable(path.parent, error) from error
        try:
            yield
        finally:
            handle.truncate(0)


def _signature() -> str:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
    return f"process {os.getpid()} on {socket.gethostname()} ({command}, since {now()})"


def _unwritable(folder: Path, error: OSError) -> StoreUnwritable:
    return StoreUnwritable(f"{folder}: cannot be written ({error.strerror}); {advice_on_writing(error)}")
