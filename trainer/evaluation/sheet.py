"""A table of figures for a terminal of any width: names are shortened, and columns go below each other, never cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

SHORTEST_NAME = 8
_BESIDE = 3  # a column's spaces and its line


@dataclass(frozen=True, slots=True)
class Row:
    """A name and its figures; ``last`` stands below a line."""

    name: str
    cells: Sequence[str]
    last: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows under ``heads``, of which the first is that of the names."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Row]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """One table where it fits, else several with the same names, each with as many figures as fit."""
        widths = [
            max(cell_len(text) for text in (head, *(row.cells[place] for row in self.rows)))
            for place, head in enumerate(self.heads[1:])
        ]
        longest = max(cell_len(text) for text in (self.heads[0], *(row.name for row in self.rows)))
        least = min(longest, SHORTEST_NAME)
        parts: list[list[int]] = [[]]
        for place, width in enumerate(widths):
            taken = sum(widths[other] + _BESIDE for other in parts[-1])
            if parts[-1] and least + _BESIDE + 1 + taken + width + _BESIDE > options.max_width:
                parts.append([])
            parts[-1].append(place)
        for number, part in enumerate(parts):
            room = options.max_width - 1 - _BESIDE - sum(widths[place] + _BESIDE for place in part)
            yield self._table(part, max(1, min(longest, room)), self.title if number == 0 else None)

    def _table(self, places: Sequence[int], width: int, title: str | None) -> Table:
        table = Table(title=title and Text(title), title_justify="left")
        table.add_column(Text(self.heads[0]), width=width, no_wrap=True, overflow="ellipsis")
        for place in places:
            table.add_column(Text(self.heads[place + 1]), justify="right", no_wrap=True)
        for row in self.rows:
            if row.last:
                table.add_section()
            cells = [Text(text) for text in (row.name, *(row.cells[place] for place in places))]
            table.add_row(*cells, style="bold" if row.last else None)
        return table
