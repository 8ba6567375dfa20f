"""Records that name their own cells, as in JSON, Parquet and XML, become a table with all of these names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from indexer.catalog.tables.spreadsheet import too_long
from indexer.catalog.tables.table import Header, Line, Table
from indexer.errors import CatalogError
from indexer.system.names import composed

MOST_COLUMNS = 2_000
"""Different names in one file: more are no names, but values in their place."""
HELD = 64_000_000
"""Characters of records that are held; a file with more is read again each time: memory does not grow with it."""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one product by their names, and the line or the row, from 1, in which it begins.

    ``is_cut`` is true where the file ends within it.
    """

    number: int
    cells: Mapping[str, str]
    problem: str | None = None
    is_cut: bool = False


def table_of(path: Path, records: Iterable[Record], now: datetime) -> Table:
    """A table of records; they are gone through now, for their names, and those of a large file with its lines again.

    Raises:
        CatalogError: there are too many different names, or going through them raises it.
    """
    names: dict[str, int] = {}
    held: list[Record] | None = []
    size = 0
    for record in records:
        if held is not None:
            held.append(record)
            size += sum(map(len, record.cells.values()))
            held = held if size <= HELD else None
        for name in record.cells:
            names.setdefault(name, len(names))
        if len(names) > MOST_COLUMNS:
            raise CatalogError(
                f"{path}: has more than {MOST_COLUMNS:,} different names of columns in the first {record.number:,} "
                "lines; a name says what a value is, it is not the value"
            )
    lines = _Lines(path, records if held is None else held, names)
    return Table(path, None, 0, Header(tuple(names)), lines, now)


class _Lines:
    def __init__(self, path: Path, records: Iterable[Record], names: Mapping[str, int]) -> None:
        self._path, self._records, self._names = path, records, names

    def __iter__(self) -> Iterator[Line]:
        for record in self._records:
            cells = [""] * len(self._names)
            for name, text in record.cells.items():
                if name not in self._names:  # another file has taken its place since
                    raise CatalogError(f"{self._path}: changed while it was read; read it again when it is complete")
                cells[self._names[name]] = composed(text.strip())
            problem = record.problem or _unusable(tuple(self._names), cells)
            yield Line(record.number, tuple(cells), problem, record.is_cut, record.is_cut)


def _unusable(names: tuple[str, ...], cells: list[str]) -> str | None:
    whole = "".join(cells)
    if "\0" in whole:
        return "holds a NUL character"
    if not whole.isascii():
        try:
            whole.encode()
        except UnicodeEncodeError as error:
            return f"holds half a character (U+{ord(whole[error.start]):04X}); export it anew"
    return too_long(names, cells)
