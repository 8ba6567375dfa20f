"""Work in a child that may neither hang nor crash, and files that nobody may open meanwhile.

In a test: ``from tests.faults.syncs.bounded import bounded, opened_below``.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 120
IN_OPEN, IN_ISDIR = 0x20, 0x40000000
_HEADER = struct.Struct("iIII")


def bounded(work: Callable[[], object], seconds: int = LONGEST) -> None:
    """Do it in a forked child; what fails there fails here, and so does a signal or too long a time."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            try:
                signal.alarm(seconds)
                work()
                os._exit(0)
            except BaseException:  # noqa: BLE001 - it must not come back into the test's own process
                os.write(said.fileno(), traceback.format_exc().encode())
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert not os.WIFSIGNALED(status), f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
        said.seek(0)
        assert os.waitstatus_to_exitcode(status) == 0, said.read().decode()


@contextmanager
def opened_below(folder: Path) -> Iterator[list[str]]:
    """The names of the files in a folder, not in folders below it, that any process opens while the block lasts."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    if descriptor < 0 or libc.inotify_add_watch(descriptor, os.fsencode(folder), IN_OPEN) < 0:
        raise OSError(ctypes.get_errno(), "inotify cannot be had")
    names: list[str] = []
    try:
        yield names
        try:
            data = os.read(descriptor, 1 << 20)
        except BlockingIOError:
            return
        place = 0
        while place < len(data):
            _, mask, _, length = _HEADER.unpack_from(data, place)
            name = data[place + _HEADER.size : place + _HEADER.size + length].rstrip(b"\0")
            place += _HEADER.size + length
            if not mask & IN_ISDIR:
                names.append(os.fsdecode(name))
    finally:
        os.close(descriptor)
