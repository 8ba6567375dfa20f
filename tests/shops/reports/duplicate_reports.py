"""Reports of duplicates without a detector: from a small photographed index, and large ones out of nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.photos.opening import open_sized
from searcher.insights.duplicates.answers import (
    COPIES,
    Counts,
    DuplicateReport,
    Evidence,
    Group,
    Member,
    Pair,
    Photo,
    Tier,
)
from searcher.search.ground.published import photo_key
from tests.shops.indexes.built_index import Photographed

SAME = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def photos_of(photographed: Photographed) -> list[Photo]:
    """The photos of the index, two a product, in order."""
    found = []
    for payload in photographed.payloads:
        key = photo_key(payload)
        path = photographed.catalog / key
        width, height = open_sized(path)[1]
        fields = {name: value for name, value in payload.items() if name not in ("photo", "product_id", "category")}
        found.append(
            Photo(
                key,
                payload["product_id"],
                key,
                payload["photo"]["sha256"],
                "0" * 64,
                "0" * 16,
                width,
                height,
                path.stat().st_size,
                payload.get("category"),
                payload=fields,
            )
        )
    return found


def group(number: int, tier: Tier, photos: list[Photo], probability: float = 0.9, **evidence: Any) -> Group:
    """A group around the first photo; of copies, the first is kept."""
    copies = tier in COPIES
    evidence = {"cosine": 0.98, **evidence}
    others = [
        Member(photo, tier, 1.0 if tier in COPIES[:2] else probability, Evidence(**evidence), delete=copies)
        for photo in photos[1:]
    ]
    return Group(f"g{number:05d}", tier, (Member(photos[0], keep=copies), *others))


def small_report(photographed: Photographed, generation: str | None = None) -> DuplicateReport:
    """Five groups, one of each tier, and a loose pair; the last product has hostile texts and no thumbnails."""
    photos = photos_of(photographed)
    groups = (
        group(
            0,
            Tier.EDITED,
            [photos[0], photos[2], photos[22]],
            0.97,
            phash_distance=4,
            matched_features=57,
            transform=(0.9, 0.0, 0.05, 0.0, 0.9, 0.05),
            flipped=True,
            overlap=0.81,
            colour_difference=6.4,
        ),
        group(1, Tier.VARIANT, [photos[4], photos[6]], 0.71, transform=SAME, overlap=1.0, colour_difference=21.0),
        group(2, Tier.OTHER_PHOTO, [photos[8], photos[9]], 0.64, matched_features=12),
        group(3, Tier.IDENTICAL_PIXELS, [photos[10], photos[11]]),
        group(4, Tier.IDENTICAL_FILE, [photos[12], photos[14], photos[13]]),
    )
    loose = (Pair(photos[16], photos[18], Tier.EDITED, 0.83, Evidence(cosine=0.93, decided_by="=anna")),)
    return DuplicateReport(
        groups,
        loose,
        Counts(24, 90, 31, 2),
        generation=generation or photographed.store.generation,
        model="f" * 64,
        created_at="2026-11-20T10:00:00Z",
        catalog_root=str(photographed.catalog),
        settings={"min_score": 0.8},
        notes=("2 pairs are not verified.",),
        took_s=3.2,
    )


def large_report(groups: int, catalog: Path, photo: Photo | None = None) -> DuplicateReport:
    """Many groups of two to four photos; without ``photo``, none has a picture."""
    made = []
    tiers = list(Tier)
    for number in range(groups):
        photos = []
        for place in range(2 + number % 3):
            own = f"P{number:05d}-{place % 2}"
            payload = {"title": f"Ring No {number}", "price": 100.0 + place * (number % 7 == 0), "metal": ["gold"]}
            key = photo.path if photo else f"{own}/{place}.jpg"
            sha = photo.sha256 if photo else f"{number * 10 + place:064x}"
            category = "rings" if number % 11 or place else "watches"
            photos.append(
                Photo(f"{own}-{place}", own, key, sha, sha, "0" * 16, 800, 800, 90_000, category, payload=payload)
            )
        made.append(group(number, tiers[number % 5], photos, 0.5 + (number % 50) / 101, transform=SAME))
    return DuplicateReport(
        tuple(made),
        (),
        Counts(3 * groups, 9 * groups, groups, 0),
        generation="1",
        model="f" * 64,
        created_at="2026-11-20T10:00:00Z",
        catalog_root=str(catalog),
    )
