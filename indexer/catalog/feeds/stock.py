"""Words and counts that say whether something can be bought today become in_stock."""

from __future__ import annotations

from collections.abc import Iterator

from indexer.catalog.catalog_toml import Availability
from indexer.catalog.cells.numbers import read_number
from indexer.catalog.tables.headers import squeezed
from indexer.catalog.tables.table import Row
from indexer.fields.types import parse_boolean

COLUMN = "in_stock"
_THERE = ("in stock", "instock", "available", "limited availability", "online only", "in store only")
_NOT_THERE = (
    *("out of stock", "sold out", "discontinued", "unavailable"),
    *("preorder", "pre-order", "backorder", "on backorder", "available for order", "made to order"),
)
_WORDS = {squeezed(word): True for word in _THERE} | {squeezed(word): False for word in _NOT_THERE}
"""What platforms write. What can be ordered, but is not there yet, is not in stock."""
_SCHEMA = ("http://schema.org/", "https://schema.org/")


class Stock:
    """Reads cells of availability.

    Args:
        said: what catalog.toml says of words and counts; it goes before everything else.
    """

    def __init__(self, said: Availability) -> None:
        self._least = said.least
        self._words = _WORDS | {squeezed(word): True for word in said.in_stock}
        self._words |= {squeezed(word): False for word in said.sold_out}

    def read(self, text: str) -> str:
        """``true`` or ``false`` for a word or a count; blank for a blank.

        Raises:
            ValueError: nobody knows the word.
        """
        if not text:
            return ""
        plain = text
        for prefix in _SCHEMA:
            plain = plain.removeprefix(prefix)
        known = self._words.get(squeezed(plain))
        if known is None:
            known = self._counted(plain)
        if known is None:
            raise ValueError(
                f"{COLUMN} {text!r} is no availability that is known; list it in catalog.toml: "
                f"[availability] in_stock = [{text!r}], or sold_out = [{text!r}]"
            )
        return "true" if known else "false"

    def rows(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows with true and false in them; those of which nobody knows are rejects."""
        for row in rows:
            problem = row.problem
            try:
                said = self.read(row.cells.get(COLUMN, ""))
            except ValueError as unknown:
                said, problem = "", problem or str(unknown)
            yield Row(row.line, {**row.cells, COLUMN: said}, problem, row.raw, row.is_open, row.is_cut)

    def _counted(self, text: str) -> bool | None:
        reading = read_number(text)
        count = None if reading is None or reading.currency else reading.value(None)
        if count is not None:
            return count >= self._least
        try:
            return parse_boolean(text)
        except ValueError:
            return None
