"""`trainer evaluate`: how well a model directory finds like with like on any catalog, as JSON and as a table."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.products import Catalog, Product, ProductImage, Reject
from indexer.errors import CatalogError, ImageError, UsageError
from indexer.models.directory import ModelFile
from indexer.models.embedder import Embedder, Prediction
from indexer.photos.fetch.many.sources import fetched_ahead
from indexer.photos.fingerprints import pixel_sha256
from indexer.photos.opening import open_image
from indexer.system.arguments import refused, texts_of, whole_of
from indexer.system.machine import cores
from indexer.system.progress import Progress, progress_of
from trainer.data.edited_copies import edit, rng_for
from trainer.evaluation import metrics
from trainer.evaluation.classification import classified

QUERY, GALLERY, CATALOG = "query", "gallery", "catalog"


@dataclass(frozen=True, slots=True)
class _Photo:
    """What is known of a photo that could be used."""

    product: Product
    role: str
    pixels: str
    embedding: NDArray[np.float32]
    edited: NDArray[np.float32]
    seen: Prediction
    """All that the network says of the photo and of its copy."""


def evaluate_model(
    model: ModelFile,
    catalog: Catalog,
    *,
    image_keys: Collection[str] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Embed the photos of a catalog as serving does and measure retrieval among them.

    Args:
        model: the verified model directory.
        catalog: the photos; their categories, product ids and ``role`` column are the ground truth.
        image_keys: only these photos take part (held-out ones); all of them by default.
        seed: of the edited copies.
        progress: told about each embedded photo.

    Returns:
        A JSON document. ``category``: P@1, P@3, P@5, P@10, mAP, MAP@R of every photo against all others, null
        when no category has two photos; ``per_category``: name → the same and ``images``. ``product``:
        ``photo_vs_photos``, or, where a ``role`` column says ``query``, ``query_vs_gallery`` and
        ``query_vs_catalog``, each with R@1, R@5, mAP, queries, gallery; null where neither can be asked.
        ``edited_copy``: R@1 and R@5 of finding the original (or a photo with the same pixels) of ``edits``
        edited copies among all photos. ``classification``: see `classification.classified`. ``images``: count,
        rejected, rejects. ``model``: which one it was.

        With roles, photos come in bursts, so a query photo is never compared with another query photo: by
        category, too, the queries are asked against the photos that are not queries.

    Raises:
        UsageError: ``image_keys`` names a photo the catalog does not have, or an argument is not of its kind.
        CatalogError: not one photo can be used.
        ModelError: the network cannot be run.
    """
    if not isinstance(model, ModelFile):
        raise refused("model", model, "a model that load_model gives")
    if not isinstance(catalog, Catalog):
        raise refused("catalog", catalog, "a catalog that read_catalog gives")
    keys = None if image_keys is None else texts_of("image_keys", image_keys, "photos' paths below the catalog")
    seed, progress = whole_of("seed", seed), progress_of("progress", progress)
    chosen = _choose(catalog, keys)
    photos, rejects = _embed(model, chosen, seed, progress)
    if image_keys is None:
        rejects = [*catalog.rejects, *rejects]
    if not photos:
        first = f"; the first: {rejects[0].where}: {rejects[0].reason}" if rejects else ""
        raise CatalogError(f"{catalog.where}: none of {len(chosen)} photos can be used{first}")
    category, per_category = _by_category(photos)
    result = {
        "category": category,
        "per_category": per_category,
        "product": _by_product(photos),
        "edited_copy": _edited_copies(photos),
        "classification": classified(model, [(photo.product.category, photo.seen) for photo in photos]),
        "images": {
            "count": len(photos),
            "rejected": len(rejects),
            "rejects": [reject.to_json() for reject in rejects],
        },
        "model": {
            "name": model.path.resolve().name,
            "fingerprint": model.fingerprint,
            "size": model.preprocessing.size,
            "dimension": model.dimension,
        },
    }
    return {key: _without_nan(value) for key, value in result.items()}


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


