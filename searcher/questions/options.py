"""What every question about products takes besides what it asks with: number, filters, style, explanation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from indexer.errors import UsageError
from indexer.store.filters.text_form import Where, where_json

MAX_PRODUCTS = 10_000
"""Ceiling of offset + k: an engine has no paging over products, so that many are fetched and grouped."""

STYLE_POOL = 500
"""Products that boosts, caps and diversity choose among; the same for every page, so that pages fit together."""


class Wanted(TypedDict, total=False):
    """The options as keyword arguments; see `Options` for what each means."""

    k: int
    offset: int
    where: Where
    min_score: float | None
    fields: Sequence[str] | None
    exact: bool
    preset: str | None
    boosts: Sequence[str]
    diversity: float
    caps: Sequence[str]
    relax: Sequence[str]
    explain: bool
    facets: Sequence[str]


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a question, checked.

    Raises:
        UsageError: a value that makes no sense.
    """

    k: int = 10
    """Products wanted, 1 or more."""
    offset: int = 0
    """Products skipped before the first: page n of size k begins at n·k."""
    where: Where = None
    """Only products with a photo that passes; see `indexer.store.filters.text_form`."""
    min_score: float | None = None
    """Least similarity (cosine) of an answer."""
    fields: Sequence[str] | None = None
    """Payload fields to return; None returns all."""
    exact: bool = False
    """Compare with every photo instead of walking the graph."""
    preset: str | None = None
    """A named filter relative to what is asked with; see `searcher.search.style.presets`."""
    boosts: Sequence[str] = ()
    """Amounts added to the score; see `searcher.search.style.boosts`."""
    diversity: float = 0.0
    """0 orders by score alone, 1 by difference from what was already chosen; see `searcher.search.style.diversity`."""
    caps: Sequence[str] = ()
    """``brand:2``: at most two products of one brand."""
    relax: Sequence[str] = ()
    """Fields whose filters may be dropped, in this order, when fewer than k pass; ``*`` is any, last one first."""
    explain: bool = False
    """Say of each answer why it is there."""
    facets: Sequence[str] = ()
    """Fields whose values are counted over what passes the filter; see `searcher.search.facets.counting`."""

    def __post_init__(self) -> None:
        for name in ("boosts", "caps", "relax", "facets", "fields"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise UsageError(f"{name} is the text {value!r}; give a list of texts")
            object.__setattr__(self, name, None if value is None else tuple(value))
        if self.relax and self.where is not None and not isinstance(self.where, str | list | tuple):
            raise UsageError("relax drops filter texts one by one; a filter tree or JSON cannot be relaxed")
        if not 1 <= self.k <= MAX_PRODUCTS:
            raise UsageError(f"k is {self.k}; ask for 1 to {MAX_PRODUCTS} products")
        if self.offset < 0 or self.last > MAX_PRODUCTS:
            raise UsageError(
                f"offset {self.offset} with k {self.k} is out of bounds: offset + k is at most {MAX_PRODUCTS} products"
            )
        if self.styled and self.last > STYLE_POOL:
            raise UsageError(
                f"offset {self.offset} with k {self.k}: boosts, caps and diversity choose among the {STYLE_POOL} "
                f"products most alike, so offset + k is at most {STYLE_POOL}"
            )
        if self.min_score is not None and not -1.0 <= self.min_score <= 1.0:  # NaN is refused too
            raise UsageError(f"the least score is {self.min_score}; a cosine lies in -1 to 1")
        if not (math.isfinite(self.diversity) and 0.0 <= self.diversity <= 1.0):
            raise UsageError(f"diversity is {self.diversity}; give 0 (none) to 1 (as different as can be)")

    @property
    def last(self) -> int:
        """Number of products up to the end of this page."""
        return self.offset + self.k

    @property
    def styled(self) -> bool:
        """Whether the order is other than that of the scores found."""
        return bool(self.boosts or self.caps or self.diversity)

    @property
    def pool(self) -> int:
        """How many candidates have to be fetched."""
        return STYLE_POOL if self.styled else self.last

    def to_json(self) -> dict[str, Any]:
        """The options that are not at their default, as plain JSON values; k, where and exact always."""
        shown: dict[str, Any] = {"k": self.k, "where": where_json(self.where), "exact": self.exact}
        default = Options()
        for name in (
            "offset",
            "min_score",
            "fields",
            "preset",
            "boosts",
            "diversity",
            "caps",
            "relax",
            "explain",
            "facets",
        ):
            value = getattr(self, name)
            if value != getattr(default, name):
                shown[name] = list(value) if isinstance(value, tuple | list) else value
        return shown
