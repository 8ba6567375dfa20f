"""The products of one group, of which an answer shows one: the versions of a piece that pass the filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from indexer.system.plain_json import PlainJson

OWN_VERSIONS = (
    "What passes is of the group that was asked with, which is left out as the product itself is; with per product "
    "it is shown."
)
"""A note on an answer that holds nothing."""
MOST = 20
"""Product ids that are named of one group."""


@dataclass(frozen=True, slots=True)
class Variants(PlainJson):
    """The products of a group that pass the filter: how many there are, and their ids, not all of many."""

    group_id: str
    count: int
    """The product that is shown counts too."""
    product_ids: tuple[str, ...]
    """The one that is shown, then the others in order of id: 20 at most."""

    @classmethod
    def of(cls, group_id: str, shown: str, product_ids: Iterable[str]) -> Self | None:
        """Of the products of a group, with or without the one that is shown; None where that is the only one."""
        others = sorted({*product_ids} - {shown})
        return cls(group_id, 1 + len(others), (shown, *others[: MOST - 1])) if others else None

    def others(self) -> tuple[str, ...]:
        """Those that are named besides the one that is shown."""
        return self.product_ids[1:]

    def named(self, most: int) -> str:
        """The others for people, not all of many: ``B, C and 3 more``."""
        shown = self.others()[:most]
        more = self.count - 1 - len(shown)
        return ", ".join(shown) + (f" and {more:,} more" if more else "")
