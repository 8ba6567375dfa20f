"""What every engine must do: read one generation, write the next one, and say which is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.store.filters.tree import Filter
from indexer.store.records import Checked, EngineFiles, GenerationRecord, Hit, Point, Repair, VectorName, Vectors


class Store(Protocol):
    """One generation, open for reading. All its answers come from that generation, whatever is published meanwhile."""

    @property
    def generation(self) -> str:
        """The generation's name."""

    @property
    def record(self) -> GenerationRecord:
        """What it was built from."""

    @property
    def files(self) -> EngineFiles | None:
        """Where it lies as files that never change once published; None where they are not on this machine."""

    def count(self, where: Filter | None = None) -> int:
        """Number of points that pass the filter, exact."""

    def search(
        self,
        vectors: NDArray[np.float32],
        *,
        limit: int,
        where: Filter | None = None,
        exact: bool = False,
        fields: Sequence[str] | None = None,
        using: VectorName = "image",
        vectors_too: Vectors = False,
    ) -> list[list[Hit]]:
        """Nearest neighbours of each row of ``vectors`` [m, dimension], best first.

        ``exact`` compares with every point instead of walking the graph. ``fields`` names the payload
        fields to return; None returns all of them. ``using`` names the vectors to compare with; raises
        ``UsageError`` where the generation has none of that name. ``vectors_too`` names the vectors to return.
        """

    def scroll(
        self, where: Filter | None = None, *, fields: Sequence[str] | None = None, vectors: Vectors = False
    ) -> Iterator[Point]:
        """Every point that passes the filter, in order of id, without vectors, with all it has or with one."""

    def retrieve(self, ids: Sequence[str], *, vectors: Vectors = False) -> list[Point]:
        """The points of these ids that exist, each once."""

    def facet(self, field: str, where: Filter | None = None, *, limit: int = 100) -> list[tuple[str | bool, int]]:
        """Distinct values of a keyword or boolean field with their number of points, most frequent first."""

    def companion(self, name: str, *, whole: bool = False) -> Path | None:
        """A file that belongs to these points, see `indexer.store.beside`; None where there is none of that name.

        Args:
            name: of the file.
            whole: compare every byte with what was written; else its length alone.
        """

    def close(self) -> None:
        """Release the generation."""


class Draft(Store, Protocol):
    """The next generation while it is being written; nobody else sees it before `publish`."""

    def upsert(self, points: Iterable[Point]) -> None:
        """Insert points, or replace those of the same id. Raises ``VectorError`` before an engine sees a bad vector."""

    def replace_payload(self, points: Iterable[Point]) -> None:
        """Replace the payload of existing points and leave their vectors alone."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove points; unknown ids are ignored."""

    def publish(self) -> str:
        """Make it durable and let readers see it; returns the generation's name."""


