"""`trainer compare`: two models on the same photos, question by question, so that a difference is more than chance."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.products import Catalog
from indexer.models.directory import ModelFile
from indexer.system.arguments import refused, texts_of, whole_of
from indexer.system.progress import Progress, progress_of
from indexer.system.text import counted
from trainer.data.parts.lists import SEEN_NAME
from trainer.evaluation.evaluate import ENOUGH_UNSEEN, model_record
from trainer.evaluation.intervals import LEVEL, intervals
from trainer.evaluation.leaks import Seen, find_leaks, read_seen
from trainer.evaluation.photos import Photos, embed_photos
from trainer.evaluation.protocols import COLOUR_AT, Asked, by_category, by_product, colour_kept, edited_copies

MAIN = {
    "category": ("P@1", "P@10", "mAP"),
    "without_near_duplicates": ("P@1", "P@10"),
    "edited_copy": ("R@1",),
    "edited_copy_near": ("R@1",),
}
"""The figures that are compared, by protocol; of products R@1 and mAP, of colours P@10."""

_WORDS = {
    "category": "by category",
    "without_near_duplicates": "without near-duplicates",
    "edited_copy": "of edited copies",
    "edited_copy_near": "with near-duplicates counted",
    "photo_vs_photos": "by product",
    "query_vs_gallery": "by product, gallery",
    "query_vs_catalog": "by product, catalog pictures",
}


@dataclass(frozen=True, slots=True)
class _Question:
    """One figure of both models, on the same queries."""

    protocol: str
    key: str
    words: str
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    clusters: NDArray[np.int64]


def compare_models(
    a: ModelFile,
    b: ModelFile,
    catalog: Catalog,
    *,
    image_keys: Collection[str] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Ask two models the same questions and look whether one answers better than chance explains.

    Photos that one of them has learnt from would favour it: they, their near-duplicates and their products are left
    out, where enough photos remain; where not, a note says so.

    Args:
        a, b: verified model directories; their dimensions and input sizes may differ.
        catalog: the photos; their categories, product ids and ``role`` column are the ground truth.
        image_keys: only these photos take part; all of them by default.
        seed: of the edited copies and the intervals.
        progress: told about each embedded photo, of ``a`` and then of ``b``.

    Returns:
        A JSON document. ``differences``: a list of ``protocol``, ``figure``, ``what`` (both in words), ``a``, ``b``,
        ``difference`` (b - a), ``interval`` of it by the bootstrap over products, paired by query (null where there are
        too few products), and ``better``: "a", "b", or null where the interval holds 0, which is no difference.
        ``verdict`` in words, ``level`` of the intervals, ``notes``, ``images``, ``seen`` of each, and the models ``a``
        and ``b``.

    Raises:
        UsageError: ``image_keys`` names a photo the catalog does not have, or an argument is not of its kind.
        CatalogError: not one photo can be used.
        ModelError: a network cannot be run.
    """
    for name, model in (("a", a), ("b", b)):
        if not isinstance(model, ModelFile):
            raise refused(name, model, "a model that load_model gives")
    if not isinstance(catalog, Catalog):
        raise refused("catalog", catalog, "a catalog that read_catalog gives")
    keys = None if image_keys is None else texts_of("image_keys", image_keys, "photos' paths below the catalog")
    seed, progress = whole_of("seed", seed), progress_of("progress", progress)
    known = read_seen(a), read_seen(b)
    first, rejects = embed_photos(a, catalog, keys, seed=seed, progress=progress)
    second, _ = embed_photos(b, catalog, keys, seed=seed, progress=progress)
    first, second = _both(first, second)
    notes = ["A and B are the same model."] if a.fingerprint == b.fingerprint else []
    leaks = [None if seen is None else find_leaks(first, seen) for seen in known]
    for name, seen in zip("AB", known, strict=True):
        if seen is None or not seen.is_known:
            notes.append(f"{name} does not say of all photos whether they trained it: {_why(seen)}.")
    fresh = ~np.any([leak.any for leak in leaks if leak is not None] or [np.zeros(len(first), np.bool_)], axis=0)
    left_out = int((~fresh).sum())
    if left_out and fresh.sum() >= ENOUGH_UNSEEN:
        first, second = first.where(fresh), second.where(fresh)
        notes.append(f"{counted(left_out, 'photo')} that A or B knows from training took no part.")
    elif left_out:
        notes.append(
            f"{counted(left_out, 'photo')} of {len(first):,} are known to A or B from training, and too few are left "
            "without them: the figures are better than what to expect of new photos, and may favour one of the two."
        )
    differences = [_difference(question, seed) for question in _questions(first, second)]
    return {
        "differences": differences,
        "verdict": _verdict(differences),
        "level": LEVEL,
        "notes": notes,
        "images": {
            "count": len(first),
            "rejected": len(rejects),
            "rejects": [reject.to_json() for reject in rejects],
        },
        "seen": {name: leak and leak.record() for name, leak in zip("ab", leaks, strict=True)},
        "a": model_record(a),
        "b": model_record(b),
    }


def _why(seen: Seen | None) -> str:
    return f"it has no {SEEN_NAME}" if seen is None else "it began with a model that has none"


def _both(first: Photos, second: Photos) -> tuple[Photos, Photos]:
    """The photos that both models could be shown; a photo may vanish between the two."""
    common = {photo.key for photo in first.items} & {photo.key for photo in second.items}
    kept = [photos.where([photo.key in common for photo in photos.items]) for photos in (first, second)]
    return kept[0], Photos(kept[1].items, kept[0].copies, kept[0].groups)


def _questions(first: Photos, second: Photos) -> Iterator[_Question]:
    for ask in (by_category, edited_copies):
        for one, other in zip(ask(first), ask(second), strict=True):
            yield from _pairs(one, other, MAIN[one.name])
    products = by_product(first), by_product(second)
    for name, found in products[0].items():
        yield from _pairs(found, products[1].get(name), ("R@1", "mAP"))
    colours = colour_kept(first), colour_kept(second)
    for field, asked in colours[0].items():
        yield from _pairs(asked, colours[1].get(field), (f"P@{COLOUR_AT}",), f"same {field}, of its category")


def _pairs(a: Asked | None, b: Asked | None, keys: tuple[str, ...], words: str | None = None) -> Iterator[_Question]:
    if a is None or b is None:
        return
    for key in keys:
        values = a.scores.values[key], b.scores.values[key]
        if not np.isnan(values[0]).all():
            yield _Question(a.name, key, f"{key} {words or _WORDS[a.name]}", *values, a.clusters)


def _difference(question: _Question, seed: int) -> dict[str, Any]:
    apart = question.b - question.a
    edges = intervals({"difference": apart}, question.clusters, seed=seed, shares=False)["difference"]
    better = None
    if edges is not None and not edges[0] <= 0 <= edges[1]:
        better = "b" if edges[0] > 0 else "a"
    return {
        "protocol": question.protocol,
        "figure": question.key,
        "what": question.words,
        "a": float(np.nanmean(question.a)),
        "b": float(np.nanmean(question.b)),
        "difference": float(np.nanmean(apart)),
        "interval": edges and list(edges),
        "better": better,
    }


def _verdict(differences: list[dict[str, Any]]) -> str:
    sides = {side: [one["what"] for one in differences if one["better"] == side] for side in ("a", "b")}
    if not any(sides.values()):
        return "No difference: each could be chance."
    return " ".join(f"{side.upper()} is better in: {'; '.join(names)}." for side, names in sides.items() if names)
