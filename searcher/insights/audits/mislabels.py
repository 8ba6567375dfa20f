"""Finds products whose category is probably wrong: their neighbours and an out-of-sample classifier say otherwise."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.labels.classifier import FOLDS
from indexer.labels.folds import make_folds
from indexer.labels.judging import NEIGHBOURS, Judgement, judge
from indexer.labels.neighbours import Neighbours
from indexer.labels.photos import Ints, LabelledPhotos
from indexer.store.filters.tree import value_at
from indexer.store.filters.where import Where, where_json, where_of
from indexer.system.arguments import whole_of
from indexer.system.clock import now
from searcher.insights.audits.answers import Mislabel, MislabelReport
from searcher.insights.audits.photos import catalog_fields, neighbours_of, photo_of
from searcher.insights.gallery import Gallery, nearest_photos, read_gallery
from searcher.search.ground.published import Published
from searcher.search.no_match.why import why_nothing

SHARPNESS = 4.0
"""A neighbour that is .1 less alike than the nearest weighs a third less."""
SHOWN_NEIGHBOURS = 5
MOST_CERTAIN = 0.99
"""That words claim."""


def find_mislabels(published: Published, where: Where = None, *, limit: int = 100) -> MislabelReport:
    """Products whose category is likelier wrong than right, the most doubtful first; see `judge_labels`.

    Args:
        published: the generation.
        where: only products that pass are judged; all labelled products are learned from.
        limit: products shown.

    Raises:
        UsageError: a limit below 0, fewer than two categories, or a filter that does not fit.
        StoreError: the index cannot be read.
    """
    where, limit = where_of(where), whole_of("limit", limit, "a whole number, 0 or more", least=0)
    began, store, tree = time.perf_counter(), published.store, published.read_filter(where)
    judged = judge_labels(published)
    gallery = judged.gallery
    asked = judged.labels >= 0
    if tree is not None:
        passing = {point.id for point in store.scroll(tree, fields=[])}
        asked &= np.array([identifier in passing for identifier in gallery.ids], bool)
    # A product is judged by all of its photos, if one of them passes and its photos have a category.
    chosen = np.unique(gallery.product[asked])
    suspected = chosen[judged.judgement.suspected[chosen]]
    ranked = suspected[np.lexsort((suspected, -np.round(judged.judgement.evidence[suspected], 6)))]
    names, given = judged.names, judged.judgement.given
    return MislabelReport(
        entries=_entries(published, judged, ranked[:limit]),
        photos=int(gallery.photo_counts[chosen].sum()),
        products=len(chosen),
        suspected=len(suspected),
        by_category={name: int((given[chosen] == number).sum()) for number, name in enumerate(names)},
        suspected_by_category={name: int((given[suspected] == number).sum()) for number, name in enumerate(names)},
        generation=published.generation,
        model=store.record.fingerprint,
        created_at=now(),
        catalog_root=str(published.catalog_root),
        settings={"where": where_json(where), "limit": limit, "neighbours": NEIGHBOURS, "seed": 0},
        notes=(*why_nothing(published, where, tree), *_notes(judged)),
        took_s=time.perf_counter() - began,
    )


@dataclass(frozen=True)
class JudgedLabels:
    """What is known of the labels of a whole catalog, of photos [n] and of products [p]."""

    gallery: Gallery
    near: Neighbours
    names: tuple[str, ...]
    labels: Ints
    """[n], the category of each photo, -1 where it has none."""
    judgement: Judgement
    votes: NDArray[np.float64]
    """[n, categories]: see `votes_of`."""


def judge_labels(published: Published) -> JudgedLabels:
    """The evidence against the category of every product, and how probable that makes it wrong; see `labels.judging`.

    The index's own prediction has no say: its model learned from these very labels.

    Raises:
        UsageError: fewer than two categories.
        StoreError: the index cannot be read.
    """
    gallery = read_gallery(published.store)
    names, labels = gallery.labels("category")
    if len(names) < 2:
        raise UsageError(
            f"{published.location}: its products are of {len(names)} categories; labels can be compared from two on"
        )
    near = nearest_photos(published.store, gallery, NEIGHBOURS)
    pixels = [pixels_of(gallery, row) for row in range(len(gallery))]
    folds = make_folds(gallery.piece, min(FOLDS, max(2, len(gallery.products))), pixels=pixels, near=near)
    photos = LabelledPhotos(gallery.vectors, gallery.piece, labels, len(names))
    return JudgedLabels(
        gallery=gallery,
        near=near,
        names=names,
        labels=labels,
        judgement=judge(photos, gallery.product, folds),
        votes=votes_of(gallery, near, labels, len(names)),
    )


def votes_of(gallery: Gallery, near: Neighbours, labels: Ints, classes: int) -> NDArray[np.float64]:
    """The share of each category among the neighbours of each photo [n, classes], weighted by likeness.

    A copy of the photo with the same label has no vote: one wrong label on two copies would vouch for itself.
    """
    found = np.zeros((len(gallery), classes))
    pixels = [pixels_of(gallery, row) for row in range(len(gallery))]
    for place in range(near.rows.shape[1]):
        rows = near.rows[:, place]
        label = np.where(rows >= 0, labels[rows], -1)
        weight = np.exp(SHARPNESS * (near.cosines[:, place] - near.cosines[:, 0]).astype(np.float64))
        for row in np.flatnonzero(near.cosines[:, place] >= 0.98):
            other = int(rows[row])
            if other >= 0 and pixels[row] and pixels[row] == pixels[other] and labels[row] == labels[other]:
                weight[row] = 0.0
        voting = np.flatnonzero(label >= 0)
        found[voting, label[voting]] += weight[voting]
    total = found.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = found / np.where(total > 0, total, 1.0)
    return shares


def pixels_of(gallery: Gallery, row: int) -> str:
    """The hash of a photo's pixels; empty where the index does not know it."""
    return str(value_at(gallery.payloads[row], "photo.pixel_sha256") or "")


