"""A table as it is written, and as a catalog is made of it: lines with cells by position, rows with cells by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from indexer.catalog.products import PassedOver
from indexer.catalog.tables.headers import squeezed
from indexer.fields.types import FieldTable

Recognise = Callable[[Sequence[str]], Sequence[str] | None]
"""From the cells of a first row to the names of the columns, if a catalog has such: these cells themselves, or, where
the file begins with its first product, the names that its columns always have. None where they are not known."""


@dataclass(slots=True)
class Line:
    """A row as it is written: the line it begins on, its stripped cells by position, and why it is unusable, if so.

    There are as many cells as columns, or more; what a short row lacks is blank. ``is_open`` is true of the last row
    where no line end follows it, ``is_cut`` where it lacks cells as well; ``is_short`` where it lacks cells that the
    lines before and behind it have: no program writes that.
    """

    number: int
    cells: tuple[str, ...]
    problem: str | None = None
    is_open: bool = False
    is_cut: bool = False
    is_short: bool = False

    def row(self, cells: dict[str, str], problem: str | None = None) -> Row:
        """What this line says with these cells by column; its own problem goes before the one that is given."""
        return Row(self.number, cells, self.problem or problem, self.cells, self.is_open, self.is_cut)


@dataclass(slots=True)
class Row:
    """A row of a catalog: the line it begins on, its cells by column, and why it is unusable, if so.

    ``raw`` are all the cells of the line in order; for the rest see `Line`.
    """

    line: int
    cells: dict[str, str]
    problem: str | None = None
    raw: tuple[str, ...] = ()
    is_open: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a table's columns as they are written; blank where a column has none."""

    names: tuple[str, ...]
    _positions: dict[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the columns by their names, whatever their case and the signs between words, and without ``g:``."""
        positions: dict[str, tuple[int, ...]] = {}
        for position, name in enumerate(self.names):
            if plain := squeezed(name.removeprefix("g:")):
                positions[plain] = (*positions.get(plain, ()), position)
        object.__setattr__(self, "_positions", positions)

    def all(self, *names: str) -> tuple[int, ...]:
        """Where the columns of these names are, from 0; one name may stand for several, in the order of the file."""
        return tuple(position for name in names for position in self._positions.get(squeezed(name), ()))

    def first(self, *names: str) -> int | None:
        """Where the column is that has one of these names, the first name before the second; None where none has."""
        return next(iter(self.all(*names)), None)

    def has(self, *names: str) -> bool:
        """Whether there is a column of each of these names."""
        return all(squeezed(name) in self._positions for name in names)


@dataclass(frozen=True, slots=True)
class Table:
    """A file of rows as it is written.

    ``lines`` may be gone through more than once, and says the same each time.
    """

    path: Path
    separator: str | None
    """None where its cells are no text that is separated by anything."""
    line: int
    """The line of the header; 0 where there is none."""
    header: Header
    lines: Iterable[Line]
    now: datetime
    """When it is read, with a zone: prices may have dates."""
    ignored: frozenset[int] = frozenset()
    """Columns that the shop does not want to be read; they have no name in the header."""
    broken: str | None = None
    """What is wrong with the first line that is no row at all, if one is not; those lines have a problem."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns and rows of a table, as a catalog is made of them."""

    path: Path
    separator: str | None
    """None where its cells were written by a program, whose decimal sign is the point."""
    header: int
    """The line of the header."""
    columns: tuple[str, ...]
    rows: Sequence[Row]
    last: str | None = None
    """The column in which the file ends, where a cut would shorten it; None where nothing is made of that cell."""
    types: FieldTable = field(default_factory=dict)
    """Types of columns that do not depend on what happens to stand in them, beside those that are always known."""
    notes: tuple[str, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    """Rows that are no part of the catalog."""
