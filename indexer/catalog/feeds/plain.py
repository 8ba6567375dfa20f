"""A manifest in our own words: product_id and image, and whatever else the shop wants to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indexer.catalog.columns import NAMES, REQUIRED
from indexer.catalog.feeds.feed import Translation
from indexer.catalog.tables.headers import canonical, header_problems
from indexer.catalog.tables.table import Header, Row, Table
from indexer.errors import CatalogError


class Plain:
    """Every column is taken as it is called; columns that have neither a name nor a value are dropped."""

    name = "a manifest"

    def fits(self, header: Header) -> bool:
        """Whether the required columns are there."""
        return header.has(*REQUIRED)

    def translate(self, table: Table) -> Translation:
        """Take each line as it stands."""
        names = [canonical(name, NAMES) for name in table.header.names]
        check_header(table, names)
        columns = tuple(name for name in names if name)
        return Translation(
            columns,
            _rows(table, names),
            range(len(names)),
            last=columns[-1] if columns else None,
            by_program=table.separator is None,
        )


def check_header(table: Table, names: Sequence[str]) -> None:
    """Refuse columns that cannot be used, all of them at once; ``names`` are what they are called here."""
    nameless = [position for position, name in enumerate(names) if not name and position not in table.ignored]
    valued = {p: n for p in nameless if (n := next((x.number for x in table.lines if x.cells[p]), None))}
    if problems := header_problems(table.header.names, names, REQUIRED, valued):
        count = f"{len(problems)} problems with its columns: " if len(problems) > 1 else ""
        raise CatalogError(f"{table.path}: {count}{'; '.join(problems)}")


def _rows(table: Table, names: Sequence[str]) -> Iterator[Row]:
    if all(names):
        for line in table.lines:
            yield line.row(dict(zip(names, line.cells, strict=False)))
        return
    for line in table.lines:
        yield line.row({name: cell for name, cell in zip(names, line.cells, strict=False) if name})
