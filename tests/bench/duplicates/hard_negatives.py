"""Hard negatives of a drawn product: what a studio with a fixed camera takes next, and what is not a copy of the photo.

Other metal, other stone, other size, the mirrored piece, an engraving: all in the pose and on the board of the first
photo, but drawn anew: new grain, slightly other light. And further photos of the product and of a variant of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageChops, ImageOps

from indexer.sample_catalog import Product, View, photo_views
from indexer.sample_catalog.backgrounds import background
from indexer.sample_catalog.camera import place_points
from indexer.sample_catalog.curves import spin
from indexer.sample_catalog.designs import METALS, SIZES
from indexer.sample_catalog.materials import Light
from indexer.sample_catalog.scene import developed, photograph, rough, shadowed
from indexer.sample_catalog.stones import FACETED, SMOOTH
from searcher.insights.duplicates.edits.stamps import lettering

KINDS = ("metal", "stone", "size", "mirrored", "engraving", "other_photo", "sibling")
"""All kinds, in the order in which they are drawn; a piece without stones has none in another stone, and so on."""

SAME_BOARD = 0.5
"""How often the ground is the same to the pixel; else it is of the same kind, drawn anew."""
VISIBLE_SHARE = 0.004
"""Share of the pixels that another metal, stone or size must change to be told from the first at all."""
ENGRAVED = ("A", "M", "J", "AB", "MK", "L&E", "2026", "Anna", "LOVE", "Nr.7")


@dataclass(frozen=True)
class HardNegative:
    """A photo that is not a copy: its kind, and which piece it shows (the product's own, or a variant of it)."""

    kind: str
    piece: str
    image: Image.Image


def hard_negatives(product: Product, size: int, rng: np.random.Generator) -> list[HardNegative]:
    """One photo, ``size`` pixels square, of each kind that applies to this product."""
    first, second, third = photo_views(product, 3)
    own = dict(zip(KINDS, rng.spawn(len(KINDS)), strict=True))  # no kind's photo depends on whether another applies
    drawn = []
    for kind in ("metal", "stone", "size"):
        if changed := variant(product, kind, first, own[kind]):
            image = shoot(changed, retaken(first, own[kind]), board(first, own[kind]), size, own[kind])
            drawn.append(HardNegative(kind, f"{product.product_id}/{kind}", image))
    # A symmetric piece mirrored is that piece, seen from the other side.
    piece = f"{product.product_id}/mirrored" if is_chiral(product) else product.product_id
    drawn.append(HardNegative("mirrored", piece, mirrored(product, first, size, own["mirrored"])))
    view, ground = retaken(first, own["engraving"]), board(first, own["engraving"])
    image = shoot(product, view, ground, size, own["engraving"], engraving=True)
    if image is not None:
        drawn.append(HardNegative("engraving", f"{product.product_id}/engraving", image))
    image = shoot(product, second, second.seed, size, own["other_photo"])
    drawn.append(HardNegative("other_photo", product.product_id, image))
    luck = own["sibling"]
    sibling = variant(product, "metal", third, luck) or variant(product, "stone", third, luck)
    if sibling:
        image = shoot(sibling, third, third.seed, size, luck)
        drawn.append(HardNegative("sibling", f"{product.product_id}/sibling", image))
    return drawn


def variant(product: Product, kind: str, view: View, rng: np.random.Generator) -> Product | None:
    """The same design in another metal, stone (of the same sort) or size, where one can see it."""
    if kind == "metal":
        changed = [replace(product, metal=metal) for metal in METALS if metal != product.metal]
    elif kind == "stone":
        sorts = [sort for sort in (FACETED, SMOOTH[1:]) if product.stone in sort]
        changed = [replace(product, stone=stone) for sort in sorts for stone in sort if stone != product.stone]
    else:
        changed = [replace(product, size=size) for size in SIZES if size != product.size]
    for number in rng.permutation(len(changed)):
        if differs(product, changed[number], view):
            return changed[number]
    return None


def differs(first: Product, second: Product, view: View) -> bool:
    """Whether two pieces in the same pose and light differ visibly."""
    side = 72
    pictures = [np.asarray(exposed(product, view, side)[0], dtype=np.int16) for product in (first, second)]
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 30
    return float(changed.mean()) >= VISIBLE_SHARE


def retaken(view: View, rng: np.random.Generator) -> View:
    """The same camera and lamps, later: somebody brushed against the lamp, the exposure was set again."""
    return replace(
        view,
        light=view.light + float(rng.uniform(-0.12, 0.12)),
        height=view.height + float(rng.uniform(-0.05, 0.05)),
        key=view.key * float(rng.uniform(0.96, 1.04)),
        exposure=view.exposure * float(rng.uniform(0.97, 1.03)),
        warmth=view.warmth + float(rng.normal(0, 0.006)),
        noise=view.noise * float(rng.uniform(0.8, 1.25)),
    )


def board(view: View, rng: np.random.Generator) -> int:
    """The seed of the ground: that of the view, or a new one."""
    return view.seed if rng.random() < SAME_BOARD else int(rng.integers(2**31))


def exposed(product: Product, view: View, pixels: int, glow: float = 0.8) -> tuple[Image.Image, Image.Image]:
    """The piece alone in this view, RGB on black, and its coverage."""
    turn = spin(view.roll, "z") @ spin(view.pitch, "x") @ spin(view.yaw, "y")
    return photograph(product, view, turn, Light(view.light, view.height, view.key, 1.0, glow), pixels)


def shoot(
    product: Product,
    view: View,
    ground_seed: int,
    size: int,
    rng: np.random.Generator,
    *,
    engraving: bool = False,
    from_behind: bool = False,
) -> Image.Image | None:
    """What ``draw_photo`` does, but ground and grain have seeds of their own; None where there is nothing to engrave.

    ``from_behind`` mirrors the ground, for a photo that will be mirrored as a whole.
    """
    ground, glow = background(view.backdrop, size, np.random.default_rng(ground_seed))
    if from_behind:
        ground = ImageOps.mirror(ground)
    piece, cover = exposed(product, view, size * (3 if size <= 96 else 2), glow)
    if engraving:
        engraved = engrave(piece, metal_of(product, view, size, glow).resize(piece.size), rng)
        if engraved is None:
            return None
        piece = engraved
    piece = piece.resize((size, size), Image.Resampling.LANCZOS)
    cover = cover.resize((size, size), Image.Resampling.LANCZOS)
    canvas = np.asarray(shadowed(ground, cover, view, glow), dtype=np.float32)
    alpha = np.asarray(cover, dtype=np.float32)[..., None] / 255
    return developed(canvas * (1 - alpha) + np.asarray(piece, dtype=np.float32), view, size, rng)


def mirrored(product: Product, view: View, size: int, rng: np.random.Generator) -> Image.Image:
    """The mirrored piece in the mirrored pose on the same ground, under a lamp that stands elsewhere.

    A scene mirrored as a whole (piece, pose and lamp) is the mirrored photo, so that this photo is drawn as the mirror
    image of the piece itself with the lamp on the other side.
    """
    lamps = rng.uniform(0.5, np.pi - 0.5, 8)
    far = np.minimum(np.abs(lamps - view.light), np.abs(lamps - (np.pi - view.light)))
    other = replace(retaken(view, rng), light=float(lamps[np.argmax(far)]))
    image = shoot(product, other, board(view, rng), size, rng, from_behind=True)
    return ImageOps.mirror(image)


def is_chiral(product: Product) -> bool:
    """Whether the piece differs from its mirror image (left to right), in any of its materials, by more than a trifle.

    Told by cells of a grid, with those around them: is where a mirrored point lies some point of that material?
    """
    fine, half = 15, 64
    parts = rough(product)
    for material in {part.material for part in parts}:
        points = place_points([part for part in parts if part.material == material], np.eye(3)).T
        cells = np.unique(np.floor(points * fine).astype(np.int64) + half, axis=0)
        taken = np.zeros((2 * half,) * 3, dtype=bool)
        for shift in np.ndindex(3, 3, 3):
            x, y, z = np.clip(cells + np.array(shift) - 1, 0, 2 * half - 1).T
            taken[x, y, z] = True
        x, y, z = np.clip(cells * [-1, 1, 1] + [2 * half - 1, 0, 0], 0, 2 * half - 1).T
        if float(taken[x, y, z].mean()) < 0.997:  # a symmetric piece has 1; a watch's crown is 0.5 % of its metal
            return True
    return False


def metal_of(product: Product, view: View, pixels: int, glow: float) -> Image.Image:
    """Where the piece shows metal, L: what changes from silver to black steel."""
    light, dark = (exposed(replace(product, metal=name), view, pixels, glow)[0] for name in ("silver", "black steel"))
    changed = ImageChops.difference(light, dark).convert("L")
    return changed.point([255 if value > 12 else 0 for value in range(256)])


def engrave(piece: Image.Image, metal: Image.Image, rng: np.random.Generator) -> Image.Image | None:
    """A word cut into the broadest place of the metal, dark with a bright edge; None where it would be too small."""
    word = ENGRAVED[int(rng.integers(len(ENGRAVED)))]
    sums = np.pad(np.asarray(metal, dtype=np.float64).cumsum(0).cumsum(1) / 255, ((1, 0), (1, 0)))
    for height in (0.16, 0.12, 0.09, 0.07, 0.055, 0.045):
        ink = lettering(word, height * piece.width)
        w, h = ink.size
        share = (sums[h:, w:] - sums[:-h, w:] - sums[h:, :-w] + sums[:-h, :-w]) / (w * h)
        y, x = np.unravel_index(int(np.argmax(share)), share.shape)
        if share[y, x] >= 0.985 and h >= 0.025 * piece.height:
            cut, edge = Image.new("L", piece.size), Image.new("L", piece.size)
            cut.paste(ink, (int(x), int(y)))
            edge.paste(ink, (int(x) + 2, int(y) + 2))
            dark = np.asarray(cut, dtype=np.float32)[..., None] / 255
            shine = ImageChops.multiply(ImageChops.subtract(edge, cut), metal)
            bright = np.asarray(shine, dtype=np.float32)[..., None] / 255
            pixels = np.asarray(piece, dtype=np.float32) * (1 - 0.55 * dark) + 55 * bright
            return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return None
