"""What clustering gives back: clusters of products around a medoid, with a name, and their places on a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from indexer.system.plain_json import PlainJson, rounded
from searcher.insights.audits.answers import Photo, Score
from searcher.insights.report import DIGITS, Report


@dataclass(frozen=True, slots=True)
class Member(PlainJson):
    """A product of a cluster, and how alike its photos are to the medoid's; 1 for the medoid itself."""

    FLAT = "photo"

    product_id: str
    cosine: Score
    photo: Photo
    """Its photo that is nearest to the medoid."""


@dataclass(frozen=True, slots=True)
class Cluster(PlainJson):
    """Two products or more that look alike."""

    id: str
    """The product id of the medoid: the same as long as that product stands in its middle."""
    name: str
    """From what most of its products share: "gold rings, ruby"."""
    size: int
    """Products in it."""
    cohesion: Score
    """Mean cosine of its products to the medoid, -1..1."""
    members: tuple[Member, ...]
    """The medoid first, then by falling likeness; no more than were asked for."""
    product_ids: tuple[str, ...]
    """All of its products, in the same order."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Field and value that most of its products share."""

    @property
    def medoid(self) -> Member:
        """The product that is most alike to all others of the cluster."""
        return self.members[0]


@dataclass(frozen=True, slots=True)
class Place(PlainJson):
    """A product's place on the map."""

    FLAT = "photo"

    photo: Photo
    cluster: str | None
    """Id of its cluster; None where it is in none."""
    x: Annotated[float, rounded(4)]
    """0..1, from the left."""
    y: Annotated[float, rounded(4)]
    """0..1, from the top."""


@dataclass(frozen=True, slots=True)
class ClusterReport(Report):
    """The clusters of a generation, the largest first, and its map."""

    KIND = "clusters"

    clusters: tuple[Cluster, ...]
    places: tuple[Place, ...]
    """Products on the map: a sample where there are many; empty where no map was asked for."""
    products: int
    threshold: float
    """Least mean cosine of two clusters for them to become one."""
    hidden: tuple[Cluster, ...] = ()
    """Clusters beyond the limit that was asked for: counted and written to the index, but not shown."""
    judged_ids: tuple[str, ...] = ()
    """All products that passed the filter, ascending."""

    @property
    def all_clusters(self) -> tuple[Cluster, ...]:
        """Those shown and those not."""
        return (*self.clusters, *self.hidden)

    def assignments(self) -> dict[str, str]:
        """The cluster of each product that is in one."""
        return {product: one.id for one in self.all_clusters for product in one.product_ids}

    def summary(self) -> dict[str, Any]:
        """Counts of the report."""
        sizes = sorted(one.size for one in self.all_clusters)
        return {
            "products": self.products,
            "clusters": len(sizes),
            "shown": len(self.clusters),
            "clustered": sum(sizes),
            "alone": self.products - sum(sizes),
            "largest": sizes[-1] if sizes else 0,
            "median_size": sizes[len(sizes) // 2] if sizes else 0,
            "threshold": round(self.threshold, DIGITS),
            "on_the_map": len(self.places),
        }

    def lists(self) -> dict[str, Sequence[PlainJson]]:
        """See `Report.lists`; clusters that are not shown are in the counts alone."""
        return {"clusters": self.clusters, "map": self.places}

    def rows(self) -> Iterator[dict[str, Any]]:
        """One flat row per product of a shown cluster, for CSV."""
        for cluster in self.clusters:
            for product in cluster.product_ids:
                yield {
                    "cluster": cluster.id,
                    "name": cluster.name,
                    "size": cluster.size,
                    "cohesion": round(cluster.cohesion, DIGITS),
                    "product_id": product,
                    "medoid": product == cluster.id,
                }
