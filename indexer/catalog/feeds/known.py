"""The feeds that are known, and which of them a table is: its header says so."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.catalog.feeds.feed import Feed, Headerless
from indexer.catalog.feeds.plain import Plain
from indexer.catalog.tables.headers import name_of
from indexer.catalog.tables.table import Header

FEEDS: tuple[Feed, ...] = (Plain(),)
"""Our own columns before all others, and feeds with columns that nobody else has before those with common ones."""
HEADERLESS: tuple[Headerless, ...] = ()


def feed_of(header: Header) -> Feed:
    """The feed that has these columns; our own where none has: what is missing is said in its words."""
    return next((feed for feed in FEEDS if feed.fits(header)), FEEDS[0])


def recognise(cells: Sequence[str]) -> Sequence[str] | None:
    """See `indexer.catalog.tables.spreadsheet.Recognise`."""
    header = Header(tuple(map(name_of, cells)))
    if any(feed.fits(header) for feed in FEEDS):
        return cells
    return next((names for feed in HEADERLESS if (names := feed.without_header(cells)) is not None), None)