class Index(Protocol):
    """The place where generations live: a directory, or an alias on a server."""

    @property
    def engine(self) -> str:
        """The engine's name; indexes of one engine can take over each other's files, see `Writer.adopt`."""

    @property
    def in_process(self) -> bool:
        """Whether the engine works in this process and under Python's lock, so that threads gain it nothing."""

    @property
    def tolerance(self) -> float:
        """How far a number of a vector may be from what was written; 0 for an engine that keeps every bit."""

    @property
    def location(self) -> str:
        """Where it is, for people."""

    @property
    def place(self) -> str:
        """Where it is, for comparing: two indexes of one place are one, however they were named."""

    @property
    def local(self) -> Path:
        """This machine's folder beside it: thumbnails, the journal of unfinished work, the rejects file."""

    def current(self) -> str | None:
        """The published generation's name, cheaply; None before the first."""

    def mark(self) -> str | None:
        """What tells the published generation from every other that was here or will be; None before the first.

        Its name does not: where an index was removed and filled again, another generation has the same one. As
        cheap as `current`, and not meant for people.
        """

    def record(self) -> GenerationRecord | None:
        """What the published generation was built from, without opening it; None before the first."""

    def last_record(self) -> GenerationRecord | None:
        """`record`, and where that is damaged, what can be known of it: for a sync, which repairs it."""

    def describe(self) -> dict[str, Any]:
        """What is particular to the engine, as plain JSON values: for `indexer status`."""

    def generations(self) -> list[str]:
        """Complete generations, oldest first; those before the published one can be rolled back to."""

    def rollback(self) -> str:
        """Publish the generation before the published one again; returns its name.

        Raises:
            StoreMissing: there is none.
        """

    def prune(self, keep: int = 1) -> list[str]:
        """Remove all but the ``keep`` newest generations and the published one; returns the names of those removed."""

    def read(self, *, whole: bool = False) -> Store:
        """Open the published generation.

        Args:
            whole: compare every byte with what was published first, where the engine can: before it is copied
                further. Without it, what can be known in some milliseconds is looked at.

        Raises:
            StoreMissing: nothing is published yet.
            StoreDamaged: it is not what was published.
            StoreError: it cannot be opened.
        """

    def stores(self) -> Iterator[Store]:
        """Every complete generation, opened one after the other; raises ``StoreError`` at one that cannot be."""

    def companion(self, name: str, *, whole: bool = False) -> Path | None:
        """`Store.companion` of the published generation, without opening it."""

    def companions(self, name: str) -> list[Path | None]:
        """`Store.companion` of every complete generation, oldest first, without opening them."""

    def check(self) -> list[Checked]:
        """Every complete generation compared with what was published, as closely as the engine can, oldest first.

        Raises:
            StoreError: the place cannot be read.
        """

    def write(self, *, resume: GenerationRecord | None = None) -> AbstractContextManager[Writer]:
        """Become the one writer for the length of a ``with`` block.

        Args:
            resume: of a generation whose points can be had again. An engine that can keeps what an attempt at it that
                failed has written: `Writer.draft` goes on with that, and what it holds counts as written.

        Raises:
            StoreLocked: another process writes; the message names it.
            StoreUnwritable: no permission, or no room.
        """

    def put_aside(self, folder: Path) -> tuple[dict[str, Any], GenerationRecord]:
        """Write the published generation into a folder as files of the engine, and make sure that they hold it.

        Returns:
            What a snapshot's manifest says about it: ``engine``, ``generation``, ``points``, ``checksum`` (see
            `indexer.store.tally`) and what is particular to the engine; and its record.

        Raises:
            StoreMissing: nothing is published yet.
            StoreError: the engine cannot, or the generation changed meanwhile.
            OSError: the disk refuses.
        """


class Writer(Protocol):
    """The right to publish. Leaving the ``with`` block without publishing leaves readers untouched."""

    def repair(self, *, whole: bool = True) -> Repair:
        """Look at what is published as closely as can be, and put right what is not as it was published.

        An earlier generation that is whole is published again; where there is none, `published` is None from then on,
        the draft begins with nothing, and what can be saved is in the answer. Whoever does not call this is told of
        damage by `published`.

        Args:
            whole: read every byte. Else files are passed over that the system says nobody has written to since all of
                their bytes were last looked at: enough where nothing is going to be made of them.

        Raises:
            StoreError: it cannot be read.
        """

    def published(self) -> Store | None:
        """The published generation, or None before the first; the writer closes it.

        Raises:
            StoreDamaged: it is not what was published.
        """

    def release(self) -> None:
        """Close the published generation, whose memory is needed; `published` opens it again."""

    def accompany(self, name: str, write: Callable[[Path], None]) -> None:
        """Make a file beside the published generation anew; what ``write`` makes at the path given belongs to it.

        Raises:
            OSError: the disk refuses.
            StoreError: the place cannot be written to.
        """

    def draft(self, record: GenerationRecord, *, from_published: bool) -> Draft:
        """Begin the next generation: a copy of the published one, or an empty one. Payload indexes exist at once."""

    def adopt(self, files: EngineFiles, record: GenerationRecord) -> Draft:
        """Begin the next generation with what files of this engine hold, search graph included.

        Raises:
            StoreUnwritable: there is no room for it.
            StoreError: they are damaged, or something else.
        """
