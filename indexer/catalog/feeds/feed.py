"""What a feed is: columns that a platform always has, and how its lines are read as products.

A reader of a platform's feed is a file in `platforms` with a class that is a `Feed`, and its line in `known`. It says
what a person reads from the export: the product is what can be bought, its price what is charged today.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from indexer.catalog.passed_over import Tally
from indexer.catalog.tables.table import Header, Row, Table
from indexer.fields.types import FieldTable


@dataclass(slots=True)
class Translation:
    """A feed in the words of a manifest.

    ``rows`` may be made while they are asked for, once; ``left_out`` and ``notes`` are complete when all have been.
    Each is made by `Line.row` of the line that a person would look at for it. A line with a ``problem`` becomes a row,
    too, which keeps it: it is rejected, and what an index has of the photos that it names (``image``) stays.
    """

    columns: Sequence[str]
    """The names that the cells of every row have, in the words of `indexer.catalog.columns`: ``product_id``, ``image``,
    ``category``, ``price`` … and names of its own."""
    rows: Iterable[Row]
    used: Collection[int]
    """Which of the columns as they are written are made use of; the others are listed once."""
    left_out: Tally = field(default_factory=Tally)
    """Products that the shop does not show, by the reason: ``drafts``, ``hidden products``; each with its line."""
    notes: list[str] = field(default_factory=list)
    last: str | None = None
    """The column into which the last cell of a line goes as it stands, if there is one; see `OpenEnd`."""
    types: FieldTable = field(default_factory=dict)
    """Types of columns that the platform defines; those of others are found out from what happens to stand in them, and
    a value that does not fit what the index has is a reject."""
    by_program: bool = True
    """Whether numbers certainly have a decimal point."""


class Feed(Protocol):
    """What one platform exports."""

    @property
    def name(self) -> str:
        """What people call it: ``a Google Merchant Center feed``."""

    def fits(self, header: Header) -> bool:
        """Whether a table with these columns is one."""

    def translate(self, table: Table) -> Translation:
        """Read its lines; the same table gives the same rows.

        Raises:
            CatalogError: the table as a whole cannot be used.
        """


class Headerless(Protocol):
    """A platform whose files may begin with a product."""

    def without_header(self, cells: Sequence[str]) -> Sequence[str] | None:
        """The names that the columns of such a file have, if this is the first line of one."""
