"""Reads the lines of a CSV as shops export it: separator found out, lines with the number they begin on."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from indexer.catalog.tables.encoding import read_text
from indexer.catalog.tables.headers import name_of
from indexer.catalog.tables.table import Header, Line, Table
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


Recognise = Callable[[Sequence[str]], Sequence[str] | None]
"""From the cells of a first row to the names of the columns, if a catalog has such: these cells themselves, or, where
the file begins with its first product, the names that its columns always have. None where they are not known."""


def read_spreadsheet(path: Path, recognise: Recognise, now: datetime) -> Table:
    """A CSV file, separated by comma, semicolon or tab; see `read_text` for its encoding.

    Blank rows are passed over. Cells are in composed characters (Unicode's normal form C).

    Args:
        recognise: says of a first row, split at one of these signs, whether it is that of a catalog.
        now: see `Table`.

    Raises:
        CatalogError: it is no text, no CSV, or has no row below the names of its columns.
    """
    text = read_text(path)
    # Set for the whole process, as there is no other way; the limit it comes with, 131,072, would refuse the file.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    separator, begins = _separator(text, recognise)
    clean = str.strip if text.isascii() else _composed
    parsed = ((line, list(map(clean, cells))) for line, cells in _parse(path, text, separator, begins))
    lines = [(line, cells) for line, cells in parsed if any(cells)]
    first, written = lines[0] if lines else (1, [])
    names = recognise(written)
    if names is None or list(names) == written:
        names, header, lines = written, first, lines[1:]
    else:
        header = 0
    open_line = 0 if text.endswith(("\n", "\r")) or not lines else lines[-1][0]
    header_names = Header(tuple(map(name_of, names)))
    # Most lines are as they should be, and a million of them are looked at every night.
    width, odd = len(names), "\0" in text or len(text) > LONGEST_CELL
    rows = [
        Line(number, tuple(cells))
        if len(cells) == width and not odd and number != open_line
        else _line(number, cells, header_names.names, number == open_line)
        for number, cells in lines
    ]
    counts = [len(names), *(len(cells) for _, cells in lines), len(names)]
    for at, (before, count, behind) in enumerate(zip(counts, counts[1:], counts[2:], strict=False)):
        if count < min(before, behind):
            rows[at] = replace(rows[at], is_short=True)
    return Table(path, separator, header, header_names, rows, now)


def _composed(cell: str) -> str:
    return composed(cell.strip())


def is_one(path: Path, recognise: Recognise) -> bool:
    """Whether a file is a table whose columns are known, as far as its first row shows."""
    try:
        text = read_text(path)
    except CatalogError:
        return False
    separator, begins = _separator(text, recognise)
    return recognise(_first(text[begins:], separator)) is not None


def _line(number: int, cells: list[str], names: Sequence[str], is_open: bool) -> Line:
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
    else:
        problem = too_long(names, cells)
    return Line(number, (*cells, *[""] * (len(names) - len(cells))), problem, is_open, is_cut)


def too_long(names: Sequence[str], cells: Sequence[str]) -> str | None:
    """Why a row cannot be used one of whose cells has no end."""
    for name, cell in zip(names, cells, strict=False):
        if len(cell) > LONGEST_CELL:
            return f"{name} has {len(cell):,} characters; shorten it to {LONGEST_CELL:,}"
    return None


def _separator(text: str, recognise: Recognise) -> tuple[str, int]:
    """What separates the cells, and where the table begins: after a line that says so, if there is one."""
    if named := _NAMED_SEPARATOR.match(text):
        return named[1], named.end()
    firsts = {separator: _first(text, separator) for separator in SEPARATORS}
    fitting = next((separator for separator, cells in firsts.items() if recognise(cells) is not None), None)
    return fitting or max(SEPARATORS, key=lambda separator: len(firsts[separator])), 0


def _first(text: str, separator: str) -> list[str]:
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
