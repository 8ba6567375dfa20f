"""What an answer holds one of: a group of products that are one piece in several versions, or each product by itself.

Grouping is done here, over products, and not by an engine, so that every engine gives the same answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from indexer.fields.groups import GROUP
from indexer.fields.types import Payload
from indexer.store.filters.normal_forms import spellings
from indexer.store.filters.tree import Condition, Filter, Match, value_at
from indexer.system.names import composed
from searcher.search.ground.published import Published

IN_STOCK = "in_stock"
DRAWN = 24
"""Photos from which it is drawn how many a group has."""

Ranked = TypeVar("Ranked")

Unit = tuple[str, str]
"""The name of a field, and what it holds: a group, or a product that is in none."""


def group_of(payload: Payload) -> str | None:
    """The group that a photo's product belongs to, in one normal form; None where it is in none.

    A group is named by one text. Of a list, which an index may hold that was made by other means, the first tells.
    """
    found: Any = payload.get(GROUP)
    if isinstance(found, list):
        found = found[0] if found else None
    return composed(found) if isinstance(found, str) and found else None


@dataclass(frozen=True, slots=True)
class Per:
    """What an answer holds one of, and which of its products are candidates."""

    groups: bool = False
    """Whether it is a group; otherwise each product stands for itself."""
    apart: tuple[str, ...] = ()
    """Fields by which boosts and caps tell products of a group from each other: of each value of theirs, the product
    whose photo is nearest is a candidate."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The payload fields that tell."""
        return ("product_id", GROUP, IN_STOCK, *self.apart) if self.groups else ("product_id",)

    def unit(self, payload: Payload) -> Unit:
        """What an answer holds once."""
        group = group_of(payload) if self.groups else None
        return ("product_id", str(payload["product_id"])) if group is None else (GROUP, group)

    def candidate(self, payload: Payload) -> Hashable:
        """What is a candidate once."""
        unit = self.unit(payload)
        return (unit, *(repr(value_at(payload, field)) for field in self.apart)) if self.apart else unit

    def behind(self, payload: Payload) -> bool:
        """Whether of two products of a group that are equally good the other one is shown: this is out of stock.

        All sizes of a ring show one photo; the one that stands for them should be one that can be bought.
        """
        return self.groups and payload.get(IN_STOCK) is False

    def without(self, products: Sequence[str], payloads: Iterable[Payload]) -> Filter | None:
        """The filter that passes the photos of all others; None where there are none to leave out.

        Args:
            products: ids that are left out, as they were given.
            payloads: of what is left out besides: products, or per group these with all of their groups.
        """
        names = dict.fromkeys(map(self.unit, payloads))
        ids = dict.fromkeys((*products, *(name for field, name in names if field != GROUP)))
        groups = [name for field, name in names if field == GROUP]
        left_out: list[Condition] = [Match("product_id", spellings(ids))] if ids else []
        left_out += [Match(GROUP, spellings(groups))] if groups else []
        return Filter(must_not=tuple(left_out)) if left_out else None


PER_PRODUCT = Per()


def of_first_units(ranked: Iterable[Ranked], unit_of: Callable[[Ranked], Unit], most: int) -> list[Ranked]:
    """What is of the first so many units, best first: all that comes before the first of one more."""
    units: set[Unit] = set()
    found = []
    for one in ranked:
        units.add(unit_of(one))
        if len(units) > most:
            break
        found.append(one)
    return found


def photos_a_group(published: Published) -> float:
    """How many photos a group has, as groups are met among neighbours, and about; for `Published.memo`.

    Drawn by photo, a large group is met more often: the harmonic mean sets that right.
    """
    store, alone = published.store, published.photos_a_product
    drawn = [group_of(point.payload) for point in islice(store.scroll(fields=[GROUP]), DRAWN)]
    sizes = {name: store.count(Filter(must=(Match(GROUP, spellings((name,))),))) for name in {*drawn} if name}
    shares = [1.0 / max(1.0, alone if name is None else sizes[name]) for name in drawn]
    return len(shares) / math.fsum(shares) if shares else alone
