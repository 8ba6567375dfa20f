"""Finds photos that stand out and products whose photos do not belong together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from indexer.labels.neighbours import Neighbours
from indexer.labels.photos import Ints
from indexer.store.filters.where import Where, where_json, where_of
from indexer.system.arguments import whole_of
from indexer.system.clock import now
from searcher.insights.audits.answers import Neighbour, Oddity, Outlier, OutlierReport
from searcher.insights.audits.photos import catalog_fields, neighbours_of, photo_of
from searcher.insights.audits.unlike import strangeness
from searcher.insights.gallery import Gallery, nearest_photos, read_gallery
from searcher.search.ground.published import Published
from searcher.search.no_match.why import why_nothing

NEIGHBOURS = 10
SHOWN_NEIGHBOURS = 5
FAR_FROM = 3.0
"""Usual deviations from which a photo or a product stands out."""
STRANGER = 9.0
"""Log likelihood ratio from which a photo is called none of the categories: of 2,300 real pieces, none had more than
7.0."""
SOFTNESS = 4.0
"""Of the score: this much more in the log likelihood ratio is a score of .73 in place of .5."""
STRANGERS = "what is no product (a page, a scene, a face, a logo, noise)"
NAMED = 6
"""Categories at most that a reason names."""
LEAST_SPREAD = 0.01
"""Of distances: in a catalog of equal pictures nothing stands out by less."""

UNTOLD = (
    "Whether a photo shows a product at all was not judged: that needs the model of the index, trained by a version "
    "that shows it strangers. Name it with --model, or train it anew."
)

Numbers = NDArray[np.float64]


def find_outliers(published: Published, where: Where = None, *, limit: int = 50) -> OutlierReport:
    """Three rankings, each with what stands out most first.

    *No jewelry*, whatever the shop sells: like the strangers that the model was shown and like none of the catalog's
    categories, see `searcher.insights.audits.unlike`. *Far*: the mean distance to the ten nearest photos of other
    products, seen against all of the catalog and against these neighbours' own, whichever is less: a sparse corner of
    the catalog is not an outlier, nor is the rim of a dense one. The second is the local outlier factor's idea (Breunig
    et al., *LOF*, SIGMOD 2000); both are told in robust deviations (median and MAD). What is as much like strangers as
    like any category is among the far as well, and those most like strangers come first. *Disagreeing*: a product's two
    least alike photos, seen against the other products. Of the versions of one piece one is told in each ranking.

    Where the model is not at hand, or was made before strangers were, nothing is called no jewelry, the far are ranked
    by distance, and a note says so.

    Args:
        published: the generation.
        where: only photos that pass are judged; the catalog they are judged against stays whole.
        limit: products shown of each ranking.

    Raises:
        UsageError: a limit below 0, or a filter that does not fit.
        StoreError: the index cannot be read.
    """
    where, limit = where_of(where), whole_of("limit", limit, "a whole number, 0 or more", least=0)
    began, store, tree = time.perf_counter(), published.store, published.read_filter(where)
    gallery = read_gallery(store)
    near = nearest_photos(store, gallery, NEIGHBOURS)
    asked = np.ones(len(gallery), bool)
    if tree is not None:
        passing = {point.id for point in store.scroll(tree, fields=[])}
        asked = np.array([identifier in passing for identifier in gallery.ids], bool)
    distance, z = far_from_others(near)
    names, labels = gallery.labels("category")
    known = published.strangers
    odd = np.full(len(gallery), -np.inf) if known is None else strangeness(gallery.vectors, labels, known)
    strange = asked & (odd >= STRANGER)
    far = asked & ((z >= FAR_FROM) | (odd >= 0.0)) & ~np.isin(gallery.piece, gallery.piece[strange])
    scores = np.array([score_of(one) for one in z]) if known is None else 1.0 / (1.0 + np.exp(-odd / SOFTNESS))
    lowest, apart_z, pairs = disagreement(gallery)
    disagreeing = np.unique(gallery.product[asked])
    disagreeing = disagreeing[(apart_z[disagreeing] >= FAR_FROM)]
    ranked_far = _best_photos(gallery, np.flatnonzero(far), scores)
    ranked_strange = _best_photos(gallery, np.flatnonzero(strange), scores)
    ranked_apart = disagreeing[np.lexsort((disagreeing, -np.round(apart_z[disagreeing], 6)))]
    _, first = np.unique(gallery.piece[gallery.starts[ranked_apart]], return_index=True)
    ranked_apart = ranked_apart[np.sort(first)]
    pick = _Entries(published, gallery, near, names)
    with np.errstate(invalid="ignore"):
        usual = {"neighbour_cosine": _median(1.0 - distance), "product_cosine": _median(lowest)}
    return OutlierReport(
        far=pick.photos(Oddity.FAR, ranked_far[:limit], distance, z, scores),
        no_jewelry=pick.photos(Oddity.NO_JEWELRY, ranked_strange[:limit], distance, z, scores),
        disagreeing=pick.products(ranked_apart[:limit], lowest, apart_z, pairs),
        photos=int(asked.sum()),
        products=len(np.unique(gallery.product[asked])),
        found={
            Oddity.FAR: len(ranked_far),
            Oddity.NO_JEWELRY: len(ranked_strange),
            Oddity.DISAGREEING: len(ranked_apart),
        },
        usual=usual,
        generation=published.generation,
        model=store.record.fingerprint,
        created_at=now(),
        catalog_root=str(published.catalog_root),
        settings={"where": where_json(where), "limit": limit, "seed": 0},
        notes=(*why_nothing(published, where, tree), *(() if known is not None else (UNTOLD,))),
        took_s=time.perf_counter() - began,
    )


def far_from_others(near: Neighbours) -> tuple[Numbers, Numbers]:
    """Mean distance (1 - cosine) of each photo to its neighbours [n], and in how many usual deviations it is far [n].

    A photo without neighbours, in an index of one product, has a distance of NaN and a deviation of 0.
    """
    there = near.rows >= 0
    counts = there.sum(axis=1)
    total = np.where(there, 1.0 - near.cosines.astype(np.float64), 0.0).sum(axis=1)
    distance = np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
    of_neighbours = np.where(there, np.nan_to_num(distance)[near.rows], 0.0).sum(axis=1) / np.maximum(counts, 1)
    against_all = deviations(distance)
    against_near = deviations(distance - of_neighbours)
    return distance, np.minimum(against_all, against_near)


def disagreement(gallery: Gallery) -> tuple[Numbers, Numbers, Ints]:
    """Of each product: the least cosine of two of its photos, its deviation from the usual, and these photos [p, 2].

    A product of one photo has NaN, 0 and that photo twice. More photos have more pairs, of which the least is lower: a
    product is seen against those of as many photos where there are enough of them.
    """
    count = len(gallery.products)
    lowest, pairs = np.full(count, np.nan), np.zeros((count, 2), np.int64)
    for product, (start, end) in enumerate(zip(gallery.starts[:-1].tolist(), gallery.starts[1:].tolist(), strict=True)):
        pairs[product] = start
        if end - start < 2:
            continue
        photos = gallery.vectors[start:end]
        cosines = np.round(photos @ photos.T, 6)
        first, second = divmod(int(cosines.argmin()), end - start)
        lowest[product], pairs[product] = float(cosines[first, second]), (start + first, start + second)
    z = deviations(1.0 - lowest)
    for many in np.unique(gallery.photo_counts):
        same = (gallery.photo_counts == many) & np.isfinite(lowest)
        if same.sum() >= 30:
            z[same] = deviations(1.0 - lowest[same])
    return lowest, z, pairs


def deviations(values: Numbers) -> Numbers:
    """How many usual deviations each value is above the median: (x - median) / (1.4826 MAD); 0 for NaN."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.zeros_like(values)
    middle = np.median(known)
    spread = max(1.4826 * float(np.median(np.abs(known - middle))), LEAST_SPREAD)
    return np.nan_to_num((values - middle) / spread, nan=0.0)


