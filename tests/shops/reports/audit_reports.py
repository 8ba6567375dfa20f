"""Reports of the audits and of clusters without computing any: from the small photographed index."""

from __future__ import annotations

from typing import Any

from searcher.insights.audits.answers import Mislabel, MislabelReport, Neighbour, Oddity, Outlier, OutlierReport, Photo
from searcher.insights.clusters.answers import Cluster, ClusterReport, Member, Place
from searcher.search.ground.published import photo_key
from tests.shops.indexes.built_index import Photographed


def audit_photos(photographed: Photographed) -> list[Photo]:
    """The photos of the index, two a product, in order."""
    return [
        Photo(photo_key(p), p["product_id"], photo_key(p), p["photo"]["sha256"], p.get("category"), "rings", 0.7)
        for p in photographed.payloads
    ]


def origin(photographed: Photographed) -> dict[str, Any]:
    return {
        "generation": photographed.store.generation,
        "model": "f" * 64,
        "created_at": "2026-11-20T10:00:00Z",
        "catalog_root": str(photographed.catalog),
        "notes": ("a note <b>",),
        "took_s": 1.5,
    }


def mislabels(photographed: Photographed) -> MislabelReport:
    """Three products; the first has hostile texts and no thumbnail."""
    photos = audit_photos(photographed)
    near = tuple(Neighbour(photo, 0.9 - place / 50) for place, photo in enumerate(photos[4:9]))
    entries = tuple(
        Mislabel(
            photos[n].product_id,
            photos[n].category or "",
            "=rings",
            0.97 - n / 100,
            0.9,
            0.02,
            0.95,
            2,
            photos[n],
            near,
            ("9 of 10 neighbours are rings.",),
            photographed.payloads[n],
        )
        for n in (22, 2, 0)
    )
    by_category = {"rings": 3, "necklaces": 3, "earrings": 3, "watches": 3}
    return MislabelReport(entries, 24, 12, 3, by_category, {"watches": 1}, **origin(photographed))


def outliers(photographed: Photographed) -> OutlierReport:
    """One product of each oddity."""
    photos = audit_photos(photographed)

    def one(oddity: Oddity, n: int, near: int) -> tuple[Outlier, ...]:
        seen = (Neighbour(photos[near], 0.31),)
        reasons = ("Its nearest neighbour is alike by 0.31 only.",)
        return (Outlier(oddity, photos[n].product_id, 0.9, 5.2, 0.31, photos[n], seen, reasons, 2, {}),)

    return OutlierReport(
        one(Oddity.FAR, 0, 5),
        one(Oddity.NO_JEWELRY, 2, 7),
        one(Oddity.DISAGREEING, 4, 5),
        24,
        12,
        {"far": 4, "no_jewelry": 1, "disagreeing": 2},
        {"neighbour_cosine": 0.8, "product_cosine": 0.9},
        **origin(photographed),
    )


def clusters(photographed: Photographed) -> ClusterReport:
    """Two clusters and a map of all products, two of which are in none."""
    photos = audit_photos(photographed)[::2]

    def cluster(name: str, own: list[Photo]) -> Cluster:
        members = tuple(Member(photo.product_id, 1 - n / 20, photo) for n, photo in enumerate(own))
        ids = tuple(photo.product_id for photo in own)
        return Cluster(ids[0], name, len(own), 0.87, members[:4], ids, {"metal": "gold", "stone": ["ruby", "onyx"]})

    made = (cluster("gold rings, <ruby>", photos[:6]), cluster("watches", photos[6:10]))
    of = {photo.product_id: made[n >= 6].id for n, photo in enumerate(photos[:10])}
    places = tuple(Place(photo, of.get(photo.product_id), n / 11, (n * 7 % 12) / 11) for n, photo in enumerate(photos))
    return ClusterReport(made, places, 12, 0.6, **origin(photographed))
