"""The shop's words and numbers for a product: title, brand, price, stock and the day it was listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from indexer.sample_catalog.designs import SIZES, Product
from indexer.sample_catalog.stones import FACETED

BRANDS = ("Aurelle", "Maison Tessaly", "Northmere", "Vidra & Daughters", "Lumenhaus", "Casa Oriola", "Pell & Quill")
FIRST_DAY, LAST_DAY = date(2024, 1, 1), date(2026, 10, 31)
IN_STOCK_SHARE = 0.85
METAL_PRICE = {"gold": 420.0, "rose gold": 400.0, "silver": 95.0, "black steel": 60.0, "copper": 40.0}
STONE_PRICE = {
    "none": 0.0,
    "diamond": 900.0,
    "ruby": 620.0,
    "sapphire": 560.0,
    "emerald": 600.0,
    "amethyst": 120.0,
    "topaz": 140.0,
    "aquamarine": 180.0,
    "pearl": 160.0,
    "onyx": 60.0,
    "turquoise": 70.0,
}
CATEGORY_PRICE = {
    "rings": 1.0,
    "necklaces": 1.9,
    "earrings": 0.9,
    "bracelets": 1.6,
    "pendants": 0.8,
    "brooches": 1.1,
    "anklets": 0.6,
    "watches": 2.4,
}


@dataclass(frozen=True)
class Listing:
    """The columns of the manifest that are words and numbers."""

    title: str
    brand: str
    price: str
    currency: str
    in_stock: bool
    created: date


def write_listing(product: Product) -> Listing:
    """The listing of a product, drawn from the product's own random numbers."""
    rng = np.random.default_rng([product.seed, product.index, 2])
    design = product.design
    material = METAL_PRICE[product.metal] * (0.6 + design.width)
    stones = STONE_PRICE[product.stone] * (0.35 + 1.1 * design.stone_size + 0.02 * design.count)
    price = (material + stones) * CATEGORY_PRICE[design.category] * SIZES[product.size] * rng.uniform(0.85, 1.2)
    whole = max(19, round(price / 5) * 5 - 1)
    days = (LAST_DAY - FIRST_DAY).days
    return Listing(
        title=title_of(product),
        brand=BRANDS[int(rng.integers(len(BRANDS)))],
        price=f"{whole + rng.choice([0.0, 0.5, 0.9]):.2f}",
        currency="EUR",
        in_stock=bool(rng.random() < IN_STOCK_SHARE),
        created=FIRST_DAY + timedelta(days=int(rng.integers(days + 1))),
    )


def title_of(product: Product) -> str:
    """A natural title: "Oval ruby halo ring in rose gold"."""
    design, stone = product.design, product.stone
    words: list[str] = []
    if product.size != "regular":
        words.append(product.size)
    if design.finish != "polished" and design.category != "watches":
        words.append(design.finish)
    if stone in FACETED and design.setting != "none" and stone != design.cut:
        words.append({"emerald": "emerald-cut", "princess": "princess-cut"}.get(design.cut, design.cut))
    if stone != "none":
        words.append(stone)
    if design.motif and design.category != "watches" and design.family not in ("flower",):
        words.append({"disc": "round"}.get(design.motif, design.motif))
    if design.chain and stone == "none" and design.family == "links":
        words.append(design.chain)
    words.append(design.words)
    sentence = " ".join(words) + f" in {product.metal}"
    if design.category == "watches":
        strap = {"leather": f"{design.colour} leather strap", "links": "link bracelet", "mesh": "mesh bracelet"}
        sentence += f" with {design.dial} dial and {strap[design.profile]}"
    return sentence[0].upper() + sentence[1:]