def score_of(z: float) -> float:
    """A deviation as a score: 0 at the median and below, .5 where things begin to stand out, towards 1 beyond."""
    above = max(0.0, z)
    return above / (above + FAR_FROM)


def _best_photos(gallery: Gallery, rows: Ints, score: Numbers) -> Ints:
    """One photo a piece, the highest score first: versions that share an odd picture are told once."""
    order = rows[np.lexsort((rows, -np.round(score[rows], 6)))]
    _, first = np.unique(gallery.piece[order], return_index=True)
    kept: Ints = order[np.sort(first)]
    return kept


def _median(values: Numbers) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else 0.0


def _listed(categories: Sequence[str]) -> str:
    """The shop's own categories in words."""
    if not categories:
        return "your products"
    shown = ", ".join(categories[:NAMED])
    return shown if len(categories) <= NAMED else f"{shown} and {len(categories) - NAMED} more"


class _Entries:
    """Makes the entries that are shown."""

    def __init__(self, published: Published, gallery: Gallery, near: Neighbours, categories: Sequence[str]) -> None:
        self._published, self._gallery, self._near = published, gallery, near
        self._categories = _listed(categories)

    def photos(
        self, oddity: Oddity, rows: Iterable[int], distance: Numbers, z: Numbers, scores: Numbers
    ) -> tuple[Outlier, ...]:
        gallery, made = self._gallery, []
        for row in map(int, rows):
            near = neighbours_of(gallery, self._near.rows[row], self._near.cosines[row], SHOWN_NEIGHBOURS)
            cosine = float(1.0 - distance[row])
            nearest = f"; the nearest product, {near[0].photo.product_id}, {near[0].cosine:.2f}" if near else ""
            only = "only " if z[row] >= FAR_FROM else ""
            reasons = [f"Its nearest photos are {only}{cosine:.2f} alike on average{nearest}."]
            if oddity is Oddity.NO_JEWELRY:
                reasons.append(f"It looks like {STRANGERS}, and like none of {self._categories}.")
            elif z[row] < FAR_FROM:
                reasons.append(f"It looks as much like {STRANGERS} as like any of {self._categories}.")
            made.append(
                Outlier(
                    oddity,
                    gallery.products[gallery.product[row]],
                    float(scores[row]),
                    float(z[row]),
                    cosine,
                    photo_of(gallery, row),
                    near,
                    tuple(reasons),
                    int(gallery.photo_counts[gallery.product[row]]),
                )
            )
        return self._with_fields(made)

    def products(self, products: Iterable[int], lowest: Numbers, z: Numbers, pairs: Ints) -> tuple[Outlier, ...]:
        gallery, made = self._gallery, []
        for product in map(int, products):
            start, end = int(gallery.starts[product]), int(gallery.starts[product + 1])
            photos = gallery.vectors[start:end]
            alike = photos @ photos.T
            first, second = (int(row) - start for row in pairs[product])
            odd, kept = (first, second) if alike[first].sum() <= alike[second].sum() else (second, first)
            others = sorted((float(np.round(alike[odd, n], 6)), n) for n in range(end - start) if n != odd)
            near = tuple(Neighbour(photo_of(gallery, start + n), c) for c, n in others[:SHOWN_NEIGHBOURS])
            shown = photo_of(gallery, start + odd)
            reasons = [
                f"{shown.path} and {photo_of(gallery, start + kept).path} are only {lowest[product]:.2f} alike; "
                f"photos of one product usually are {_median(lowest):.2f} or more."
            ]
            kinds = sorted({p for row in range(start, end) if (p := photo_of(gallery, row).predicted_category)})
            if len(kinds) > 1:
                reasons.append(f"The index's model takes its photos for {' and '.join(kinds)}.")
            made.append(
                Outlier(
                    Oddity.DISAGREEING,
                    gallery.products[product],
                    score_of(float(z[product])),
                    float(z[product]),
                    float(lowest[product]),
                    shown,
                    near,
                    tuple(reasons),
                    end - start,
                )
            )
        return self._with_fields(made)

    def _with_fields(self, made: list[Outlier]) -> tuple[Outlier, ...]:
        fields = catalog_fields(self._published.store, [one.photo.id for one in made])
        return tuple(replace(one, payload=fields.get(one.photo.id, {})) for one in made)
