"""Notices that a catalog changed: the system tells of it, or one looks from time to time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from indexer.errors import MissingExtra
from indexer.system.text import one_line

TICK = 0.25
"""Seconds after which a wait looks whether it shall end: a signal may only set a flag."""
SELDOM = 900.0
"""Seconds between two looks where the system tells of changes: it drops some where there are very many at once."""
LONGEST = 20
"""A catalog that never rests is synced after so many times the pause that was waited for."""
_GROUP = 100
"""Milliseconds in which changes are handed over together."""
_ALIVE = 1000
"""Milliseconds after which it is asked whether the folder is still the one that is watched."""


class Ground(Protocol):
    """Where a catalog is."""

    @property
    def root(self) -> Path | None:
        """Its folder, if it has one."""

    @property
    def silent(self) -> str | None:
        """Why nobody tells of changes; None where the system does."""

    def mark(self) -> str:
        """What changes with it."""

    def identity(self) -> tuple[int, int] | None:
        """What tells its folder from another one that is put in its place; None where there is none."""

    def concerns(self, paths: Iterable[str]) -> bool:
        """Whether one of these files, which changed, is of it."""


class Noticing:
    """Waits for changes of one catalog.

    Args:
        ground: where it is.
        pause: seconds without a change after which it counts as at rest.
        interval: seconds between two looks where nobody tells of changes.
        poll: look, and do not ask the system to tell.
        stopped: whether to end a wait at once.

    Raises:
        MissingExtra: watchfiles is not installed, and was not renounced.
    """

    def __init__(
        self, ground: Ground, *, pause: float, interval: float, poll: bool, stopped: Callable[[], bool]
    ) -> None:
        self._ground, self._pause, self._interval, self._stopped = ground, pause, interval, stopped
        self._rung, self._ended = threading.Event(), threading.Event()
        self._seen = ""
        self.polls = "as was asked for" if poll and ground.silent is None else ground.silent
        """Why it looks from time to time; None where the system tells."""
        self._thread: threading.Thread | None = None
        if self.polls is None:
            watch = _watcher()
            self._thread = threading.Thread(target=self._listen, args=(watch,), name="watch", daemon=True)

    def __enter__(self) -> Noticing:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    @property
    def how(self) -> str:
        """How changes are noticed, for people."""
        if self.polls is None:
            return "the system tells of its changes"
        return f"it is looked at every {self._interval:g} s, {self.polls}"

    def begin(self) -> None:
        """From now on, a change is one that the sync which begins may not have seen."""
        self._rung.clear()
        self._seen = self._ground.mark()

    def wait(self, again_in: float | None, *, well: bool) -> bool:
        """Wait until something has changed since `begin` and is at rest; False where the time is over before.

        Args:
            again_in: seconds after which to return in any case; None waits for a change alone.
            well: whether all is as it should be; otherwise it is looked more often, as a share may come back unnoticed.
        """
        until = None if again_in is None else time.monotonic() + again_in
        every = self._interval if self.polls is not None or not well else SELDOM
        look = time.monotonic() + every
        while not self._stopped():
            if self._rung.is_set():
                self._settle()
                return True
            moment = time.monotonic()
            if until is not None and moment >= until:
                return False
            if moment >= look:
                if self._ground.mark() != self._seen:
                    self._settle()
                    return True
                look = time.monotonic() + every
            time.sleep(TICK if until is None else min(TICK, max(0.0, until - moment)))
        return False

    def _settle(self) -> None:
        """Wait until nothing has changed for a pause, but not for ever."""
        last = time.monotonic() + LONGEST * self._pause
        seen = self._ground.mark() if self.polls is not None else ""
        while not self._stopped() and time.monotonic() < last:
            self._rung.clear()
            if self._sleep(self._pause):
                continue
            if self.polls is None:
                return
            before, seen = seen, self._ground.mark()
            if before == seen:
                return

    def _sleep(self, seconds: float) -> bool:
        """Sleep, and say whether something changed meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopped() and not self._rung.is_set():
            time.sleep(min(TICK, left))
        return self._rung.is_set()

    def _listen(self, watch: Callable[..., Iterator[set[tuple[Any, str]]]]) -> None:
        """Ring at every change, until the end; a folder that was put in the place of another is watched in turn."""
        first = True
        while not self._ended.is_set():
            identity = self._ground.identity()
            try:
                if identity is not None:
                    if not first:
                        self._rung.set()
                    self._hear(watch, identity)
            except FileNotFoundError:
                pass
            except OSError as error:  # the system's limit on watches, mostly
                self.polls = f"as the system cannot tell of its changes ({one_line(error)})"
                self._rung.set()
                return
            first = False
            self._ended.wait(_ALIVE / 1000)

    def _hear(self, watch: Callable[..., Iterator[set[tuple[Any, str]]]], identity: tuple[int, int]) -> None:
        changes = watch(
            self._ground.root,
            watch_filter=None,
            debounce=_GROUP,
            step=_GROUP // 2,
            stop_event=self._ended,
            rust_timeout=_ALIVE,
            yield_on_timeout=True,
            force_polling=False,
            ignore_permission_denied=True,
            raise_interrupt=False,
        )
        fresh = True
        for found in changes:
            if fresh and self._seen != self._ground.mark():  # changed before it was watched
                self._rung.set()
            fresh = False
            if found and self._ground.concerns(path for _, path in found):
                self._rung.set()
            if self._ground.identity() != identity:
                self._rung.set()
                return


def _watcher() -> Callable[..., Iterator[set[tuple[Any, str]]]]:
    try:
        from watchfiles import watch
    except ImportError:
        raise MissingExtra("watchfiles", "watch") from None
    return watch
