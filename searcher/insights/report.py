"""What all reports on a catalog have in common: where they come from, and how they become JSON and a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from indexer.system.plain_json import PlainJson

Kind = Literal["duplicates", "mislabels", "outliers", "clusters"]

DIGITS = 6
"""Decimals of scores and cosines in JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(ABC):
    """A report on one generation of an index."""

    KIND: ClassVar[Kind]
    COLUMNS: ClassVar[tuple[str, ...]] = ()
    """Of its table; none: those that its rows have."""

    generation: str
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    catalog_root: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, as plain JSON values."""
    notes: Sequence[str] = ()
    took_s: float = 0.0

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """Counts of the report."""

    @abstractmethod
    def lists(self) -> Mapping[str, Sequence[PlainJson]]:
        """What it lists, under the names that this has in JSON."""

    @abstractmethod
    def rows(self) -> Iterable[Mapping[str, Any]]:
        """Flat rows for a table."""

    def to_json(self) -> dict[str, Any]:
        """One JSON document."""
        return {
            "kind": self.KIND,
            "generation": self.generation,
            "model": self.model,
            "created_at": self.created_at,
            "catalog_root": self.catalog_root,
            "settings": dict(self.settings),
            "summary": self.summary(),
            **{name: [one.to_json() for one in listed] for name, listed in self.lists().items()},
            "notes": list(self.notes),
            "took_s": round(self.took_s, 2),
        }
