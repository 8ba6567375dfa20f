"""Photos to learn from: those of a catalog that can be used, and which of them show the same thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from indexer.catalog.products import Catalog, Product, ProductImage, Reject
from indexer.errors import CatalogError, ImageError
from indexer.photos.fetch.many.sources import fetched_ahead
from indexer.photos.places import Place
from indexer.system.machine import cores
from trainer.data.categories import category_of, twins
from trainer.data.groups.grouping import Shown, group
from trainer.data.groups.look_cache import LookCache
from trainer.data.groups.pictures import Look

GROUP_FIELD = "near_group"
"""Manifest column that says which photos show the same thing; where it stands, it wins over the hash."""
VARIANTS_FIELD = "group_id"
"""Column of what is one design in several sizes and metals: no split may tell them apart."""

_HUBS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """One usable photo: its category, and the group of photos that show the same thing (product or near-duplicate)."""

    key: str
    place: Place
    category: str
    """Empty where the product has none: such a photo teaches nothing of categories, and all else."""
    product_id: str
    group: int
    """Of photos that no split may tell apart: of one product or design, near-duplicates, and all these together."""
    near: int = -1
    """Of near-duplicates alone: photos of the same picture, whichever products they are of."""
    pixels: str = ""
    """SHA-256 of the decoded picture (`pixel_sha256`)."""
    content: str = ""
    """SHA-256 of the file."""
    look: int = 0
    """Perceptual hash."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A picture that many products share beside photos of their own, as a size chart is: no bond, and no lesson."""

    keys: tuple[str, ...]
    products: int

    def record(self) -> dict[str, Any]:
        """As model.json has it."""
        return {"photo": self.keys[0], "photos": len(self.keys), "products": self.products}


@dataclass(frozen=True, slots=True)
class Dataset:
    """The usable photos of a catalog, what was rejected, and what was left out."""

    samples: tuple[Sample, ...]
    rejects: tuple[Reject, ...]
    without_category: int
    """How many of the samples have no category."""
    hubs: tuple[Hub, ...] = ()
    """Not among the samples."""
    notes: tuple[str, ...] = ()
    """What a person should know of the photos, a line each."""
    where: str = ""
    """The catalog, as people call it."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The distinct categories, sorted: the order of the model's logits."""
        return tuple(sorted({sample.category for sample in self.samples if sample.category}))


def read_dataset(
    catalog: Catalog, *, progress: Callable[[int], None] | None = None, cache: Path | None = None
) -> Dataset:
    """Open every photo of a catalog, and group those that show the same thing (`groups.grouping.group`).

    A photo that cannot be opened is a reject; a picture that many products share is a hub.

    Args:
        catalog: products, with categories or without.
        progress: called with 1 after each photo.
        cache: folder of what photos look like, so that a later fit need not decode them; None to keep nothing.

    Raises:
        CatalogError: no photo is left.
    """
    wanted = [(product, image) for product in catalog.products for image in product.images]
    with (
        closing(LookCache(cache)) as known,
        fetched_ahead(image.place for _, image in wanted),
        ThreadPoolExecutor(cores()) as pool,
    ):
        results = []
        for result in pool.map(partial(_look, known), (image.place for _, image in wanted)):
            results.append(result)
            if progress:
                progress(1)
    rejects = list(catalog.rejects)
    kept: list[tuple[Product, ProductImage, Look]] = []
    for (product, image), result in zip(wanted, results, strict=True):
        if isinstance(result, Look):
            kept.append((product, image, result))
        else:
            rejects.append(Reject(image.key, result, product.id))
    grouped = group([_shown(product, image, look) for product, image, look in kept])
    apart = {photo for hub in grouped.hubs for photo in hub}
    samples = tuple(
        Sample(
            image.key,
            image.place,
            category_of(product),
            product.id,
            grouped.groups[photo],
            grouped.near[photo],
            look.pixels,
            look.content,
            look.hash,
        )
        for photo, (product, image, look) in enumerate(kept)
        if photo not in apart
    )
    hubs = tuple(_hub([kept[photo] for photo in hub]) for hub in grouped.hubs)
    dataset = Dataset(
        samples,
        tuple(rejects),
        sum(not sample.category for sample in samples),
        hubs,
        (*twins(sample.category for sample in samples), *_told(hubs)),
        catalog.where,
    )
    if not samples:
        raise CatalogError(f"{catalog.where}: {_why_nothing(dataset)}")
    return dataset


def _look(known: LookCache, place: Place) -> Look | str:
    """A photo in few bytes, or why it cannot be used."""
    try:
        return known.look_at(place.read())
    except ImageError as error:
        return str(error)


def _shown(product: Product, image: ProductImage, look: Look) -> Shown:
    mark, variants = (image.fields.get(name) for name in (GROUP_FIELD, VARIANTS_FIELD))
    return Shown(product.id, category_of(product), look, _text(mark), _text(variants))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _hub(photos: Sequence[tuple[Product, ProductImage, Look]]) -> Hub:
    return Hub(tuple(sorted(image.key for _, image, _ in photos)), len({product.id for product, _, _ in photos}))


def _told(hubs: Sequence[Hub]) -> list[str]:
    """What is said of pictures that many products share, those of the most products first."""
    ordered = sorted(hubs, key=lambda hub: (-hub.products, hub.keys))
    lines = [
        f"{hub.keys[0]} is one picture in {hub.products:,} products ({len(hub.keys):,} photos): "
        "it shows none of them, and is left out"
        for hub in ordered[:_HUBS_NAMED]
    ]
    if rest := ordered[_HUBS_NAMED:]:
        lines.append(f"{len(rest):,} more pictures of many products are left out; model.json lists them")
    return lines


def _why_nothing(dataset: Dataset) -> str:
    if dataset.hubs:
        hub = max(dataset.hubs, key=lambda hub: hub.products)
        return f"the photos are one picture, {hub.keys[0]}, in {hub.products:,} products; there is nothing to learn"
    if not dataset.rejects:
        return "there are no photos"
    return f"no photo could be used; the first: {dataset.rejects[0].where}: {dataset.rejects[0].reason}"
