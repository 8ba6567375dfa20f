"""Why a product is in an answer: which photos matched, how much that means, what filters and boosts did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import StoreError, UsageError
from indexer.models.calibration import Calibrations
from indexer.models.vectors import unit
from indexer.store.interface import Store
from indexer.store.vectors import check_vectors
from searcher.answers.answer import Explanation
from searcher.search.ground.candidate import DECIMALS, Candidate
from searcher.search.ground.published import Published, photo_key
from searcher.search.kinds.question import Search

SAMPLE = 1_000
PAIRED = 500
"""Photos of the sample that are compared with each other."""
HIGHEST_MIDDLE = 0.9
"""Of a catalog whose photos are all alike."""
SAME = 1e-6
"""Cosines this near are equal: engines sum in float32, and the photo that matched is not less alike than itself."""


def explain(
    search: Search,
    candidate: Candidate,
    filters: Sequence[str],
    alike: NDArray[np.float64] | None,
    calibration: Calibrations,
    products: int,
) -> Explanation:
    """Explain one product of an answer by the photo asked with that is most alike to it.

    Args:
        search: the question.
        candidate: the product.
        filters: texts of the filters it passed.
        alike: how alike a sample of the catalog is to what is liked, [n]; None where nothing is.
        calibration: what a cosine means, from the model.
        products: in the catalog.
    """
    asked_photo = cosine = euclidean = share = probability = same = None
    parts: dict[str, Any] = {}
    if (vectors := search.liked_vectors) is not None:
        cosines = vectors.astype(np.float64) @ candidate.vector.astype(np.float64)
        alike_in = None
        if (asked := search.liked_colours) is not None and candidate.colours is not None:
            alike_in = asked.astype(np.float64) @ candidate.colours.astype(np.float64)
        both = cosines if alike_in is None else (1.0 - search.weight) * cosines + search.weight * alike_in
        row = int(both.argmax())
        if alike_in is not None:
            parts = {
                "looks": _rounded(cosines[row]),
                "colours": _rounded(alike_in[row]),
                "colour_weight": search.weight,
            }
        asked_photo = search.photos[row].name
        cosine = _rounded(cosines[row])
        euclidean = round(math.sqrt(max(0.0, 2.0 - 2.0 * cosine)), DECIMALS)
        share = None if alike is None else percentile(alike, cosine)
        category = candidate.payload.get("category")
        category = category if isinstance(category, str) else None
        probability = _probability(calibration.category_probability(cosine, category))
        if calibration.same_product is not None:
            same = _probability(calibration.same_product.probability(cosine, products, category))
    return Explanation(
        asked_photo=asked_photo,
        matched_photo=photo_key(candidate.payload),
        cosine=cosine,
        euclidean=euclidean,
        percentile=share,
        probability=probability,
        same_product=same,
        filters=tuple(filters),
        boosts=dict(candidate.boosts),
        parts={**parts, **search.parts.get(candidate.product_id, {})},
    )


def _probability(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 6)


def _rounded(cosine: float) -> float:
    return round(float(np.clip(cosine, -1.0, 1.0)), DECIMALS)


def sample_of(published: Published) -> NDArray[np.float32]:
    """Vectors of photos that stand for the catalog, [n, dimension], for `Published.memo`."""
    return sample_vectors(published.store)


def middle_of(published: Published) -> float:
    """The cosine that half of the pairs of a sample of the catalog exceed, for `Published.memo`; 0 of one photo."""
    rows = published.memo(sample_of)[:PAIRED].astype(np.float64)
    if len(rows) < 2:
        return 0.0
    cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    return min(round(float(np.median(cosines)), DECIMALS), HIGHEST_MIDDLE)


def sample_vectors(store: Store, size: int = SAMPLE) -> NDArray[np.float32]:
    """Vectors of a generation, float32 [≤ size, dimension], unit length; the same ones each time.

    They are the first in order of id. Ids are hashes of product and photo (UUIDv5), so this is a fair draw.

    Raises:
        UsageError: the size is below 1.
        StoreError: the store cannot be read, or holds no vector.
    """
    if size < 1:
        raise UsageError(f"the sample must have 1 vector or more, not {size}")
    points = islice(store.scroll(fields=[], vectors="image"), size)
    drawn = [point.vector for point in points if point.vector is not None]
    if not drawn:
        raise StoreError(f"generation {store.generation} holds no vectors; run a sync")
    return unit(np.stack(drawn).astype(np.float64)).astype(np.float32)


def likeness(sample: NDArray[np.float32], query_vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cosines of the sampled photos to the query, [n]: worked out once for all scores of an answer.

    Args:
        sample: of `sample_vectors`, [n, dimension].
        query_vectors: the query's photos [m, dimension]; a sampled photo counts with the one it is most alike to.

    Raises:
        VectorError: a query vector is NaN, infinite, zero or of another length.
        UsageError: there are no query vectors.
    """
    queries = check_vectors(query_vectors, sample.shape[1])
    if not len(queries) or not len(sample):
        raise UsageError("a percentile needs one query vector or more, and a sample")
    alike: NDArray[np.float64] = (unit(sample.astype(np.float64)) @ unit(queries.astype(np.float64)).T).max(axis=1)
    return alike


def percentile(alike: NDArray[np.float64], score: float) -> float:
    """Share in [0, 1] of the sampled photos that are less alike to the query than ``score``, a cosine.

    Args:
        alike: of `likeness`, [n].
        score: a cosine.

    Raises:
        UsageError: the score is not finite.
    """
    if not np.isfinite(score):
        raise UsageError(f"the score {score} is not a finite number")
    return float(np.mean(alike < float(score) - SAME))
