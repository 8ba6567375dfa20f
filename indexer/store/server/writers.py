"""One writer at a time among machines: who writes is marked in the metadata of the alias's collections.

The lock of `indexer.store.beside.lock` is one machine's, and a server has none. What it has is metadata whose top-level
keys are merged: each writer has a key of its own, which no other one writes over. It sets its key and looks for others'
only then, so of two that begin at once, one at least sees the other: the flag principle (Herlihy and Shavit, *The Art
of Multiprocessor Programming*, 1.2). The one with the greater key takes its own back, the other one waits for that.

A writer shows every ``REFRESH`` seconds that it is alive. A mark without a sign of life for ``STALE`` seconds is taken
over: its key is removed, which its writer notices, should it be alive after all, before it publishes. As clocks of two
machines may differ, a mark that looks old, or comes from the future, is first watched for ``WATCH`` seconds. A mark of
this machine and state folder is of a dead process: its lock is held here.

Readers never look at any of this, and it is no part of a generation's name, revision or record.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from indexer.errors import StoreError, StoreLocked
from indexer.store.beside.lock import this_process, writer_lock
from indexer.store.server.layout import Layout
from indexer.store.server.reads.plain import ask_server
from indexer.store.server.wire.faults import is_missing
from indexer.system.clock import now

KEY = "jewelry_similarity_writer_"
"""Begins the metadata keys of writers; the rest is drawn."""
REFRESH = 20.0
STALE = 600.0
WATCH = 3 * REFRESH
AHEAD = 60.0
"""Seconds by which the clock of a machine may be ahead of ours, before its marks are watched."""
YIELD = 5.0
"""Seconds that one of two who began at once gets to step back, in some hundredths of one as a rule."""
PATIENCE = 20.0
"""Seconds that a request which shows that one is alive gets to end, before the mark is taken back."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a writer's key says."""

    collection: str
    key: str
    holder: str
    """Process, machine and command, for people."""
    place: str
    """Machine and state folder, see `Layout.signature`."""
    seen: str
    """When it last showed that it is alive, by its own clock."""

    @property
    def age(self) -> float:
        """Seconds since then, by our clock; endless where the time cannot be read."""
        try:
            return (datetime.now(UTC) - datetime.fromisoformat(self.seen)).total_seconds()
        except (ValueError, TypeError):
            return float("inf")

    @property
    def is_fresh(self) -> bool:
        """Whether its writer counts as alive without watching."""
        return -AHEAD <= self.age <= STALE


