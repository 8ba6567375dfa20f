"""Categories that a model has never seen: each is left out of a training, and its photos ask the whole catalog."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation import metrics
from trainer.evaluation.intervals import intervals
from trainer.evaluation.metrics import CATEGORY_FIGURES

FitWithout = Callable[[str], NDArray[np.float32]]
"""A category's name → embeddings [n, d] of all evaluated photos, by a model that was trained without that category."""


def unseen_category(
    embeddings: NDArray[np.float32],
    labels: Sequence[str],
    category: str,
    *,
    products: Sequence[Hashable],
    groups: Sequence[int] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """How the photos of one category find each other inside the whole catalog.

    Args:
        embeddings: [n, d] of evaluated photos, none of which took part in training.
        labels: their categories.
        category: whose photos ask; all others are asked as well, but the query's own product.
        products: what each photo shows.
        groups: photos that belong together in the bootstrap; the products by default.
        seed: of the intervals.

    Returns:
        The figures of `trainer.evaluation.metrics.CATEGORY_FIGURES`, ``chance``, ``queries`` and ``intervals``; NaN and
        None where nothing can be measured.
    """
    asked = np.flatnonzero(np.asarray(labels, dtype=object) == category)
    codes, apart = metrics.encode(labels), metrics.encode(products)
    together = apart if groups is None else np.asarray(groups, dtype=np.int64)
    scores = metrics.score_queries(embeddings[asked], embeddings, codes[asked], codes, apart=(apart[asked], apart))
    values = {key: scores.values[key] for key in CATEGORY_FIGURES}
    return {
        **scores.mean(CATEGORY_FIGURES),
        "chance": scores.chance(),
        "queries": int(scores.measured.sum()),
        "intervals": {
            key: edges and list(edges) for key, edges in intervals(values, together[asked], seed=seed).items()
        },
    }


def unseen_categories(
    fit_without: FitWithout,
    seen: NDArray[np.float32],
    labels: Sequence[str],
    *,
    products: Sequence[Hashable],
    groups: Sequence[int] | None = None,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Leave out one category after the other, and compare with a model that has seen them all.

    Args:
        fit_without: trains without a category and embeds all photos; called once for each category.
        seen: embeddings [n, d'] of the same photos by a model that was trained with all categories.
        labels: the photos' categories.
        products: what each photo shows.
        groups: photos that belong together in the bootstrap; the products by default.
        seed: of the intervals.

    Returns:
        Category → ``unseen`` and ``seen``, each as of `unseen_category`, and ``kept``: the share of its P@10 that is
        left when the category is new to the model.
    """
    found = {}
    for category in sorted(set(labels)):
        ask = {"products": products, "groups": groups, "seed": seed}
        known = unseen_category(seen, labels, category, **ask)  # type: ignore[arg-type]
        new = unseen_category(fit_without(category), labels, category, **ask)  # type: ignore[arg-type]
        kept = new["P@10"] / known["P@10"] if known["P@10"] else float("nan")
        found[category] = {"unseen": new, "seen": known, "kept": kept}
    return found
