"""Writes the clusters that a search for them found to the index: the payload field `cluster` of every photo."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Annotated

from indexer.errors import StoreError, StoreMissing, UsageError
from indexer.fields.types import FieldType, Payload
from indexer.store.interface import Index, Store, Writer
from indexer.store.records import Point
from indexer.store.transfer.compare import EVERY
from indexer.system.clock import now
from indexer.system.plain_json import PlainJson, rounded
from indexer.system.progress import Progress

KEY = "cluster"
"""The payload field, on every photo of a product; a sync keeps it, see `indexer.sync.kept_fields`."""
TYPE = FieldType.KEYWORD


@dataclass(slots=True)
class ClusterUpdate(PlainJson):
    """What was written."""

    index: str
    clusters: int
    products: int
    """Products that now are in a cluster."""
    photos_written: int = 0
    """Photos whose payload changed."""
    generation: str | None = None
    published: bool = False
    """False where the index held exactly these clusters already."""
    seconds: Annotated[float, rounded(3)] = 0.0


def update_clusters(
    index: Index,
    clusters: Mapping[str, str],
    *,
    model: str | None = None,
    within: frozenset[str] | None = None,
    progress: Progress | None = None,
) -> ClusterUpdate:
    """Write the cluster of every product to its photos, in place of what was written before.

    The field can be filtered by and counted (``cluster=J0004``) from then on, and later syncs keep it. An embedded
    index gets a new generation; a server's collection is changed in place. Vectors are left alone.

    Args:
        index: the index, which must have a published generation.
        clusters: cluster id by product id; products that are not named have none. Ids the index does not have are
            left out: the product was removed meanwhile.
        model: fingerprint of the model the clusters were found with; another one in the index is an error.
        within: the products that were asked about; all others keep the cluster they have. None: all were.
        progress: called with (stage, done, total), in photos.

    Raises:
        UsageError: a cluster's id is empty.
        StoreError: the index is missing, locked or fails, or its vectors are by another model.
    """
    missing = StoreMissing(f"{index.location}: no index here yet; fill it with: indexer sync CATALOG")
    if not all(clusters.values()):
        raise UsageError("a cluster has an empty id; give each a name that can be filtered by")
    if index.current() is None:  # before a folder is made for the lock
        raise missing
    with index.write() as writer:
        published = writer.published()
        if published is None:
            raise missing
        if model is not None and published.record.fingerprint != model:
            raise StoreError(
                f"{index.location}: was built anew by another model while clusters were looked for; run it again"
            )
        return _write(index, writer, published, _Clusters(clusters, within), progress)


@dataclass(frozen=True, slots=True)
class _Clusters:
    of_product: Mapping[str, str]
    within: frozenset[str] | None

    def payload(self, payload: Payload) -> Payload:
        """The whole payload with the new field, or without it where the product is in no cluster."""
        product = str(payload["product_id"])
        if self.within is not None and product not in self.within:
            return payload
        rest = {name: value for name, value in payload.items() if name != KEY}
        cluster = self.of_product.get(product)
        return rest if cluster is None else {**rest, KEY: cluster}


def _write(
    index: Index, writer: Writer, published: Store, clusters: _Clusters, progress: Progress | None
) -> ClusterUpdate:
    """Replace the payloads that changed and publish; nothing changed, nothing published."""
    began, moment, total = time.perf_counter(), now(), published.count()
    found: dict[str, str] = {}
    report = ClusterUpdate(index.location, 0, 0, generation=published.generation)

    def changed() -> Iterator[Point]:
        for done, point in enumerate(published.scroll()):
            if progress and done % EVERY == 0:
                progress("Writing photos", done, total)
            payload = clusters.payload(point.payload)
            if KEY in payload:
                found[str(payload["product_id"])] = str(payload[KEY])
            if payload != point.payload:
                report.photos_written += 1
                yield Point(point.id, {**payload, "indexed_at": moment})

    points = changed()
    first = next(points, None)
    if first is not None:
        table = {**published.record.field_table, KEY: TYPE}
        record = replace(published.record, created_at=moment, field_table=table)
        draft = writer.draft(record, from_published=True)
        draft.replace_payload(chain([first], points))
        report.generation, report.published = draft.publish(), True
    report.products, report.clusters = len(found), len(set(found.values()))
    report.seconds = time.perf_counter() - began
    return report
