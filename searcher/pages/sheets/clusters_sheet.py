"""The page of a report of clusters: the map, and a card for each cluster around its medoid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.system.text import counted, printable
from searcher.answers.wording import written
from searcher.pages.sheets.audit_sheets import neighbour
from searcher.pages.sheets.origin import notes_of, origin_of
from searcher.pages.sheets.picture_sheet import PictureSheet
from searcher.pages.sheets.sheet import Card, Choice, MapPoint, Sheet, Shown


def clusters_sheet(document: Mapping[str, Any], pictures: PictureSheet) -> Sheet:
    """The page of a `ClusterReport` as JSON."""
    summary, clusters = document["summary"], document["clusters"]
    facts = [
        ("products", "products"),
        ("clusters", "clusters"),
        ("clustered", "products in clusters"),
        ("alone", "products on their own"),
        ("largest", "products in the largest"),
    ]
    cards = [_cluster(cluster, pictures) for cluster in clusters]
    places = {cluster["id"]: place for place, cluster in enumerate(clusters)}
    return Sheet(
        kind="clusters",
        title="Clusters",
        lead="Products that look alike, each cluster around the product in its middle, the largest first.",
        facts=[(f"{summary[name]:,}", label) for name, label in facts],
        entry=("cluster", "clusters"),
        cards=cards,
        orders=[Choice("", "Largest first"), Choice("cohesion", "Most alike first"), Choice("loose", "Loosest first")],
        placeholder="Name, product, metal, stone",
        map=[_point(place, places, pictures) for place in document["map"]],
        notes=notes_of(document, pictures),
        origin=origin_of(document),
    )


def _cluster(cluster: Mapping[str, Any], pictures: PictureSheet) -> Card:
    members, attributes = cluster["members"], cluster["attributes"]
    others = [neighbour(member, pictures, "alike by") for member in members[1:]]
    hidden = cluster["size"] - len(members)
    return Card(
        id=printable(cluster["id"]),
        title=printable(cluster["name"]),
        meta=f"{counted(cluster['size'], 'product')} · {cluster['cohesion']:.2f} alike on average",
        order={"cohesion": cluster["cohesion"], "loose": -cluster["cohesion"]},
        find=printable(" ".join(map(str, cluster["product_ids"]))),
        photos=[_medoid(members[0], attributes, pictures), *others] if members else [Shown(name=cluster["id"])],
        others=f"Most alike first{f', {hidden:,} more are not shown' if hidden else ''}",
    )


def _medoid(member: Mapping[str, Any], attributes: Mapping[str, Any], pictures: PictureSheet) -> Shown:
    shared = [(name, written(attributes, name)) for name in attributes]
    return Shown(
        name=printable(member["product_id"]),
        picture=pictures.photo(member["sha256"], member["photo"]),
        under="in the middle",
        lines=[printable(f"{name.replace('_', ' ')}: {value}") for name, value in shared if value],
        file=printable(member["photo"]),
    )


def _point(place: Mapping[str, Any], places: Mapping[str, int], pictures: PictureSheet) -> MapPoint:
    return MapPoint(
        x=place["x"],
        y=place["y"],
        name=printable(place["product_id"]),
        picture=pictures.photo(place["sha256"], place["photo"]),
        group=places.get(place["cluster"]),
    )
