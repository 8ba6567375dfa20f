"""The photos an evaluation asks about: embedded as serving does, with an edited copy each; and what shows the same."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.products import Catalog, Product, ProductImage, Reject
from indexer.errors import CatalogError, ImageError, UsageError
from indexer.fields.types import FieldValue
from indexer.models.directory import ModelFile
from indexer.models.embedder import Embedder
from indexer.photos.components import components, same_value_edges
from indexer.photos.fetch.many.sources import fetched_ahead
from indexer.photos.fingerprints import phash, pixel_sha256, sha256
from indexer.photos.opening import open_image
from indexer.system.machine import cores
from indexer.system.progress import Progress
from trainer.data.dataset import GROUP_FIELD, VARIANTS_FIELD
from trainer.data.edited_copies import edit, rng_for
from trainer.data.near_duplicates import near_pairs

_HASH_FIT = 64  # as `read_dataset` decodes for its hashes


@dataclass(frozen=True, slots=True)
class Photo:
    """What is known of a photo that could be used."""

    key: str
    product: str
    category: str | None
    role: str
    fields: Mapping[str, FieldValue]
    content: str
    """sha256 of its file."""
    pixels: str
    """sha256 of the whole picture as it was decoded: `fit` may decode equal pictures differently."""
    hash: int
    """The perceptual hash."""
    embedding: NDArray[np.float32] = field(repr=False)
    edited: NDArray[np.float32] = field(repr=False)
    """The embedding of its edited copy."""


@dataclass(frozen=True, slots=True)
class Photos:
    """n photos, and which of them show the same."""

    items: tuple[Photo, ...]
    copies: NDArray[np.int64]
    """[n], equal for near-duplicates: pictures that are nearly the same, whatever the product."""
    groups: NDArray[np.int64]
    """[n], equal for what shows the same thing: a product, its near-duplicates, its variants."""

    def __len__(self) -> int:
        return len(self.items)

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """[n, d]."""
        return np.stack([photo.embedding for photo in self.items])

    @property
    def edited(self) -> NDArray[np.float32]:
        """[n, d], of the edited copies."""
        return np.stack([photo.edited for photo in self.items])

    def where(self, chosen: Sequence[bool] | NDArray[np.bool_]) -> Photos:
        """Those that are chosen, with the groups they had among all."""
        rows = np.flatnonzero(np.asarray(chosen, np.bool_))
        return Photos(tuple(self.items[row] for row in rows), self.copies[rows], self.groups[rows])


def embed_photos(
    model: ModelFile,
    catalog: Catalog,
    image_keys: Collection[str] | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Photos, list[Reject]]:
    """Decode and embed on all cores: Pillow and ONNX Runtime release the GIL, so threads do, one session each.

    Args:
        model: the verified model directory.
        catalog: the photos.
        image_keys: only these take part; all of them by default.
        seed: of the edited copies, which are the same for every model.
        progress: told about each photo.

    Returns:
        The photos that can be used, in catalog order, and those that cannot, behind the catalog's own rejects where all
        of it takes part.

    Raises:
        UsageError: ``image_keys`` names a photo the catalog does not have.
        CatalogError: not one photo can be used.
        ModelError: the network cannot be run.
    """
    chosen = _choose(catalog, image_keys)
    local = threading.local()

    def work(item: tuple[Product, ProductImage]) -> Photo | Reject:
        if not hasattr(local, "embedder"):
            local.embedder = Embedder(model)
        product, image = item
        try:
            return _one_photo(local.embedder, product, image, seed)
        except ImageError as error:
            return Reject(image.key, str(error), product.id)

    items: list[Photo] = []
    rejects: list[Reject] = []
    with fetched_ahead(image.place for _, image in chosen), ThreadPoolExecutor(cores()) as pool:
        for done, outcome in enumerate(pool.map(work, chosen), start=1):
            if isinstance(outcome, Reject):
                rejects.append(outcome)
            else:
                items.append(outcome)
            if progress is not None:
                progress("embed", done, len(chosen))
    if image_keys is None:
        rejects = [*catalog.rejects, *rejects]
    if not items:
        first = f"; the first: {rejects[0].where}: {rejects[0].reason}" if rejects else ""
        raise CatalogError(f"{catalog.where}: none of {len(chosen)} photos can be used{first}")
    return grouped(items), rejects


def grouped(items: Sequence[Photo]) -> Photos:
    """Photos with what shows the same, by the rules of `trainer.data.dataset.read_dataset`.

    Near-duplicates are photos of one ``near_group``, or, unless both carry one, of nearly the same perceptual hash; a
    group joins these with the products, and with ``group_id`` where there is no ``near_group``.
    """
    marks = [_text(photo.fields.get(GROUP_FIELD)) for photo in items]
    hashed = near_pairs(np.array([photo.hash for photo in items], dtype=np.uint64)).tolist()
    alike = same_value_edges(marks) + [(a, b) for a, b in hashed if marks[a] is None or marks[b] is None]
    variants = [
        _text(photo.fields.get(VARIANTS_FIELD)) if mark is None else None
        for photo, mark in zip(items, marks, strict=True)
    ]
    edges = alike + same_value_edges([photo.product for photo in items]) + same_value_edges(variants)
    return Photos(
        tuple(items),
        np.array(components(len(items), alike), dtype=np.int64),
        np.array(components(len(items), edges), dtype=np.int64),
    )


def _choose(catalog: Catalog, image_keys: Collection[str] | None) -> list[tuple[Product, ProductImage]]:
    photos = [(product, image) for product in catalog.products for image in product.images]
    if image_keys is None:
        return photos
    wanted = set(image_keys)
    unknown = sorted(wanted - {image.key for _, image in photos})
    if unknown:
        raise UsageError(
            f"{catalog.where}: no photo {unknown[0]!r} ({len(unknown)} such in all); "
            "give the catalog that the model was trained on"
        )
    return [(product, image) for product, image in photos if image.key in wanted]


def _one_photo(embedder: Embedder, product: Product, image: ProductImage, seed: int) -> Photo:
    transform = embedder.model.preprocessing
    data = image.place.read()
    pixels = pixel_sha256(open_image(data))
    hashed = int(phash(open_image(data, fit=_HASH_FIT)), 16)
    shown = open_image(data, fit=transform.fit)
    copy = edit(shown, rng_for(seed, image.key))
    # The pair is one batch of its own, so that no figure depends on which photos share a batch.
    vectors = embedder.run(np.stack([transform.apply(shown), transform.apply(copy)])).embeddings
    role = str(image.fields.get("role", "")).strip().lower()
    return Photo(
        image.key,
        product.id,
        product.category,
        role,
        image.fields,
        sha256(data),
        pixels,
        hashed,
        vectors[0],
        vectors[1],
    )


def _text(value: FieldValue | None) -> str | None:
    return None if value is None else str(value)
