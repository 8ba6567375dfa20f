"""Finds the clusters of a generation: products of one category that are alike on average."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from indexer.errors import UsageError
from indexer.fields.roles import CLUSTER
from indexer.fields.types import FieldType
from indexer.labels.neighbours import Neighbours
from indexer.labels.photos import Floats, Ints
from indexer.store.filters.where import Where, where_json, where_of
from indexer.system.arguments import number_of, said, whole_of
from indexer.system.clock import now
from searcher.insights.audits.photos import photo_of
from searcher.insights.clusters.answers import Cluster, ClusterReport, Member, Place
from searcher.insights.clusters.linkage import average_linkage, nearest_cosines, unique_pairs
from searcher.insights.clusters.naming import name_of, shared_values
from searcher.insights.clusters.places import MOST, choose, places
from searcher.insights.clusters.space import product_vectors
from searcher.insights.gallery import Gallery, nearest_photos, read_gallery
from searcher.search.ground.published import Published
from searcher.search.no_match.why import why_nothing

NEIGHBOURS = 15
"""Products each photo is compared with; more changed nothing on the sample catalog (comparing all: AMI + .008)."""
GRANULARITY = 0.3
SHOWN_MEMBERS = 12


def find_clusters(
    published: Published,
    where: Where = None,
    *,
    granularity: float = GRANULARITY,
    limit: int = 100,
    map_size: int = 0,
) -> ClusterReport:
    """Clusters of two products or more, the largest first; see `searcher.insights.clusters.linkage` for what makes one.

    Products that are versions of one piece, as the shop's own groups have it, are no cluster by themselves.

    Products are compared by the mean of their photos (`searcher.insights.clusters.space`). The threshold is taken
    from the catalog itself, so that it means the same to every model: with granularity g, the share g of the products
    is less alike to its nearest product than the threshold, and cannot be in a cluster.

    Args:
        published: the generation.
        where: only products that pass; others are neither shown nor compared with.
        granularity: 0 to 1; low gives few broad clusters, high gives many small ones of near twins.
        limit: clusters shown; those beyond are in the counts and in `ClusterReport.hidden`.
        map_size: products on the map, up to 5,000; 0 makes none.

    Raises:
        UsageError: a number that makes no sense, or a filter that does not fit (``FilterError``).
        MissingExtra: a map is wanted, but scikit-learn is not installed.
        StoreError: the index cannot be read.
    """
    granularity, limit, map_size = _checked(granularity, limit, map_size)
    where = where_of(where)
    began, record = time.perf_counter(), published.store.record
    tree = published.read_filter(where)
    told = [f for f, k in record.field_table.items() if k in (FieldType.KEYWORD, FieldType.TEXT)]
    gallery = read_gallery(published.store, tree, fields=[name for name in told if name != CLUSTER])
    near = nearest_photos(published.store, gallery, NEIGHBOURS, where=tree)
    vectors = product_vectors(gallery)
    pairs = _pairs(gallery, near)
    alike = nearest_cosines(vectors, pairs)
    threshold = float(np.nanquantile(alike, granularity)) if np.isfinite(alike).any() else 1.0
    label = average_linkage(vectors, unique_pairs(np.concatenate([pairs, _versions(gallery)])), threshold)
    found = _clusters(gallery, vectors, label, record.field_table)
    placed = _places(gallery, vectors, found, map_size) if map_size else ()
    return ClusterReport(
        clusters=tuple(found[:limit]),
        hidden=tuple(found[limit:]),
        places=placed,
        products=len(gallery.products),
        threshold=threshold,
        generation=published.generation,
        model=record.fingerprint,
        created_at=now(),
        catalog_root=str(published.catalog_root),
        settings={
            "where": where_json(where),
            "granularity": granularity,
            "limit": limit,
            "members": SHOWN_MEMBERS,
            "map_size": map_size,
            "across_categories": False,
        },
        judged_ids=gallery.products,
        notes=why_nothing(published, where, tree),
        took_s=time.perf_counter() - began,
    )


def _checked(granularity: float, limit: int, map_size: int) -> tuple[float, int, int]:
    granularity = number_of("granularity", granularity, "a number, 0 (few broad clusters) to 1 (many small ones)")
    limit = whole_of("limit", limit, "a whole number, 0 clusters or more", least=0)
    map_size = whole_of("map_size", map_size, f"a whole number, 0 (no map) to {MOST} products", least=0, most=MOST)
    if not 0.0 <= granularity <= 1.0:
        raise UsageError(f"granularity is {said(granularity)}; choose 0 (few broad clusters) to 1 (many small ones)")
    return granularity, limit, map_size


def _pairs(gallery: Gallery, near: Neighbours) -> Ints:
    """Pairs of products to compare: of near photos, and of one category."""
    there = near.rows >= 0
    pairs = np.stack([np.repeat(gallery.product, there.sum(axis=1)), gallery.product[near.rows[there]]], axis=1)
    category = gallery.labels("category")[1][gallery.starts[:-1]]
    return unique_pairs(pairs[category[pairs[:, 0]] == category[pairs[:, 1]]])


def _versions(gallery: Gallery) -> Ints:
    """Pairs of products that are versions of one piece, each with its first one."""
    piece = gallery.piece[gallery.starts[:-1]]
    _, first, of = np.unique(piece, return_index=True, return_inverse=True)
    return np.stack([first[of], np.arange(len(piece))], axis=1).astype(np.int64)


def _clusters(gallery: Gallery, vectors: Floats, label: Ints, table: Any) -> list[Cluster]:
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(np.bincount(label, minlength=1))
    made = [
        _cluster(gallery, vectors, order[end - size : end], table)
        for end, size in zip(ends, np.bincount(label, minlength=1), strict=True)
        if size >= 2 and len(np.unique(gallery.piece[gallery.starts[order[end - size : end]]])) >= 2
    ]
    return sorted(made, key=lambda one: (-one.size, -round(one.cohesion, 6), one.id))


def _cluster(gallery: Gallery, vectors: Floats, rows: Ints, table: Any) -> Cluster:
    """The cluster of products ``rows``, ascending; of equally central products the first is the medoid."""
    central = np.round(vectors[rows] @ vectors[rows].sum(axis=0), 5)
    medoid = int(rows[int(central.argmax())])
    asked = gallery.vectors[gallery.starts[medoid] : gallery.starts[medoid + 1]]
    nearest: list[tuple[float, int, int]] = []
    for product in rows.tolist():
        start, end = int(gallery.starts[product]), int(gallery.starts[product + 1])
        cosines = np.round((gallery.vectors[start:end] @ asked.T).max(axis=1), 6)
        best = int(cosines.argmax()) if product != medoid else 0
        nearest.append((1.0 if product == medoid else float(cosines[best]), product, start + best))
    nearest.sort(key=lambda one: (one[1] != medoid, -one[0], one[1]))
    payloads = [gallery.payloads[gallery.starts[product]] for product in rows]
    shared = shared_values(payloads, table)
    return Cluster(
        id=gallery.products[medoid],
        name=name_of(payloads, shared),
        size=len(rows),
        cohesion=float(np.mean([cosine for cosine, product, _ in nearest if product != medoid])),
        members=tuple(
            Member(gallery.products[p], cosine, photo_of(gallery, r)) for cosine, p, r in nearest[:SHOWN_MEMBERS]
        ),
        product_ids=tuple(gallery.products[product] for _, product, _ in nearest),
        attributes=shared,
    )


def _places(gallery: Gallery, vectors: Floats, clusters: Sequence[Cluster], size: int) -> tuple[Place, ...]:
    place = {product: row for row, product in enumerate(gallery.products)}
    cluster_of = {product: one.id for one in clusters for product in one.product_ids}
    rows = choose(len(gallery.products), [place[one.id] for one in clusters], size)
    spots = places(vectors[rows])
    return tuple(
        Place(photo_of(gallery, int(gallery.starts[row])), cluster_of.get(gallery.products[row]), float(x), float(y))
        for row, (x, y) in zip(rows, spots, strict=True)
    )
