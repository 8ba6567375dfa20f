"""Writes what needs no model: photos under another name, and payloads of photos that are as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from indexer.store.interface import Draft, Store
from indexer.store.records import Point
from indexer.store.tuning import READ_BATCH
from indexer.sync.payload import Payloads
from indexer.sync.planning.plan import SyncPlan
from indexer.system.progress import Progress, Telling


def write_carried(
    draft: Draft, published: Callable[[], Store], plan: SyncPlan, payloads: Payloads, progress: Progress
) -> None:
    """Write into a copy of the published generation what the plan takes over from it.

    Args:
        draft: the copy.
        published: opens what vectors are taken from; asked only where some are.
        plan: whose moved, copied, updated and rewritten photos are written.
        payloads: makes what is written of them.
        progress: see `Progress`.
    """
    total = len(plan.moved) + len(plan.copied) + len(plan.updated) + len(plan.rewritten)
    telling = Telling(progress, "Writing", total)
    draft.upsert(telling.of(_moved(plan, published, payloads)))
    draft.replace_payload(
        telling.of(Point(wanted.id, payloads.carried(wanted, point.payload)) for wanted, point in plan.updated)
    )
    draft.replace_payload(telling.of(Point(point.id, payloads.kept(point, said)) for point, said in plan.rewritten))


def _moved(plan: SyncPlan, published: Callable[[], Store], payloads: Payloads) -> Iterator[Point]:
    """Photos that are in the index under another name, with the vectors they have there, a batch at a time."""
    pairs = [*plan.moved, *plan.copied]
    for start in range(0, len(pairs), READ_BATCH):
        batch = pairs[start : start + READ_BATCH]
        sources = sorted({source.id for _, source in batch})
        points = {point.id: point for point in published().retrieve(sources, vectors=True)}
        for wanted, source in batch:
            embedded = points[source.id]
            yield replace(embedded, id=wanted.id, payload=payloads.carried(wanted, source.payload))
