"""How well categories are told: accuracy, top 3, confusion matrix, precision and recall, calibration error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.models.directory import ModelFile
from indexer.models.embedder import Prediction
from indexer.models.vectors import softmax

BINS = 15
TOP = 3

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]


def classification_metrics(logits: Floats, labels: Sequence[str], categories: Sequence[str]) -> dict[str, Any] | None:
    """What a classifier's answers are worth on labelled photos.

    Args:
        logits: [n, C], in the order of ``categories``.
        labels: [n]; photos of a category that the classifier does not know are left out and counted.
        categories: [C], C 1 or more.

    Returns:
        ``accuracy``, ``top_3``, ``ece`` (see `expected_calibration_error`), ``nll`` (mean negative logarithm of the
        right category's probability), ``photos``, ``unknown`` (how many were left out), ``categories``, ``confusion``
        (rows are the true categories, columns the answers, both in the order of ``categories``), and ``per_category``:
        name → ``precision``, ``recall``, ``f1``, ``photos``; None where there is nothing to divide by. None in all
        where no photo is of a known category.
    """
    place = {name: number for number, name in enumerate(categories)}
    rows = np.array([row for row, label in enumerate(labels) if label in place], np.int64)
    if not len(rows):
        return None
    truth = np.array([place[labels[row]] for row in rows], np.int64)
    shares = softmax(np.asarray(logits, np.float64)[rows])
    table = confusion_matrix(truth, shares.argmax(axis=1), len(categories))
    right = shares[np.arange(len(rows)), truth]
    return {
        "accuracy": float(np.trace(table) / len(rows)),
        "top_3": top_k_accuracy(shares, truth, TOP),
        "ece": expected_calibration_error(shares, truth),
        "nll": float(-np.log(np.maximum(right, 1e-12)).mean()),
        "photos": len(rows),
        "unknown": len(labels) - len(rows),
        "categories": list(categories),
        "confusion": table.tolist(),
        "per_category": {name: of_category(table, number) for name, number in place.items()},
    }


def classified(model: ModelFile, seen: Sequence[tuple[str | None, Prediction]]) -> dict[str, Any] | None:
    """`classification_metrics` of photos as a model saw them, and how many it called none of its categories.

    Args:
        model: its categories, in the order of the logits, and its bound for what is none of these.
        seen: for each photo its category (None or "" where it has none) and what the model says; of several rows the
            first counts.

    Returns:
        The metrics and ``none_of_these``: the share of the photos of known categories that were called none, null
        where the model cannot say. None where the model knows no categories, or none of the photos'.
    """
    known = [(category, one) for category, one in seen if category in model.categories]
    if not known:
        return None
    logits = np.stack([one.category_logits[0] for _, one in known])
    found = classification_metrics(logits, [str(category) for category, _ in known], model.categories)
    none, strange = model.calibration.none_of_these, [one.strangeness for _, one in known]
    share = None
    if none is not None:
        share = float(np.mean([s is not None and none.calls(float(s[0])) for s in strange]))
    unknown = sum(bool(category) for category, _ in seen) - len(known)
    return None if found is None else {**found, "unknown": unknown, "none_of_these": share}


def top_k_accuracy(shares: Floats, truth: Ints, k: int) -> float:
    """Share of the photos whose category is among the k likeliest [n, C]; among equal ones the right one comes last."""
    right = shares[np.arange(len(truth)), truth][:, None]
    ahead = (shares >= right).sum(axis=1) - 1
    return float((ahead < k).mean())


def confusion_matrix(truth: Ints, said: Ints, classes: int) -> Ints:
    """How often each true category (row) was told as each (column), int64 [classes, classes]."""
    return np.bincount(truth * classes + said, minlength=classes * classes).reshape(classes, classes)


def of_category(table: Ints, number: int) -> dict[str, float | int | None]:
    """Precision, recall and F1 of one category by a confusion matrix, and its photos."""
    hits, said, there = (int(n) for n in (table[number, number], table[:, number].sum(), table[number].sum()))
    return {
        "precision": hits / said if said else None,
        "recall": hits / there if there else None,
        "f1": 2 * hits / (said + there) if said + there else None,
        "photos": there,
    }


def expected_calibration_error(shares: Floats, truth: Ints, bins: int = BINS) -> float:
    """Mean gap between how sure the answers are and how often they are right, over equally wide bins of sureness.

    Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017. A bin is closed above: (0, 1/15], …, (14/15, 1].
    On few photos it is not 0 even for a perfect classifier: some .015 on 500.

    Args:
        shares: probabilities [n, C].
        truth: int64 [n].
        bins: how many.
    """
    sure = shares.max(axis=1)
    right = shares.argmax(axis=1) == truth
    place = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.abs(np.bincount(place, weights=right, minlength=bins) - np.bincount(place, weights=sure, minlength=bins))
    return float(gaps.sum() / len(truth))
