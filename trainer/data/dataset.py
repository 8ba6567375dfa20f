"""Photos to learn from, and their leak-free split: no product and no near-duplicate on two sides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from indexer.catalog.products import Catalog, Reject
from indexer.errors import CatalogError, ImageError
from indexer.photos.components import components, same_value_edges
from indexer.photos.fetch.many.sources import fetched_ahead
from indexer.photos.fingerprints import phash
from indexer.photos.opening import open_image
from indexer.photos.places import Place
from indexer.system.machine import cores
from trainer.data.near_duplicates import near_pairs

GROUP_FIELD = "near_group"
"""Manifest column that says which photos show the same thing; where it stands, it wins over the hash."""
VARIANTS_FIELD = "group_id"
"""Column of what is one design in several sizes and metals: no split may tell them apart."""

_HASH_FIT = 64  # a JPEG is decoded at twice this or more: plenty for a hash of 32x32 pixels


@dataclass(frozen=True, slots=True)
class Sample:
    """One usable photo: its category, and the group of photos that show the same thing (product or near-duplicate)."""

    key: str
    place: Place
    category: str
    product_id: str
    group: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """The usable photos of a catalog with categories, what was rejected, and what has no category to learn from."""

    samples: tuple[Sample, ...]
    rejects: tuple[Reject, ...]
    without_category: int

    @property
    def categories(self) -> tuple[str, ...]:
        """The distinct categories, sorted: the order of the model's logits."""
        return tuple(sorted({sample.category for sample in self.samples}))


@dataclass(frozen=True, slots=True)
class Split:
    """The three parts of a dataset. ``held_out`` takes no part in training, tuning or calibration."""

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    held_out: tuple[Sample, ...]


def read_dataset(catalog: Catalog, *, progress: Callable[[int], None] | None = None) -> Dataset:
    """Open every photo of the products that have a category, and group those that show the same thing.

    Photos are joined by product, by equal ``near_group`` value (where they carry none, by equal ``group_id``), and,
    unless both carry one, by perceptual hash. A photo that cannot be opened is a reject.

    Raises:
        CatalogError: no photo is left, or all are of one category.
    """
    wanted = [(product, image) for product in catalog.products if product.category for image in product.images]
    with fetched_ahead(image.place for _, image in wanted), ThreadPoolExecutor(cores()) as pool:
        results = []
        for result in pool.map(_hash, (image.place for _, image in wanted)):
            results.append(result)
            if progress:
                progress(1)
    rejects = list(catalog.rejects)
    kept, hashes = [], []
    for (product, image), result in zip(wanted, results, strict=True):
        if isinstance(result, int):
            kept.append((product, image))
            hashes.append(result)
        else:
            rejects.append(Reject(image.key, result, product.id))
    marks = [image.fields.get(GROUP_FIELD) for _, image in kept]
    edges = same_value_edges([product.id for product, _ in kept]) + same_value_edges([_mark(value) for value in marks])
    hashed = near_pairs(np.array(hashes, dtype=np.uint64)).tolist() if kept else []
    edges += [(a, b) for a, b in hashed if marks[a] is None or marks[b] is None]
    edges += same_value_edges(
        [
            _mark(image.fields.get(VARIANTS_FIELD)) if mark is None else None
            for (_, image), mark in zip(kept, marks, strict=True)
        ]
    )
    groups = components(len(kept), edges)
    samples = tuple(
        Sample(image.key, image.place, product.category or "", product.id, group)
        for (product, image), group in zip(kept, groups, strict=True)
    )
    dataset = Dataset(samples, tuple(rejects), catalog.images - len(wanted))
    _check(catalog, dataset)
    return dataset


def split(samples: Sequence[Sample], *, holdout: float, validation: float, seed: int) -> Split:
    """Divide whole groups by category at random.

    Args:
        samples: photos with their groups.
        holdout: share of each category's groups that is held out.
        validation: share of each category's remaining groups that tunes the training.
        seed: decides the division.

    A category with fewer than three groups only trains: it is too small to be measured. From six groups on, every part
    gets at least two.

    Raises:
        CatalogError: a part would have fewer than two categories, or none with two groups to compare.
    """
    members: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        members[sample.group].append(sample)
    by_category: dict[str, list[int]] = defaultdict(list)
    for group, photos in members.items():
        by_category[Counter(photo.category for photo in photos).most_common(1)[0][0]].append(group)
    rng = np.random.default_rng(seed)
    parts: tuple[list[Sample], list[Sample], list[Sample]] = ([], [], [])
    for category in sorted(by_category):
        groups = [by_category[category][k] for k in rng.permutation(len(by_category[category]))]
        out, tune = _counts(len(groups), holdout, validation)
        for place, group in enumerate(groups):
            parts[2 if place < out else 1 if place < out + tune else 0].extend(members[group])
    result = Split(*(tuple(sorted(part, key=lambda sample: sample.key)) for part in parts))
    for name, part in (("training", result.train), ("validation", result.validation), ("held-out", result.held_out)):
        _check_part(name, part)
    return result


def _counts(groups: int, holdout: float, validation: float) -> tuple[int, int]:
    if groups < 3:
        return 0, 0
    least = 2 if groups >= 6 else 1  # two of a category can be compared
    out = min(max(least, round(groups * holdout)), groups - 2 * least)
    return out, min(max(least, round((groups - out) * validation)), groups - out - least)


def _hash(place: Place) -> int | str:
    """The perceptual hash of a photo, or why it cannot be used."""
    try:
        return int(phash(open_image(place.read(), fit=_HASH_FIT)), 16)
    except ImageError as error:
        return str(error)


def _mark(value: object) -> str | None:
    return None if value is None else str(value)


def _check(catalog: Catalog, dataset: Dataset) -> None:
    if not dataset.samples:
        reason = (
            f"none of the {catalog.images} photos has a category"
            if dataset.without_category == catalog.images
            else f"no photo could be used; the first: {dataset.rejects[0].where}: {dataset.rejects[0].reason}"
        )
        raise CatalogError(f"{catalog.where}: {reason}")
    if len(dataset.categories) < 2:
        raise CatalogError(
            f"{catalog.where}: all photos are of one category ({dataset.categories[0]}); "
            "a model learns from the difference between at least two"
        )


def _check_part(name: str, part: Sequence[Sample]) -> None:
    groups = Counter(category for category, _ in {(sample.category, sample.group) for sample in part})
    comparable = sum(1 for count in groups.values() if count > 1)
    if len(groups) < 2 or comparable < 2:
        raise CatalogError(
            f"too few different products for the {name} part ({len(part)} photos, {comparable} categories with two or "
            "more products); it takes two categories of at least six different products each"
        )
