"""Retrieval metrics, exact and blockwise: P@K, R@K, R-precision, MAP@R and mAP, by category or by product.

Ties: cosines are rounded to a grid of 2^-24, the precision of float32, and among equal ones the irrelevant
photos rank first. So a figure never depends on the order of the catalog and is never flattered: a network that
maps every photo to one point gets P@1 = 0, not the share of the largest category.

What cannot go wrong is no figure: a query counts where its gallery holds photos of both kinds, relevant and not, and
R@K where the gallery holds K irrelevant photos or more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.errors import VectorError
from indexer.models.vectors import unit
from indexer.system.machine import cores

PRECISION_AT = (1, 3, 5, 10)
RECALL_AT = (1, 5, 10)
CATEGORY_KEYS = (*(f"P@{k}" for k in PRECISION_AT), "mAP", "MAP@R")
PRODUCT_KEYS = ("R@1", "R@5", "mAP")
"""The figures that tables show; the others stand in the JSON."""
CATEGORY_FIGURES = (*CATEGORY_KEYS, "R-precision", "R@5", "R@10")
"""By category, R@1 is P@1."""
PRODUCT_FIGURES = (*PRODUCT_KEYS, "R@10", "R-precision", "MAP@R")

BLOCK_CELLS = 2_000_000
"""Pairs of query and gallery photo ranked at a time by a thread: about 60 MB, whatever the size of the gallery. In
blocks of four times as many, fresh memory costs more time than the arithmetic."""
MOST_THREADS = 8
FEW = 8
"""Relevant photos up to which what stands before them is counted instead of sorted."""

_KEYS = ("R-precision", "mAP", "MAP@R", *(f"P@{k}" for k in PRECISION_AT), *(f"R@{k}" for k in RECALL_AT))
_GRID = 2.0**24
_LAST = np.int32(2**31 - 2)  # even: "irrelevant", behind every real pair

Cells: TypeAlias = Callable[[slice], NDArray[np.bool_]]
"""What is true of some queries and every photo of the gallery: rows of the queries → a new bool [rows, g]."""


class Truth(NamedTuple):
    """Which photos of the gallery are relevant to each query, and among which it is not asked."""

    relevant: Cells
    left_out: Cells | None = None


@dataclass(frozen=True, slots=True)
class QueryScores:
    """Per-query figures, each float64 [q]; NaN where a query says nothing: see the module."""

    values: dict[str, NDArray[np.float64]]
    relevant: NDArray[np.int64]
    """[q], how many photos of the gallery are relevant to each query."""
    gallery: NDArray[np.int64]
    """[q], among how many photos each query was asked: those that were left out do not count."""

    @property
    def measured(self) -> NDArray[np.bool_]:
        """[q], whether a query can be answered well and badly."""
        return np.asarray((self.relevant > 0) & (self.relevant < self.gallery))

    def mean(self, keys: Sequence[str], rows: Any = slice(None)) -> dict[str, float]:
        """Means over the queries (of ``rows``) that say something; NaN where there is none."""
        figures = {}
        for key in keys:
            values = self.values[key][rows]
            known = values[~np.isnan(values)]
            figures[key] = float(known.mean()) if len(known) else float("nan")
        return figures

    def chance(self, rows: Any = slice(None)) -> float:
        """What P@K is for rankings drawn at random: the mean share of relevant photos; NaN where there is none."""
        known = self.measured[rows]
        share = self.relevant[rows][known] / self.gallery[rows][known]
        return float(share.mean()) if len(share) else float("nan")


def category_metrics(
    embeddings: NDArray[np.float32], labels: Sequence[str], products: Sequence[Hashable] | None = None
) -> dict[str, float]:
    """P@1, P@3, P@5, P@10, mAP and MAP@R of photos [n, d] by category: every photo queries all the others.

    Args:
        embeddings: one row a photo.
        labels: their categories.
        products: what each shows. A query's other photos of the same product are left out, since to find these is
            no evidence that a category was learnt; without it each photo is a product of its own.

    Means over the queries that have a photo of their category and one of another to be asked among; NaN where none
    has. See `score_queries` for the definitions. Raises `VectorError` for NaN or infinite embeddings.
    """
    return _of_all(embeddings, labels, products).mean(CATEGORY_KEYS)


def per_category_metrics(
    embeddings: NDArray[np.float32], labels: Sequence[str], products: Sequence[Hashable] | None = None
) -> dict[str, dict[str, float]]:
    """The figures of `category_metrics` for the queries of each category, sorted by name, each against all photos."""
    return by_label(_of_all(embeddings, labels, products), labels)


def _of_all(embeddings: NDArray[np.float32], labels: Sequence[str], products: Sequence[Hashable] | None) -> QueryScores:
    codes = encode(labels)
    groups = np.arange(len(codes)) if products is None else encode(products)
    return score_queries(embeddings, embeddings, codes, codes, apart=(groups, groups))


def by_label(
    scores: QueryScores, labels: Sequence[str], keys: Sequence[str] = CATEGORY_KEYS
) -> dict[str, dict[str, float]]:
    """Means over the queries of each label, sorted by label."""
    names = np.asarray(labels, dtype=object)
    return {name: scores.mean(keys, np.flatnonzero(names == name)) for name in sorted(set(labels))}


def macro(figures: dict[str, dict[str, float]], keys: Sequence[str] = CATEGORY_KEYS) -> dict[str, float]:
    """The plain mean over categories, so that a small one counts as a large one does; NaN ones are left out."""
    means = {}
    for key in keys:
        known = [row[key] for row in figures.values() if not np.isnan(row[key])]
        means[key] = float(np.mean(known)) if known else float("nan")
    return means


def retrieval_metrics(
    query: NDArray[np.float32],
    gallery: NDArray[np.float32],
    query_ids: Sequence[Hashable],
    gallery_ids: Sequence[Hashable],
) -> dict[str, float]:
    """R@1, R@5 and mAP of queries [q, d] against another set of photos [g, d]: relevant is what has the same id.

    Means over the queries whose id is in the gallery, among others; NaN where none is. R@K is the share of queries with
    at least one relevant photo among the first K. Raises `VectorError` for NaN or infinite embeddings.
    """
    codes = encode([*query_ids, *gallery_ids])
    split = len(query_ids)
    return score_queries(query, gallery, codes[:split], codes[split:]).mean(PRODUCT_KEYS)


def self_retrieval_metrics(embeddings: NDArray[np.float32], ids: Sequence[Hashable]) -> dict[str, float]:
    """R@1, R@5 and mAP of photos [n, d], every photo against all the others: relevant is what has the same id."""
    codes = encode(ids)
    return score_queries(embeddings, embeddings, codes, codes, own=np.arange(len(codes))).mean(PRODUCT_KEYS)


def encode(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    """Labels as integers [n], equal where the labels are equal."""
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(label, len(codes)) for label in labels], dtype=np.int64)


def score_queries(
    query: NDArray[np.float32],
    gallery: NDArray[np.float32],
    query_codes: NDArray[np.int64],
    gallery_codes: NDArray[np.int64],
    *,
    own: NDArray[np.int64] | None = None,
    apart: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> QueryScores:
    """Rank the whole gallery for every query by exact cosine and score the rankings: relevant is what has its code.

    With n relevant photos in the gallery and rel(i) = 1 where the i-th hit is relevant:

    - P@K: share of relevant ones among the first min(K, n) hits, so that a perfect ranking always scores 1;
    - R@K: 1 where the first K hits hold a relevant one;
    - R-precision: share of relevant ones among the first n hits;
    - AP: mean of P(i) over the places i of all n relevant photos (mAP is its mean over queries);
    - MAP@R: (1/n) · Σ P(i) · rel(i) over the first n hits (Musgrave, Belongie and Lim, *A Metric Learning
      Reality Check*, ECCV 2020, section 3.2).

    Args:
        query: [q, d]; need not be of unit length. A zero vector has cosine 0 with everything.
        gallery: [g, d].
        query_codes: [q], the category or product of each query.
        gallery_codes: [g].
        own: [q], for each query the row of the gallery that is the query itself and is left out.
        apart: groups of the queries [q] and of the gallery [g]: photos of a query's own group are left out.

    Raises:
        VectorError: an embedding is NaN or infinite.
    """

    truth = Truth(of_codes(query_codes, gallery_codes), _left_out(own, apart, len(gallery_codes)))
    return score_truths(query, gallery, (truth,))[0]


def of_codes(query_codes: NDArray[np.int64], gallery_codes: NDArray[np.int64]) -> Cells:
    """Which photos of the gallery have the code of a query."""
    theirs = gallery_codes.astype(np.int32)  # half the bytes to compare
    ours = query_codes.astype(np.int32)[:, None]
    return lambda rows: np.asarray(ours[rows] == theirs)


def _left_out(
    own: NDArray[np.int64] | None, apart: tuple[NDArray[np.int64], NDArray[np.int64]] | None, gallery: int
) -> Cells | None:
    grouped = None if apart is None else of_codes(*apart)
    if own is None:
        return grouped

    def left_out(rows: slice) -> NDArray[np.bool_]:
        out = np.zeros((len(own[rows]), gallery), np.bool_) if grouped is None else grouped(rows)
        out[np.arange(len(out)), own[rows]] = True
        return out

    return left_out


def score_truths(
    query: NDArray[np.float32], gallery: NDArray[np.float32], truths: Sequence[Truth]
) -> list[QueryScores]:
    """`score_queries` for several truths at once, each of which may be more than an equal code.

    Args:
        query: [q, d].
        gallery: [g, d].
        truths: what is relevant, and what is left out; the cosines are computed once for all.

    Raises:
        VectorError: an embedding is NaN or infinite.
    """
    questions = _unit(query, "query")
    answers = questions if gallery is query else _unit(gallery, "gallery")
    q, g = len(questions), len(answers)
    results = [
        QueryScores({key: np.full(q, np.nan) for key in _KEYS}, np.zeros(q, np.int64), np.zeros(q, np.int64))
        for _ in truths
    ]

    def score(rows: slice) -> None:
        keys = _keys(questions[rows], answers)
        for number, (truth, result) in enumerate(zip(truths, results, strict=True), start=1):
            relevant, out = truth.relevant(rows), truth.left_out and truth.left_out(rows)
            if out is not None:
                relevant &= ~out
            result.relevant[rows] = relevant.sum(axis=1)
            result.gallery[rows] = g if out is None else g - out.sum(axis=1)
            found = _places(keys if number == len(truths) else keys.copy(), relevant, out)
            for key, scores in _score(*found, result.relevant[rows], result.gallery[rows]).items():
                result.values[key][rows] = scores

    step = max(1, BLOCK_CELLS // max(1, g))
    blocks = [slice(start, min(q, start + step)) for start in range(0, q if g else 0, step)]
    if len(blocks) < 2:
        for rows in blocks:
            score(rows)
    else:  # sorting and multiplying matrices release the GIL
        with ThreadPoolExecutor(min(cores(), MOST_THREADS)) as pool:
            for _ in pool.map(score, blocks):
                pass
    return results


def _unit(vectors: NDArray[np.float32], what: str) -> NDArray[np.float64]:
    wide = np.asarray(vectors, dtype=np.float64)
    if not np.isfinite(wide).all():
        row = int(np.flatnonzero(~np.isfinite(wide).all(axis=1))[0])
        raise VectorError(f"{what} embedding {row} is NaN or infinite; the network has diverged: lower the rate")
    return unit(wide)


def _keys(query: NDArray[np.float64], gallery: NDArray[np.float64]) -> NDArray[np.int32]:
    """Even integers [q, g] that are the smaller, the more similar; relevance becomes their last bit."""
    cosines = query @ gallery.T
    cosines *= -_GRID
    keys = np.rint(cosines, out=cosines).astype(np.int32)
    keys *= 2
    return keys


def _places(
    keys: NDArray[np.int32], relevant: NDArray[np.bool_], left_out: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the relevant photos stand in the rankings: row and place from 0 of each, by row and then by place.

    Score and relevance are packed into one integer, so that a plain sort ranks and breaks ties at once. Where every
    query has few relevant photos, what stands before these is counted instead, which takes a third of the time.
    """
    g = keys.shape[1]
    if left_out is not None:
        keys[left_out] = _LAST
    most = int(relevant.sum(axis=1).max())
    if most > FEW:
        keys += relevant
        keys.sort(axis=1)
        keys &= 1
        rows, places = np.divmod(np.flatnonzero(keys), g)
        return rows, places
    rows, columns = np.nonzero(relevant)
    own = keys[rows, columns]
    keys[rows, columns] = _LAST
    order = np.lexsort((own, rows))
    rows, own = rows[order], own[order]
    rank = _rank(rows)
    places = np.zeros(len(rows), np.int64)
    for step in range(most):
        now = np.flatnonzero(rank == step)
        others = keys if len(now) == len(keys) else keys[rows[now]]
        places[now] = step + np.count_nonzero(others <= own[now, None], axis=1)
    return rows, places


def _rank(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each entry within its row; rows ascend."""
    return np.asarray(np.arange(len(rows)) - np.searchsorted(rows, rows))


def _score(
    rows: NDArray[np.int64], places: NDArray[np.int64], relevant: NDArray[np.int64], among: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    q = len(relevant)
    n = np.where(relevant > 0, relevant, 1)

    def within(first: NDArray[np.int64] | int) -> NDArray[np.int64]:
        """How many relevant photos stand before a place, which may be another for each query."""
        return np.bincount(rows[places < np.broadcast_to(first, (q,))[rows]], minlength=q)

    scores = {f"P@{k}": within(np.minimum(k, n)) / np.minimum(k, n) for k in PRECISION_AT}
    scores["R-precision"] = within(n) / n
    for k in RECALL_AT:
        scores[f"R@{k}"] = np.where(among - relevant >= k, within(k) > 0, np.nan)
    precision = (_rank(rows) + 1) / (places + 1)
    scores["mAP"] = np.bincount(rows, precision, minlength=q) / n
    early = places < n[rows]
    scores["MAP@R"] = np.bincount(rows[early], precision[early], minlength=q) / n
    measured = (relevant > 0) & (relevant < among)
    return {key: np.where(measured, value, np.nan) for key, value in scores.items()}
