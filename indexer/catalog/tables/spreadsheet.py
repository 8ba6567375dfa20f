"""Reads the rows of a CSV as shops export it: separator found out, rows with the line they begin on."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.catalog.tables.encoding import read_text
from indexer.catalog.tables.headers import canonical, header_problems
from indexer.errors import CatalogError
from indexer.system.names import composed

SEPARATORS = (",", ";", "\t")
"""Excel writes the second where the comma is the decimal sign; the third is its "Text (Tab delimited)"."""
LONGEST_CELL = 1_000_000
"""Characters of a cell that can be used: a description may be long, but what is longer is a quote never closed."""
_NAMED_SEPARATOR = re.compile(r'"?sep=([,;|\t])"?[,;|\t]*(\r\n|\r|\n|\Z)', re.IGNORECASE)
"""A first line for Excel, which says how cells are separated."""


class _Strict(csv.excel):
    """Strict, because otherwise a quote that is never closed silently swallows the rest of the file."""

    strict = True
    skipinitialspace = True


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank: the line it begins on, its stripped cells by column, and why it is unusable, if so.

    ``raw`` are all its cells in order; ``is_open`` is true of the last row where no line end follows it, ``is_cut``
    where it lacks cells as well.
    """

    line: int
    cells: dict[str, str]
    problem: str | None = None
    raw: tuple[str, ...] = ()
    is_open: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns and rows of a table, as a manifest is made of them."""

    path: Path
    separator: str
    header: int
    """The line of the header."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(path: Path, required: Collection[str], known: Collection[str]) -> Sheet:
    """Columns and rows of a CSV file, separated by comma, semicolon or tab; see `read_text` for its encoding.

    A short row is filled up with blanks; columns that have neither a name nor a value are dropped. Cells are in
    composed characters (Unicode's normal form C).

    Args:
        required: the columns without which there is no catalog.
        known: names that are known whatever their case, these among them; see `canonical`.

    Raises:
        CatalogError: it is no text or no CSV, has no row, lacks a required column, or has columns that cannot be
            used: all of them are named.
    """
    text = read_text(path)
    # Set for the whole process, as there is no other way; the limit it comes with, 131,072, would refuse the file.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    separator, begins = _separator(text, set(required), known)
    lines = [
        (line, [composed(cell.strip()) for cell in cells]) for line, cells in _parse(path, text, separator, begins)
    ]
    lines = [(line, cells) for line, cells in lines if any(cells)]
    header, written = lines[0] if lines else (1, [])
    names = [canonical(cell, known) for cell in written]
    nameless = [position for position, name in enumerate(names) if not name]
    valued = {p: n for p in nameless if (n := next((n for n, cells in lines[1:] if any(cells[p : p + 1])), None))}
    if problems := header_problems(written, names, required, valued):
        count = f"{len(problems)} problems with its columns: " if len(problems) > 1 else ""
        raise CatalogError(f"{path}: {count}{'; '.join(problems)}")
    if not lines[1:]:
        raise CatalogError(f"{path}: has no row below the names of its columns; export it anew")
    columns = tuple(name for name in names if name)
    open_line = 0 if text.endswith(("\n", "\r")) or not lines else lines[-1][0]
    rows = tuple(_row(line, cells, names, line == open_line) for line, cells in lines[1:])
    return Sheet(path, separator, header, columns, rows)


def has_columns(path: Path, required: Collection[str], known: Collection[str]) -> bool:
    """Whether a file is a table with these columns, as far as its header shows."""
    try:
        text = read_text(path)
    except CatalogError:
        return False
    separator, begins = _separator(text, set(required), known)
    return set(required) <= {canonical(name, known) for name in _header(text[begins:], separator)}


def _row(line: int, cells: list[str], names: list[str], is_open: bool) -> Row:
    problem = None
    named = max((number for number, name in enumerate(names, 1) if name), default=0)
    is_cut = is_open and len(cells) < named
    if is_cut:
        problem = (
            f"the file ends within this line, after {len(cells)} of {named} cells; send all of it, or end the line"
        )
    elif any(cells[len(names) :]):
        problem = f"has {len(cells)} cells for {len(names)} columns; quote cells that hold the separator"
    elif any("\0" in cell for cell in cells):
        problem = "holds a NUL character"
    padded = cells + [""] * (len(names) - len(cells))
    by_column = {name: cell for name, cell in zip(names, padded, strict=False) if name}
    long = next((name for name, cell in by_column.items() if len(cell) > LONGEST_CELL), None)
    if long and not problem:
        problem = f"{long} has {len(by_column[long]):,} characters; shorten it to {LONGEST_CELL:,}"
    return Row(line, by_column, problem, tuple(cells), is_open, is_cut)


def _separator(text: str, required: set[str], known: Collection[str]) -> tuple[str, int]:
    """What separates the cells, and where the table begins: after a line that says so, if there is one."""
    if named := _NAMED_SEPARATOR.match(text):
        return named[1], named.end()
    headers = {s: [canonical(name, known) for name in _header(text, s)] for s in SEPARATORS}
    fitting = next((s for s, names in headers.items() if required <= set(names)), None)
    return fitting or max(SEPARATORS, key=lambda s: len(headers[s])), 0


def _header(text: str, separator: str) -> list[str]:
    try:
        return next(filter(any, csv.reader(io.StringIO(text, newline=""), _Strict, delimiter=separator)), [])
    except csv.Error:
        return []


def _parse(path: Path, text: str, separator: str, begins: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text[begins:], newline=""), _Strict, delimiter=separator)
    line = first = 2 if begins else 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + first  # line_num is the row's last line: a quoted cell may hold line breaks
    except csv.Error as error:
        hint = "quote the whole cell and double the quotes in it"
        raise CatalogError(f"{path}:{line}: not readable as CSV ({error}); {hint}") from error
