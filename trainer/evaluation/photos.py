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
from indexer.models.embedder import Embedder, Prediction
from indexer.photos.fetch.many.sources import fetched_ahead
from indexer.photos.opening import open_image
from indexer.system.machine import cores
from indexer.system.progress import Progress
from trainer.data.categories import category_of
from trainer.data.dataset import GROUP_FIELD, VARIANTS_FIELD
from trainer.data.edited_copies import edit, rng_for
from trainer.data.groups.grouping import Shown, group
from trainer.data.groups.pictures import Look, look_at


@dataclass(frozen=True, slots=True)
class Photo:
    """What is known of a photo that could be used."""

    key: str
    product: str
    category: str
    """Empty where its product has none."""
    role: str
    fields: Mapping[str, FieldValue]
    look: Look = field(repr=False)
    """Its digests and its perceptual hash. The digest of the pixels is of the whole picture: `fit` may decode equal
    pictures differently."""
    embedding: NDArray[np.float32] = field(repr=False)
    edited: NDArray[np.float32] = field(repr=False)
    """The embedding of its edited copy."""
    seen: Prediction | None = field(default=None, repr=False)
    """All that the network says of the photo, and in a second row of its copy."""


@dataclass(frozen=True, slots=True)
class Photos:
    """n photos, and which of them show the same."""

    items: tuple[Photo, ...]
    copies: NDArray[np.int64]
    """[n], equal for near-duplicates: pictures that are nearly the same, whatever the product."""
    groups: NDArray[np.int64]
    """[n], equal for what shows the same thing: a product, its near-duplicates, its variants."""
    hubs: tuple[tuple[str, ...], ...] = ()
    """Keys of the photos of each picture that many products share, as a size chart is: none of them is among ``items``,
    as nobody can say what they show."""

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
    photos = grouped(items)
    if not len(photos):
        raise CatalogError(f"{catalog.where}: all {len(items)} photos are one picture, which shows no product")
    return photos, rejects


def grouped(items: Sequence[Photo]) -> Photos:
    """Photos with what shows the same, by the rules of `trainer.data.groups.grouping.group`, as a fit has them."""
    found = group([_shown(photo) for photo in items])
    apart = {place for hub in found.hubs for place in hub}
    kept = [place for place in range(len(items)) if place not in apart]
    return Photos(
        tuple(items[place] for place in kept),
        np.array([found.near[place] for place in kept], dtype=np.int64),
        np.array([found.groups[place] for place in kept], dtype=np.int64),
        tuple(tuple(sorted(items[place].key for place in hub)) for hub in found.hubs),
    )


def _shown(photo: Photo) -> Shown:
    mark, variants = (photo.fields.get(name) for name in (GROUP_FIELD, VARIANTS_FIELD))
    return Shown(photo.product, photo.category, photo.look, _text(mark), _text(variants))


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
    look = look_at(data)
    shown = open_image(data, fit=transform.fit)
    copy = edit(shown, rng_for(seed, image.key))
    # The pair is one batch of its own, so that no figure depends on which photos share a batch.
    seen = embedder.run(np.stack([transform.apply(shown), transform.apply(copy)]))
    vectors = seen.embeddings
    role = str(image.fields.get("role", "")).strip().lower()
    return Photo(image.key, product.id, category_of(product), role, image.fields, look, vectors[0], vectors[1], seen)


def _text(value: FieldValue | None) -> str | None:
    return None if value is None else str(value)
