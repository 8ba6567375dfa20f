"""Brings the index in step with a catalog: plan, embed what is missing, apply, publish."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.catalog.rejects import write_rejects
from indexer.errors import CatalogError, ModelError, StoreMissing, StoreUnwritable, UsageError
from indexer.models.directory import ModelFile, load_model
from indexer.photos.reading import READING
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import open_index
from indexer.store.interface import Draft, Index, Store
from indexer.store.records import GenerationRecord, Point
from indexer.sync.journal import Journal
from indexer.sync.payload import Payloads
from indexer.sync.pipeline import Outcome, Pipeline
from indexer.sync.plan import SyncPlan, make_plan
from indexer.sync.report import SyncReport
from indexer.system.clock import now
from indexer.system.files import writing
from indexer.system.machine import cores
from indexer.system.progress import Progress

if TYPE_CHECKING:
    from indexer.models.text_model import TextModel

REMOVAL_GUARD = 0.5
"""A sync that would remove a larger share of the index than this is refused: mostly it is the wrong folder."""
REMOVAL_GUARD_FROM = 20


def sync(
    catalog_path: Path,
    model_path: Path,
    index_path: Path | Index,
    *,
    text_model: Path | Literal[False] | None = None,
    dry_run: bool = False,
    allow_removal: bool = False,
    workers: int = 0,
    progress: Progress | None = None,
) -> SyncReport:
    """Make an index answer for exactly the photos of a catalog.

    Readers keep the published generation until the next one is complete. Photos that cannot be used are
    rejects in the report; everything else is indexed. Killed at any moment, the next call goes on without
    embedding again what was finished.

    Args:
        catalog_path: a catalog folder or manifest, see `read_catalog`.
        model_path: a model directory; another fingerprint than the index's builds everything anew beside it.
        index_path: the directory of an embedded index, created where there is none; or an index of either engine.
        text_model: directory of a text model, see `indexer.models.text_directory`, that embeds all photos a second
            time, so that texts find them; None takes the one that the index has, if any, and False leaves it out.
            Another one, or none where there was one, builds everything anew like another model.
        dry_run: only plan; nothing is written.
        allow_removal: permit a sync that removes more than half of the index.
        workers: embedding threads; 0 means one per core.
        progress: told how many photos are embedded, see `Progress`.

    Raises:
        CatalogError, ModelError, StoreError: before the first photo is embedded, unless the store fails later.
        MissingExtra: there is a text model, but the package tokenizers is not installed.
        UsageError: the sync would remove more than half of the index.
    """
    began = time.perf_counter()
    workers = workers or cores()
    catalog = read_catalog(catalog_path)
    model = load_model(model_path)
    index = open_index(index_path) if isinstance(index_path, Path) else index_path
    run = _Run(catalog, model, index, workers, progress, _load_text_model(text_model, index))
    report = run.plan_only(allow_removal) if dry_run else run.execute(allow_removal)
    report.seconds["total"] = time.perf_counter() - began
    return report


def _load_text_model(given: Path | Literal[False] | None, index: Index) -> TextModel | None:
    """The text model of the next generation: the one given, else the index's own."""
    if given is False:
        return None
    if given is None:
        published = index.record()
        if published is None or published.text_model is None:
            return None
        given = Path(published.text_model.path)
        if not given.is_dir():
            raise ModelError(
                f"{given}: the text model of {index.location} is no longer there; name its new place with "
                "--text-model, or leave it out with --no-text-model"
            )
    from indexer.models.text_model import TextModel

    return TextModel(given)


