"""Writes a field of products to all their photos and publishes it: what the commands that annotate have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

from indexer.errors import StoreMissing
from indexer.fields.types import FieldTable, Payload
from indexer.store.interface import Index, Store, Writer
from indexer.store.records import Point
from indexer.system.clock import now
from indexer.system.progress import EVERY, Progress, told_of_publishing


@dataclass(slots=True)
class Written:
    """What `replace_payloads` did."""

    photos: int
    """Photos whose payload changed."""
    generation: str
    published: bool
    """False where no payload changed."""
    seconds: float


@contextmanager
def annotating(index: Index) -> Iterator[tuple[Writer, Store]]:
    """The right to publish, and the published generation.

    Raises:
        StoreMissing: nothing is published yet.
        StoreError: it is locked or cannot be read.
    """
    if index.current() is None:  # before a folder is made for the lock
        raise StoreMissing.at(index.location)
    with index.write() as writer:
        published = writer.published()
        if published is None:
            raise StoreMissing.at(index.location)
        yield writer, published


def replace_payloads(
    writer: Writer,
    published: Store,
    payload_of: Callable[[Payload], Payload],
    *,
    fields: FieldTable | None = None,
    progress: Progress | None = None,
) -> Written:
    """Replace the payloads that change and publish; nothing changed, nothing published. Vectors are left alone.

    Args:
        writer: with it, an embedded index gets a new generation; a server's collection is changed in place.
        published: the published generation.
        payload_of: the whole new payload of a photo, given the one it has; asked once for every photo.
        fields: fields that can be filtered by from then on.
        progress: called with (stage, done, total), in photos.
    """
    began, moment, total = time.perf_counter(), now(), published.count()
    done = Written(0, published.generation, published=False, seconds=0.0)

    def changed() -> Iterator[Point]:
        for number, point in enumerate(published.scroll()):
            if progress and number % EVERY == 0:
                progress("Writing photos", number, total)
            payload = payload_of(point.payload)
            if payload != point.payload:
                done.photos += 1
                yield Point(point.id, {**payload, "indexed_at": moment})

    points = changed()
    first = next(points, None)
    if first is not None:
        table = {**published.record.field_table, **(fields or {})}
        draft = writer.draft(replace(published.record, created_at=moment, field_table=table), from_published=True)
        draft.replace_payload(chain([first], points))
        told_of_publishing(progress)
        done.generation, done.published = draft.publish(), True
    done.seconds = time.perf_counter() - began
    return done