def _entries(published: Published, judged: JudgedLabels, shown: Ints) -> tuple[Mislabel, ...]:
    gallery, names, found, made = judged.gallery, judged.names, judged.judgement, []
    for product in shown.tolist():
        given, other = int(found.given[product]), int(found.other[product])
        rows = np.arange(gallery.starts[product], gallery.starts[product + 1])
        worst = int(rows[int(np.round(found.photo_evidence[rows], 6).argmax())])
        near, cosines = judged.near.rows[worst], judged.near.cosines[worst]
        labels = [judged.labels[row] for row in near if row >= 0]
        wrong, right = float(found.wrong[product]), float(found.other_right[product])
        photo = photo_of(gallery, worst)
        reasons = [
            f"Of the {len(labels)} nearest products {sum(label == other for label in labels)} are {names[other]} and "
            f"{sum(label == given for label in labels)} {names[given]}.",
            f"Of labels in this catalog with so much against them about {min(wrong, MOST_CERTAIN):.0%} are wrong.",
        ]
        if photo.predicted_category == names[other]:
            reasons.append(f"The index's model takes it for {names[other]} too.")
        made.append(
            (
                worst,
                Mislabel(
                    product_id=gallery.products[product],
                    category=names[given],
                    suggested=names[other],
                    score=wrong,
                    neighbour_share=float(1.0 - judged.votes[rows, given].mean()),
                    label_probability=1.0 - wrong,
                    suggested_probability=right,
                    photos=len(rows),
                    photo=photo,
                    neighbours=neighbours_of(gallery, near, cosines, SHOWN_NEIGHBOURS),
                    reasons=tuple(reasons),
                ),
            )
        )
    fields = catalog_fields(published.store, [gallery.ids[row] for row, _ in made])
    return tuple(replace(entry, payload=fields.get(gallery.ids[row], {})) for row, entry in made)


def _notes(judged: JudgedLabels) -> tuple[str, ...]:
    """What limits the report."""
    notes = []
    unlabelled = int((judged.labels < 0).sum())
    if unlabelled:
        notes.append(f"{unlabelled} photos have no category and were not judged.")
    counts = np.bincount(judged.labels[judged.labels >= 0], minlength=len(judged.names))
    rare = [name for name, count in zip(judged.names, counts, strict=True) if count < 2 * FOLDS]
    if rare:
        notes.append(f"Too few photos to judge these categories well: {', '.join(rare)}.")
    return tuple(notes)