def _embed(
    model: ModelFile, chosen: Sequence[tuple[Product, ProductImage]], seed: int, progress: Progress | None
) -> tuple[list[_Photo], list[Reject]]:
    """Decode and embed on all cores: Pillow and ONNX Runtime release the GIL, so threads do, one session each."""
    local = threading.local()

    def work(item: tuple[Product, ProductImage]) -> _Photo | Reject:
        if not hasattr(local, "embedder"):
            local.embedder = Embedder(model)
        product, image = item
        try:
            return _one_photo(local.embedder, product, image, seed)
        except ImageError as error:
            return Reject(image.key, str(error), product.id)

    photos: list[_Photo] = []
    rejects: list[Reject] = []
    with fetched_ahead(image.place for _, image in chosen), ThreadPoolExecutor(cores()) as pool:
        for done, outcome in enumerate(pool.map(work, chosen), start=1):
            if isinstance(outcome, Reject):
                rejects.append(outcome)
            else:
                photos.append(outcome)
            if progress is not None:
                progress("embed", done, len(chosen))
    return photos, rejects


def _one_photo(embedder: Embedder, product: Product, image: ProductImage, seed: int) -> _Photo:
    transform = embedder.model.preprocessing
    data = image.place.read()
    pixels = pixel_sha256(open_image(data))  # of the whole picture: `fit` may decode equal pictures differently
    photo = open_image(data, fit=transform.fit)
    copy = edit(photo, rng_for(seed, image.key))
    # The pair is one batch of its own, so that no figure depends on which photos share a batch.
    seen = embedder.run(np.stack([transform.apply(photo), transform.apply(copy)]))
    return _Photo(product, _role(image), pixels, seen.embeddings[0], seen.embeddings[1], seen)


def _role(image: ProductImage) -> str:
    return str(image.fields.get("role", "")).strip().lower()


def _by_category(photos: Sequence[_Photo]) -> tuple[dict[str, float] | None, dict[str, dict[str, Any]]]:
    known = [p for p in photos if p.product.category is not None]
    queries = [p for p in known if p.role == QUERY]
    against = [p for p in known if p.role != QUERY]
    if not queries or not against:  # no roles: every photo against all the others
        queries = against = known
    if not known:
        return None, {}
    labels = [str(p.product.category) for p in queries]
    codes = metrics.encode([*labels, *(str(p.product.category) for p in against)])
    own = np.arange(len(known)) if queries is against else None
    split = len(queries)
    scores = metrics.score_queries(_matrix(queries), _matrix(against), codes[:split], codes[split:], own=own)
    images = Counter(str(p.product.category) for p in known)
    per_label = metrics.by_label(scores, labels)
    nothing = dict.fromkeys(metrics.CATEGORY_KEYS, math.nan)
    overall = scores.mean(metrics.CATEGORY_KEYS)
    return (
        None if math.isnan(overall["P@1"]) else overall,
        {name: {**per_label.get(name, nothing), "images": images[name]} for name in sorted(images)},
    )


def _by_product(photos: Sequence[_Photo]) -> dict[str, Any] | None:
    by_role = {role: [p for p in photos if p.role == role] for role in (QUERY, GALLERY, CATALOG)}
    queries = by_role[QUERY]
    if queries and (by_role[GALLERY] or by_role[CATALOG]):
        return {f"{QUERY}_vs_{role}": _retrieval(queries, by_role[role]) for role in (GALLERY, CATALOG)}
    photos_of = Counter(p.product.id for p in photos)
    queried = sum(n for n in photos_of.values() if n > 1)
    if not queried:
        return None
    scores = metrics.self_retrieval_metrics(_matrix(photos), [p.product.id for p in photos])
    return {"photo_vs_photos": {**scores, "queries": queried, "gallery": len(photos)}}


def _retrieval(queries: Sequence[_Photo], gallery: Sequence[_Photo]) -> dict[str, Any] | None:
    there = {p.product.id for p in gallery}
    asked = [p for p in queries if p.product.id in there]
    if not asked:
        return None
    scores = metrics.retrieval_metrics(
        _matrix(asked), _matrix(gallery), [p.product.id for p in asked], [p.product.id for p in gallery]
    )
    return {**scores, "queries": len(asked), "gallery": len(gallery)}


def _edited_copies(photos: Sequence[_Photo]) -> dict[str, Any]:
    pixels = [p.pixels for p in photos]
    copies = np.stack([p.edited for p in photos])
    scores = metrics.retrieval_metrics(copies, _matrix(photos), pixels, pixels)
    return {"R@1": scores["R@1"], "R@5": scores["R@5"], "edits": len(photos)}


def _matrix(photos: Sequence[_Photo]) -> NDArray[np.float32]:
    return np.stack([p.embedding for p in photos])


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: what could not be measured is null."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
