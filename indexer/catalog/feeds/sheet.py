"""From a file of rows, whoever exported it, to the sheet from which a catalog is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from indexer.catalog.catalog_toml import Settings
from indexer.catalog.feeds.feed import Feed, Translation
from indexer.catalog.feeds.known import feed_of, recognise
from indexer.catalog.feeds.plain import Plain
from indexer.catalog.tables.spreadsheet import is_one, read_spreadsheet
from indexer.catalog.tables.table import Line, Sheet, Table
from indexer.errors import CatalogError

_SHORT = "has fewer cells than the lines around it; it is cut or shifted, export it anew"


def read_sheet(path: Path, settings: Settings, now: datetime | None = None) -> Sheet:
    """The rows of a file in our own words.

    Args:
        path: the file.
        settings: what catalog.toml says of its columns.
        now: when the prices are to hold; this moment if None.

    Raises:
        CatalogError: it cannot be read, has no row, lacks a required column, or has columns that cannot be used: all
            of them are named.
    """
    table = read_spreadsheet(path, recognise, now or datetime.now(UTC))
    feed = feed_of(table.header)
    if not isinstance(feed, Plain):
        table = replace(table, lines=_Whole(table.lines))
    translation = feed.translate(table)
    rows = tuple(translation.rows)
    if not any(True for _ in table.lines):
        raise CatalogError(f"{path}: has no row below the names of its columns; export it anew")
    return Sheet(
        path,
        None if translation.by_program else table.separator,
        max(table.line, 1),
        tuple(translation.columns),
        rows,
        translation.last,
        (*translation.notes, *_unused(table, feed, translation)),
        translation.left_out.result(),
    )


def is_sheet(path: Path) -> bool:
    """Whether a text file that need not be a manifest has the columns of one."""
    return is_one(path, recognise)


class _Whole:
    """The lines of a feed: what a platform exports has all its cells."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[Line]:
        for line in self._lines:
            yield replace(line, problem=line.problem or _SHORT) if line.is_short else line


def _unused(table: Table, feed: Feed, translation: Translation) -> list[str]:
    """What a feed holds and nothing is made of, in one line."""
    used = set(translation.used)
    names = [name for position, name in enumerate(table.header.names) if name and position not in used]
    if not names:
        return []
    count = "1 column is" if len(names) == 1 else f"{len(names)} columns are"
    return [f"read as {feed.name}; {count} not used: {', '.join(dict.fromkeys(names))}"]
