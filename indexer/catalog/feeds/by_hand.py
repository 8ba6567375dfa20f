"""What a shop says of its columns in catalog.toml, before all else: other names, and which are not to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from indexer.catalog.catalog_toml import Settings
from indexer.catalog.columns import NAMES
from indexer.catalog.tables.headers import canonical, squeezed
from indexer.catalog.tables.table import Header, Row, Table


class ByHand:
    """[columns] of catalog.toml."""

    def __init__(self, settings: Settings) -> None:
        self._renamed = {squeezed(name): canonical(other, NAMES) for name, other in settings.rename.items()}
        self._unread = {squeezed(name) for name in settings.unread}
        self._named = [*settings.rename, *settings.unread]

    def left(self, names: Sequence[str]) -> tuple[str, ...]:
        """The columns that are read, in their places; blank where one is not."""
        return tuple("" if squeezed(name) in self._unread else name for name in names)

    def renamed(self, names: Sequence[str]) -> tuple[str, ...]:
        """What they are called with the shop's own names."""
        return tuple(self._renamed.get(squeezed(name), name) for name in names)

    def read(self, table: Table) -> Table:
        """The table without the columns that are not read."""
        left = self.left(table.header.names)
        ignored = frozenset(
            p for p, (name, now) in enumerate(zip(table.header.names, left, strict=True)) if name != now
        )
        return replace(table, header=Header(left), ignored=ignored) if ignored else table

    def notes(self, names: Sequence[str]) -> list[str]:
        """Of columns that the file does not have."""
        there = {squeezed(name) for name in names}
        missing = [name for name in self._named if squeezed(name) not in there]
        return [
            f"catalog.toml: [columns] has {name!r}, which is no column here; correct or remove it" for name in missing
        ]

    def columns(self, header: Header) -> dict[int, str]:
        """The columns that the shop names itself: their places, and what they are called."""
        return {p: other for p, name in enumerate(header.names) if (other := self._renamed.get(squeezed(name)))}


def overridden(rows: Iterable[Row], columns: dict[int, str]) -> Iterator[Row]:
    """The rows of a feed, with cells that a shop has named itself in place of those that the feed would say.

    Where such a cell is blank, that of the row before it counts, if both are of one group: some platforms write what
    all variants have into the first of them only.
    """
    group, before = "", dict[str, str]()
    for row in rows:
        if (its := row.cells.get("group_id", "")) != group or not its:
            group, before = its, {}
        said = {name: cell for p, name in columns.items() if p < len(row.raw) and (cell := row.raw[p])}
        before = before | said
        yield replace(row, cells=dict.fromkeys(columns.values(), "") | row.cells | before)
