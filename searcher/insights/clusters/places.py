"""Places of products on a two-dimensional map: t-SNE of a sample, the middles of the largest clusters first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.errors import MissingExtra
from indexer.labels.photos import Floats

MOST = 5_000
"""Products on a map; these take about a minute, and more could not be told apart."""
FEWEST = 5
"""Below, a map shows nothing useful: they are put in a row."""
PERPLEXITY = 30.0


def choose(count: int, first: Sequence[int], limit: int) -> list[int]:
    """Rows for the map, no more than ``limit``: those that must be there first, then a fair draw of the others."""
    wanted = list(dict.fromkeys(first))[:limit]
    known = set(wanted)
    drawn = np.random.default_rng(0).permutation(count).tolist()
    return sorted(wanted + [row for row in drawn if row not in known][: limit - len(wanted)])


def places(vectors: Floats) -> NDArray[np.float64]:
    """Places [n, 2] within 0..1, products that look alike beside each other; the same for the same vectors.

    van der Maaten & Hinton, *Visualizing Data using t-SNE* (JMLR 2008), by scikit-learn. Distances between far groups
    mean nothing.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    count = len(vectors)
    if count < FEWEST:
        return np.column_stack([(np.arange(count) + 0.5) / max(1, count), np.full(count, 0.5)])
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise MissingExtra("scikit-learn", "reports") from None
    perplexity = min(PERPLEXITY, (count - 1) / 3)
    # On unit vectors the squared distance is 2 - 2 cos: the order is that of the cosine.
    found = TSNE(perplexity=perplexity, init="pca", random_state=0, learning_rate="auto").fit_transform(vectors)
    low, high = found.min(axis=0), found.max(axis=0)
    return np.asarray((found - low) / np.maximum(high - low, 1e-9), np.float64)
