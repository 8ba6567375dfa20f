"""Whether another generation is published: asked at most once a second, and beside the questions, not within each.

A question finds the mark that was asked for last. Where that is older than `FRESH`, it has it asked for anew in a
thread and does not wait; where it is older than `LONGEST`, as at the first question and the first after a pause, it
waits, so that what was published two seconds ago is seen by everybody. What this process publishes, all of it sees at
once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from indexer.errors import JewelryError
from indexer.system.forks import Lock, in_child

FRESH = 1.0
"""Seconds in which nobody asks again."""
LONGEST = 1.9
"""Seconds after which a mark is not believed: together with what a request takes, less than two."""

THREAD = "another generation?"
"""The name of the thread that asks."""

log = logging.getLogger(__name__)
_changes = [0]


def changed() -> None:
    """Say that this process published, or found a collection gone: no mark is believed that was asked for before."""
    _changes[0] += 1


class _Known(NamedTuple):
    asked_at: float
    """Before the request was sent: what it answers may be as old."""
    changes: int
    mark: str | None


class Mark:
    """The mark of one index's published generation; shared by threads, and asked for anew in a forked child.

    Args:
        ask: asks the server; what it raises, the question that waits for it raises.
    """

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._forget()
        in_child(self._forget)

    def _forget(self) -> None:
        self._known: _Known | None = None
        self._asking = False

    def __call__(self) -> str | None:
        """The mark; a published generation is seen in it two seconds later at the latest."""
        known = self._known
        if not _is_believed(known):
            with self._lock:
                known = self._known
                if not _is_believed(known):
                    known = self._look()
        assert known is not None  # noqa: S101
        if time.monotonic() - known.asked_at > FRESH:
            self._look_beside()
        return known.mark

    def _look(self) -> _Known:
        now, changes = time.monotonic(), _changes[0]
        found = _Known(now, changes, self._ask())
        last = self._known
        if last is None or last.asked_at <= now:
            self._known = found
        return found

    def _look_beside(self) -> None:
        if not self._asking:
            self._asking = True
            threading.Thread(target=self._refresh, name=THREAD, daemon=True).start()

    def _refresh(self) -> None:
        try:
            self._look()
        except JewelryError as error:  # the next question that has to wait is told
            log.info("whether another generation is published is not known: %s", error)
        finally:
            self._asking = False


def _is_believed(known: _Known | None) -> bool:
    return known is not None and known.changes == _changes[0] and time.monotonic() - known.asked_at <= LONGEST
