"""What is asked of an embedding: by category, by product, for edited copies, for a colour; figures with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation import metrics
from trainer.evaluation.intervals import intervals
from trainer.evaluation.metrics import CATEGORY_FIGURES, PRODUCT_FIGURES, Cells, QueryScores, Truth
from trainer.evaluation.photos import Photos

QUERY, GALLERY, CATALOG = "query", "gallery", "catalog"
COLOUR_FIELDS = ("colour", "color", "metal", "material")
COLOUR_AT = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """One way of asking, and how each query was answered.

    ``clusters`` and ``labels`` are of the queries: what succeeds and fails together, and their categories.
    """

    name: str
    keys: tuple[str, ...]
    scores: QueryScores
    clusters: NDArray[np.int64]
    labels: tuple[str, ...] = ()
    among: int = 0
    """Photos in the gallery."""

    @property
    def measured(self) -> int:
        """Queries that say something."""
        return int(self.scores.measured.sum())

    def figures(self) -> dict[str, float] | None:
        """The mean figures; None where nothing can be measured."""
        return self.scores.mean(self.keys) if self.measured else None

    def intervals(self, seed: int, rows: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """The interval of each figure, of all queries or of some."""
        chosen = slice(None) if rows is None else rows
        values = {key: self.scores.values[key][chosen] for key in self.keys}
        return {
            key: edges and list(edges) for key, edges in intervals(values, self.clusters[chosen], seed=seed).items()
        }


def by_category(photos: Photos) -> tuple[Asked, Asked]:
    """Every photo with a category asks for others of its category among all that have one.

    The query's own product is left out, since that photos of one product are alike says nothing of the category; and,
    in the second of the two, all that shows the same thing.

    With roles, photos come in bursts, so queries are asked against the photos that are no queries.
    """
    known = photos.where([photo.category != "" for photo in photos.items])
    queries, against = _sides(known)
    if not len(queries):
        nothing = Asked("category", CATEGORY_FIGURES, _nothing(), np.zeros(0, np.int64))
        return nothing, nothing
    categories = [[photo.category for photo in side.items] for side in (queries, against)]
    products = _codes(*([photo.product for photo in side.items] for side in (queries, against)))
    relevant = metrics.of_codes(*_codes(*categories))
    truths = [Truth(relevant, metrics.of_codes(*apart)) for apart in (products, (queries.groups, against.groups))]
    embeddings = queries.embeddings
    scores = metrics.score_truths(embeddings, embeddings if queries is against else against.embeddings, truths)
    plain, apart = (
        Asked(name, CATEGORY_FIGURES, one, queries.groups, tuple(categories[0]), len(against))
        for name, one in zip(("category", "without_near_duplicates"), scores, strict=True)
    )
    return plain, apart


def by_product(photos: Photos) -> dict[str, Asked | None]:
    """Every photo asks for the other photos of its product; with roles, queries ask the gallery and the catalog.

    None where one of these two cannot be asked; nothing at all where no product has two photos.
    """
    roles = {role: photos.where([photo.role == role for photo in photos.items]) for role in (QUERY, GALLERY, CATALOG)}
    queries = roles[QUERY]
    if len(queries) and (len(roles[GALLERY]) or len(roles[CATALOG])):
        asked = [_retrieval(queries, roles[role], f"{QUERY}_vs_{role}") for role in (GALLERY, CATALOG)]
        return dict(zip((f"{QUERY}_vs_{GALLERY}", f"{QUERY}_vs_{CATALOG}"), asked, strict=True))
    codes = metrics.encode([photo.product for photo in photos.items])
    if int(np.bincount(codes).max()) < 2:
        return {}
    embeddings = photos.embeddings
    scores = metrics.score_queries(embeddings, embeddings, codes, codes, own=np.arange(len(codes)))
    one = Asked("photo_vs_photos", PRODUCT_FIGURES, scores, photos.groups, among=len(photos))
    return {one.name: one} if one.measured else {}


def edited_copies(photos: Photos) -> tuple[Asked, Asked]:
    """Each photo's edited copy asks for its original, or for one with the same pixels, among all photos.

    In the second of the two a near-duplicate of the original is right as well: most misses of a good model are its own
    near-duplicates, and nobody would call these wrong.
    """
    pixels = metrics.encode([photo.look.pixels for photo in photos.items])
    truths = [Truth(metrics.of_codes(codes, codes)) for codes in (pixels, photos.copies)]
    scores = metrics.score_truths(photos.edited, photos.embeddings, truths)
    plain, near = (
        Asked(name, PRODUCT_FIGURES, one, photos.groups, among=len(photos))
        for name, one in zip(("edited_copy", "edited_copy_near"), scores, strict=True)
    )
    return plain, near


def colour_kept(photos: Photos) -> dict[str, Asked]:
    """How far "looks like this" means the colour too: among the first ten of a photo's category, those of its colour.

    For every field of `COLOUR_FIELDS` that the catalog has: each photo with a value asks the other products of its
    category that have one; a photo with several values is right with any of them. The figure is P@10 (as in
    `trainer.evaluation.metrics`) and its chance is the share of that colour in the category.
    """
    found = {}
    for field in COLOUR_FIELDS:
        colours = [_values(photo.fields.get(field)) for photo in photos.items]
        if len(set().union(*colours)) > 1:
            asked = _colour(photos, colours, field)
            if asked.measured:
                found[field] = asked
    return found


def _colour(photos: Photos, colours: Sequence[frozenset[str]], field: str) -> Asked:
    names = {name: column for column, name in enumerate(sorted(set().union(*colours)))}
    key = f"P@{COLOUR_AT}"
    parts: list[QueryScores] = []
    clusters: list[NDArray[np.int64]] = []
    categories = [photo.category for photo in photos.items]
    for category in dict.fromkeys(categories):
        rows = [row for row, colour in enumerate(colours) if colour and categories[row] == category]
        if len(rows) < 2:
            continue
        marks = np.zeros((len(rows), len(names)), np.float32)
        for place, row in enumerate(rows):
            marks[place, [names[name] for name in colours[row]]] = 1
        products = metrics.encode([photos.items[row].product for row in rows])
        embeddings = np.stack([photos.items[row].embedding for row in rows])
        truth = Truth(_overlap(marks), metrics.of_codes(products, products))
        parts += metrics.score_truths(embeddings, embeddings, (truth,))
        clusters.append(photos.groups[rows])
    if not parts:
        return Asked(field, (key,), _nothing(), np.zeros(0, np.int64))
    scores = QueryScores(
        {key: np.concatenate([part.values[key] for part in parts])},
        np.concatenate([part.relevant for part in parts]),
        np.concatenate([part.gallery for part in parts]),
    )
    return Asked(field, (key,), scores, np.concatenate(clusters), among=len(scores.relevant))


def _overlap(marks: NDArray[np.float32]) -> Cells:
    """Which photos share a colour with which, of marks [n, colours]."""
    return lambda rows: np.asarray(marks[rows] @ marks.T > 0)


def per_category(asked: Asked, images: Mapping[str, int], seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of each category's queries, with the number of its photos, and their intervals."""
    figures = metrics.by_label(asked.scores, asked.labels, asked.keys) if asked.labels else {}
    nothing = dict.fromkeys(asked.keys, float("nan"))
    labels = np.asarray(asked.labels, dtype=object)
    return (
        {name: {**figures.get(name, nothing), "images": images[name]} for name in sorted(images)},
        {name: asked.intervals(seed, labels == name) for name in sorted(figures)},
    )


