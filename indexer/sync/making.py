"""Makes the next generation of an index from the plan of a sync: embed, carry over, delete, publish."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from indexer.catalog.rejects import write_rejects
from indexer.errors import CatalogError
from indexer.models.directory import ModelFile
from indexer.photos.fetch.many.sources import PhotoSources
from indexer.photos.reading import READING
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.interface import Draft, Index, Writer
from indexer.store.records import GenerationRecord
from indexer.sync.embedding.carrying import write_carried
from indexer.sync.embedding.colouring import Colouring
from indexer.sync.embedding.journal import Journal
from indexer.sync.embedding.pipeline import Pipeline
from indexer.sync.embedding.writing import embed_into
from indexer.sync.payload import Payloads
from indexer.sync.photo import EmbeddedPhoto
from indexer.sync.planning.plan import SyncPlan
from indexer.sync.planning.planner import Published
from indexer.sync.report import SyncReport
from indexer.system.files import writing
from indexer.system.progress import Progress, told_of_publishing

if TYPE_CHECKING:
    from indexer.models.text_model import TextModel


@dataclass(frozen=True)
class Making:
    """What the next generation of an index is made with.

    Attributes:
        index: the index, of which the caller has the lock.
        model: embeds the photos that are new.
        text_model: embeds them a second time, where there is one.
        sources: fetches ahead those that are behind URLs.
        workers: embedding threads.
        progress: see `Progress`.
        moment: when the sync began.
    """

    index: Index
    model: ModelFile
    text_model: TextModel | None
    sources: PhotoSources
    workers: int
    progress: Progress
    moment: str

    def next_generation(
        self,
        writer: Writer,
        published: Published | None,
        plan: SyncPlan,
        record: GenerationRecord,
        report: SyncReport,
        saved: Iterator[EmbeddedPhoto],
        colouring: Colouring,
    ) -> None:
        """Embed, write and publish; where nothing has come of it (a photo that is still broken), publish nothing.

        Args:
            writer: of the index.
            published: what is there, if anything.
            plan: what is to become of it.
            record: of the generation to come.
            report: what was done is filled in.
            saved: photos that need not be embedded once more.
            colouring: measures what is published without colours.

        Raises:
            CatalogError: not one photo would be in it; nothing was changed.
        """
        began, seconds = time.perf_counter(), report.seconds
        base = None if report.rebuilt else published
        without_colours = base is not None and base.record.colours != record.colours
        drafts: list[Draft] = []

        def draft() -> Draft:
            """The next generation, from the first moment that something has to be written."""
            if not drafts:
                drafts.append(writer.draft(record, from_published=base is not None and not without_colours))
                if base is not None and without_colours:  # in place of a copy, one with colours
                    store = base.store
                    points = store.scroll(vectors=True)
                    moved = {point.id: wanted.image.place for wanted, point in [*plan.moved, *plan.copied]}
                    drafts[0].upsert(colouring.of(points, store.count(), moved, report, self.progress))
            return drafts[0]

        with writing(self.index.local), Journal(self.index.local, self.model, record.text_model) as journal:
            journal.append(saved)
            payloads = Payloads(plan.keeper, self.moment)
            anew = published is None or published.record.reading < READING
            self._embed(draft, plan, report, journal, payloads, pictures_anew=anew)
            if published is not None and not drafts and not plan.writes and record.means_same(published.record):
                report.generation = published.generation
                return
            if base is not None:
                # What is carried over has its colours in the draft alone, where the index had none.
                sources = draft if without_colours else partial(getattr, base, "store")
                write_carried(draft(), sources, plan, payloads, self.progress)
            told_of_publishing(self.progress)
            # Asked before anything is deleted: on a server the draft may be what readers see.
            if draft().count() <= len(plan.gone):
                self._refuse_nothing(report)
            seconds["embed and write"] = time.perf_counter() - began
            began = time.perf_counter()
            if base is not None:
                draft().delete(plan.gone)
            report.generation = draft().publish()
            report.published = True
            seconds["publish"] = time.perf_counter() - began
            journal.clear()

    def _embed(
        self,
        draft: Callable[[], Draft],
        plan: SyncPlan,
        report: SyncReport,
        journal: Journal,
        payloads: Payloads,
        *,
        pictures_anew: bool,
    ) -> None:
        to_embed = plan.to_embed
        if not to_embed:
            return
        pipeline = Pipeline(
            self.model,
            ThumbnailStore(self.index.local),
            journal,
            text_model=self.text_model,
            workers=self.workers,
            pictures_anew=pictures_anew,
        )
        coming = self.sources.ahead(to_embed, lambda wanted: wanted.image.place)
        failed = embed_into(draft, pipeline, to_embed, payloads, report, self.progress, coming)
        report.photos = plan.without(failed)

    def _refuse_nothing(self, report: SyncReport) -> NoReturn:
        with suppress(OSError):
            report.rejects_file = write_rejects(self.index.local, report.rejects)
        raise CatalogError(
            f"{report.catalog}: not one usable photo, {len(report.rejects)} rejected; "
            f"first: {report.rejects[0].where}: {report.rejects[0].reason}"
        )
