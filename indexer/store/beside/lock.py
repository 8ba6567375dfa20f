"""One writer at a time: a lock file that names its holder and is released when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from indexer.errors import StoreLocked, StoreUnwritable, advice_on_writing
from indexer.system.clock import now
from indexer.system.forks import in_child
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
        holding = _Holding(handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise StoreLocked(f"{path.parent}: being written by {holder}; wait for it to end") from None
        try:
            handle.truncate(0)
            os.write(handle.fileno(), this_process().encode())  # unbuffered: closing would try a failed write again
        except OSError as error:
            raise _unwritable(path.parent, error) from error
        try:
            yield
        finally:
            holding.end()


class _Holding:
    """The lock file of a writer, which a forked child has open too: it would keep the lock when the writer is gone."""

    def __init__(self, handle: TextIO) -> None:
        self._handle, self._own = handle, True
        in_child(self._let_go)

    def end(self) -> None:
        """Take the holder's name off the file."""
        if self._own:
            self._handle.truncate(0)

    def _let_go(self) -> None:
        self._own = False
        if self._handle.closed:
            return
        nothing = os.open(os.devnull, os.O_RDWR)  # in its place: once closed, its number may be of something else
        os.dup2(nothing, self._handle.fileno(), inheritable=False)
        os.close(nothing)


def this_process() -> str:
    """This process for people: its number, machine and command, and since when it writes, which is now."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
    return f"process {os.getpid()} on {socket.gethostname()} ({command}, since {now()})"


def _unwritable(folder: Path, error: OSError) -> StoreUnwritable:
    return StoreUnwritable(f"{folder}: cannot be written ({error.strerror}); {advice_on_writing(error)}")
