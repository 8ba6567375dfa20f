"""Makes shards on Ray Data: each is a row, each worker a core with the models loaded, and who asked writes the files.

Workers need the photos (on a disk that all nodes have at the same path, or behind URLs) and this package; neither the
model's directory nor the folder of the shards. A text model's directory they need, too.
After *Ray Data: Scalable Data Processing for AI Workloads*, the documentation of its `map` with a class.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indexer.catalog.products import ProductImage
from indexer.errors import JewelryError, MissingExtra
from indexer.models.directory import ModelFile
from indexer.photos.fetch.many.sources import PhotoSources
from indexer.photos.places import FilePlace, Seen
from indexer.store.records import GenerationRecord
from indexer.sync.apart.division import Job
from indexer.sync.apart.filling import Made
from indexer.sync.apart.making import Maker
from indexer.sync.photo import Wanted
from indexer.system.machine import cores

LOOPBACK = "127.0.0.1"


def require_ray() -> Any:
    """The library; raises ``MissingExtra``. It is asked to tell nobody that it is used."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingExtra("ray", "ray") from error
    return ray


def make_on_ray(
    jobs: Sequence[Job],
    model: ModelFile,
    record: GenerationRecord,
    workers: int,
    address: str | None,
    *,
    allow_private: bool,
) -> Iterator[Made]:
    """The shards, in the order in which they are finished.

    Args:
        jobs: says which.
        model: embeds the photos.
        record: of the whole.
        workers: at most; 0 means one for each core of the cluster.
        address: of the cluster; None begins one on this machine, on loopback, and ends it.
        allow_private: see `indexer.sync.run.sync`.

    Raises:
        MissingExtra: ray is not installed.
        JewelryError: the cluster cannot be reached or used, or a shard cannot be made.
    """
    if not jobs:
        return
    ray = require_ray()
    with _cluster(ray, address, workers):
        most = min(len(jobs), workers or max(1, int(ray.cluster_resources().get("CPU", 1))))
        rows = ray.data.from_items([_packed(job) for job in jobs], override_num_blocks=len(jobs))
        given = (ray.put(model), record, allow_private)
        made = rows.map(_Worker, fn_constructor_args=given, concurrency=(1, most), num_cpus=1)
        for row in made.iter_rows():
            if row["failed"]:
                raise JewelryError(row["failed"])
            yield Made(int(row["number"]), row["file"])


@contextmanager
def _cluster(ray: Any, address: str | None, workers: int) -> Iterator[None]:
    """Be connected to a cluster; who is already stays so."""
    ours = not ray.is_initialized()
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": True}
    try:
        if ours and address is not None:
            ray.init(address, **quiet)
        elif ours:
            ray.init(num_cpus=workers or cores(), include_dashboard=False, _node_ip_address=LOOPBACK, **quiet)
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield
    except (ray.exceptions.RayError, ConnectionError, TimeoutError) as error:
        why = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        where = "ray" if address is None else f"ray at {address}"
        raise JewelryError(f"{where}: {why.strip()}; the shards that are finished stay: run it again") from error
    finally:
        if ours:
            ray.shutdown()


class _Worker:
    """One core of a cluster."""

    def __init__(self, model: Any, record: GenerationRecord, allow_private: bool) -> None:
        texts = None
        if record.text_model is not None:
            from indexer.models.text_model import TextModel

            texts = TextModel(Path(record.text_model.path))
            if texts.record.fingerprint != record.text_model.fingerprint:
                raise JewelryError(f"{record.text_model.path}: is another text model on a node of the cluster")
        self._maker = Maker(require_ray().get(model), texts, record, Path(tempfile.gettempdir()), workers=1)
        self._sources = PhotoSources(None, allow_private)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        job = Job(row["number"], row["contents"], [self._wanted(*one) for one in json.loads(row["photos"])])
        try:
            coming = self._sources.ahead(job.photos, lambda wanted: wanted.image.place)
            return {"number": job.number, "file": self._maker.make(job, coming, lambda: None), "failed": ""}
        except JewelryError as error:
            return {"number": job.number, "file": b"", "failed": str(error)}

    def _wanted(self, identifier: str, product: str, said: Any, key: str, path: Any, rank: int, seen: Any) -> Wanted:
        place = self._sources.place(key) if path is None else None
        image = ProductImage(key, Path(path or ""), rank, {}, place)
        return Wanted(identifier, product, image, said, None if seen is None else Seen(*seen))


def _packed(job: Job) -> dict[str, Any]:
    """A shard as Ray carries it."""
    photos = [
        (one.id, one.product_id, one.payload, one.image.key, _path(one.image), one.image.rank, one.seen)
        for one in job.photos
    ]
    return {"number": job.number, "contents": job.contents, "photos": json.dumps(photos)}


def _path(image: ProductImage) -> str | None:
    return str(image.path.absolute()) if isinstance(image.place, FilePlace) else None
