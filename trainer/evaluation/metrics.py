"""Retrieval metrics, exact and blockwise: P@K, mAP, MAP@R by category and R@K by product.

Ties: cosines are rounded to a grid of 2^-24, the precision of float32, and among equal ones the irrelevant
photos rank first. So a figure never depends on the order of the catalog and is never flattered: a network that
maps every photo to one point gets P@1 = 0, not the share of the largest category.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import VectorError
from indexer.models.vectors import unit

PRECISION_AT = (1, 3, 5, 10)
RECALL_AT = (1, 5)
CATEGORY_KEYS = (*(f"P@{k}" for k in PRECISION_AT), "mAP", "MAP@R")
PRODUCT_KEYS = (*(f"R@{k}" for k in RECALL_AT), "mAP")

BLOCK_CELLS = 8_000_000
"""Pairs of query and gallery photo ranked at a time: about 300 MB, whatever the size of the gallery."""

_GRID = 2.0**24
_LAST = np.int32(2**31 - 2)  # even: "irrelevant", behind every real pair


@dataclass(frozen=True, slots=True)
class QueryScores:
    """Per-query figures, each float64 [q]; NaN throughout for a query without a relevant photo in the gallery."""

    values: dict[str, NDArray[np.float64]]
    relevant: NDArray[np.int64]
    """[q], how many photos of the gallery are relevant to each query."""

    def mean(self, keys: Sequence[str], rows: Any = slice(None)) -> dict[str, float]:
        """Means over the queries (of ``rows``) that have a relevant photo; NaN where there is none."""
        found = self.relevant[rows] > 0
        return {key: float(self.values[key][rows][found].mean()) if found.any() else float("nan") for key in keys}


def category_metrics(embeddings: NDArray[np.float32], labels: Sequence[str]) -> dict[str, float]:
    """P@1, P@3, P@5, P@10, mAP and MAP@R of photos [n, d] by category: every photo queries all the others.

    Means over the queries that have at least one other photo of their category; NaN where none has.
    See `score_queries` for the definitions. Raises `VectorError` for NaN or infinite embeddings.
    """
    codes = encode(labels)
    return score_queries(embeddings, embeddings, codes, codes, own=np.arange(len(codes))).mean(CATEGORY_KEYS)


def per_category_metrics(embeddings: NDArray[np.float32], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """The figures of `category_metrics` for the queries of each category, sorted by name, each against all photos."""
    codes = encode(labels)
    scores = score_queries(embeddings, embeddings, codes, codes, own=np.arange(len(codes)))
    return by_label(scores, labels)


def by_label(scores: QueryScores, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Means of `CATEGORY_KEYS` over the queries of each label, sorted by label."""
    names = np.asarray(labels, dtype=object)
    return {name: scores.mean(CATEGORY_KEYS, np.flatnonzero(names == name)) for name in sorted(set(labels))}


def retrieval_metrics(
    query: NDArray[np.float32],
    gallery: NDArray[np.float32],
    query_ids: Sequence[Hashable],
    gallery_ids: Sequence[Hashable],
) -> dict[str, float]:
    """R@1, R@5 and mAP of queries [q, d] against another set of photos [g, d]: relevant is what has the same id.

    Means over the queries whose id is in the gallery; NaN where none is. R@K is the share of queries with at
    least one relevant photo among the first K. Raises `VectorError` for NaN or infinite embeddings.
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
) -> QueryScores:
    """Rank the whole gallery for every query by exact cosine and score the rankings.

    With n relevant photos in the gallery and rel(i) = 1 where the i-th hit is relevant:

    - P@K: share of relevant ones among the first min(K, n) hits, so that a perfect ranking always scores 1;
    - R@K: 1 where the first K hits hold a relevant one;
    - AP: mean of P(i) over the places i of all n relevant photos (mAP is its mean over queries);
    - MAP@R: (1/n) · Σ P(i) · rel(i) over the first n hits (Musgrave, Belongie and Lim, *A Metric Learning
      Reality Check*, ECCV 2020, section 3.2).

    Args:
        query: [q, d]; need not be of unit length. A zero vector has cosine 0 with everything.
        gallery: [g, d].
        query_codes: [q], the category or product of each query.
        gallery_codes: [g].
        own: [q], for each query the row of the gallery that is the query itself and is left out.

    Raises:
        VectorError: an embedding is NaN or infinite.
    """
    questions, answers = _unit(query, "query"), _unit(gallery, "gallery")
    q, g = len(questions), len(answers)
    keys = (*CATEGORY_KEYS, *(f"R@{k}" for k in RECALL_AT))
    values = {key: np.full(q, np.nan) for key in keys}
    relevant = np.zeros(q, dtype=np.int64)
    step = max(1, BLOCK_CELLS // max(1, g))
    for start in range(0, q if g else 0, step):
        rows = slice(start, min(q, start + step))
        hits = _ranked(questions[rows], answers, query_codes[rows], gallery_codes, None if own is None else own[rows])
        relevant[rows] = hits.sum(axis=1)
        for key, scores in _score(hits, relevant[rows]).items():
            values[key][rows] = scores
    return QueryScores(values, relevant)


def _unit(vectors: NDArray[np.float32], what: str) -> NDArray[np.float64]:
    wide = np.asarray(vectors, dtype=np.float64)
    if not np.isfinite(wide).all():
        row = int(np.flatnonzero(~np.isfinite(wide).all(axis=1))[0])
        raise VectorError(f"{what} embedding {row} is NaN or infinite; the network has diverged: lower the rate")
    return unit(wide)


def _ranked(
    query: NDArray[np.float64],
    gallery: NDArray[np.float64],
    query_codes: NDArray[np.int64],
    gallery_codes: NDArray[np.int64],
    own: NDArray[np.int64] | None,
) -> NDArray[np.bool_]:
    """Whether the i-th hit is relevant, bool [q, g].

    Score and relevance are packed into one integer, so that a plain sort ranks and breaks ties at once.
    """
    keys = np.rint((query @ gallery.T) * -_GRID).astype(np.int32)
    keys *= 2
    keys += query_codes[:, None] == gallery_codes
    if own is not None:
        keys[np.arange(len(query)), own] = _LAST
    keys.sort(axis=1)
    keys &= 1
    return keys.astype(np.bool_)


def _score(hits: NDArray[np.bool_], relevant: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    q, g = hits.shape
    rows = np.arange(q)
    found = np.cumsum(hits, axis=1, dtype=np.int32)
    scores = {}
    n = np.where(relevant > 0, relevant, 1)
    for k in PRECISION_AT:
        first = np.minimum(k, n)
        scores[f"P@{k}"] = found[rows, first - 1] / first
    for k in RECALL_AT:
        scores[f"R@{k}"] = (found[:, min(k, g) - 1] > 0).astype(np.float64)
    precision = found / np.arange(1, g + 1, dtype=np.float32)
    precision *= hits
    scores["mAP"] = precision.sum(axis=1, dtype=np.float64) / n
    precision *= np.arange(1, g + 1) <= relevant[:, None]
    scores["MAP@R"] = precision.sum(axis=1, dtype=np.float64) / n
    return {key: np.where(relevant > 0, value, np.nan) for key, value in scores.items()}