def metadata_of(info: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of a collection, of what a server says of it."""
    return info["config"].get("metadata") or {}


def marks_of(collection: str, metadata: Mapping[str, Any]) -> list[Mark]:
    """The marks in a collection's metadata."""
    found = []
    for key, said in metadata.items():
        if key.startswith(KEY) and isinstance(said, Mapping):
            found.append(Mark(collection, key, *(str(said.get(name, "")) for name in ("holder", "place", "seen"))))
    return found


@contextmanager
def one_writer(layout: Layout) -> Iterator[WriterMark]:
    """Hold this machine's lock and the alias's mark for the length of a ``with`` block.

    Raises:
        StoreLocked: another process writes, here or on another machine; the message names it.
        StoreUnwritable: the lock cannot be made.
        StoreError: the server cannot be used.
    """
    with writer_lock(layout.lock):
        mark = WriterMark(layout)
        try:
            mark.begin()
            yield mark
        finally:
            mark.end()


class WriterMark:
    """The mark of one writer, in the collection that the alias points to and in the one that it builds."""

    def __init__(self, layout: Layout) -> None:
        self._layout, self._call = layout, layout.connection.call
        self._key, self._holder, self._place = KEY + token_hex(8), this_process(), layout.signature()
        self._marked: list[str] = []
        self._target: str | None = None
        self._taken = False
        self._process = os.getpid()
        self._ended = threading.Event()  # of this process alone: `end` does nothing in a forked child
        self._thread = threading.Thread(target=self._go_on, name="writer-mark", daemon=True)

    def begin(self) -> None:
        """Mark the alias's collection; where there is no alias yet, a new collection is marked as it is made."""
        self.refuse_others()
        self._target = self._layout.alias_target()
        if self._target is not None:
            self.claim(self._target)
        self._thread.start()

    def metadata(self) -> dict[str, Any]:
        """The mark, for the metadata of a collection."""
        return {self._key: {"holder": self._holder, "place": self._place, "seen": now()}}

    def claim(self, collection: str, *, copied: bool = False) -> None:
        """Mark a collection too, and step back where another writer is seen then.

        Args:
            collection: one that is there; a missing one is passed over.
            copied: it came with a snapshot, and so did the marks in it.

        Raises:
            StoreLocked: another one writes.
        """
        stale = {mark.key: None for mark in self._in(collection)} if copied else {}
        self._marked.append(collection)
        self._set(collection, stale | self.metadata())
        deadline = time.monotonic() + YIELD
        while others := self._elsewhere():
            if time.monotonic() > deadline or any(mark.key < self._key for mark in others):
                raise self._locked(others[0])
            self._ended.wait(0.05)

    def refuse_others(self) -> None:
        """Take over what dead writers marked.

        Raises:
            StoreLocked: another writer is alive.
        """
        others = self._others()
        foreign = [mark for mark in others if mark.place != self._place]
        for mark in foreign:
            if mark.is_fresh:
                raise self._locked(mark)
        if foreign:
            self._watch(foreign)
        for mark in others:
            self._set(mark.collection, {mark.key: None})
        for text in {f"{mark.holder}, of which nothing was heard since {mark.seen}" for mark in foreign}:
            log.warning("%s: taken over from %s", self._layout.location, text)

    def check(self) -> None:
        """Make sure, before something is published, that nobody took over.

        Raises:
            StoreLocked: somebody did.
        """
        self._refresh()
        self.still_ours()
        deadline = time.monotonic() + YIELD
        while others := [mark for mark in self._elsewhere() if mark.is_fresh]:
            if time.monotonic() > deadline:
                raise self._locked(others[0])
            self._ended.wait(0.05)
        if self._layout.alias_target() != self._target:
            raise StoreLocked(f"{self._layout.location}: another writer published meanwhile; run it again")

    def publish(self, collection: str) -> None:
        """Let the alias point to a collection that `claim` has marked; `check` comes before."""
        self._layout.publish(collection)
        self._target = collection

    def still_ours(self) -> None:
        """`check` without a request: what the last sign of life has shown."""
        if self._taken:
            raise StoreLocked(f"{self._layout.location}: another writer took this one for dead; run it again")

    def end(self) -> None:
        """Take the mark back; in a forked child it is the parent's."""
        if os.getpid() != self._process:
            return
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)
        for collection in self._marked:
            with suppress(StoreError):  # what stays counts for ten minutes, and for this machine not at all
                self._set(collection, {self._key: None})

    def _go_on(self) -> None:
        while not self._ended.wait(REFRESH) and not self._taken:
            with suppress(StoreError):  # the work itself says so, or the next try succeeds
                self._refresh()

    def _refresh(self) -> None:
        for collection in list(self._marked):
            found = self._metadata(collection)
            if found is not None and self._key not in found:
                self._taken = True
            elif found is not None and not self._ended.is_set():
                self._set(collection, self.metadata())

    def _watch(self, doubtful: list[Mark]) -> None:
        """Wait for a sign of life of writers whose marks look old; raises ``StoreLocked`` where there is one."""
        log.warning(
            "%s: marked as written by %s, last heard of %s; watching for %.0f s whether it is alive",
            self._layout.location,
            doubtful[0].holder,
            doubtful[0].seen,
            WATCH,
        )
        before, until = {(mark.key, mark.collection): mark.seen for mark in doubtful}, time.monotonic() + WATCH
        while (left := until - time.monotonic()) > 0:
            self._ended.wait(min(left, REFRESH / 4))
            for mark in self._elsewhere():
                if before.get((mark.key, mark.collection)) != mark.seen:
                    raise self._locked(mark)

    def _others(self) -> list[Mark]:
        """The marks of others in all collections of this name."""
        found = [mark for one in self._layout.states() for mark in marks_of(one.collection, metadata_of(one.info))]
        return [mark for mark in found if mark.key != self._key]

    def _elsewhere(self) -> list[Mark]:
        """Of `_others`, those whose writers do not hold this machine's lock."""
        return [mark for mark in self._others() if mark.place != self._place]

    def _in(self, collection: str) -> list[Mark]:
        return [mark for mark in marks_of(collection, self._metadata(collection) or {}) if mark.key != self._key]

    def _metadata(self, collection: str) -> Mapping[str, Any] | None:
        """A collection's metadata; None where it is gone."""
        try:
            return metadata_of(ask_server(self._layout.connection, "collection", collection))
        except StoreError as error:
            if is_missing(error.__cause__):
                return None
            raise

    def _set(self, collection: str, metadata: dict[str, Any]) -> None:
        """Merge into a collection's metadata; None removes a key, and a collection that is gone is passed over."""
        try:
            self._call(self._layout.connection.client.update_collection, collection, metadata=metadata)
        except StoreError as error:
            if not is_missing(error.__cause__):
                raise

    def _locked(self, mark: Mark) -> StoreLocked:
        return StoreLocked(
            f"{self._layout.location}: being written by {mark.holder}; wait for it to end, or, if it was killed, "
            f"{STALE / 60:.0f} minutes"
        )
