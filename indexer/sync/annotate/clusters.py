"""Writes the clusters that a search for them found to the index: the payload field `cluster` of every photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from indexer.errors import StoreError, UsageError
from indexer.fields.roles import CLUSTER, KEPT_TABLE
from indexer.fields.types import Payload
from indexer.store.interface import Index
from indexer.sync.annotate.writing import annotating, replace_payloads
from indexer.system.plain_json import PlainJson, rounded
from indexer.system.progress import Progress


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
    if not all(clusters.values()):
        raise UsageError("a cluster has an empty id; give each a name that can be filtered by")
    with annotating(index) as (writer, published):
        if model is not None and published.record.fingerprint != model:
            raise StoreError(
                f"{index.location}: was built anew by another model while clusters were looked for; run it again"
            )
        new = _Clusters(clusters, within)
        written = replace_payloads(
            writer, published, new.payload, fields={CLUSTER: KEPT_TABLE[CLUSTER]}, progress=progress
        )
    return ClusterUpdate(
        index.location,
        len(set(new.found.values())),
        len(new.found),
        written.photos,
        written.generation,
        written.published,
        written.seconds,
    )


@dataclass(frozen=True, slots=True)
class _Clusters:
    of_product: Mapping[str, str]
    within: frozenset[str] | None
    found: dict[str, str] = field(default_factory=dict)
    """Cluster by product, of all products whose photos passed by."""

    def payload(self, payload: Payload) -> Payload:
        """The whole payload with the new field, or without it where the product is in no cluster."""
        product = str(payload["product_id"])
        cluster = self.of_product.get(product)
        if self.within is not None and product not in self.within:
            cluster = payload.get(CLUSTER)
        rest = {name: value for name, value in payload.items() if name != CLUSTER}
        if cluster is None:
            return rest
        self.found[product] = str(cluster)
        return {**rest, CLUSTER: cluster}
