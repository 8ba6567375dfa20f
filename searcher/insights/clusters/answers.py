"""What clustering gives back: clusters of products around a medoid, with a name, and their places on a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from searcher.insights.audits.answers import DIGITS, Photo


@dataclass(frozen=True, slots=True)
class Member:
    """A product of a cluster, and how alike its photos are to the medoid's; 1 for the medoid itself."""

    product_id: str
    cosine: float
    photo: Photo
    """Its photo that is nearest to the medoid."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**self.photo.to_json(), "product_id": self.product_id, "cosine": round(self.cosine, DIGITS)}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Two products or more that look alike."""

    id: str
    """The product id of the medoid: the same as long as that product stands in its middle."""
    name: str
    """From what most of its products share: "gold rings, ruby"."""
    size: int
    """Products in it."""
    cohesion: float
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

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "id": self.id,
            "name": self.name,
            "size": self.size,
            "cohesion": round(self.cohesion, DIGITS),
            "attributes": dict(self.attributes),
            "members": [member.to_json() for member in self.members],
            "product_ids": list(self.product_ids),
        }


@dataclass(frozen=True, slots=True)
class Place:
    """A product's place on the map."""

    photo: Photo
    cluster: str | None
    """Id of its cluster; None where it is in none."""
    x: float
    """0..1, from the left."""
    y: float
    """0..1, from the top."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**self.photo.to_json(), "cluster": self.cluster, "x": round(self.x, 4), "y": round(self.y, 4)}


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """The clusters of a generation, the largest first, and its map."""

    clusters: tuple[Cluster, ...]
    places: tuple[Place, ...]
    """Products on the map: a sample where there are many; empty where no map was asked for."""
    products: int
    threshold: float
    """Least mean cosine of two clusters for them to become one."""
    generation: str
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    catalog_root: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, as plain JSON values."""
    notes: Sequence[str] = ()
    took_s: float = 0.0
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

    def to_json(self) -> dict[str, Any]:
        """One JSON document; clusters that are not shown are in the counts alone."""
        return {
            "kind": "clusters",
            "generation": self.generation,
            "model": self.model,
            "created_at": self.created_at,
            "catalog_root": self.catalog_root,
            "settings": dict(self.settings),
            "summary": self.summary(),
            "clusters": [cluster.to_json() for cluster in self.clusters],
            "map": [place.to_json() for place in self.places],
            "notes": list(self.notes),
            "took_s": round(self.took_s, 2),
        }

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
