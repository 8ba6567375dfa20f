"""Metrics against a slow reference in plain Python, and the rules that are easily got wrong."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.errors import VectorError
from trainer.evaluation import metrics
from trainer.evaluation.metrics import (
    CATEGORY_KEYS,
    PRODUCT_KEYS,
    category_metrics,
    per_category_metrics,
    retrieval_metrics,
    self_retrieval_metrics,
)


def reference(scores: list[float], relevant: list[bool]) -> dict[str, float] | None:
    """One query by the definitions: ties put irrelevant photos first; what cannot go wrong is no figure."""
    n = sum(relevant)
    if n in (0, len(relevant)):
        return None
    ranked = [r for _, r in sorted(zip(scores, relevant, strict=True), key=lambda pair: (-pair[0], pair[1]))]
    precision = [sum(ranked[: i + 1]) / (i + 1) for i in range(len(ranked))]
    figures = {f"P@{k}": sum(ranked[: min(k, n)]) / min(k, n) for k in (1, 3, 5, 10)}
    figures |= {f"R@{k}": float(any(ranked[:k])) if len(ranked) - n >= k else math.nan for k in (1, 5, 10)}
    figures["R-precision"] = sum(ranked[:n]) / n
    figures["mAP"] = sum(p for p, r in zip(precision, ranked, strict=True) if r) / n
    figures["MAP@R"] = sum(p for p, r in zip(precision[:n], ranked[:n], strict=True) if r) / n
    return figures


def mean_of(rows: list[dict[str, float] | None], keys: tuple[str, ...]) -> dict[str, float]:
    kept = {key: [row[key] for row in rows if row is not None and not math.isnan(row[key])] for key in keys}
    return {key: sum(kept[key]) / len(kept[key]) if kept[key] else math.nan for key in keys}


def cosines(query: list[int], gallery: list[list[int]]) -> list[float]:
    def length(v: list[int]) -> float:
        return math.sqrt(sum(x * x for x in v)) or 1.0

    return [round(sum(a * b for a, b in zip(query, g, strict=True)) / length(query) / length(g), 6) for g in gallery]


def as_array(vectors: list[list[int]]) -> NDArray[np.float32]:
    return np.array(vectors, dtype=np.float32)


vector = st.lists(st.integers(-2, 2), min_size=3, max_size=3)  # small integers: many exact ties
labelled = st.lists(st.tuples(vector, st.sampled_from("abc")), min_size=1, max_size=14)


@given(labelled)
def test_category_metrics_equal_the_reference(photos: list[tuple[list[int], str]]) -> None:
    vectors, labels = [v for v, _ in photos], [label for _, label in photos]
    rows = []
    for n, (query, label) in enumerate(photos):
        others = [k for k in range(len(photos)) if k != n]
        rows.append(reference(cosines(query, [vectors[k] for k in others]), [labels[k] == label for k in others]))
    found = category_metrics(as_array(vectors), labels)
    assert found == pytest.approx(mean_of(rows, CATEGORY_KEYS), nan_ok=True)
    assert list(found) == ["P@1", "P@3", "P@5", "P@10", "mAP", "MAP@R"]
    for name, figures in per_category_metrics(as_array(vectors), labels).items():
        own = [row for row, label in zip(rows, labels, strict=True) if label == name]
        assert figures == pytest.approx(mean_of(own, CATEGORY_KEYS), nan_ok=True)


@given(labelled, labelled)
def test_retrieval_metrics_equal_the_reference(
    queries: list[tuple[list[int], str]], gallery: list[tuple[list[int], str]]
) -> None:
    rows = [reference(cosines(v, [g for g, _ in gallery]), [i == label for _, i in gallery]) for v, label in queries]
    found = retrieval_metrics(
        as_array([v for v, _ in queries]),
        as_array([v for v, _ in gallery]),
        [i for _, i in queries],
        [i for _, i in gallery],
    )
    assert found == pytest.approx(mean_of(rows, PRODUCT_KEYS), nan_ok=True)


@given(labelled, st.randoms(use_true_random=False))
def test_the_order_of_the_catalog_changes_nothing(photos: list[tuple[list[int], str]], rng: random.Random) -> None:
    shuffled = rng.sample(photos, len(photos))
    first = category_metrics(as_array([v for v, _ in photos]), [label for _, label in photos])
    second = category_metrics(as_array([v for v, _ in shuffled]), [label for _, label in shuffled])
    assert first == pytest.approx(second, nan_ok=True)


@settings(max_examples=20)
@given(labelled, st.integers(1, 40))
def test_blocks_change_nothing(photos: list[tuple[list[int], str]], cells: int) -> None:
    vectors, labels = as_array([v for v, _ in photos]), [label for _, label in photos]
    whole = category_metrics(vectors, labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "BLOCK_CELLS", cells)
        assert category_metrics(vectors, labels) == pytest.approx(whole, nan_ok=True)


def test_perfect_embeddings_score_one_even_in_small_categories() -> None:
    labels = ["ring"] * 2 + ["watch"] * 30 + ["alone"]
    corners = {"ring": [1, 0, 0], "watch": [0, 1, 0], "alone": [0, 0, 1]}
    found = category_metrics(as_array([corners[label] for label in labels]), labels)
    assert found == dict.fromkeys(CATEGORY_KEYS, 1.0)


def test_random_embeddings_score_what_chance_gives() -> None:
    rng = np.random.default_rng(0)
    labels = ["a", "b", "c", "d"] * 250
    found = category_metrics(rng.normal(size=(1000, 64)).astype(np.float32), labels)
    assert found["P@1"] == pytest.approx(249 / 999, abs=0.04)
    assert found["P@10"] == pytest.approx(249 / 999, abs=0.015)
    assert found["mAP"] == pytest.approx(249 / 999, abs=0.015)


def test_a_collapsed_network_is_not_flattered() -> None:
    labels = ["a"] * 90 + ["b"] * 10
    found = category_metrics(np.ones((100, 8), np.float32), labels)
    assert found["P@1"] == found["P@10"] == 0.0


def test_fewer_relevant_than_k() -> None:
    # Two relevant photos, at the first and the third place: P@10 looks at the first two only.
    query, gallery = as_array([[1, 0]]), as_array([[10, 0], [10, 1], [10, 2], [10, 3]])
    codes = np.array([1, 0, 1, 0])
    scores = metrics.score_queries(query, gallery, np.array([1]), codes)
    assert scores.values["P@1"][0] == 1.0
    assert scores.values["P@3"][0] == scores.values["P@10"][0] == 0.5
    assert scores.values["mAP"][0] == pytest.approx((1 + 2 / 3) / 2)
    assert scores.values["MAP@R"][0] == 0.5
    assert scores.relevant.tolist() == [2]


def test_queries_without_a_relevant_photo_are_left_out() -> None:
    vectors = as_array([[1, 0], [1, 0], [0, 1]])
    assert category_metrics(vectors, ["a", "a", "b"])["P@1"] == 1.0
    assert math.isnan(category_metrics(vectors, ["a", "b", "c"])["mAP"])
    assert math.isnan(category_metrics(np.empty((0, 2), np.float32), [])["P@1"])
    found = retrieval_metrics(vectors, as_array([[1, 0], [0, 1]]), ["x", "x", "unknown"], ["x", "y"])
    assert found["R@1"] == 1.0


def test_what_cannot_go_wrong_is_no_figure() -> None:
    vectors = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    assert all(math.isnan(value) for value in category_metrics(vectors, ["rings"] * 12).values())
    assert all(math.isnan(value) for value in retrieval_metrics(vectors, vectors, ["p"] * 12, ["p"] * 12).values())
    assert all(math.isnan(value) for value in retrieval_metrics(vectors[:1], vectors[:1], ["p"], ["p"]).values())
    # Three others: whoever looks at five of four photos has found everything.
    found = retrieval_metrics(vectors[:4], vectors[:4], list("abcd"), list("abcd"))
    assert found["R@1"] == 1.0
    assert math.isnan(found["R@5"])


def test_photos_of_the_query_s_own_product_are_left_out() -> None:
    """Two photos a product, labels drawn: the network knows nothing of them, whatever it knows of products."""
    rng = np.random.default_rng(3)
    products = np.repeat(np.arange(300), 2)
    vectors = np.repeat(rng.normal(size=(300, 16)), 2, axis=0).astype(np.float32)
    labels = [str(label) for label in np.repeat(rng.integers(0, 4, 300), 2)]
    assert category_metrics(vectors, labels)["P@1"] == 1.0
    honest = category_metrics(vectors, labels, list(products))
    assert honest["P@1"] == pytest.approx(0.25, abs=0.06)
    assert honest["mAP"] == pytest.approx(0.25, abs=0.04)
    rows = per_category_metrics(vectors, labels, list(products))
    assert sum(row["P@1"] for row in rows.values()) / 4 == pytest.approx(0.25, abs=0.06)


@settings(max_examples=40)
@given(labelled, st.lists(st.integers(0, 3), min_size=14, max_size=14))
def test_leaving_out_groups_equals_a_gallery_without_them(
    photos: list[tuple[list[int], str]], groups: list[int]
) -> None:
    vectors, labels = [v for v, _ in photos], [label for _, label in photos]
    rows = []
    for n, (query, label) in enumerate(photos):
        others = [k for k in range(len(photos)) if groups[k] != groups[n]]
        rows.append(reference(cosines(query, [vectors[k] for k in others]), [labels[k] == label for k in others]))
    codes, apart = metrics.encode(labels), np.array(groups[: len(photos)])
    scores = metrics.score_queries(as_array(vectors), as_array(vectors), codes, codes, apart=(apart, apart))
    keys = (*metrics.CATEGORY_FIGURES, *metrics.PRODUCT_FIGURES)
    assert scores.mean(keys) == pytest.approx(mean_of(rows, keys), nan_ok=True)
    known = [n for n, row in enumerate(rows) if row is not None]
    assert np.flatnonzero(scores.measured).tolist() == known
    shares = [
        sum(labels[k] == labels[n] for k in range(len(photos)) if groups[k] != groups[n])
        / sum(groups[k] != groups[n] for k in range(len(photos)))
        for n in known
    ]
    assert scores.chance() == pytest.approx(sum(shares) / len(shares) if shares else math.nan, nan_ok=True)


def test_the_mean_of_categories_counts_each_once() -> None:
    figures = {"a": {"P@1": 1.0}, "b": {"P@1": 0.0}, "alone": {"P@1": math.nan}}
    assert metrics.macro(figures, ("P@1",)) == {"P@1": 0.5}
    assert math.isnan(metrics.macro({"alone": {"P@1": math.nan}}, ("P@1",))["P@1"])


def test_self_retrieval_never_finds_the_photo_itself() -> None:
    vectors = as_array([[1, 0], [-1, 0], [0, 1], [0, 1]])
    found = self_retrieval_metrics(vectors, ["p", "p", "q", "q"])
    assert found["R@1"] == 0.5  # the photos of p are opposite, those of q equal


def test_length_does_not_matter_and_a_zero_vector_is_allowed() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(40, 6)).astype(np.float32)
    labels = [str(n % 3) for n in range(40)]
    stretched = vectors * rng.uniform(0.5, 9, (40, 1)).astype(np.float32)
    assert category_metrics(stretched, labels) == pytest.approx(category_metrics(vectors, labels))
    vectors[3] = 0
    assert 0 <= category_metrics(vectors, labels)["P@1"] <= 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_diverged_network_is_an_error(bad: float) -> None:
    vectors = np.ones((3, 2), np.float32)
    vectors[1, 0] = bad
    with pytest.raises(VectorError, match="embedding 1 is NaN or infinite"):
        category_metrics(vectors, ["a", "a", "b"])
