"""A process that is forked while its threads are at work: the child has none of them, and begins anew.

What another thread held at that moment stays so in the child for ever: a lock that is taken, a module half imported, a
connection with half of an answer that the parent reads too. So whoever has something like that says here how it
begins, and begins again in every child before anything else runs there. What it had before is neither closed nor
destroyed in the child: a destructor may wait for a thread that is not there, and to close a connection is to speak on
the parent's.

This is done for ``os.fork``, for ``multiprocessing`` with it, and for servers that load a program before they fork; a
program in C that forks around Python has to call ``PyOS_AfterFork_Child``, as uWSGI does with ``py-call-osafterfork``.
"""

from __future__ import annotations

import concurrent.futures.thread
import ctypes
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import _bootstrap
from typing import Any, NoReturn, TypeVar
from weakref import WeakKeyDictionary

from indexer.errors import UsageError

T = TypeVar("T")

LONGEST_WAIT = 5.0
"""Seconds that a fork waits for what other threads import or load; most take a tenth of one."""

_beginnings: WeakKeyDictionary[object, Callable[[Any], None]] = WeakKeyDictionary()
_loading: list[int] = []
"""The threads within `whole`."""
_forking: list[int] = []
"""The threads that are about to fork."""
_left: list[dict[str, Any]] = []
"""In a child: what its parent's threads may have been using."""


def in_child(begin: Callable[[], None]) -> None:
    """Have a method called in every forked child, one of an object, as long as it lives; it must not wait or fail."""
    _beginnings[begin.__self__] = begin.__func__  # type: ignore[attr-defined]


@contextmanager
def whole() -> Iterator[None]:
    """A fork waits for the end of this block: for a library that cannot begin in a child what it began in a parent."""
    own = threading.get_ident()
    while any(thread != own for thread in _forking):
        time.sleep(0.001)
    _loading.append(own)
    try:
        yield
    finally:
        _loading.remove(own)


class NotPickled:
    """What one process alone can use: it is neither pickled nor copied, and says in one line what to do instead."""

    def __init_subclass__(cls, advice: str = "", **others: Any) -> None:
        """Take the line, where there is one."""
        super().__init_subclass__(**others)
        if advice:
            cls._advice = advice

    def __reduce__(self) -> NoReturn:
        raise UsageError(self._advice)

    _advice: str


class Lock:
    """A lock that is free in a forked child, whoever holds it in the parent."""

    def __init__(self) -> None:
        self._begin()
        in_child(self._begin)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        if self._lock.locked():  # else it was held by the very thread that forked, and this is the child
            self._lock.release()

    def _begin(self) -> None:
        self._lock = threading.Lock()


class once(cached_property[T]):  # noqa: N801 - named as what it stands for
    """`functools.cached_property`; the lock that Python 3.11 gives it, one for all objects, is free in a child."""

    def __init__(self, func: Callable[[Any], T]) -> None:
        super().__init__(func)
        if hasattr(self, "lock"):
            in_child(self._begin)

    def _begin(self) -> None:
        self.lock = threading.RLock()


def _in_child() -> None:
    objects = list(_beginnings.items())
    if objects and not _left:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(_left))  # else its end would come with the interpreter's
    _forking.clear()
    _loading[:] = [thread for thread in _loading if thread == threading.get_ident()]
    for one, begin in objects:
        _left.append(dict(vars(one)))
        begin(one)


def _before_fork() -> None:
    """Wait while other threads import or load: a module half imported would be waited for in the child for ever."""
    until = time.monotonic() + LONGEST_WAIT
    while True:
        time.sleep(0)  # other threads have had their turn, and do not get another one before the fork
        if not _others_begin() or time.monotonic() > until:
            _forking.append(threading.get_ident())
            return
        time.sleep(0.001)


def _in_parent() -> None:
    _forking.remove(threading.get_ident())


def _others_begin() -> bool:
    own = threading.get_ident()
    # Python says nowhere else who imports; without these names a fork waits for `whole` alone.
    locks = [known() for known in list(getattr(_bootstrap, "_module_locks", {}).values())]
    return any(thread != own for thread in _loading) or any(
        getattr(lock, "owner", None) not in (None, own) for lock in locks
    )


# Before a fork, who registered last is called first. These two take locks that an import may wait for, so they are
# imported above: we have to be called before them.
_EARLIER = (logging, concurrent.futures.thread)

if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
