"""Keeps the files beside a generation in step while its points are written, whoever writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from indexer.store.beside.companions import Companions
from indexer.store.beside.ledger import KeptLedger
from indexer.store.records import Point
from indexer.store.tuning import WRITE_BATCH

if TYPE_CHECKING:
    from indexer.store.interface import Store


class Kept(Protocol):
    """One file beside the points, while a draft is written."""

    @property
    def name(self) -> str:
        """Of the file."""

    def before(self, ids: Sequence[str]) -> None:
        """These points are going to be written or removed; the draft still has what they were."""

    def written(self, points: Sequence[Point]) -> None:
        """These have been handed to the engine: new ones, or new payloads of old ones (without vectors)."""

    def removed(self, ids: Sequence[str]) -> None:
        """These are going to be removed."""

    def write(self, store: Store, path: Path) -> bool:
        """Make the file of the finished points; False where it cannot be known, and then there is none.

        Raises:
            OSError: the disk refuses.
        """


class Keeping:
    """All of these files for one draft.

    Args:
        draft: what is written, open for reading.
        base: the files beside the generation that it began as a copy of; None where it began with nothing, or with
            points that nobody has counted.
        known: whether what it began with is known: nothing, or the ``base``.
    """

    def __init__(self, draft: Store, base: Companions | None, *, known: bool) -> None:
        from indexer.store.beside.summary.kept import KeptSummary  # only who writes needs it

        self._kept: list[Kept] = [KeptLedger(draft, base, known=known), KeptSummary(draft, base, known=known)]

    def noted(self, points: Iterable[Point]) -> Iterator[Point]:
        """The same points, on their way to the engine."""
        remaining = iter(points)
        while batch := list(islice(remaining, WRITE_BATCH)):
            ids = [point.id for point in batch]
            for one in self._kept:
                one.before(ids)
            yield from batch
            for one in self._kept:
                one.written(batch)

    def removed(self, ids: Sequence[str]) -> None:
        """These points are going to be removed."""
        for one in self._kept:
            one.before(ids)
            one.removed(ids)

    def put(self, companions: Companions, store: Store) -> None:
        """Write the files beside the finished generation; what the disk refuses is made again when it is needed."""
        for one in self._kept:
            with suppress(OSError, NotKnown):
                companions.put(one.name, partial(_write, one, store))


class NotKnown(Exception):
    """A file that cannot be made from what was seen of the points."""


def _write(one: Kept, store: Store, path: Path) -> None:
    if not one.write(store, path):
        raise NotKnown
