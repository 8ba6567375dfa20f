"""Writes what a pipeline makes into the next generation, while it makes more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace

from indexer.fields.types import Payload
from indexer.store.interface import Draft
from indexer.store.records import Point
from indexer.sync.embedding.pipeline import Pipeline
from indexer.sync.payload import Payloads
from indexer.sync.photo import EmbeddedPhoto, Wanted
from indexer.sync.report import Speed, SyncReport
from indexer.system.machine import cores
from indexer.system.progress import Progress

TOGETHER = 250
"""Points that are written at a time. A killed run has more than that in the journal."""
STAGE = "Embedding"


def embed_into(
    draft: Callable[[], Draft],
    pipeline: Pipeline,
    wanted: Sequence[Wanted],
    payloads: Payloads,
    report: SyncReport,
    progress: Progress,
    coming: Iterable[Wanted] | None = None,
) -> set[str]:
    """Embed photos and write them; the report's counts, rejects, seconds and speed are filled in.

    Args:
        draft: gives what is written to; asked when there is something to write.
        pipeline: what embeds them.
        wanted: the photos.
        payloads: makes what is written of them.
        report: of this sync.
        progress: see `Progress`.
        coming: the photos again, by who fetches them ahead while they are asked for.

    Returns:
        The ids of those that cannot be used.
    """
    began = time.perf_counter()
    points: list[tuple[Wanted, EmbeddedPhoto]] = []
    failed: set[str] = set()

    def write() -> None:
        if points:
            target = draft()
            with pipeline.spent.on("write"):
                target.upsert(_point(target, one, payloads.embedded(one, photo), photo) for one, photo in points)
            points.clear()

    progress(STAGE, 0, len(wanted))
    with closing(pipeline.run(wanted if coming is None else coming)) as outcomes:
        for done, outcome in enumerate(outcomes, 1):
            if outcome.photo is None:
                report.rejects.append(outcome.reject)
                failed.add(outcome.wanted.id)
            else:
                points.append((outcome.wanted, outcome.photo))
                report.embedded += outcome.how == "embedded"
                report.recovered += outcome.how == "recovered"
                report.shared += outcome.how == "shared"
            if len(points) >= TOGETHER:
                write()
            progress(STAGE, done, len(wanted))
    write()
    seconds = pipeline.spent.seconds
    report.seconds |= {f"{stage} (sum of workers)": spent for stage, spent in seconds.items()}
    if report.embedded:
        took = time.perf_counter() - began
        report.speed = Speed.of(report.embedded, took, min(pipeline.workers, cores()), seconds)
    return failed


def _point(target: Draft, wanted: Wanted, payload: Payload, photo: EmbeddedPhoto) -> Point:
    """As the generation takes it: a sync with a scope goes on with one that has no colours."""
    point = photo.point(wanted.id, payload)
    return point if target.record.colours else replace(point, colour_vector=None)
