"""Lines that say a product again: exact repeats are one, and of two that differ the last one counts."""

from __future__ import annotations

from indexer.catalog.passed_over import Tally
from indexer.catalog.tables.table import Line, Table

REPEATED = "repeated rows"
REPLACED = "rows whose id stands further down, too"


class Repeats:
    """Says of each line whether it is the one that counts for its product.

    Args:
        table: all the lines; they are gone through once. Lines with a problem count for nothing.
        column: where the id stands.
        left_out: gets the others.
    """

    def __init__(self, table: Table, column: int, left_out: Tally) -> None:
        self._name, self._column, self._left_out = table.path.name, column, left_out
        good = (line for line in table.lines if not line.problem)
        self._counting = {line.cells[column]: (line.number, hash(line.cells)) for line in good}

    def counts(self, line: Line) -> bool:
        """Whether to read this line; if not, it is counted among those that are left out. Blank ids all count."""
        identifier = line.cells[self._column]
        this = line.number, hash(line.cells)
        counting = self._counting.get(identifier, this)
        if line.problem or not identifier or counting == this:
            return True
        self._left_out.add(REPEATED if counting[1] == this[1] else REPLACED, f"{self._name}:{line.number}")
        return False
