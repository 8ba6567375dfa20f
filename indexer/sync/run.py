"""Brings the index in step with a catalog: read, plan, make the next generation, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.catalog.rejects import write_rejects
from indexer.errors import ModelError, StoreDamaged, StoreUnwritable
from indexer.fields.roles import KEPT_TABLE
from indexer.models.directory import load_model
from indexer.photos.colour.palette import COLOURS
from indexer.photos.fetch.many.kept import FOLDER, LIMIT
from indexer.photos.fetch.many.sources import PhotoSources
from indexer.photos.places import Place
from indexer.photos.reading import READING
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import index_at
from indexer.store.filters.where import Where, where_of
from indexer.store.interface import Index, Store, Writer
from indexer.store.records import GenerationRecord, Repair
from indexer.sync.embedding.colouring import Colouring
from indexer.sync.making import Making
from indexer.sync.planning.names import id_of
from indexer.sync.planning.plan import SyncPlan
from indexer.sync.planning.planner import Planner, Published
from indexer.sync.planning.read_again import read_again
from indexer.sync.planning.removal import MAX_REMOVAL, check_removal
from indexer.sync.planning.scope import another_model, notes_of, scope_of
from indexer.sync.report import Removed, SyncReport
from indexer.sync.upkeep.pictures import draw_missing
from indexer.sync.upkeep.saved import saved_photos
from indexer.sync.upkeep.sweep import sweep
from indexer.system.arguments import path_of, share_of, truth_of, whole_of
from indexer.system.clock import now
from indexer.system.files import writing
from indexer.system.machine import cores
from indexer.system.progress import Progress, nobody, progress_of

if TYPE_CHECKING:
    from indexer.models.text_model import TextModel


def sync(
    catalog_path: str | Path,
    model_path: str | Path,
    index_path: str | Path | Index,
    *,
    text_model: str | Path | Literal[False] | None = None,
    scope: Where = None,
    dry_run: bool = False,
    allow_removal: bool = False,
    max_removal: float = MAX_REMOVAL,
    check_content: bool = False,
    allow_private: bool = False,
    photo_cache: int = LIMIT,
    workers: int = 0,
    progress: Progress | None = None,
) -> SyncReport:
    """Make an index answer for exactly the photos of a catalog.

    Readers keep the published generation until the next one is complete. Photos that cannot be used are
    rejects in the report; everything else is indexed. What the index has of a photo that is there and cannot be read
    stays. Killed at any moment, the next call goes on without embedding again what was finished.

    Args:
        catalog_path: a catalog folder or manifest, or the URL of one, see `read_catalog`.
        model_path: a model directory; another fingerprint than the index's builds everything anew beside it.
        index_path: the directory of an embedded index, created where there is none; or an index of either engine.
        text_model: directory of a text model, see `indexer.models.text_directory`, that embeds all photos a second
            time, so that texts find them; None takes the one that the index has, if any, and False leaves it out.
            Another one, or none where there was one, builds everything anew like another model.
        scope: a filter over what the catalog says, as in ``where`` of a question: ``brand=Cartier``, or several texts.
            What passes it neither in the catalog nor in the index stays as it is, see `indexer.sync.planning.scope`.
        dry_run: only plan; nothing is written.
        allow_removal: do what would be refused, see `indexer.sync.planning.removal`: remove a whole category or more
            than ``max_removal``, or go by a manifest that seems to be cut.
        max_removal: the largest share of the photos in the index that may go, 0 to 1. Fewer than 20 may always go,
            unless it is 0.
        check_content: read every photo, also where size and time are those it was indexed with.
        allow_private: fetch photos also from addresses of the own network and from any port; see
            `indexer.photos.fetch.fetcher`.
        photo_cache: bytes of photos from URLs that are kept in the index's folder.
        workers: embedding threads; 0 means one per core.
        progress: told each stage and how far it is, see `Progress`.

    Raises:
        CatalogError, ModelError, StoreError: before the first photo is embedded, unless the store fails later.
        RemovalRefused: it would take more out of the index than is likely meant; nothing was changed.
        FilterError: ``scope`` does not fit the catalog's fields.
        MissingExtra: there is a text model, but the package tokenizers is not installed.
        UsageError: ``max_removal`` is not between 0 and 1, or an argument is not of its kind.
    """
    max_removal = share_of("max_removal", max_removal, MAX_REMOVAL)
    dry_run, allow_removal = truth_of("dry_run", dry_run), truth_of("allow_removal", allow_removal)
    check_content, progress = truth_of("check_content", check_content), progress_of("progress", progress)
    allow_private = truth_of("allow_private", allow_private)
    photo_cache = whole_of("photo_cache", photo_cache, "bytes, 0 or more", least=0)
    if text_model is not None and text_model is not False:
        text_model = path_of("text_model", text_model)
    scope = where_of(scope, "scope")
    began = time.perf_counter()
    workers = whole_of("workers", workers, "a whole number, 0 (one per core) or more", least=0) or cores()
    index = index_at(index_path)
    published = index.last_record()
    tell = progress or nobody
    tell("Reading the catalog", 0, 1)
    folder = index.local.joinpath(*FOLDER)
    with PhotoSources(folder, allow_private, photo_cache, writing=not dry_run, trusting=not check_content) as sources:
        planner = Planner(
            partial(read_catalog, catalog_path, published.field_table if published else None, sources),
            index,
            check_content=check_content,
            whole=scope is not None,
            workers=workers,
            progress=tell,
            sources=sources,
        )
        read = time.perf_counter() - began
        model = load_model(model_path)
        limit = None if allow_removal else max_removal
        texts = _load_text_model(text_model, published, index.location)
        run = _Run(planner, Making(index, model, texts, sources, workers, tell, now()), limit, scope)
        report = run.plan_only() if dry_run else run.execute()
        report.notes += sources.notes()
    report.seconds = {"catalog": read, **report.seconds, "total": time.perf_counter() - began}
    return report


def _load_text_model(
    given: Path | Literal[False] | None, published: GenerationRecord | None, location: str
) -> TextModel | None:
    """The text model of the next generation: the one given, else the index's own."""
    if given is False:
        return None
    if given is None:
        if published is None or published.text_model is None:
            return None
        given = Path(published.text_model.path)
        if not given.is_dir():
            raise ModelError(
                f"{given}: the text model of {location} is no longer there; name its new place with "
                "--text-model, or leave it out with --no-text-model"
            )
    from indexer.models.text_model import TextModel

    return TextModel(given)


