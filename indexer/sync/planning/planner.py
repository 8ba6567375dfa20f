"""Makes the plan of a sync at the cost of what changed: by the ledger, and where that cannot be, by all points."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.catalog.named.told import Known
from indexer.catalog.products import Catalog, ProductImage
from indexer.errors import StoreError
from indexer.fields.roles import CO_VIEWED
from indexer.photos.fetch.many.sources import PhotoSources, scheme_of
from indexer.photos.places import FilePlace, Place
from indexer.photos.reading import READING
from indexer.store.beside.ledger import NAME, Ledger, made_of
from indexer.store.interface import Index, Store, Writer
from indexer.store.records import GenerationRecord, Point
from indexer.sync.planning.aside import Aside, Facts, LedgerWrong, put_aside, write_down
from indexer.sync.planning.comparison import make_plan
from indexer.sync.planning.known import LastTime, path_hash
from indexer.sync.planning.plan import SyncPlan
from indexer.sync.planning.scope import Scope
from indexer.sync.planning.unseen import look_at_remote
from indexer.system.forks import once
from indexer.system.machine import collecting_later
from indexer.system.names import Names
from indexer.system.progress import Progress


@dataclass
class Published:
    """The published generation: what it was built from is known at once, its points are opened when they are needed."""

    record: GenerationRecord
    generation: str
    open: Callable[[], Store]

    @once
    def store(self) -> Store:
        """Its points; raises ``StoreError`` where they cannot be opened."""
        return self.open()

    def forget(self) -> None:
        """Its points were closed: they are opened once more when they are needed."""
        self.__dict__.pop("store", None)


class Before:
    """What an index says before the catalog is read; the lock is not held yet, so that it has to be asked again.

    Args:
        index: the index.
        trusted: whether a sync goes by it; not where all photos are to be read.
    """

    def __init__(self, index: Index, *, trusted: bool = True) -> None:
        self._index = index
        path = None
        with suppress(StoreError):  # a sync repairs it, or says what is wrong
            path = index.companion(NAME, whole=True) if trusted else None
        self.sign = _sign(path)
        self.ledger = Ledger.read(path)
        self.known = LastTime.of(self.ledger)


class Planner:
    """Reads the catalog and compares it with what is published.

    Args:
        read: reads the catalog, given what is known of it from the last time.
        index: the index.
        check_content: read every photo.
        whole: read and compare all of the catalog, for a sync with a scope: outside, the index is not as the catalog.
        workers: threads.
        progress: see `make_plan`.
        sources: of photos that are no files.
    """

    def __init__(
        self,
        read: Callable[[Known | None], Catalog],
        index: Index,
        *,
        check_content: bool,
        whole: bool = False,
        workers: int,
        progress: Progress | None,
        sources: PhotoSources,
    ) -> None:
        self._read, self._index, self._sources = read, index, sources
        self._check_content, self._workers, self._progress = check_content, workers, progress
        self._before = Before(index, trusted=not check_content and not whole)
        self._whole = whole
        self._facts: Facts | None = None
        with collecting_later():
            self.catalog = read(self._before.known)
        """As it is; without the products that were put aside unread."""
        self.aside: Aside | None = None
        """What the last plan put aside."""
        self.made: Ledger | None = None
        """The ledger of the published generation, where there was none beside it."""

    @property
    def products(self) -> int:
        """How many products the catalog has."""
        told = self.catalog.told
        return len(self.catalog.products) + (0 if told is None else sum(told.aside))

    def plan(self, published: Published | None, *, anew: bool, scope: Scope | None = None) -> SyncPlan:
        """See `make_plan`.

        Raises:
            StoreError: the points that have to be compared cannot be read.
        """
        self._facts = self.aside = self.made = None
        options: dict[str, Any] = {
            "workers": self._workers,
            "check_content": self._check_content,
            "anew": anew,
            "progress": self._progress,
            "scope": scope,
            "sources": self._sources,
        }
        by_ledger = not anew and not self._check_content and not self._whole
        if published is not None and by_ledger and published.record.reading == READING:
            ledger = self._ledger(published)
            if ledger is not None and (self.catalog.manifest is not None or not self.catalog.withheld):
                with suppress(LedgerWrong):
                    aside = self._divide(ledger, published)
                    plan = make_plan(self.catalog, aside.points, aside=aside, **options)
                    # Products of which nothing changed may name one that is called otherwise now.
                    if not plan.renamed or CO_VIEWED not in ledger.kept_fields():
                        self.aside = aside
                        return plan
        self._read_whole()
        return make_plan(self.catalog, () if published is None else published.store.scroll(), **options)

    def places(self, points: Iterable[Point]) -> Iterator[tuple[str, Place]]:
        """File hash and place of photos as the index has them."""
        root, names = self.catalog.root, Names()
        for point in points:
            key, digest = str(point.payload["photo"]["path"]), str(point.payload["photo"]["sha256"])
            if scheme_of(key) is not None:
                yield digest, self._sources.place(key)
            else:
                yield digest, FilePlace(names.find(root, key))

    def keep(self, writer: Writer) -> None:
        """Keep a ledger that had to be made of the points, so that the next generation can go on with it."""
        if self.made is not None:
            with suppress(OSError):
                writer.accompany(NAME, self.made.write)

    def write_down(self, writer: Writer) -> None:
        """Keep what the rows say of the products that the index now has exactly so: the next sync need not read them.

        What cannot be written is found out again the next time.
        """
        ledger = Ledger.read(self._index.companion(NAME, whole=True))
        if ledger is None or self.catalog.told is None:
            return
        facts = self._facts or Facts(self.catalog.products, _look)
        if (new := write_down(ledger, self.catalog, facts)) is not None:
            with suppress(OSError):
                writer.accompany(NAME, new.write)

    def _ledger(self, published: Published) -> Ledger | None:
        """Of what is published now, which need not be what was so before the catalog was read."""
        path, index = self._index.companion(NAME, whole=True), self._index
        ledger = self._before.ledger
        if path is None or ledger is None or _sign(path) != self._before.sign:
            self._read_whole()
            ledger = Ledger.read(path)
        if ledger is not None and not index.in_process and published.store.count() != len(ledger):
            self._read_whole()  # somebody else wrote to the server
            ledger = None
        if ledger is None:
            self.made = ledger = made_of(lambda: published.store.scroll())
        return ledger

    def _read_whole(self) -> None:
        """Read the catalog once more, where something was put aside by what is not to be gone by."""
        if self.catalog.told is not None and any(self.catalog.told.aside):
            with collecting_later():
                self.catalog = self._read(None)

    def _divide(self, ledger: Ledger, published: Published) -> Aside:
        look_at_remote(self.catalog, _Indexed(ledger), self._sources, self._progress)
        known, indexed = self._before.known, _Indexed(ledger)

        def look(image: ProductImage) -> tuple[int, int] | None:
            return None if image.elsewhere is not None and image.key not in indexed else _look(image)

        self._facts = Facts(self.catalog.products, look)
        unread = known.aside if known is not None and known.ledger is ledger else None
        return put_aside(self.catalog, ledger, unread, self._facts, lambda: published.store)


class _Indexed:
    """The keys of the photos that a ledger has."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._hashes = ledger, set[int]()

    def __contains__(self, key: object) -> bool:
        if not self._hashes:
            self._hashes = set(self._ledger.rows["path"].tolist())
        return path_hash(self._ledger, str(key)) in self._hashes


def _look(image: ProductImage) -> tuple[int, int] | None:
    try:
        if image.elsewhere is None:
            found = os.stat(image.path)  # noqa: PTH116 - a million times
            return found.st_size, found.st_mtime_ns
        return image.elsewhere.look()
    except OSError:
        return None


def _sign(path: Path | None) -> tuple[object, ...] | None:
    """What tells a file from every other that may take its place."""
    if path is None:
        return None
    found = path.stat()
    return path, found.st_ino, found.st_size, found.st_mtime_ns
