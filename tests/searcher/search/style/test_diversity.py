"""Diversity chooses what its rule says, page after page, and keeps the caps; what is of no relevance comes last."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.search.ground.candidate import Candidate
from searcher.search.style.caps import Cap
from searcher.search.style.diversity import diversify
from tests.searcher.search.style.candidates import candidate, candidate_lists, direction, ids

DIVERSITIES = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])
CAPS = st.lists(st.builds(Cap, st.sampled_from(["brand", "metal"]), st.integers(1, 3)), max_size=2)


def values(payload: dict[str, object], field: str) -> set[object]:
    found = payload.get(field, [])
    return set(found) if isinstance(found, list) else {found}


def by_the_rule(candidates: list[Candidate], count: int, d: float, caps: list[Cap], middle: float) -> list[str]:
    """The judge: the rule, product by product, in plain Python."""
    left, chosen = sorted(candidates, key=lambda each: each.rank_key), list[Candidate]()
    best_one = left[0].score - middle if left else 0.0
    most = round(middle + (1 - (d + d * d * d) / 4) * (1 - middle), 8)

    def likeness(each: Candidate) -> float:
        cosines = [float(each.vector.astype(float) @ other.vector.astype(float)) for other in chosen]
        return round(max(cosines, default=-9.0), 8)

    def takes_part(each: Candidate) -> bool:
        return best_one <= 0 or round(each.score - middle - 0.5 * best_one, 8) >= 0

    def fits(each: Candidate) -> bool:
        return all(
            sum(value in values(other.payload, cap.field) for other in chosen) < cap.most
            for cap in caps
            for value in values(each.payload, cap.field)
        )

    while len(chosen) < count and (open_ := [each for each in left if fits(each)]):
        relevant = [each for each in open_ if takes_part(each)]
        unlike = [each for each in relevant if d == 0 or likeness(each) <= most]
        first = open_ if d == 0 or not relevant else unlike
        best = first[0] if first else min(relevant, key=likeness)  # of equals, min takes the first
        left.remove(best)
        chosen.append(best)
    return ids(chosen)


@given(candidate_lists(), st.integers(0, 13), DIVERSITIES, CAPS, st.sampled_from([0.0, -0.2, 0.3]))
def test_it_is_the_rule(candidates: list[Candidate], count: int, d: float, caps: list[Cap], middle: float) -> None:
    expected = by_the_rule(candidates, count, d, caps, middle)
    assert ids(diversify(candidates, count, d, caps, middle=middle)) == expected


@given(candidate_lists(), st.integers(0, 12), DIVERSITIES, CAPS)
def test_an_answer_of_n_begins_an_answer_of_n_plus_1(
    candidates: list[Candidate], n: int, d: float, caps: list[Cap]
) -> None:
    longer = ids(diversify(candidates, n + 1, d, caps))
    assert ids(diversify(candidates, n, d, caps)) == longer[:n]


@given(candidate_lists(), st.integers(0, 12), DIVERSITIES, CAPS)
def test_going_on_from_a_first_part_is_as_choosing_at_once(
    candidates: list[Candidate], n: int, d: float, caps: list[Cap]
) -> None:
    first = diversify(candidates, n, d, caps)
    left = [each for each in candidates if each.product_id not in ids(first)]
    rest = diversify(left, len(left), d, caps, first)
    assert ids(first + rest) == ids(diversify(candidates, len(candidates), d, caps))


@given(candidate_lists(), DIVERSITIES, CAPS, st.data())
def test_the_order_that_candidates_come_in_does_not_matter(
    candidates: list[Candidate], d: float, caps: list[Cap], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(candidates))
    assert ids(diversify(shuffled, 8, d, caps)) == ids(diversify(candidates, 8, d, caps))


@given(candidate_lists(), DIVERSITIES, CAPS)
def test_no_cap_is_exceeded_and_nothing_is_left_out_without_need(
    candidates: list[Candidate], d: float, caps: list[Cap]
) -> None:
    chosen = diversify(candidates, len(candidates), d, caps)
    for cap in caps:
        counts = Counter(value for each in chosen for value in values(each.payload, cap.field))
        assert all(count <= cap.most for count in counts.values())
        full = {value for value, count in counts.items() if count == cap.most}
        if len(caps) == 1:
            left_out = [each for each in candidates if each.product_id not in ids(chosen)]
            assert all(values(each.payload, cap.field) & full for each in left_out)
    if not caps:
        assert sorted(ids(chosen)) == sorted(ids(candidates))


@given(candidate_lists(), st.integers(0, 12))
def test_without_diversity_the_order_is_that_of_the_scores(candidates: list[Candidate], count: int) -> None:
    best_first = sorted(candidates, key=lambda each: each.rank_key)
    assert diversify(best_first, count, 0.0) == best_first[:count]


def test_a_twin_of_the_best_gives_way_to_something_else() -> None:
    best = candidate("A", 0.9, vector=direction(1))
    twin = candidate("B", 0.89, vector=direction(1))
    other = candidate("C", 0.7, vector=direction(2))
    assert ids(diversify([best, twin, other], 3, 0.0)) == ["A", "B", "C"]
    assert ids(diversify([best, twin, other], 3, 0.5)) == ["A", "C", "B"]


def test_what_the_answer_already_holds_counts_for_cosines_and_caps() -> None:
    held = candidate("A", 0.9, {"brand": "Aurum"}, direction(1))
    twin = candidate("B", 0.89, {"brand": "Other"}, direction(1))
    capped = candidate("C", 0.8, {"brand": "Aurum"}, direction(3))
    other = candidate("D", 0.7, vector=direction(2))
    assert ids(diversify([twin, capped, other], 3, 0.5, [Cap("brand", 1)], [held])) == ["D", "B"]


def test_more_diversity_makes_the_first_ten_less_alike() -> None:
    """Twenty designs with five products each, the best design's five on top."""
    random = np.random.default_rng(5)
    made = []
    for design in range(20):
        for number in range(5):
            vector = direction(design).astype(float) + 0.02 * random.normal(size=16)
            vector /= np.linalg.norm(vector)
            made.append(candidate(f"{design}-{number}", 0.9 - design / 100, vector=vector.astype(np.float32)))
    designs = [len({each.split("-")[0] for each in ids(diversify(made, 10, d))}) for d in (0.0, 0.1, 0.5)]
    assert designs[0] == 2
    assert designs[0] < designs[1] <= designs[2] == 10


