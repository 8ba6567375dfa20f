"""Why a product is in an answer: which photos matched, how much that means, what filters and boosts did."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.models.directory import Calibration
from searcher.answers import Explanation
from searcher.candidate import DECIMALS, Candidate
from searcher.percentiles import percentile
from searcher.published import photo_key
from searcher.search import Search


def explain(
    search: Search,
    candidate: Candidate,
    filters: Sequence[str],
    alike: NDArray[np.float64] | None,
    calibration: Calibration | None,
) -> Explanation:
    """Explain one product of an answer by the photo asked with that is most alike to it.

    Args:
        search: the question.
        candidate: the product.
        filters: texts of the filters it passed.
        alike: how alike a sample of the catalog is to what is liked, [n]; None where nothing is.
        calibration: what a cosine means, from the model.
    """
    asked_photo = cosine = euclidean = share = probability = None
    if (vectors := search.liked_vectors) is not None:
        cosines = vectors.astype(np.float64) @ candidate.vector.astype(np.float64)
        row = int(cosines.argmax())
        asked_photo = search.photos[row].name
        cosine = round(float(np.clip(cosines[row], -1.0, 1.0)), DECIMALS)
        euclidean = round(math.sqrt(max(0.0, 2.0 - 2.0 * cosine)), DECIMALS)
        share = None if alike is None else percentile(alike, cosine)
        probability = None if calibration is None else round(calibration.probability(cosine), 6)
    return Explanation(
        asked_photo=asked_photo,
        matched_photo=photo_key(candidate.payload),
        cosine=cosine,
        euclidean=euclidean,
        percentile=share,
        probability=probability,
        filters=tuple(filters),
        boosts=dict(candidate.boosts),
        parts=dict(search.parts.get(candidate.product_id, {})),
    )
