"""Lines that say a product again: exact repeats are one, and of two that differ the platform's own rule decides."""

from __future__ import annotations

from typing import Literal

from indexer.catalog.passed_over import Tally
from indexer.catalog.tables.table import Line, Table

REPEATED = "repeated rows"
REPLACED = {"first": "rows whose id stands further up, too", "last": "rows whose id stands further down, too"}


class Repeats:
    """Says of each line whether it is the one that counts for its product.

    Args:
        table: all the lines; they are gone through once. Lines with a problem count for nothing.
        column: where the id stands.
        rule: which of several lines with one id counts.
        left_out: gets the others.
    """

    def __init__(self, table: Table, column: int, rule: Literal["first", "last"], left_out: Tally) -> None:
        self._name, self._column, self._rule, self._left_out = table.path.name, column, rule, left_out
        self._counting: dict[str, tuple[int, int]] = {}
        for line in table.lines:
            if not line.problem and (rule == "last" or line.cells[column] not in self._counting):
                self._counting[line.cells[column]] = line.number, hash(line.cells)

    def counts(self, line: Line) -> bool:
        """Whether to read this line; if not, it is counted among those that are left out. Blank ids all count."""
        identifier = line.cells[self._column]
        this = line.number, hash(line.cells)
        counting = self._counting.get(identifier, this)
        if line.problem or not identifier or counting == this:
            return True
        what = REPEATED if counting[1] == this[1] else REPLACED[self._rule]
        self._left_out.add(what, f"{self._name}:{line.number}")
        return False