class _Run:
    """One sync from its inputs to its report."""

    def __init__(
        self,
        catalog: Catalog,
        model: ModelFile,
        index: Index,
        workers: int,
        progress: Progress | None,
        text_model: TextModel | None,
    ) -> None:
        self.catalog, self.model, self.index = catalog, model, index
        self.text_model = text_model
        self.workers, self.progress = workers, progress
        self.now = now()
        self.pictures_anew = False

    def plan_only(self, allow_removal: bool) -> SyncReport:
        try:
            published: Store | None = self.index.read()
        except StoreMissing:
            published = None
        *_, report = self._plan(published, allow_removal)
        report.dry_run = True
        return report

    def execute(self, allow_removal: bool) -> SyncReport:
        with self.index.write() as writer:
            published = writer.published()
            plan, record, report = self._plan(published, allow_removal)
            if published is None or not plan.is_empty or not record.means_same(published.record):
                in_place = published is not None and not report.rebuilt
                draft = writer.draft(record, from_published=in_place)
                self._fill(draft, published if in_place else None, plan, report)
            else:
                report.generation = published.generation
            try:
                report.rejects_file = write_rejects(self.index.local, report.rejects)
            except OSError as error:
                raise StoreUnwritable(
                    f"{self.index.local}: the rejects cannot be written ({error.strerror})"
                ) from error
        return report

    def _plan(self, published: Store | None, allow_removal: bool) -> tuple[SyncPlan, GenerationRecord, SyncReport]:
        began, model = time.perf_counter(), self.model
        text_model = None if self.text_model is None else self.text_model.record
        rebuilt = published is not None and not published.record.is_by(model.fingerprint, model.dimension, text_model)
        stored = published.scroll() if published is not None and not rebuilt else ()
        reading = READING if published is None else published.record.reading
        self.pictures_anew = published is None or reading < READING
        plan = make_plan(self.catalog, stored, reading=reading, workers=self.workers)
        if published is not None and rebuilt:  # another model, but the same visitors and clusters
            plan.keeper.remember_all(published)
        if published is not None and not rebuilt and not allow_removal:
            self._guard(plan, published.count())
        record = GenerationRecord(
            fingerprint=model.fingerprint,
            dimension=model.dimension,
            field_table={**self.catalog.field_table, **plan.keeper.field_table()},
            catalog_root=str(self.catalog.root.resolve()),
            model_path=str(model.path.resolve()),
            created_at=self.now,
            text_model=text_model,
            reading=READING,
        )
        report = SyncReport(
            catalog=str(self.catalog.root),
            index=self.index.location,
            model=str(model.path),
            products=len(self.catalog.products),
            photos=plan.counts(),
            rejects=plan.rejects,
            rebuilt=rebuilt,
            read_again=plan.read_again,
            fields={name: str(kind) for name, kind in self.catalog.field_table.items()},
            seconds={"plan": time.perf_counter() - began},
            text_model=None if text_model is None else text_model.path,
        )
        return plan, record, report

    def _guard(self, plan: SyncPlan, indexed: int) -> None:
        if len(plan.gone) >= REMOVAL_GUARD_FROM and len(plan.gone) > REMOVAL_GUARD * indexed:
            raise UsageError(
                f"{self.catalog.root}: this would remove {len(plan.gone)} of {indexed} photos from "
                f"{self.index.location}; if that is meant, add --allow-removal"
            )

    def _fill(self, draft: Draft, published: Store | None, plan: SyncPlan, report: SyncReport) -> None:
        """Apply a plan to a draft and publish it; deletes come last."""
        seconds = report.seconds
        with writing(self.index.local), Journal(self.index.local, self.model, draft.record.text_model) as journal:
            began = time.perf_counter()
            payloads = Payloads(plan.keeper, self.now)
            self._embed(draft, plan, report, journal, payloads)
            if published is not None:
                draft.upsert(_moved(plan, published, payloads))
                draft.replace_payload(
                    Point(wanted.id, payloads.carried(wanted, point.payload)) for wanted, point in plan.updated
                )
            # Asked before anything is deleted: on a server the draft may be what readers see.
            leaves_nothing = draft.count() <= len(plan.gone)
            seconds["embed and write"] = time.perf_counter() - began
            if leaves_nothing:
                with suppress(OSError):
                    report.rejects_file = write_rejects(self.index.local, report.rejects)
                raise CatalogError(
                    f"{self.catalog.root}: not one usable photo, {len(report.rejects)} rejected; "
                    f"first: {report.rejects[0].where}: {report.rejects[0].reason}"
                )
            began = time.perf_counter()
            if published is not None:
                draft.delete(plan.gone)
            report.generation = draft.publish()
            report.published = True
            seconds["publish"] = time.perf_counter() - began
            journal.clear()

    def _embed(self, draft: Draft, plan: SyncPlan, report: SyncReport, journal: Journal, payloads: Payloads) -> None:
        wanted = plan.to_embed
        if not wanted:
            return
        pipeline = Pipeline(
            self.model,
            ThumbnailStore(self.index.local),
            journal,
            text_model=self.text_model,
            workers=self.workers,
            pictures_anew=self.pictures_anew,
        )
        done = 0
        for outcome in pipeline.run(wanted):
            journal.append(outcome.fresh)
            draft.upsert(
                Point(wanted.id, payloads.embedded(wanted, photo), photo.embedding, photo.text_embedding)
                for wanted, photo in outcome.photos
            )
            self._count(report, outcome)
            done += len(outcome.photos) + len(outcome.rejects)
            if self.progress:
                self.progress("Embedding", done, len(wanted))
        report.seconds |= {f"{stage} (sum of workers)": s for stage, s in pipeline.seconds.items()}

    def _count(self, report: SyncReport, outcome: Outcome) -> None:
        report.embedded += len(outcome.fresh)
        report.recovered += len(outcome.photos) - len(outcome.fresh)
        report.rejects += outcome.rejects


def _moved(plan: SyncPlan, published: Store, payloads: Payloads) -> Iterator[Point]:
    """Photos that came back under another name, with the vectors they had."""
    sources = {source.id for _, source in plan.moved}
    points = {point.id: point for point in published.retrieve(sorted(sources), vectors=True)}
    for wanted, source in plan.moved:
        embedded = points[source.id]
        yield Point(wanted.id, payloads.carried(wanted, source.payload), embedded.vector, embedded.text_vector)
