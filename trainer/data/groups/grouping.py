"""Photos of one thing: by product, by what the catalog says, and by the eye; a picture that many share is no bond."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.photos.components import components, same_value_edges
from trainer.data.groups.near_duplicates import near_pairs
from trainer.data.groups.pictures import Look, same_pictures

HUB_PRODUCTS = 5
"""Products from which on a picture that they share, each having others of its own, is none of theirs: a size chart, a
logo, a certificate. Below that the products become one group, which costs a split little."""

_MOSTLY = 0.8
_Name = tuple[str, int | str]


class Shown(NamedTuple):
    """One photo of a product, and what the catalog says of it."""

    product: str
    category: str
    look: Look
    mark: str | None = None
    """What shows the same thing, by hand: it wins over the eye."""
    variants: str | None = None
    """One design in several sizes and metals."""


class Grouping(NamedTuple):
    """The groups of n photos, each named by its smallest member."""

    groups: list[int]
    """What no split may cut: photos of one product, of one design, and near-duplicates, and of all these together."""
    near: list[int]
    """Near-duplicates alone: photos that show the same, whichever products they are of."""
    hubs: tuple[tuple[int, ...], ...]
    """Pictures that many products share, each with all its photos; every such photo is a group of its own."""


def group(shown: Sequence[Shown]) -> Grouping:
    """Join the photos that show the same thing.

    Photos are joined by product, by equal mark (where they carry none, by equal variants), and, unless both carry a
    mark, by perceptual hash. A picture of a hub joins nothing: it would chain all products that it is shown with.
    """
    if not shown:
        return Grouping([], [], ())
    hashes, code = np.unique(np.array([one.look.hash for one in shown], np.uint64), return_inverse=True)
    near_hashes = near_pairs(hashes)
    hubs = _hubs(shown, near_hashes)
    apart = {photo for hub in hubs for photo in hub}
    products = [None if photo in apart else one.product for photo, one in enumerate(shown)]
    marks = [None if photo in apart else one.mark for photo, one in enumerate(shown)]
    variants = [None if photo in apart or one.mark else one.variants for photo, one in enumerate(shown)]
    alike = [*same_value_edges(marks), *_hash_edges(shown, code.tolist(), near_hashes, apart)]
    places = len(shown) + len(hashes)
    near = components(places, alike)[: len(shown)]
    edges = [*alike, *same_value_edges(products), *same_value_edges(variants)]
    return Grouping(components(places, edges)[: len(shown)], near, hubs)


def _hash_edges(
    shown: Sequence[Shown], code: Sequence[int], near: NDArray[np.int64], apart: set[int]
) -> list[tuple[int, int]]:
    """Photos of equal and of near hashes, but for those that both carry a mark; behind the photos, a place a hash."""
    free: dict[int, int] = {}
    marked: dict[int, list[int]] = defaultdict(list)
    edges = []
    for photo, value in enumerate(code):
        if photo in apart:
            continue
        if shown[photo].mark is None:
            free[value] = len(shown) + value
            edges.append((photo, free[value]))
        else:
            marked[value].append(photo)
    for value, photos in marked.items():
        if value in free:
            edges.extend((photo, free[value]) for photo in photos)
    for first, second in near.tolist():
        if first in free and second in free:
            edges.append((free[first], free[second]))
        for one, other in ((first, second), (second, first)):
            if one in free and other in marked:
                edges.extend((free[one], photo) for photo in marked[other])
    return edges


def _hubs(shown: Sequence[Shown], near: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    """The pictures, by the eye or by mark, that many products share beside pictures of their own."""
    designs = _designs(shown)
    if len(set(designs)) < HUB_PRODUCTS:
        return ()
    names = _names(shown, near)
    pictures: dict[_Name, list[int]] = defaultdict(list)
    for photo, named in enumerate(names):
        for name in named:
            pictures[name].append(photo)
    shared = {name: {designs[photo] for photo in photos} for name, photos in pictures.items()}
    shared = {name: by for name, by in shared.items() if len(by) >= HUB_PRODUCTS}
    photos_of: dict[int, list[int]] = defaultdict(list)
    for photo, design in enumerate(designs if shared else ()):
        photos_of[design].append(photo)

    def has_own(design: int, by: set[int]) -> bool:
        """Whether a photo of it shows what most of the others that share the picture do not show."""
        return any(
            all(2 * len(shared.get(name, {design}) & by) < len(by) for name in names[photo])
            for photo in photos_of[design]
        )

    edges = []
    for name, by in shared.items():
        photos = pictures[name]
        if sum(has_own(design, by) for design in by) >= HUB_PRODUCTS or _is_of_no_kind(shown, photos):
            edges += [(photos[0], photo) for photo in photos]
    hubs: dict[int, list[int]] = defaultdict(list)
    together = components(len(shown), edges)
    for photo in sorted({photo for edge in edges for photo in edge}):
        hubs[together[photo]].append(photo)
    return tuple(map(tuple, hubs.values()))


def _designs(shown: Sequence[Shown]) -> list[int]:
    """Products, those of one design together."""
    edges = same_value_edges([one.product for one in shown]) + same_value_edges([one.variants for one in shown])
    return components(len(shown), edges)


def _names(shown: Sequence[Shown], near: NDArray[np.int64]) -> list[tuple[_Name, ...]]:
    """Of each photo, by what it is one picture with others: what it looks like, and its mark, if it has one."""
    looks = same_pictures([one.look for one in shown], near)
    return [
        (("look", look),) if one.mark is None else (("look", look), ("mark", one.mark))
        for look, one in zip(looks, shown, strict=True)
    ]


def _is_of_no_kind(shown: Sequence[Shown], photos: Sequence[int]) -> bool:
    """Whether a picture that nobody marked stands for products of several categories: "photo follows"."""
    category_of = {shown[photo].product: shown[photo].category for photo in photos}
    kinds = Counter(filter(None, category_of.values()))
    unmarked = all(shown[photo].mark is None for photo in photos)
    return unmarked and len(kinds) > 1 and max(kinds.values()) < _MOSTLY * kinds.total()
