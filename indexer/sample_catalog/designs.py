"""What a product is made of: the shape families of each category and how designs and variants are drawn from a seed."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import numpy as np

from indexer.sample_catalog.stones import FACETED, SMOOTH

METALS = ("gold", "silver", "rose gold", "black steel", "copper")
METAL_ODDS = (0.34, 0.30, 0.19, 0.11, 0.06)
SIZES = {"small": 0.82, "regular": 1.0, "large": 1.2}
VARIANT_SHARE = 0.34
# Each category and how its product ids begin.
PREFIXES = {
    "rings": "RG",
    "necklaces": "NK",
    "earrings": "ER",
    "bracelets": "BC",
    "pendants": "PD",
    "brooches": "BH",
    "anklets": "AK",
    "watches": "WT",
}
CATEGORIES = tuple(PREFIXES)

BRILLIANT = ("round", "oval", "princess", "pear", "marquise", "emerald", "cushion")
ROUNDISH = ("round", "oval", "cushion")
CHAINS = ("cable", "curb", "figaro", "box", "rope", "ball", "snake")
PROFILES = ("round", "flat", "court", "knife")
FINISHES = ("polished", "polished", "polished", "satin", "hammered")
CHARMS = ("heart", "star", "clover", "disc", "moon", "leaf", "shell", "drop", "hexagon", "cross")
STRAPS = ("black", "brown", "tan", "navy", "burgundy", "grey", "green")
DIALS = ("white", "cream", "black", "blue", "green", "grey", "burgundy")


@dataclass(frozen=True)
class Family:
    """One kind of shape within a category, and which choices mean something for it."""

    name: str
    words: str  # the noun of a title
    stones: tuple[str, ...] = FACETED
    counts: tuple[int, ...] = (1,)
    cuts: tuple[str, ...] = ("round",)
    settings: tuple[str, ...] = ("none",)
    chains: tuple[str, ...] = ("",)
    profiles: tuple[str, ...] = ("round",)
    motifs: tuple[str, ...] = ("",)
    finishes: tuple[str, ...] = FINISHES
    colours: tuple[str, ...] = ("",)
    dials: tuple[str, ...] = ("",)


ANY = (*FACETED, *SMOOTH)
MAYBE = ("none", "none", "none", *FACETED, *SMOOTH)
HELD = ("prongs4", "prongs6", "bezel")

FAMILIES: dict[str, tuple[Family, ...]] = {
    "rings": (
        Family("solitaire", "solitaire ring", ANY, cuts=BRILLIANT, settings=HELD, profiles=PROFILES),
        Family("halo", "halo ring", cuts=BRILLIANT, settings=("prongs4", "bezel"), profiles=PROFILES),
        Family("three_stone", "three-stone ring", cuts=BRILLIANT, settings=HELD, profiles=PROFILES),
        Family("eternity", "eternity ring", counts=(15, 19, 23, 27, 31), cuts=("round", "princess", "oval")),
        Family("signet", "signet ring", ("none", "none", *SMOOTH), motifs=("disc", "square", "shield", "hexagon")),
        Family("twist", "twisted ring", MAYBE, (2, 3), BRILLIANT, settings=("bezel",), profiles=("round", "flat")),
        Family("cluster", "flower ring", ANY, (5, 6, 8), ROUNDISH, ("beads",), profiles=PROFILES),
        Family("bypass", "open ring", ANY, (2,), ("round", "pear", "oval", "marquise"), ("bezel", "prongs4")),
        Family("band", "band", ("none",), (1, 2, 3), profiles=PROFILES),
    ),
    "necklaces": (
        Family("strand", "bead necklace", ("pearl", "pearl", "onyx", "turquoise"), (29, 37, 45, 57)),
        Family("station", "station necklace", ANY, (5, 7, 9, 11), BRILLIANT, ("bezel",), CHAINS),
        Family("riviera", "riviera necklace", counts=(31, 39, 47, 57), cuts=("round", "princess", "oval", "pear")),
        Family("bib", "fringe necklace", ANY, (7, 9, 11, 13), ("pear", "round", "marquise"), ("bezel",), CHAINS),
        Family("collar", "collar necklace", MAYBE, (1, 3, 5), BRILLIANT, ("bezel",), profiles=PROFILES),
        Family("lariat", "lariat necklace", ANY, (2, 3, 4), ("pear", "round", "emerald"), ("bezel",), CHAINS),
        Family("links", "chain necklace", ("none",), chains=("cable", "curb", "figaro", "box", "rope")),
    ),
    "earrings": (
        Family("stud", "stud earrings", ANY, cuts=BRILLIANT, settings=HELD),
        Family("hoop", "hoop earrings", MAYBE, (0, 7, 11), profiles=PROFILES),
        Family("drop", "drop earrings", ANY, (2, 3), BRILLIANT, ("bezel", "prongs4")),
        Family("chandelier", "chandelier earrings", ANY, (3, 5, 7), ("pear", "round", "marquise"), ("bezel",)),
        Family("halo_stud", "halo earrings", cuts=BRILLIANT, settings=("prongs4",)),
        Family("charm", "charm earrings", MAYBE, motifs=CHARMS),
        Family("bar", "bar earrings", MAYBE, (1, 2), profiles=("flat", "round", "knife")),
    ),
    "bracelets": (
        Family("tennis", "tennis bracelet", counts=(31, 39, 47), cuts=("round", "princess", "oval", "emerald")),
        Family("bangle", "bangle", MAYBE, (1, 2, 3), profiles=PROFILES),
        Family("cuff", "cuff bracelet", MAYBE, cuts=BRILLIANT, settings=("bezel",), profiles=("flat", "court")),
        Family("links", "chain bracelet", ("none",), chains=("cable", "curb", "figaro", "box")),
        Family("beads", "bead bracelet", SMOOTH, (19, 23, 27, 33)),
        Family("twist", "twisted bangle", ("none",), (2, 3), profiles=("round", "flat")),
        Family("charms", "charm bracelet", MAYBE, (5, 7, 9), chains=("cable", "curb", "rope"), motifs=CHARMS),
    ),
    "pendants": (
        Family("solitaire", "pendant", ANY, cuts=BRILLIANT, settings=HELD, chains=CHAINS),
        Family("halo", "halo pendant", cuts=BRILLIANT, settings=("prongs4", "bezel"), chains=CHAINS),
        Family("motif", "pendant", MAYBE, motifs=CHARMS, chains=CHAINS),
        Family("open", "circle pendant", MAYBE, (0, 5, 12), chains=CHAINS, profiles=PROFILES),
        Family("locket", "locket pendant", MAYBE, motifs=("disc", "heart", "square", "shield"), chains=CHAINS),
        Family("bar", "bar pendant", MAYBE, (1, 3, 5), chains=CHAINS, profiles=("flat", "round", "knife")),
        Family("trio", "triple drop pendant", ANY, (3,), BRILLIANT, ("bezel",), CHAINS),
    ),
    "brooches": (
        Family("flower", "flower brooch", ANY, (5, 6, 8, 10), ROUNDISH, ("bezel",), motifs=("petal", "leaf", "heart")),
        Family("leaf", "leaf brooch", MAYBE, (1, 3, 5)),
        Family("butterfly", "butterfly brooch", ANY, (2, 4)),
        Family("bow", "bow brooch", ANY, cuts=BRILLIANT, settings=("bezel",)),
        Family("starburst", "starburst brooch", ANY, (8, 12, 16, 20), ROUNDISH, ("bezel", "prongs6")),
        Family("wreath", "wreath brooch", ANY, (8, 11, 14)),
        Family("feather", "feather brooch", MAYBE, (9, 13, 17)),
        Family("dragonfly", "dragonfly brooch", ANY, (5, 7)),
    ),
    "anklets": (
        Family("charms", "charm anklet", MAYBE, (3, 5, 7, 9), chains=CHAINS, motifs=CHARMS),
        Family(
            "beads", "bead anklet", ("pearl", "onyx", "turquoise"), (7, 11, 17, 25), chains=("cable", "rope", "snake")
        ),
        Family("single", "anklet", MAYBE, chains=CHAINS, motifs=CHARMS),
        Family("double", "layered anklet", ANY, (5, 7, 9), ("round",), ("bezel",), ("cable", "rope", "ball", "box")),
        Family("drops", "drop anklet", ANY, (5, 7, 9, 11), ("pear", "round", "marquise"), ("bezel",), CHAINS),
    ),
    "watches": tuple(
        Family(
            name,
            words,
            stones,
            (1, 2, 3),
            profiles=("leather", "links", "mesh"),
            motifs=("baton", "dots", "numerals"),
            finishes=("polished", "polished", "satin"),
            colours=STRAPS,
            dials=DIALS,
        )
        for name, words, stones in (
            ("round", "watch", ("none",)),
            ("gem", "jewelled watch", FACETED),
            ("square", "square watch", ("none", "none", *FACETED)),
            ("cushion", "cushion watch", ("none",)),
            ("chronograph", "chronograph", ("none",)),
            ("diver", "diver's watch", ("none",)),
            ("tank", "rectangular watch", ("none", "none", *FACETED)),
        )
    ),
}


@dataclass(frozen=True)
class Design:
    """A shape: its family, its discrete choices, and knobs from 0 to 1 that the family turns into lengths."""

    design_id: str
    category: str
    family: str
    words: str
    cut: str
    setting: str
    chain: str
    profile: str
    motif: str
    finish: str
    colour: str
    dial: str
    count: int
    width: float
    length: float
    stone_size: float
    curve: float
    spread: float
    detail: float


@dataclass(frozen=True)
class Product:
    """A design in one metal, stone and size; ``variant_of`` names the design's first product, or is empty."""

    product_id: str
    design: Design
    metal: str
    stone: str
    size: str
    variant_of: str
    seed: int
    index: int


