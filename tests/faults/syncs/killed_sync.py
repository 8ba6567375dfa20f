"""Kills a sync at the n-th file event below its index: its own (as Python reports them), or any (as the system does).

In a test: ``from tests.faults.syncs.killed_sync import killed_at_call, killed_at_event``.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

CHANGING = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "shutil.rmtree")
IN_MODIFY, IN_MOVED, IN_CREATE, IN_DELETE, IN_CLOSE_WRITE = 0x2, 0xC0, 0x100, 0x200, 0x8
EVENTS = IN_MODIFY | IN_MOVED | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE
_HEADER = struct.Struct("iIII")
LONGEST = 120


def killed_at_call(root: Path, number: int, work: Callable[[], object]) -> bool:
    """Run ``work`` in a child that ends at its n-th call that opens or changes a file below ``root``.

    True where it was killed, False where it ended well before. The kill comes before the call does its work.
    """
    below, seen = str(root), 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in CHANGING and any(isinstance(a, str | Path) and str(a).startswith(below) for a in arguments):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    def watched() -> None:
        sys.addaudithook(watch)
        work()

    return _killed(_child(watched))


def killed_at_event(root: Path, number: int, work: Callable[[], object]) -> bool:
    """Run ``work`` in a child and kill it when the system has reported n changes below ``root``, the engine's too."""
    with _watching(root) as events:
        child = _child(work)
        for seen, _ in enumerate(events, 1):
            if seen == number:
                os.kill(child, signal.SIGKILL)
                break
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
        return _killed(child)


def _child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        signal.alarm(LONGEST)
        work()
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - it must not come back into the test's own process
        os.write(2, repr(error).encode())
        os._exit(1)


def _killed(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"ended by signal {os.WTERMSIG(status)}"
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the sync failed"
    return False


@contextmanager
def _watching(root: Path) -> Iterator[Iterator[None]]:
    """Changes below a folder, by inotify(7); folders made meanwhile are watched from when they are noticed."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "inotify cannot be had")
    folders: dict[int, Path] = {}

    def watch(folder: Path) -> None:
        found = libc.inotify_add_watch(descriptor, os.fsencode(folder), EVENTS)
        if found >= 0:
            folders[found] = folder
        with suppress(OSError):  # it is gone already
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.is_dir():
                    watch(path)

    def events() -> Iterator[None]:
        while select.select([descriptor], [], [], 5.0)[0]:
            data = os.read(descriptor, 1 << 16)
            place = 0
            while place < len(data):
                which, mask, _, length = _HEADER.unpack_from(data, place)
                name = data[place + _HEADER.size : place + _HEADER.size + length].rstrip(b"\0")
                place += _HEADER.size + length
                if mask & IN_CREATE and which in folders:
                    watch(folders[which] / os.fsdecode(name))
                yield

    try:
        watch(root)
        yield events()
    finally:
        os.close(descriptor)
