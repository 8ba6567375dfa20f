"""Finds products whose category is probably wrong: their neighbours and an out-of-sample classifier say otherwise."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.store.filters.where import Where, where_json
from indexer.system.clock import now
from searcher.insights.audits.answers import Mislabel, MislabelReport
from searcher.insights.audits.classifier import FOLDS, out_of_sample
from searcher.insights.audits.folds import make_folds, pixels_of
from searcher.insights.audits.photos import catalog_fields, neighbours_of, photo_of
from searcher.insights.audits.residual import residual_votes
from searcher.insights.gallery import Gallery, Ints, Neighbours, nearest_photos, read_gallery
from searcher.search.ground.published import Published

NEIGHBOURS = 10
SHARPNESS = 4.0
"""A neighbour that is .1 less alike than the nearest weighs a third less."""
SHOWN_NEIGHBOURS = 5
SUSPECTED = 0.5
"""From this score on another category is likelier than the given one."""


def find_mislabels(published: Published, where: Where = None, *, limit: int = 100) -> MislabelReport:
    """Products by how doubtful their category is, the most doubtful first.

    Three opinions of every photo are averaged: the categories of its nearest photos of other products, weighted by
    likeness; the same by what is left of the looks without the category (`searcher.insights.audits.residual`); and a
    classifier on the embeddings that was fitted without the product and its copies. The score is half the margin by
    which the best other category leads, plus a half; a product's is the mean over its photos. The index's own
    prediction has no say: its model learned from these very labels, and on photos it never saw it added nothing.

    Learns from all labelled products, whatever ``where`` leaves. After Northcutt, Jiang & Chuang, *Confident Learning*
    (JAIR 2021); the neighbours' part is as in Zhu, Dong & Liu, *Detecting Corrupted Labels Without Training a Model*
    (ICML 2022).

    Args:
        published: the generation.
        where: only products that pass are judged.
        limit: products shown.

    Raises:
        UsageError: a limit below 0, fewer than two categories, or a filter that does not fit.
        StoreError: the index cannot be read.
    """
    if limit < 0:
        raise UsageError(f"limit is {limit}; ask for 0 or more")
    began, store, tree = time.perf_counter(), published.store, published.read_filter(where)
    gallery = read_gallery(store)
    names, labels = gallery.labels("category")
    if len(names) < 2:
        raise UsageError(
            f"{published.location}: its products are of {len(names)} categories; labels can be compared from two on"
        )
    near = nearest_photos(store, gallery, NEIGHBOURS)
    judged = _Judged.of(gallery, near, labels, len(names))
    asked = labels >= 0
    if tree is not None:
        passing = {point.id for point in store.scroll(tree, fields=[])}
        asked &= np.array([identifier in passing for identifier in gallery.ids], bool)
    # A product is judged by all of its photos, if one of them passes and its photos have a category.
    chosen = np.unique(gallery.product[asked])
    scores, given, other = judged.products(chosen)
    order = np.lexsort((chosen, -np.round(scores, 6)))
    shown = [(int(chosen[i]), float(scores[i]), int(given[i]), int(other[i])) for i in order[:limit]]
    suspected = scores >= SUSPECTED
    return MislabelReport(
        entries=_entries(published, gallery, near, judged, names, shown),
        photos=int(gallery.photo_counts[chosen].sum()),
        products=len(chosen),
        suspected=int(suspected.sum()),
        by_category={name: int((given == number).sum()) for number, name in enumerate(names)},
        suspected_by_category={name: int((given[suspected] == number).sum()) for number, name in enumerate(names)},
        generation=published.generation,
        model=store.record.fingerprint,
        created_at=now(),
        catalog_root=str(published.catalog_root),
        settings={"where": where_json(where), "limit": limit, "neighbours": NEIGHBOURS, "seed": 0},
        notes=_notes(judged, names),
        took_s=time.perf_counter() - began,
    )


@dataclass(frozen=True)
class _Judged:
    """Opinions of every photo, each [n, categories]; rows sum to 1, votes to 0 where nobody votes."""

    gallery: Gallery
    labels: Ints
    votes: NDArray[np.float64]
    residual: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    @classmethod
    def of(cls, gallery: Gallery, near: Neighbours, labels: Ints, classes: int) -> _Judged:
        folds = make_folds(gallery, near, min(FOLDS, max(2, len(gallery.products))))
        probabilities = out_of_sample(gallery.vectors, labels, classes, folds)
        residual = residual_votes(gallery, labels, classes, neighbours=near.rows.shape[1])
        return cls(gallery, labels, votes_of(gallery, near, labels, classes), residual, probabilities)

    def margins(self, rows: Ints, given: Ints) -> NDArray[np.float64]:
        """The score of photos [m] for the labels given."""
        both = self._both(rows)
        place = np.arange(len(rows))
        own = both[place, given].copy()
        both[place, given] = -1.0
        found: NDArray[np.float64] = np.clip((both.max(axis=1) - own + 1.0) / 2.0, 0.0, 1.0)
        return found

    def products(self, chosen: Ints) -> tuple[NDArray[np.float64], Ints, Ints]:
        """Score, given and suggested category of products [p]."""
        starts, counts = self.gallery.starts[:-1], self.gallery.photo_counts
        given = np.maximum.reduceat(self.labels, starts)  # the catalog has one category for all photos of a product
        rows = np.arange(len(self.gallery))
        scores = np.add.reduceat(self.margins(rows, given[self.gallery.product]), starts) / counts
        opinion = np.add.reduceat(self._both(rows), starts, axis=0)
        opinion[np.arange(len(given)), given] = -1.0
        return scores[chosen], given[chosen], opinion.argmax(axis=1)[chosen]

    def _both(self, rows: Ints) -> NDArray[np.float64]:
        total = self.votes[rows] + self.residual[rows] + self.probabilities[rows]
        found: NDArray[np.float64] = total / total.sum(axis=1, keepdims=True)
        return found


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


def _entries(
    published: Published,
    gallery: Gallery,
    near: Neighbours,
    judged: _Judged,
    names: tuple[str, ...],
    shown: list[tuple[int, float, int, int]],
) -> tuple[Mislabel, ...]:
    made = []
    for product, score, given, other in shown:
        rows = np.arange(gallery.starts[product], gallery.starts[product + 1])
        worst = int(rows[int(np.round(judged.margins(rows, np.full(len(rows), given)), 6).argmax())])
        share = float(1.0 - judged.votes[rows, given].mean())
        own, best = (float(judged.probabilities[rows, label].mean()) for label in (given, other))
        photo = photo_of(gallery, worst)
        labels = [judged.labels[row] for row in near.rows[worst] if row >= 0]
        differing = sum(label == other for label in labels)
        reasons = [
            f"{differing} of the {len(labels)} nearest products are {names[other]}, "
            f"{sum(label == given for label in labels)} are {names[given]}.",
            f"Judged without its label it is {best:.0%} likely {names[other]} and {own:.0%} likely {names[given]}.",
        ]
        if photo.predicted_category not in (None, names[given]):
            sure = photo.predicted_confidence
            reasons.append(
                f"The index's model takes it for {photo.predicted_category}"
                + (f" ({sure:.0%} sure)." if sure is not None else ".")
            )
        made.append(
            (
                worst,
                Mislabel(
                    product_id=gallery.products[product],
                    category=names[given],
                    suggested=names[other],
                    score=score,
                    neighbour_share=share,
                    label_probability=own,
                    suggested_probability=best,
                    photos=len(rows),
                    photo=photo,
                    neighbours=neighbours_of(gallery, near.rows[worst], near.cosines[worst], SHOWN_NEIGHBOURS),
                    reasons=tuple(reasons),
                ),
            )
        )
    fields = catalog_fields(published.store, [gallery.ids[row] for row, _ in made])
    return tuple(replace(entry, payload=fields.get(gallery.ids[row], {})) for row, entry in made)


def _notes(judged: _Judged, names: tuple[str, ...]) -> tuple[str, ...]:
    """What limits the report."""
    notes = []
    unlabelled = int((judged.labels < 0).sum())
    if unlabelled:
        notes.append(f"{unlabelled} photos have no category and were not judged.")
    counts = np.bincount(judged.labels[judged.labels >= 0], minlength=len(names))
    rare = [name for name, count in zip(names, counts, strict=True) if count < 2 * FOLDS]
    if rare:
        notes.append(f"Too few photos to judge these categories well: {', '.join(rare)}.")
    return tuple(notes)
