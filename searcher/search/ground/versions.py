"""Which products a group has: asked for the few groups that an answer shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from indexer.fields.groups import GROUP
from indexer.store.filters.normal_forms import spellings
from indexer.store.filters.tree import Filter, Match, both
from indexer.store.interface import Store
from searcher.search.ground.per import group_of


def versions(store: Store, groups: Iterable[str], where: Filter | None = None) -> Mapping[str, set[str]]:
    """The ids of the products of each group that have a photo which passes the filter.

    Args:
        store: one generation.
        groups: names of `group_of`.
        where: the filter.

    Raises:
        StoreError: the store cannot be read.
    """
    found: dict[str, set[str]] = defaultdict(set)
    if names := sorted({*groups}):
        those = Filter(must=(Match(GROUP, spellings(names)),))
        for point in store.scroll(both(those, where), fields=["product_id", GROUP]):
            if (group := group_of(point.payload)) is not None:
                found[group].add(str(point.payload["product_id"]))
    return found
