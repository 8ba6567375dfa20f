"""Keeps an index in step with a catalog: a sync at first, and one whenever something has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from indexer.errors import JewelryError, MissingExtra, RemovalRefused, StoreLocked, UsageError
from indexer.photos.fetch.many.kept import LIMIT
from indexer.photos.fetch.many.sources import scheme_of
from indexer.store.embedded.index import index_at
from indexer.store.filters.where import Where, where_of
from indexer.store.interface import Index
from indexer.sync.planning.removal import MAX_REMOVAL
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from indexer.sync.watch.address import Address
from indexer.sync.watch.noticing import Ground, Noticing
from indexer.sync.watch.told import Event, Watched
from indexer.sync.watch.tree import Tree
from indexer.system.arguments import number_of, path_of, refused, truth_of
from indexer.system.progress import Progress, progress_of
from indexer.system.text import one_line

DEBOUNCE = 2.0
"""Seconds: an export that is written in pieces is one change."""
INTERVAL = 60.0
"""Seconds between two looks at what does not tell of its changes."""
EVERY = 3600.0
"""Seconds between two syncs although nothing has changed."""
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds before a sync that failed is tried again: doubled each time, up to the longest."""
LOCKED_WAIT = 2.0
"""Seconds between two looks whether another writer has ended."""

Once: TypeAlias = "Callable[[Progress], SyncReport]"
"""One sync, which tells how far it is."""


