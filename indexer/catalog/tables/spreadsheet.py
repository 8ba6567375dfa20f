"""Reads the lines of a CSV as shops export it: separator found out, lines with the number they begin on."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from indexer.catalog.tables.encoding import read_text
from indexer.catalog.tables.headers import name_of
from indexer.catalog.tables.table import Header, Line, Recognise, Table
from indexer.errors import CatalogError
from indexer.system.names import composed

SEPARATORS = (",", ";", "\t")
"""Excel writes the second where the comma is the decimal sign; the third is its "Text (Tab delimited)"."""
LONGEST_CELL = 1_000_000
"""Characters of a cell that can be used: a description may be long, but what is longer is a quote never closed."""
_MOST_BROKEN = 100
"""Lines that are no CSV: with more of them it is the file that is broken."""
_NAMED_SEPARATOR = re.compile(r'"?sep=([,;|\t])"?[,;|\t]*(\r\n|\r|\n|\Z)', re.IGNORECASE)
"""A first line for Excel, which says how cells are separated."""


class _Strict(csv.excel):
    """Strict, because otherwise a quote that is never closed silently swallows the rest of the file."""

    strict = True
    skipinitialspace = True


def read_spreadsheet(path: Path, recognise: Recognise, now: datetime) -> Table:
    """A CSV file, separated by comma, semicolon or tab; see `read_text` for its encoding.

    Blank rows are passed over. Cells are in composed characters (Unicode's normal form C). A line that is no CSV has a
    problem, and the next one is read as if it were not there; what is wrong with the first is ``broken``.

    Args:
        recognise: says of a first row, split at one of these signs, whether it is that of a catalog.
        now: see `Table`.

    Raises:
        CatalogError: it is no text, or no CSV in many lines.
    """
    text = read_text(path)
    # Set for the whole process, as there is no other way; the limit it comes with, 131,072, would refuse the file.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    separator, begins = _separator(text, recognise)
    broken: dict[int, str] = {}
    clean = str.strip if text.isascii() else _composed
    split = _parse(path, text[begins:], separator, 2 if begins else 1, broken)
    parsed = ((line, list(map(clean, cells))) for line, cells in split)
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
    width, odd, many = len(names), "\0" in text, len(text) > LONGEST_CELL
    rows = [
        Line(number, tuple(cells))
        if len(cells) == width
        and not odd
        and number != open_line
        and number not in broken
        and not (many and sum(map(len, cells)) > LONGEST_CELL)
        else (_broken if number in broken else _line)(number, cells, header_names.names, number == open_line)
        for number, cells in lines
    ]
    named = max((at for at, name in enumerate(header_names.names, 1) if name), default=0)
    counts = [named, *(len(cells) for _, cells in lines), named]
    for at, (before, count, behind) in enumerate(zip(counts, counts[1:], counts[2:], strict=False)):
        if count < min(before, behind, named):
            rows[at] = replace(rows[at], is_short=True)
    return Table(path, separator, header, header_names, rows, now, broken=next(iter(broken.values()), None))


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


def _broken(number: int, cells: list[str], names: Sequence[str], is_open: bool) -> Line:
    """A line in which a quote stands where none may: most likely it was cut, and the quote is never closed."""
    problem = "the file ends within this line; send all of it" if is_open else "is cut, or its quotes are wrong"
    cells = [cell.strip('"') for cell in cells]
    return Line(number, _padded(cells, names), problem, is_open, is_open)


def _padded(cells: list[str], names: Sequence[str]) -> tuple[str, ...]:
    return (*cells, *[""] * (len(names) - len(cells)))


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
    return Line(number, _padded(cells, names), problem, is_open, is_cut)


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


def _parse(
    path: Path, text: str, separator: str, first: int, broken: dict[int, str]
) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins; of a line that is no CSV its text alone, and in ``broken`` why."""
    stream, line = io.StringIO(text, newline=""), first
    while True:
        reader, begin, at = csv.reader(stream, _Strict, delimiter=separator), line, stream.tell()
        try:
            for cells in reader:
                yield line, cells
                # line_num is the row's last line: a quoted cell may hold line breaks
                line, at = reader.line_num + begin, stream.tell()
        except csv.Error as error:
            hint = "quote the whole cell and double the quotes in it"
            broken[line] = f"{path}:{line}: not readable as CSV ({error}); {hint}"
            if len(broken) > _MOST_BROKEN:
                raise CatalogError(broken[min(broken)]) from error
            stream.seek(at)
            yield line, stream.readline().split(separator)
            line += 1
        else:
            return
