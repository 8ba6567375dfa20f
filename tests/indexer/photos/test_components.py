"""Connected components are those of the graph."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.photos.components import components, same_value_edges

ITEMS = 13
EDGES = st.lists(st.tuples(st.integers(0, ITEMS - 1), st.integers(0, ITEMS - 1)), max_size=20)


@given(EDGES)
def test_the_components_are_those_of_a_plain_flood(edges: list[tuple[int, int]]) -> None:
    names = list(range(ITEMS))
    for _ in range(ITEMS):
        for a, b in edges:
            names[a] = names[b] = min(names[a], names[b])
    assert components(ITEMS, edges) == names


def test_a_component_is_named_by_its_smallest_member() -> None:
    assert components(6, [(4, 2), (5, 4), (1, 0)]) == [0, 0, 2, 3, 2, 2]


def test_equal_values_are_joined_and_none_is_not() -> None:
    edges = same_value_edges(["a", None, "b", "a", None, "b", "b"])
    assert components(7, edges) == [0, 1, 2, 0, 4, 2, 2]