def watch(
    catalog_path: str | Path,
    model_path: str | Path,
    index_path: str | Path | Index,
    *,
    text_model: str | Path | Literal[False] | None = None,
    scope: Where = None,
    max_removal: float = MAX_REMOVAL,
    allow_private: bool = False,
    photo_cache: int = LIMIT,
    workers: int = 0,
    debounce: float = DEBOUNCE,
    interval: float = INTERVAL,
    every: float = EVERY,
    poll: bool = False,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> Iterator[Watched]:
    """Sync a catalog now, and again whenever its files change, until ``stop`` is set or the iterator is closed.

    Whatever fails is said and tried again: a feed that is half written, a share or a server that is away, another
    writer. Killed between two syncs or within one, nothing is lost: the next call begins with a sync.

    Args:
        catalog_path, model_path, index_path, text_model, scope, max_removal, allow_private, photo_cache, workers,
            progress: as in `indexer.sync.run.sync`.
        debounce: seconds without a change before a sync begins, so that what is changed in pieces is synced once.
        interval: seconds between two looks where the system does not tell of changes: on a network drive, behind a URL.
        every: seconds after which to sync although nothing has changed: a sale begins by its date, and photos behind
            URLs tell of nothing.
        poll: look in any case, and do not ask the system to tell.
        stop: once set, by another thread or a signal handler, the running sync ends at the next safe point, and the
            iterator with it. What was embedded until then is not embedded again.

    Returns:
        What happens, as it happens: see `Watched`.

    Raises:
        UsageError: an argument is not of its kind; or, from the first sync, makes no sense with this catalog.
        MissingExtra: the package watchfiles is not installed, and without it a catalog can only be polled.
    """
    index = index_at(index_path)
    where, share = where_of(scope, "scope"), max_removal

    def once(step: Progress) -> SyncReport:
        return sync(
            catalog_path,
            model_path,
            index,
            text_model=text_model,
            scope=where,
            max_removal=share,
            allow_private=allow_private,
            photo_cache=photo_cache,
            workers=workers,
            progress=step,
        )

    return repeat(
        once,
        ground_of(catalog_path, index.local, truth_of("allow_private", allow_private)),
        debounce=debounce,
        interval=interval,
        every=every,
        poll=poll,
        stop=stop,
        progress=progress,
    )


def ground_of(catalog: str | Path, local: Path, allow_private: bool) -> Ground:
    """What tells of a catalog's changes.

    Args:
        catalog: the folder, the manifest, or the URL of one.
        local: the folder that the index has on this machine, which may lie in the catalog.
        allow_private: whether a manifest is fetched from the own network, too.
    """
    if isinstance(catalog, str) and scheme_of(catalog) is not None:
        return Address(catalog.strip(), local, allow_private)
    return Tree(path_of("catalog_path", catalog), local)


def repeat(
    once: Once,
    ground: Ground,
    *,
    debounce: float = DEBOUNCE,
    interval: float = INTERVAL,
    every: float = EVERY,
    poll: bool = False,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> Iterator[Watched]:
    """`watch`, for any way to do one sync.

    Args:
        once: does one.
        ground: what tells of the catalog's changes.
        debounce, interval, every, poll, stop, progress: as in `watch`.
    """
    for name, value in (("debounce", debounce), ("interval", interval), ("every", every)):
        if not 0 < number_of(name, value) <= 86_400:
            raise refused(name, value, "seconds, more than 0 and at most a day")
    if stop is not None and not isinstance(stop, threading.Event):
        raise refused("stop", stop, "a threading.Event")
    poll, progress = truth_of("poll", poll), progress_of("progress", progress)
    stop = threading.Event() if stop is None else stop
    noticing = Noticing(ground, pause=debounce, interval=interval, poll=poll, stopped=stop.is_set)
    return _Watch(once, noticing, every, stop, progress).run()


class _Stopped(Exception):
    """Somebody wants the watch to end, and this is a point where the sync can."""


class _Watch:
    """One watch, from its first sync to its end."""

    def __init__(
        self, once: Once, noticing: Noticing, every: float, stop: threading.Event, progress: Progress | None
    ) -> None:
        self._once, self._noticing, self._every, self._stop = once, noticing, every, stop
        self._progress = progress
        self._thread = threading.get_ident()
        """The one that syncs."""
        self._synced = False
        self._failures = 0
        self._locked: str | None = None
        """What was said of the writer that is waited for."""

    def run(self) -> Iterator[Watched]:
        with self._noticing as noticing:
            how = noticing.how
            yield Watched.now(Event.WATCHING, how)
            while not self._stop.is_set():
                noticing.begin()
                try:
                    happened = self._sync()
                except _Stopped:
                    return
                if happened.event is not Event.WAITING:
                    self._locked = None
                if happened.event is not Event.WAITING or happened.message != self._locked:
                    yield happened
                if happened.event is Event.WAITING:
                    self._locked = happened.message
                is_well = happened.event is Event.SYNCED
                noticing.wait(self._every if is_well else happened.again_in, well=is_well)
                if noticing.how != how:
                    how = noticing.how
                    yield Watched.now(Event.WATCHING, how)

    def _sync(self) -> Watched:
        """One sync, and what became of it; only what is wrong with the arguments, and at first, ends the watch."""
        self._thread = threading.get_ident()
        try:
            report = self._once(self._step)
        except _Stopped:
            raise
        except RemovalRefused as error:
            self._failures = 0
            return Watched.now(Event.REFUSED, one_line(error))
        except StoreLocked as error:
            return Watched.now(Event.WAITING, one_line(error), again_in=LOCKED_WAIT)
        except (UsageError, MissingExtra) as error:
            if not self._synced:
                raise
            return self._failed(one_line(error))
        except JewelryError as error:
            return self._failed(one_line(error))
        except Exception as error:  # noqa: BLE001 - a fault that nobody foresaw must not end what runs for months
            return self._failed(f"{type(error).__name__}: {one_line(error)}; run indexer sync --debug for details")
        self._synced, self._failures = True, 0
        return Watched.now(Event.SYNCED, report=report)

    def _failed(self, message: str) -> Watched:
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2**self._failures)
        self._failures = min(self._failures + 1, 30)
        return Watched.now(Event.FAILED, message, again_in=wait)

    def _step(self, stage: str, done: int, total: int) -> None:
        """Between two batches of a running sync: what is embedded is in the journal."""
        if self._stop.is_set() and threading.get_ident() == self._thread:  # in another one it would end that alone
            raise _Stopped
        if self._progress is not None:
            self._progress(stage, done, total)
