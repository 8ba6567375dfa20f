"""Reports about the catalog as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer.system.text import printable
from searcher.table import GAP, PIPE_WIDTH

RIGHT = ("#", "score", "size", "alike", "products", "photos")


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[str]], console: Console | None = None) -> None:
    """Print a table; the last column is wrapped on a terminal, and a pipe gets whole lines."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for name in columns:
        table.add_column(
            name, justify="right" if name in RIGHT else "left", style="cyan" if name == "product" else "",
            no_wrap=name != columns[-1], overflow="fold" if name == columns[-1] else "ellipsis",
        )  # fmt: skip
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(table)


def print_lines(lines: Iterable[str], console: Console | None = None, *, style: str = "dim") -> None:
    """Print sentences below a table."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    for line in lines:
        console.print(Text(printable(line), style=style))
