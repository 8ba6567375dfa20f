"""Embeds the photos of a catalog into a folder of shards, which `indexer import` makes an index of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from indexer.catalog.reading import read_catalog
from indexer.errors import UsageError
from indexer.models.directory import load_model
from indexer.photos.colour.palette import COLOURS
from indexer.photos.fetch.many.kept import LIMIT
from indexer.photos.fetch.many.sources import PhotoSources
from indexer.photos.reading import READING
from indexer.store.beside.lock import writer_lock
from indexer.store.records import GenerationRecord
from indexer.store.transfer.shards.shard_file import pyarrow
from indexer.sync.apart.division import SHARD_PHOTOS, Job
from indexer.sync.apart.filling import FETCHED, LOCK, Filling, Made, check_folder
from indexer.sync.apart.making import Maker
from indexer.sync.apart.on_ray import make_on_ray, require_ray
from indexer.sync.apart.report import EmbedReport
from indexer.sync.planning.comparison import make_plan
from indexer.system.arguments import path_of, refused, truth_of, whole_of
from indexer.system.clock import now
from indexer.system.machine import collecting_later, cores
from indexer.system.progress import Progress, nobody, progress_of

if TYPE_CHECKING:
    from indexer.models.text_model import TextModel

Engine = Literal["local", "ray"]


def embed(
    catalog_path: str | Path,
    model_path: str | Path,
    folder: str | Path,
    *,
    engine: Engine = "local",
    ray_address: str | None = None,
    text_model: str | Path | None = None,
    shard_photos: int = SHARD_PHOTOS,
    anew: bool = False,
    allow_private: bool = False,
    photo_cache: int = LIMIT,
    workers: int = 0,
    progress: Progress | None = None,
) -> EmbedReport:
    """Embed the photos of a catalog into a folder of Parquet files, each of which is whole or not there.

    Run again, it makes what is missing: after a kill the shards that were not finished, after a change of the catalog
    those that it concerns. Photos that cannot be used are rejects in the report.

    Args:
        catalog_path: see `indexer.sync.run.sync`.
        model_path: a model directory. A folder that another one began is refused.
        folder: where the shards go; new, empty, or filled by an earlier run.
        engine: ``local`` uses the cores of this machine, ``ray`` a cluster, see `indexer.sync.apart.on_ray`.
        ray_address: of a cluster that is there; without it, ray begins one on this machine and ends it.
        text_model: directory of a text model that embeds all photos a second time.
        shard_photos: photos a shard, in a folder that is new.
        anew: begin anew, whatever is in the folder.
        allow_private: see `indexer.sync.run.sync`.
        photo_cache: bytes of photos from URLs that are kept in the folder; with ``ray`` none are.
        workers: embedding threads, or with ``ray`` workers at most; 0 means one per core.
        progress: told each stage and how far it is, see `Progress`.

    Raises:
        CatalogError, ModelError: before the first photo is embedded.
        MissingExtra: pyarrow, or with ``ray`` that, is not installed.
        StoreLocked: another process fills the folder.
        StoreUnwritable: the disk refuses; what was finished stays.
        UsageError: the folder is something else's or another model's, or an argument is not of its kind.
    """
    if engine not in get_args(Engine):
        raise refused("engine", engine, "local or ray")
    if ray_address is not None and engine != "ray":
        raise UsageError("an address of ray is given without ray; add --engine ray")
    out, model_path = path_of("folder", folder), path_of("model", model_path)
    anew, allow_private = truth_of("anew", anew), truth_of("allow_private", allow_private)
    shard_photos = whole_of("shard_photos", shard_photos, "photos, 1 or more", least=1)
    photo_cache = whole_of("photo_cache", photo_cache, "bytes, 0 or more", least=0)
    workers = whole_of("workers", workers, "a whole number, 0 (one per core) or more", least=0)
    tell = progress_of("progress", progress) or nobody
    pyarrow()
    if engine == "ray":
        require_ray()
    began = time.perf_counter()
    check_folder(out, anew=anew)
    with writer_lock(out / LOCK), PhotoSources(out / FETCHED, allow_private, photo_cache) as sources:
        tell("Reading the catalog", 0, 1)
        with collecting_later():
            catalog = read_catalog(catalog_path, None, sources)
        model = load_model(model_path)
        texts = None if text_model is None else _text_model(path_of("text_model", text_model))
        plan = make_plan(catalog, (), sources=sources, progress=tell)
        record = GenerationRecord(
            fingerprint=model.fingerprint,
            dimension=model.dimension,
            field_table=dict(catalog.field_table),
            catalog_root=catalog.address or str(catalog.root.resolve()),
            model_path=str(model.path.resolve()),
            created_at=now(),
            text_model=None if texts is None else texts.record,
            reading=READING,
            colours=COLOURS,
        )
        filling = Filling(out, catalog, record, tell)
        jobs = filling.begin(plan.new, shard_photos, anew=anew)
        read = time.perf_counter() - began
        if engine == "ray":
            filling.keep(make_on_ray(jobs, model, record, workers, ray_address, allow_private=allow_private))
        else:
            maker = Maker(model, texts, record, out, workers or cores())
            filling.keep(_make_here(jobs, maker, sources, filling.one_done))
        report = filling.report(plan.rejects)
    report.model, report.notes = str(model.path), [*catalog.notes, *sources.notes()]
    report.seconds = {"catalog": read, "total": time.perf_counter() - began}
    return report


def _make_here(jobs: list[Job], maker: Maker, sources: PhotoSources, done: Callable[[], None]) -> Iterator[Made]:
    for job in jobs:
        yield Made(job.number, maker.make(job, sources.ahead(job.photos, lambda wanted: wanted.image.place), done))


def _text_model(path: Path) -> TextModel:
    from indexer.models.text_model import TextModel

    return TextModel(path)