def draw_products(products: int, seed: int) -> list[Product]:
    """Exactly ``products`` products, categories in turn; no two share all their parameters. Draws no picture."""
    queues = []
    for place, category in enumerate(CATEGORIES):
        wanted = products // len(CATEGORIES) + (place < products % len(CATEGORIES))
        queues.append(draw_category(category, wanted, np.random.default_rng([seed, place])))
    drawn: list[Product] = []
    for index in range(products):
        product = queues[index % len(CATEGORIES)][index // len(CATEGORIES)]
        drawn.append(replace(product, seed=seed, index=index))
    return drawn


def draw_category(category: str, wanted: int, rng: np.random.Generator) -> list[Product]:
    """Designs one after the other, each with its variants, until there are enough products."""
    prefix = PREFIXES[category]
    drawn: list[Product] = []
    looks: set[tuple[object, ...]] = set()
    designs = 0
    while len(drawn) < wanted:
        designs += 1
        family = FAMILIES[category][(designs - 1) % len(FAMILIES[category])]
        design = draw_design(f"{prefix}-D{designs:04d}", category, family, looks, rng)
        first = Product(
            f"{prefix}{len(drawn) + 1:05d}", design, draw_metal(rng), pick(family.stones, rng), "regular", "", 0, 0
        )
        drawn.append(first)
        if rng.random() < VARIANT_SHARE:
            for variant in draw_variants(first, family, int(rng.integers(1, 4)), rng):
                drawn.append(replace(variant, product_id=f"{prefix}{len(drawn) + 1:05d}"))
    return drawn[:wanted]


def draw_design(
    design_id: str, category: str, family: Family, looks: set[tuple[object, ...]], rng: np.random.Generator
) -> Design:
    """A design that looks like none before it (knobs compared in thirds), as far as 40 attempts can tell.

    The knobs are continuous, so that even a look drawn twice is another shape.
    """
    design = None
    for _ in range(40):
        knobs = [round(float(knob), 4) for knob in rng.random(6)]
        design = Design(
            design_id,
            category,
            family.name,
            family.words,
            pick(family.cuts, rng),
            pick(family.settings, rng),
            pick(family.chains, rng),
            pick(family.profiles, rng),
            pick(family.motifs, rng),
            pick(family.finishes, rng),
            pick(family.colours, rng),
            pick(family.dials, rng),
            int(rng.choice(family.counts)),
            *knobs,
        )
        look = (*astuple(design)[1:13], *(int(knob * 3) for knob in knobs[:3]))
        if look not in looks:
            looks.add(look)
            break
    if design is None:  # the loop above always runs
        raise AssertionError("no design was drawn")
    return design


def draw_variants(first: Product, family: Family, count: int, rng: np.random.Generator) -> list[Product]:
    """Up to ``count`` products of the same design that differ in metal, in stone (of the same kind) or in size."""
    kinds = [kind for kind in (FACETED, SMOOTH[1:]) if first.stone in kind]
    stones = [stone for stone in dict.fromkeys(family.stones) if kinds and stone in kinds[0]] or [first.stone]
    known = {(first.metal, first.stone, first.size)}
    variants: list[Product] = []
    while len(variants) < count:
        metal, stone, size = first.metal, first.stone, first.size
        change = rng.random(3)
        if change[0] < 0.6:
            metal = draw_metal(rng)
        if change[1] < 0.5:
            stone = stones[int(rng.integers(len(stones)))]
        if change[2] < 0.25:
            size = list(SIZES)[int(rng.integers(len(SIZES)))]
        if (metal, stone, size) not in known:
            known.add((metal, stone, size))
            variants.append(replace(first, metal=metal, stone=stone, size=size, variant_of=first.product_id))
    return variants


def draw_metal(rng: np.random.Generator) -> str:
    """A metal by how often shops sell it."""
    return METALS[int(rng.choice(len(METALS), p=METAL_ODDS))]


def pick(choices: tuple[str, ...], rng: np.random.Generator) -> str:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]
