"""Reads the rows of a CSV as shops export it: separator and BOM detected, rows with the line they begin on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import CatalogError

SEPARATORS = (",", ";", "\t")
"""Excel writes the second where the comma is the decimal sign; the third is its "Text (Tab delimited)"."""


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


def read_rows(path: Path, required: tuple[str, ...]) -> tuple[list[str], list[Row]]:
    """Columns and rows of a CSV file in UTF-8, with or without BOM, separated by comma, semicolon or tab.

    A short row is filled up with blanks; columns that have neither a name nor a value are dropped.

    Raises:
        CatalogError: it is not UTF-8 or no CSV, lacks a required column, or has one twice or without a name.
    """
    text = _text(path)
    separator = next((s for s in SEPARATORS if set(required) <= set(_header(text, s))), ",")
    lines = [(line, [cell.strip() for cell in cells]) for line, cells in _parse(path, text, separator)]
    lines = [(line, cells) for line, cells in lines if any(cells)]
    names = lines[0][1] if lines else []
    columns = [name for name in names if name]
    _check_columns(path, columns, required)
    for position, name in enumerate(names):
        if not name and (line := next((n for n, cells in lines if any(cells[position : position + 1])), None)):
            raise CatalogError(f"{path}:{line}: column {position + 1} has a value but no name; name or empty it")
    is_open = not text.endswith(("\n", "\r"))
    last = lines[-1][0] if lines else 0
    return columns, [_row(line, cells, names, is_open and line == last) for line, cells in lines[1:]]


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
    by_name = {name: cell for name, cell in zip(names, padded, strict=False) if name}
    return Row(line, by_name, problem, tuple(cells), is_open, is_cut)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{data[error.start]:02x}"
        raise CatalogError(
            f"{path}:{line}: not UTF-8 ({byte}); save it as 'CSV UTF-8', not Latin-1 or UTF-16"
        ) from error


def _header(text: str, separator: str) -> list[str]:
    try:
        return [
            name.strip() for name in next(csv.reader(io.StringIO(text, newline=""), _Strict, delimiter=separator), [])
        ]
    except csv.Error:
        return []


def _parse(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), _Strict, delimiter=separator)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1  # line_num is the row's last line: a quoted cell may hold line breaks
    except csv.Error as error:
        hint = "quote the whole cell and double the quotes in it"
        raise CatalogError(f"{path}:{line}: not readable as CSV ({error}); {hint}") from error


def _check_columns(path: Path, columns: list[str], required: tuple[str, ...]) -> None:
    for name in required:
        if name not in columns:
            raise CatalogError(f"{path}: no column {name!r}; it has {', '.join(columns) or 'no columns at all'}")
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice:
        raise CatalogError(f"{path}: column {twice!r} appears twice; rename or remove one")
