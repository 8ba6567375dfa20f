"""The shapes of all categories: each family is a function that builds one piece on the bench."""

from __future__ import annotations

from collections.abc import Callable

from indexer.sample_catalog.designs import SIZES, Product
from indexer.sample_catalog.shapes import anklets, bracelets, brooches, earrings, necklaces, pendants, rings, watches
from indexer.sample_catalog.solids import Bench, Part

BUILDERS: dict[str, dict[str, Callable[..., None]]] = {
    "rings": rings.FAMILIES,
    "necklaces": necklaces.FAMILIES,
    "earrings": earrings.FAMILIES,
    "bracelets": bracelets.FAMILIES,
    "pendants": pendants.FAMILIES,
    "brooches": brooches.FAMILIES,
    "anklets": anklets.FAMILIES,
    "watches": watches.FAMILIES,
}


def build(product: Product, density: float) -> list[Part]:
    """The parts of a product, about two units across, ``density`` surface points per unit of length."""
    bench = Bench(density, product.stone)
    BUILDERS[product.design.category][product.design.family](bench, product.design, SIZES[product.size])
    return bench.parts
