"""Reports about the catalog as tables for a terminal, and as CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer.command_line import one_line
from indexer.errors import UsageError
from searcher.presentation import printable
from searcher.table import GAP, PIPE_WIDTH

RIGHT = ("#", "score", "size", "alike", "products", "photos")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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


def check_csv(path: Path | None) -> None:
    """Refuse a place for a CSV file that cannot be written, before the work.

    Raises:
        UsageError: its folder is not there, or it is a folder itself.
    """
    if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
        raise UsageError(f"{path}: cannot be written; name a file in a folder that exists")


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> int:
    """Write flat rows for a spreadsheet (UTF-8 with a mark, as those want it); returns how many there were.

    A text that a spreadsheet would take for a formula gets an apostrophe before it: catalogs come from strangers.

    Raises:
        UsageError: the file cannot be written.
    """
    many = 0
    try:
        with path.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
            writer = csv.DictWriter(file, list(columns), extrasaction="ignore")
            writer.writeheader()
            for row in rows:
                writer.writerow({name: _harmless(value) for name, value in row.items()})
                many += 1
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({one_line(error)}); name another file") from None
    return many


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