class _Run:
    """One sync from its inputs to its report."""

    def __init__(self, planner: Planner, making: Making, max_removal: float | None, where: Where) -> None:
        self.planner, self.making, self.index = planner, making, making.index
        self.max_removal, self.where = max_removal, where

    def plan_only(self) -> SyncReport:
        published = self._published(self.index.read)
        _, record, report = self._plan(published)
        report.dry_run = True
        if published is not None and not report.rebuilt and published.record.colours != record.colours:
            report.notes.append(f"{self.index.location}: has no colours yet; the sync reads every photo once for them")
        return report

    def execute(self) -> SyncReport:
        with self.index.write() as writer:
            repair = writer.repair(whole=False)
            published = self._published_by(writer, repair)
            try:
                plan, record, report = self._plan(published, repair)
            except StoreDamaged:  # what could be known without opening it was as it should be
                repair = writer.repair()
                published = self._published_by(writer, repair)
                plan, record, report = self._plan(published, repair)
            idle = published is not None and not plan.writes and not plan.to_embed
            if published is None or not idle or not record.means_same(published.record):
                # A copy of it is going to be published: every byte is looked at first.
                again = repair if repair.notes else writer.repair()
                published = self._published_by(writer, again)
                if again is not repair and again.notes:
                    repair = again
                    plan, record, report = self._plan(published, repair)
                self._draw_missing(plan, published, report)
                self.planner.keep(writer)
                if published is not None:  # what it takes of the memory, its copy needs
                    writer.release()
                    published.forget()
                saved, colouring = saved_photos(repair, record), self._colouring()
                self.making.next_generation(writer, published, plan, record, report, saved, colouring)
                if report.published:
                    sweep(self.index)
            else:
                self._draw_missing(plan, published, report)
                self.planner.keep(writer)
                report.generation = published.generation
            self.planner.write_down(writer)
            self._write_rejects(report)
        return report

    def _published(self, open_: Callable[[], Store]) -> Published | None:
        """What is published, not opened yet; None before the first."""
        generation, record = self.index.current(), self.index.record()
        return None if generation is None or record is None else Published(record, generation, open_)

    def _published_by(self, writer: Writer, repair: Repair) -> Published | None:
        def opened() -> Store:
            store = writer.published()
            if store is None:
                raise StoreDamaged(f"{self.index.location}: what was published is gone")
            return store

        return None if repair.nothing_left else self._published(opened)

    def _plan(
        self, published: Published | None, repair: Repair | None = None
    ) -> tuple[SyncPlan, GenerationRecord, SyncReport]:
        began, model = time.perf_counter(), self.making.model
        self.making.progress("Comparing", 0, 1)
        text_model = None if self.making.text_model is None else self.making.text_model.record
        rebuilt = published is not None and not published.record.is_by(model.fingerprint, model.dimension, text_model)
        before = None if published is None else published.record
        scope = scope_of(self.where, self.catalog, before, self.index.location, repair)
        if scope is not None and rebuilt:
            raise another_model(scope, self.index.location)
        plan = self.planner.plan(published, anew=rebuilt, scope=scope)
        if repair is not None:
            plan.keeper.remember_all(repair)
        reading = READING if published is None else published.record.reading
        if not rebuilt and scope is None:
            read_again(plan, self.catalog.root, reading, workers=self.making.workers)
        if published is not None and self.max_removal is not None:
            table = published.record.field_table
            check_removal(self.catalog, plan, table, self.index.location, self.max_removal, scope)
        record = GenerationRecord(
            fingerprint=model.fingerprint,
            dimension=model.dimension,
            field_table={**self.catalog.field_table, **plan.keeper.field_table()},
            catalog_root=self.catalog.address or str(self.catalog.root.resolve()),
            model_path=str(model.path.resolve()),
            created_at=self.making.moment,
            text_model=text_model,
            reading=READING,
            colours=COLOURS,
        )
        if scope is not None:
            record = scope.record(record, before)
        report = SyncReport(
            catalog=self.catalog.where,
            index=self.index.location,
            model=str(model.path),
            products=self.planner.products if scope is None else scope.products(self.catalog),
            photos=plan.counts(),
            rejects=plan.rejects,
            passed_over=list(self.catalog.passed_over),
            removed=[Removed(id_of(point), str(point.payload["photo"]["path"])) for point in plan.removed],
            renamed=plan.renamed,
            shared=len(plan.copied),
            repairs=[] if repair is None else list(repair.notes),
            rebuilt=rebuilt,
            read_again=plan.read_again,
            fields={name: str(kind) for name, kind in self.catalog.field_table.items()},
            notes=_notes(self.catalog, before) if scope is None else notes_of(scope, self.catalog, plan),
            scope=None if scope is None else scope.said,
            seconds={"plan": time.perf_counter() - began},
            text_model=None if text_model is None else text_model.path,
        )
        return plan, record, report

    def _colouring(self) -> Colouring:
        making, pictures = self.making, ThumbnailStore(self.index.local)
        return Colouring(making.model.preprocessing, pictures, self.planner.places, making.workers)

    def _draw_missing(self, plan: SyncPlan, published: Published | None, report: SyncReport) -> None:
        """Pictures of photos that are not embedded, and so not drawn, this time."""

        def photos(there: Collection[str]) -> Iterator[tuple[str, Place]]:
            for wanted, point in [*plan.still, *plan.updated, *plan.moved, *plan.copied]:
                yield point.payload["photo"]["sha256"], wanted.image.place
            lacking = [] if self.planner.aside is None else self.planner.aside.lacking(there)
            if lacking and published is not None:
                yield from self.planner.places(published.store.retrieve(lacking))

        with writing(self.index.local):
            said = draw_missing(ThumbnailStore(self.index.local), photos, self.making.workers, self.making.progress)
        if said is not None:
            report.repairs.append(said)

    @property
    def catalog(self) -> Catalog:
        """As it was read the last time."""
        return self.planner.catalog

    def _write_rejects(self, report: SyncReport) -> None:
        try:
            report.rejects_file = write_rejects(self.index.local, report.rejects)
        except OSError as error:
            raise StoreUnwritable(f"{self.index.local}: the rejects cannot be written ({error.strerror})") from error


def _notes(catalog: Catalog, published: GenerationRecord | None) -> list[str]:
    """What a person should know of the catalog, and which fields nobody can filter by any more."""
    notes = list(catalog.notes)
    lost = [n for n in (published.field_table if published else ()) if n not in (*catalog.field_table, *KEPT_TABLE)]
    if lost:
        which, them = ("field", "it") if len(lost) == 1 else ("fields", "them")
        names = ", ".join(map(repr, lost))
        notes.append(f"{catalog.where}: the index has no {which} {names} any more: filters that name {them} fail")
    return notes
