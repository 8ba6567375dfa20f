"""What belongs together where pairs do: connected components, by union-find."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence


def components(items: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    """The connected component of each item 0..items-1, named by its smallest member."""
    parent = list(range(items))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b in edges:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return [root(item) for item in range(items)]


def same_value_edges(values: Sequence[Hashable | None]) -> list[tuple[int, int]]:
    """Edges that join all items of equal value to the first of them; ``None`` joins nothing."""
    first: dict[Hashable, int] = {}
    return [(first.setdefault(value, item), item) for item, value in enumerate(values) if value is not None]
