"""Candidates to rank, drawn by hypothesis: few directions and few scores, so that ties and twins are common."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.fields.types import FieldTable, FieldType
from searcher.search.ground.candidate import Candidate

TABLE: FieldTable = {
    "title": FieldType.TEXT,
    "brand": FieldType.KEYWORD,
    "metal": FieldType.KEYWORD,
    "stone": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
    "currency": FieldType.KEYWORD,
    "in_stock": FieldType.BOOLEAN,
    "created": FieldType.DATE,
}

_METALS = st.sampled_from(["gold", "silver", "platinum"])
PAYLOADS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "brand": st.sampled_from(["Aurum", "Bel|le", "a:b"]),
        "metal": _METALS | st.lists(_METALS, max_size=3),
        "stone": st.sampled_from(["ruby", "pearl"]),
        "category": st.sampled_from(["rings", "watches"]),
        "price": st.integers(1, 400).map(float),
        "currency": st.sampled_from(["EUR", "USD"]),
        "in_stock": st.booleans(),
        "created": st.integers(1, 28).map(lambda day: f"2026-02-{day:02d}T00:00:00Z"),
    },
)


def direction(seed: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).normal(size=16)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def candidate(
    product_id: str, score: float, payload: dict[str, Any] | None = None, vector: NDArray[np.float32] | None = None
) -> Candidate:
    return Candidate(product_id, score, score, payload or {}, direction(0) if vector is None else vector)


@st.composite
def candidate_lists(draw: st.DrawFn) -> list[Candidate]:
    """Up to twelve products in any order."""
    drawn = draw(st.lists(st.tuples(st.integers(-5, 10), st.integers(0, 6), PAYLOADS), max_size=12))
    made = [
        candidate(f"P{number}", score / 10, payload, direction(seed))
        for number, (score, seed, payload) in enumerate(drawn)
    ]
    return draw(st.permutations(made))


def ids(candidates: list[Candidate]) -> list[str]:
    return [each.product_id for each in candidates]
