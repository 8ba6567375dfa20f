"""Pieces of one design with other engraved initials are variants of each other, whatever else looks alike of them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from searcher.insights.duplicates.answers import Tier
from tests.shops.catalogs.field_catalog import Shot, indexed


@pytest.mark.slow
def test_bracelets_with_other_initials_are_variants(real_data: Path, tmp_path: Path) -> None:
    """Real photos: the largest group of near-copies of one design, a letter each, among other bracelets."""
    with (real_data / "jewelry" / "catalog.csv").open(newline="", encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if line["category"] == "bracelets"]
    ((largest, size),) = Counter(line["near_group"] for line in lines).most_common(1)
    letters = {line["product_id"] for line in lines if line["near_group"] == largest}
    chosen = [line for line in lines if line["product_id"] in letters] + lines[:12]
    shots = []
    for line in {line["product_id"]: line for line in chosen}.values():
        with Image.open(real_data / "jewelry" / line["image"]) as image:
            shots.append(Shot(line["product_id"], image.convert("RGB"), save={"quality": 95}))
    report = indexed(tmp_path, shots).duplicates(budget=3600)
    about = [group for group in report.groups if letters & set(group.products)]
    tiers = [group.tier for group in about]
    assert Tier.OTHER_PHOTO not in tiers
    # Of 210 pairs one, an F and a P whose photos have two sizes: what scaling leaves hides the letter.
    assert len([group.products for group in about if group.tier.is_copy]) <= 1
    assert not any(letters & set(shared.products) for shared in report.placeholders)
    together = max((len(letters & set(g.products)) for g in report.groups if g.tier is Tier.VARIANT), default=0)
    assert together >= 0.8 * size
    stands = Counter((group.tier, product) for group in report.groups for product in group.products)
    assert max(stands[tier, product] for tier, product in stands if not tier.is_copy) == 1