def photos_of_categories(photos: Photos) -> Counter[str]:
    """How many photos each category has."""
    return Counter(photo.category for photo in photos.items if photo.category)


def _sides(photos: Photos) -> tuple[Photos, Photos]:
    """Who asks, and who is asked: the same, unless a role column tells them apart."""
    queries = photos.where([photo.role == QUERY for photo in photos.items])
    against = photos.where([photo.role != QUERY for photo in photos.items])
    return (queries, against) if len(queries) and len(against) else (photos, photos)


def _retrieval(queries: Photos, gallery: Photos, name: str) -> Asked | None:
    there = {photo.product for photo in gallery.items}
    asked = queries.where([photo.product in there for photo in queries.items])
    if not len(asked):
        return None
    codes = _codes(*([photo.product for photo in side.items] for side in (asked, gallery)))
    scores = metrics.score_queries(asked.embeddings, gallery.embeddings, *codes)
    one = Asked(name, PRODUCT_FIGURES, scores, asked.groups, among=len(gallery))
    return one if one.measured else None


def _codes(first: Sequence[str], second: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    codes = metrics.encode([*first, *second])
    return codes[: len(first)], codes[len(first) :]


def _values(value: object) -> frozenset[str]:
    """The colours that a cell names, however they are spelled."""
    if value is None or isinstance(value, bool | float):
        return frozenset()
    names = value if isinstance(value, list) else [str(value)]
    return frozenset(str(name).strip().casefold() for name in names) - {""}


def _nothing() -> QueryScores:
    keys = (*CATEGORY_FIGURES, *PRODUCT_FIGURES)
    return QueryScores({key: np.zeros(0) for key in keys}, np.zeros(0, np.int64), np.zeros(0, np.int64))
