"""From a file of rows, whoever exported it, to the sheet from which a catalog is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from indexer.catalog.catalog_toml import Availability, Settings
from indexer.catalog.feeds.by_hand import ByHand, overridden
from indexer.catalog.feeds.feed import Feed, Translation
from indexer.catalog.feeds.known import PLAIN, feed_of, names_without_header
from indexer.catalog.feeds.stock import COLUMN, Stock
from indexer.catalog.tables.headers import name_of, name_problem
from indexer.catalog.tables.opening import has_first_row, read_table
from indexer.catalog.tables.table import Header, Line, Sheet, Table
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
    by_hand = ByHand(settings)
    table = read_table(path, _Recognise(by_hand), now or datetime.now(UTC))
    if not table.header.names:
        first = next(iter(table.lines), None)
        why = "" if first is None else f"; line {first.number} {first.problem or 'is empty'}"
        raise CatalogError(f"{path}: holds not one product{why}; export it anew")
    notes = by_hand.notes(table.header.names)
    table = by_hand.read(table)
    feed = feed_of(table.header)
    if feed is None or feed is PLAIN:
        if table.broken is not None:  # what a person wrote is mended, and then read; a feed comes again tomorrow
            raise CatalogError(table.broken)
        feed, table = PLAIN, replace(table, header=Header(by_hand.renamed(table.header.names)))
        translation = feed.translate(table)
    else:
        table = replace(table, lines=_Whole(table.lines))
        translation = _override(feed.translate(table), by_hand.columns(table.header))
        _check_names(table, translation)
    if not any(True for _ in table.lines):
        raise CatalogError(f"{path}: has no row below the names of its columns; export it anew")
    rows = iter(translation.rows)
    if COLUMN in translation.columns and (feed is not PLAIN or settings.availability is not None):
        rows = Stock(settings.availability or Availability()).rows(rows)
    elif settings.availability is not None:
        notes.append(f"catalog.toml: [availability] is of the column {COLUMN!r}; name yours so in [columns] rename")
    return Sheet(
        path,
        None if translation.by_program else table.separator,
        max(table.line, 1),
        tuple(translation.columns),
        tuple(rows),
        translation.last,
        translation.types,
        (*notes, *translation.notes, *_unused(table, feed, translation)),
        translation.left_out.result(),
    )


def is_sheet(path: Path, settings: Settings) -> bool:
    """Whether a file that need not be a manifest has the columns of one."""
    return has_first_row(path, _Recognise(ByHand(settings)))


class _Recognise:
    """See `indexer.catalog.tables.table.Recognise`."""

    def __init__(self, by_hand: ByHand) -> None:
        self._by_hand = by_hand

    def __call__(self, cells: Sequence[str]) -> Sequence[str] | None:
        left = self._by_hand.left(list(map(name_of, cells)))
        if feed_of(Header(left)) is not None or PLAIN.fits(Header(self._by_hand.renamed(left))):
            return cells
        return names_without_header(cells)


class _Whole:
    """The lines of a feed: what a platform exports has all its cells."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[Line]:
        for line in self._lines:
            yield replace(line, problem=line.problem or _SHORT) if line.is_short else line


def _override(translation: Translation, columns: dict[int, str]) -> Translation:
    if not columns:
        return translation
    return replace(
        translation,
        columns=tuple(dict.fromkeys([*translation.columns, *columns.values()])),
        rows=overridden(translation.rows, columns),
        used={*translation.used, *columns},
    )


def _check_names(table: Table, translation: Translation) -> None:
    if problems := [problem for name in translation.columns if (problem := name_problem(name))]:
        raise CatalogError(f"{table.path}: {'; '.join(problems)}")


def _unused(table: Table, feed: Feed, translation: Translation) -> list[str]:
    """What a feed holds and nothing is made of, in one line."""
    if feed is PLAIN:
        return []
    used = set(translation.used)
    names = [name for position, name in enumerate(table.header.names) if name and position not in used]
    count = "1 column is" if len(names) == 1 else f"{len(names)} columns are"
    rest = f"; {count} not used: {', '.join(dict.fromkeys(names))}" if names else ""
    return [f"read as {feed.name}{rest}"]
