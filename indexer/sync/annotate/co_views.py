"""Publishes an index whose products know what visitors looked at together: the work of `indexer events`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainSerializer

from indexer.catalog.products import Reject
from indexer.catalog.rejects import write_rejects
from indexer.errors import StoreUnwritable
from indexer.fields.co_views import CoViewed, to_payload
from indexer.fields.roles import CO_VIEWED
from indexer.fields.types import Payload
from indexer.store.interface import Index
from indexer.sync.annotate.co_view_counts import DIGITS, CoViewTable, count_co_views
from indexer.sync.annotate.events import Events, Notice, read_events
from indexer.sync.annotate.refusal import MAX_REJECTED, check_events, check_something_left
from indexer.sync.annotate.writing import annotating, replace_payloads
from indexer.system.arguments import path_of, share_of, whole_of
from indexer.system.names import composed
from indexer.system.plain_json import PlainJson, rounded
from indexer.system.progress import Progress, progress_of

REJECTS_NAME = "events-rejects.jsonl"
"""Beside the index; a sync's own rejects.jsonl stays as it is."""

WITHOUT_PRODUCTS = PlainSerializer(lambda rejects: [{"where": one.where, "reason": one.reason} for one in rejects])
"""A line of events that cannot be read names no product of the catalog."""


@dataclass(slots=True)
class EventsReport(PlainJson):
    """What was counted and written."""

    file: str
    index: str
    sessions: int
    """Distinct sessions with a product of the index."""
    capped_sessions: int
    """Those of them with so many products that only the latest count."""
    events: int
    """Lines that could be read, of any product."""
    products: int
    """Products that now have co-viewed ones."""
    products_in_index: int
    unknown_products: int
    """Distinct product ids that the index does not have."""
    unknown_events: int
    rejected_lines: int
    rejects: Annotated[list[Reject], Field(alias="rejected"), WITHOUT_PRODUCTS] = field(default_factory=list)
    """The first of these."""
    rejects_file: Path | None = None
    photos_written: int = 0
    """Photos whose payload changed."""
    generation: str | None = None
    published: bool = False
    """False where the index held exactly these co-views already."""
    seconds: dict[str, Annotated[float, rounded(3)]] = field(default_factory=dict)


def update_co_views(
    path: str | Path,
    index: Index,
    *,
    min_count: int = 1,
    max_rejected: float = MAX_REJECTED,
    progress: Progress | None = None,
) -> EventsReport:
    """Count what visitors viewed together and write it to every photo, in place of what an earlier file said.

    An embedded index gets a new generation, so readers see all of it at once; a server's collection is changed in
    place, as a sync changes it. Vectors are left alone, and later syncs keep what is written here.

    Args:
        path: the file of views, see `read_events`.
        index: the index, which must have a published generation.
        min_count: pairs of products seen in fewer sessions are left out.
        max_rejected: the largest share of the lines that may be rejected, 0 to 1. With 1, a file without one pair of
            products may also take away all that was known.
        progress: called with (stage, done, total): megabytes while reading, photos while writing.

    Raises:
        EventsError: the file cannot be read, has not one usable line, too many that are not, not one product of the
            index, or would leave nothing of the co-views there are; nothing is published then.
        UsageError: ``max_rejected`` is not between 0 and 1, or an argument is not of its kind.
        StoreError: the index is missing, locked or fails.
    """
    path, min_count = path_of("path", path), whole_of("min_count", min_count, "a whole number, 1 or more", least=1)
    max_rejected, progress = share_of("max_rejected", max_rejected, MAX_REJECTED), progress_of("progress", progress)
    with annotating(index) as (writer, published):
        began = time.perf_counter()
        names = sorted({str(point.payload["product_id"]) for point in published.scroll(fields=["product_id"])})
        known = {name: number for number, name in enumerate(names)}
        by_event = {composed(name): number for name, number in known.items()}
        events = read_events(path, by_event, None if progress is None else _megabytes(progress))
        rejects_file = _write_rejects(index, events)
        check_events(path, index.location, events, rejects_file, max_rejected)
        read = time.perf_counter()
        table = count_co_views(events.sessions, events.products, events.times, len(names), min_count=min_count)
        report = _report(path, index, events, table, len(names))
        report.seconds = {"read": read - began, "count": time.perf_counter() - read}
        report.rejects_file = rejects_file
        if max_rejected < 1:
            check_something_left(path, index.location, table.products, published, min_count)
        written = replace_payloads(writer, published, _Payloads(table, names, known).of, progress=progress)
        report.photos_written, report.generation, report.published = (
            written.photos,
            written.generation,
            written.published,
        )
        report.seconds["write"] = written.seconds
    return report


class _Payloads:
    """The new field of every product, made when a photo asks for it."""

    def __init__(self, table: CoViewTable, names: list[str], known: dict[str, int]) -> None:
        self._table, self._names, self._known = table, names, known

    def of(self, payload: Payload) -> Payload:
        """The whole payload with the new field, or without it where the product has no co-views."""
        row = self._known[str(payload["product_id"])]
        rows = range(self._table.starts[row], self._table.starts[row + 1])
        rest = {name: value for name, value in payload.items() if name != CO_VIEWED}
        return {**rest, CO_VIEWED: to_payload([self._co_viewed(i) for i in rows])} if rows else rest

    def _co_viewed(self, row: int) -> CoViewed:
        score = float(f"{self._table.scores[row]:.{DIGITS}g}")
        return CoViewed(self._names[self._table.others[row]], int(self._table.counts[row]), score)


def _megabytes(progress: Progress) -> Notice:
    return lambda done, total: progress("Reading (MB)", done // 1_000_000, max(1, total // 1_000_000))


def _report(path: Path, index: Index, events: Events, table: CoViewTable, products: int) -> EventsReport:
    return EventsReport(
        file=str(path).encode(errors="replace").decode(),
        index=index.location,
        sessions=table.sessions,
        capped_sessions=table.capped,
        events=events.total,
        products=table.products,
        products_in_index=products,
        unknown_products=events.unknown_products,
        unknown_events=events.unknown_events,
        rejected_lines=events.rejected,
        rejects=events.rejects,
    )


def _write_rejects(index: Index, events: Events) -> Path | None:
    try:
        return write_rejects(index.local, events.rejects, REJECTS_NAME)
    except OSError as error:
        raise StoreUnwritable(f"{index.local}: the rejects cannot be written ({error.strerror})") from error
