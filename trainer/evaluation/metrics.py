"""Retrieval metrics, exact and blockwise: P@K, R@K, R-precision, MAP@R and mAP, by category or by product.

Ties: cosines are rounded to a grid of 2^-24, the precision of float32, and among equal ones the irrelevant
photos rank first. So a figure never depends on the order of the catalog and is never flattered: a network that
maps every photo to one point gets P@1 = 0, not the share of the largest category.

What cannot go wrong is no figure: a query counts where its gallery holds photos of both kinds, relevant and not, and
R@K where the gallery holds K irrelevant photos or more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.errors import VectorError
from indexer.models.vectors import unit

PRECISION_AT = (1, 3, 5, 10)
RECALL_AT = (1, 5, 10)
CATEGORY_KEYS = (*(f"P@{k}" for k in PRECISION_AT), "mAP", "MAP@R")
PRODUCT_KEYS = ("R@1", "R@5", "mAP")
"""The figures that tables show; the others stand in the JSON."""
CATEGORY_FIGURES = (*CATEGORY_KEYS, "R-precision", "R@5", "R@10")
"""By category, R@1 is P@1."""
PRODUCT_FIGURES = (*PRODUCT_KEYS, "R@10", "R-precision", "MAP@R")

BLOCK_CELLS = 8_000_000
"""Pairs of query and gallery photo ranked at a time: about 300 MB, whatever the size of the gallery."""

_GRID = 2.0**24
_LAST = np.int32(2**31 - 2)  # even: "irrelevant", behind every real pair

Cells: TypeAlias = Callable[[slice], NDArray[np.bool_]]
"""What is true of some queries and every photo of the gallery: rows of the queries → bool [rows, g]."""


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

    def relevant(rows: slice) -> NDArray[np.bool_]:
        return np.asarray(query_codes[rows, None] == gallery_codes)

    def left_out(rows: slice) -> NDArray[np.bool_]:
        if apart is None:
            out = np.zeros((len(query_codes[rows]), len(gallery_codes)), np.bool_)
        else:
            out = np.asarray(apart[0][rows, None] == apart[1])
        if own is not None:
            out[np.arange(len(out)), own[rows]] = True
        return out

    return score_cells(query, gallery, relevant, None if own is None and apart is None else left_out)


def score_cells(
    query: NDArray[np.float32], gallery: NDArray[np.float32], relevant: Cells, left_out: Cells | None = None
) -> QueryScores:
    """`score_queries` where what is relevant, and what is left out, is more than an equal code.

    Args:
        query: [q, d].
        gallery: [g, d].
        relevant: for the rows of some queries, which photos are relevant to each.
        left_out: which photos a query is not asked among.

    Raises:
        VectorError: an embedding is NaN or infinite.
    """
    questions = _unit(query, "query")
    answers = questions if gallery is query else _unit(gallery, "gallery")
    q, g = len(questions), len(answers)
    keys = ("R-precision", "mAP", "MAP@R", *(f"P@{k}" for k in PRECISION_AT), *(f"R@{k}" for k in RECALL_AT))
    values = {key: np.full(q, np.nan) for key in keys}
    found, among = np.zeros(q, dtype=np.int64), np.zeros(q, dtype=np.int64)
    step = max(1, BLOCK_CELLS // max(1, g))
    for start in range(0, q if g else 0, step):
        rows = slice(start, min(q, start + step))
        out = None if left_out is None else left_out(rows)
        among[rows] = g if out is None else g - out.sum(axis=1)
        hits = _ranked(questions[rows], answers, relevant(rows), out)
        found[rows] = hits.sum(axis=1)
        for key, scores in _score(hits, found[rows], among[rows]).items():
            values[key][rows] = scores
    return QueryScores(values, found, among)


def _unit(vectors: NDArray[np.float32], what: str) -> NDArray[np.float64]:
    wide = np.asarray(vectors, dtype=np.float64)
    if not np.isfinite(wide).all():
        row = int(np.flatnonzero(~np.isfinite(wide).all(axis=1))[0])
        raise VectorError(f"{what} embedding {row} is NaN or infinite; the network has diverged: lower the rate")
    return unit(wide)


def _ranked(
    query: NDArray[np.float64],
    gallery: NDArray[np.float64],
    relevant: NDArray[np.bool_],
    left_out: NDArray[np.bool_] | None,
) -> NDArray[np.bool_]:
    """Whether the i-th hit is relevant, bool [q, g]; what is left out comes last, as irrelevant.

    Score and relevance are packed into one integer, so that a plain sort ranks and breaks ties at once.
    """
    cosines = query @ gallery.T
    cosines *= -_GRID
    keys = np.rint(cosines, out=cosines).astype(np.int32)
    keys *= 2
    keys += relevant
    if left_out is not None:
        keys[left_out] = _LAST
    keys.sort(axis=1)
    keys &= 1
    return keys.astype(np.bool_)


def _score(
    hits: NDArray[np.bool_], relevant: NDArray[np.int64], among: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    q, g = hits.shape
    rows = np.arange(q)
    found = np.cumsum(hits, axis=1, dtype=np.int32)
    scores = {}
    n = np.where(relevant > 0, relevant, 1)
    for k in PRECISION_AT:
        first = np.minimum(k, n)
        scores[f"P@{k}"] = found[rows, first - 1] / first
    scores["R-precision"] = found[rows, n - 1] / n
    for k in RECALL_AT:
        reached = (found[:, min(k, g) - 1] > 0).astype(np.float64)
        scores[f"R@{k}"] = np.where(among - relevant >= k, reached, np.nan)
    precision = found / np.arange(1, g + 1, dtype=np.float32)
    precision *= hits
    scores["mAP"] = precision.sum(axis=1, dtype=np.float64) / n
    precision *= np.arange(1, g + 1) <= relevant[:, None]
    scores["MAP@R"] = precision.sum(axis=1, dtype=np.float64) / n
    measured = (relevant > 0) & (relevant < among)
    return {key: np.where(measured, value, np.nan) for key, value in scores.items()}
