"""`trainer evaluate`: how well a model directory finds like with like on any catalog, as one JSON document."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from indexer.catalog.products import Catalog
from indexer.errors import UsageError
from indexer.models.directory import ModelFile
from indexer.system.arguments import path_of, refused, texts_of, whole_of
from indexer.system.progress import Progress, progress_of
from trainer.data.parts.lists import SEEN_NAME
from trainer.evaluation import metrics
from trainer.evaluation.classification import classified
from trainer.evaluation.intervals import LEVEL
from trainer.evaluation.leaks import find_leaks, read_duplicates, read_seen
from trainer.evaluation.photos import Photos, embed_photos
from trainer.evaluation.protocols import (
    COLOUR_AT,
    Asked,
    by_category,
    by_product,
    colour_kept,
    edited_copies,
    per_category,
    photos_of_categories,
)

ENOUGH_UNSEEN = 10
"""Photos from which on figures of unseen photos alone are worth a line; their intervals say what they are worth."""


def evaluate_model(
    model: ModelFile,
    catalog: Catalog,
    *,
    image_keys: Collection[str] | None = None,
    duplicates: str | Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Embed the photos of a catalog as serving does and measure retrieval among them.

    Args:
        model: the verified model directory.
        catalog: the photos; their categories, product ids and ``role`` column are the ground truth.
        image_keys: only these photos take part (held-out ones); all of them by default.
        duplicates: a file with what ``searcher duplicates --json`` printed, for the look for leaks.
        seed: of the edited copies and the intervals.
        progress: told about each embedded photo.

    Returns:
        A JSON document; what could not be measured is null.

        - ``category``: P@1, P@3, P@5, P@10, mAP, MAP@R, R-precision, R@5, R@10 of every photo against the photos of
          all other products, null when nothing can be found or all is of one category; ``category_macro``: the mean
          over categories; ``per_category``: name → the same and ``images``; ``chance``: what P@K is at random.
        - ``without_near_duplicates``: the same four, without what shows the same thing as the query.
        - ``product``: ``photo_vs_photos``, or, where a ``role`` column says ``query``, ``query_vs_gallery`` and
          ``query_vs_catalog``, each with R@1, R@5, R@10, mAP, MAP@R, R-precision, queries, gallery.
        - ``edited_copy``: R@1 and R@5 of finding the original (or a photo with the same pixels) of ``edits`` edited
          copies among all photos; ``with_near_duplicates``: the same where a near-duplicate of it is right as well.
        - ``colour_kept``: field → ``kept``, ``chance``, ``queries``: see `trainer.evaluation.protocols.colour_kept`.
        - ``classification``: what the model's categories are worth, see `trainer.evaluation.classification.classified`.
        - ``intervals``: ``level``, and for each figure above its bootstrap interval over products.
        - ``seen``: how many photos the model has learnt from, how many by a near-duplicate or another photo of the
          product, and how many are ``unseen``; ``known`` is false where it began with a model that does not say what it
          had seen; null where the model itself does not. ``unseen``: all of the above of the unseen photos
          alone, where some are seen and enough are not.
        - ``images``: count, rejected, rejects, and ``hubs``: pictures that many products share, which take no part.
          ``model``: which one it was.

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
    pairs = None if duplicates is None else read_duplicates(path_of("duplicates", duplicates))
    seen = read_seen(model)
    if pairs is not None and seen is None:
        raise UsageError(
            f"{model.path}: has no {SEEN_NAME}, so it does not say which photos trained it and no leak can be found; "
            "train it anew, or leave the duplicates out"
        )
    photos, rejects = embed_photos(model, catalog, keys, seed=seed, progress=progress)
    leaks = None if seen is None else find_leaks(photos, seen, pairs or ())
    result = _measured(model, photos, seed)
    result["seen"] = result["unseen"] = None
    if leaks is not None:
        result["seen"] = {**leaks.record(), "known": seen is None or seen.is_known}
        unseen = photos.where(~leaks.any)
        if ENOUGH_UNSEEN <= len(unseen) < len(photos):
            result["unseen"] = {**_measured(model, unseen, seed), "images": {"count": len(unseen)}}
    result["images"] = {
        "count": len(photos),
        "rejected": len(rejects),
        "rejects": [reject.to_json() for reject in rejects],
        "hubs": [{"photo": keys[0], "photos": len(keys)} for keys in photos.hubs],
    }
    result["model"] = model_record(model)
    return {key: without_nan(value) for key, value in result.items()}


def _measured(model: ModelFile, photos: Photos, seed: int) -> dict[str, Any]:
    """What can be measured of embedded photos, the categories that were told among it."""
    told = classified(model, [(one.category, one.seen) for one in photos.items if one.seen])
    return {**measure(photos, seed=seed), "classification": told}


def model_record(model: ModelFile) -> dict[str, Any]:
    """Which model it was, for JSON."""
    return {
        "name": model.path.resolve().name,
        "fingerprint": model.fingerprint,
        "size": model.preprocessing.size,
        "dimension": model.dimension,
    }


def measure(photos: Photos, *, seed: int = 0) -> dict[str, Any]:
    """All figures of embedded photos, with their intervals; see `evaluate_model`. What was not measured is NaN."""
    category, apart = by_category(photos)
    products, colours = by_product(photos), colour_kept(photos)
    copies, near = edited_copies(photos)
    figures, edges = _category_figures(photos, category, seed)
    beside, beside_edges = _category_figures(photos, apart, seed)
    return {
        **figures,
        "without_near_duplicates": beside,
        "product": {
            name: one and {**(one.figures() or {}), "queries": one.measured, "gallery": one.among}
            for name, one in products.items()
        }
        or None,
        "edited_copy": {**_recalls(copies), "edits": len(photos), "with_near_duplicates": _recalls(near)},
        "colour_kept": {field: _colour(one) for field, one in colours.items()} or None,
        "intervals": {
            "level": LEVEL,
            **edges,
            "without_near_duplicates": beside_edges,
            "product": {name: one and one.intervals(seed) for name, one in products.items()},
            "edited_copy": {**_edges(copies, seed), "with_near_duplicates": _edges(near, seed)},
            "colour_kept": {field: one.intervals(seed)[f"P@{COLOUR_AT}"] for field, one in colours.items()},
        },
    }


def without_nan(value: Any) -> Any:
    """JSON has no NaN: what could not be measured is null."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def _category_figures(photos: Photos, asked: Asked, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    figures, edges = per_category(asked, photos_of_categories(photos), seed)
    overall = asked.figures()
    return (
        {
            "category": overall,
            "category_macro": None if overall is None else metrics.macro(figures, asked.keys),
            "per_category": figures,
            "chance": asked.scores.chance(),
        },
        {"category": asked.intervals(seed), "per_category": edges},
    )


def _recalls(asked: Asked) -> dict[str, float]:
    return asked.scores.mean(("R@1", "R@5"))


def _edges(asked: Asked, seed: int) -> dict[str, Sequence[float] | None]:
    found = asked.intervals(seed)
    return {key: found[key] for key in ("R@1", "R@5")}


def _colour(asked: Asked) -> dict[str, float]:
    kept = asked.scores.mean(asked.keys)[f"P@{COLOUR_AT}"]
    return {"kept": kept, "chance": asked.scores.chance(), "queries": asked.measured}
