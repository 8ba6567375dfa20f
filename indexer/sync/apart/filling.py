"""A folder of shards while it is filled: what is there already, what is to be made, and what was rejected in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from indexer.catalog.products import Catalog, Reject
from indexer.catalog.rejects import NAME as REJECTS
from indexer.catalog.rejects import write_rejects
from indexer.errors import CatalogError, StoreError, StoreUnwritable, UsageError, advice_on_writing
from indexer.store.records import GenerationRecord
from indexer.store.transfer.shards.shard_file import Head
from indexer.store.transfer.shards.shard_folder import (
    NAME,
    Whole,
    head_of,
    remove_others,
    shard_path,
    shards_in,
)
from indexer.sync.apart.division import SHARD_PHOTOS, Job, divide, shards_for
from indexer.sync.apart.report import EmbedReport
from indexer.sync.photo import Wanted
from indexer.system.files import replacing
from indexer.system.marks import NAME as MARK
from indexer.system.progress import Progress

STAGE = "Embedding"
LOCK, FETCHED = "LOCK", ".fetched"
"""In the folder: who writes, and what came from URLs."""
MUCH = 4
"""A folder is divided anew once its shards are so many times as large as new ones would be."""


class Made(NamedTuple):
    """A shard that was made."""

    number: int
    file: bytes


def check_folder(folder: Path, *, anew: bool) -> None:
    """Refuse a folder that is something else's.

    Raises:
        UsageError: it is no folder, or there is something in it that is not of an earlier run.
        StoreError: what an earlier run wrote cannot be read, and is not to be begun anew.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder}: is a file; name a new or empty folder")
    names = {path.name for path in folder.iterdir()} - {LOCK, FETCHED, MARK, REJECTS}
    if names and NAME not in names:
        raise UsageError(f"{folder}: has other things in it; name a new or empty folder")
    if not anew:
        _before(folder)


class Filling:
    """One run over a folder, whose lock is held.

    Args:
        folder: the folder.
        catalog: what it is filled with.
        record: of the whole.
        progress: see `Progress`.
    """

    def __init__(self, folder: Path, catalog: Catalog, record: GenerationRecord, progress: Progress) -> None:
        self._folder, self._catalog, self._record, self._progress = folder, catalog, record, progress
        self._whole = Whole(record, catalog.where, 0, ())
        self._heads: dict[int, Head] = {}
        self._made: set[int] = set()
        self._anew = self._done = 0
        self._sizes: dict[int, int] = {}

    def begin(self, wanted: Sequence[Wanted], each: int, *, anew: bool) -> list[Job]:
        """Write down what the folder is to hold; returns the shards that are not there yet.

        Args:
            wanted: all photos.
            each: photos a shard, where nothing is there.
            anew: whether what is there counts for nothing.

        Raises:
            UsageError: what is there is by another model.
            StoreUnwritable: the disk refuses.
        """
        before = None if anew else _before(self._folder)
        shards = shards_for(len(wanted), each)
        if before is not None:
            text = self._record.text_model
            if not before.record.is_by(self._record.fingerprint, self._record.dimension, text):
                raise UsageError(
                    f"{self._folder}: its shards are by another model or text model "
                    f"({before.record.fingerprint[:12]}, now {self._record.fingerprint[:12]}); "
                    "embed into another folder, or begin this one anew with --anew"
                )
            if len(wanted) <= MUCH * max(each, SHARD_PHOTOS) * len(before.contents):
                shards = len(before.contents)
        jobs = divide(wanted, shards, self._record)
        contents = tuple(job.contents for job in jobs)
        self._whole = Whole(self._record, self._catalog.where, len(wanted), contents)
        self._sizes = {job.number: len(job.photos) for job in jobs}
        with _disk(self._folder):
            if anew:
                for path in shards_in(self._folder).values():
                    path.unlink()
            self._whole.write(self._folder)
            remove_others(self._folder, self._whole)
        todo = [job for job in jobs if job.contents and not self._is_there(job)]
        self._progress(STAGE, self._done, self._whole.photos)
        return todo

    def keep(self, made: Iterable[Made]) -> None:
        """Put shards into the folder as they come, each whole or not at all; raises ``StoreUnwritable``."""
        with _disk(self._folder):
            for number, file in made:
                path = shard_path(self._folder, number)
                with replacing(path) as into:
                    into.write(file)
                if (head := head_of(self._folder, number)) is None or not self._whole.is_made_of(head):
                    raise StoreError(f"{path}: is not what was written; look at the disk, and run it again")
                self._heads[number] = head
                self._made.add(number)
                self._done = sum(self._sizes[one] for one in self._heads)
                self._progress(STAGE, self._done, self._whole.photos)

    def one_done(self) -> None:
        """One more photo of a shard under way is embedded."""
        self._done += 1
        self._progress(STAGE, self._done, self._whole.photos)

    def report(self, rejects: Sequence[Reject]) -> EmbedReport:
        """What was done, with what was rejected before and now; the list of these is written.

        Raises:
            CatalogError: not one photo can be used.
            StoreUnwritable: the list cannot be written.
        """
        heads = [self._heads[number] for number in self._whole.wanted]
        every = [*rejects, *(Reject(**one) for head in heads for one in head.rejects)]
        with _disk(self._folder):
            written = write_rejects(self._folder, every)
        catalog, text = self._catalog, self._record.text_model
        if not any(head.points for head in heads):
            first = f"; first: {every[0].where}: {every[0].reason}" if every else ""
            raise CatalogError(f"{catalog.where}: not one usable photo, {len(every)} rejected{first}")
        return EmbedReport(
            catalog=catalog.where,
            folder=str(self._folder),
            model=self._record.model_path,
            products=len(catalog.products),
            photos=self._whole.photos,
            points=sum(head.points for head in heads),
            shards=len(heads),
            made=len(self._made),
            there=len(heads) - len(self._made),
            anew=self._anew,
            embedded=sum(head.embedded for head in heads if head.number in self._made),
            text_model=None if text is None else text.path,
            rejects=every,
            rejects_file=written,
            passed_over=list(catalog.passed_over),
        )

    def _is_there(self, job: Job) -> bool:
        head = head_of(self._folder, job.number)
        if head is None or not self._whole.is_made_of(head):
            self._anew += head is not None
            return False
        self._heads[job.number] = head
        self._done += len(job.photos)
        return True


def _before(folder: Path) -> Whole | None:
    try:
        return Whole.read(folder)
    except FileNotFoundError:
        return None


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Turn a failing disk into one line; raises ``StoreUnwritable``."""
    try:
        yield
    except OSError as error:
        raise StoreUnwritable(
            f"{folder}: writing failed ({error.strerror or error}); the shards that are finished stay: "
            f"{advice_on_writing(error)} and run it again"
        ) from error