@pytest.mark.parametrize("d", [0.0, 0.5])
def test_nothing_comes_of_nothing(d: float) -> None:
    assert diversify([], 5, d) == []
    assert diversify([candidate("A", 0.5)], 0, d) == []


def engraved_shop() -> tuple[list[Candidate], dict[str, str]]:
    """Twenty initials engraved in one bracelet, thirty other bracelets, thirty necklaces, asked for one of the first.

    The cosines are those of real photos: .98 to .99 within the line, .4 to .85 within the category, about 0 beyond.
    """
    random = np.random.default_rng(3)

    def near(middle: np.ndarray, spread: float) -> np.ndarray:
        drawn = middle + spread * random.normal(size=128) / np.sqrt(128)
        return np.asarray(drawn / np.linalg.norm(drawn))

    def unit() -> np.ndarray:
        drawn = random.normal(size=128)
        return np.asarray(drawn / np.linalg.norm(drawn))

    bracelets, necklaces = unit(), unit()
    line = near(bracelets, 0.6)
    asked = near(line, 0.12)
    made, kinds = [], {}
    for kind, rows in {
        "initial": [near(line, 0.12) for _ in range(20)],
        "bracelet": [near(bracelets, 0.6) for _ in range(30)],
        "necklace": [near(necklaces, 0.6) for _ in range(30)],
    }.items():
        for number, row in enumerate(rows):
            kinds[f"{kind}{number}"] = kind
            made.append(candidate(f"{kind}{number}", round(float(row @ asked), 8), vector=row.astype(np.float32)))
    return made, kinds


def test_a_little_variety_brings_other_designs_and_nothing_else() -> None:
    made, kinds = engraved_shop()
    shown = {d: [kinds[one] for one in ids(diversify(made, 10, d))] for d in (0.0, 0.1, 0.3, 0.5, 0.8, 1.0)}
    assert shown[0.0] == ["initial"] * 10
    for d in (0.1, 0.3, 0.5, 0.8, 1.0):
        assert shown[d] == ["initial"] + ["bracelet"] * 9, d


def test_the_more_the_less_alike() -> None:
    made, _ = engraved_shop()

    def alike(d: float) -> float:
        rows = np.stack([one.vector for one in diversify(made, 10, d)]).astype(float)
        return float((rows @ rows.T)[np.triu_indices(10, 1)].mean())

    measured = [alike(d / 10) for d in range(11)]
    assert all(after <= before + 0.02 for before, after in itertools.pairwise(measured)), "a greedy choice"
    assert measured[10] < measured[5] <= measured[3] <= measured[1] < measured[0]
