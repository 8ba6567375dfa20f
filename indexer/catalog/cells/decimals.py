"""Decides per column, and then per file, whether its numbers have a decimal point or a decimal comma.

A cell that can be read one way only decides for its column. Where none does, ``1.250`` is 1.25 in a file that is
written as programs write, and unsure in one that was saved where the comma is the decimal sign; such a column is left
out and the shop is asked, because a wrong price is worse than none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from indexer.catalog.cells.numbers import Decimal, Reading, read_number
from indexer.catalog.cells.values import Values

_CUSTOM = 0.1
"""The share of a column's deciding cells from which on it is said to have a decimal sign: one slip is no custom."""


class Unclear(Exception):
    """What the numbers of a column mean cannot be said; the message names a cell that shows it."""


@dataclass(frozen=True)
class Numbers:
    """The values of a column that are numbers, with their readings; the others are odd."""

    values: Values
    readings: Mapping[str, Reading]

    @classmethod
    def of(cls, values: Values) -> Numbers:
        """Read every value."""
        return cls(values, {text: reading for text in values if (reading := read_number(text)) is not None})

    @property
    def odd(self) -> list[str]:
        """The values that are no numbers of this column."""
        return [text for text in self.values if text not in self.readings]

    def without(self, texts: Iterable[str]) -> Numbers:
        """The same, with these among the odd ones."""
        odd = set(texts)
        return replace(self, readings={text: read for text, read in self.readings.items() if text not in odd})

    def by_value(self, decimal: Decimal | None) -> dict[str, float]:
        """The number that each value is with this decimal sign, see `Reading.value`; those without one are left out."""
        read = {text: reading.value(decimal) for text, reading in self.readings.items()}
        return {text: number for text, number in read.items() if number is not None}

    def deciding(self, decimal: Decimal) -> list[str]:
        """Values that can only have been written with this decimal sign."""
        return [text for text, reading in self.readings.items() if reading.decides == decimal]

    def customs(self) -> set[Decimal]:
        """The decimal signs that the column has."""
        rows: dict[Decimal, int] = {
            ".": self.values.rows(self.deciding(".")),
            ",": self.values.rows(self.deciding(",")),
        }
        return {decimal for decimal, count in rows.items() if count and count >= _CUSTOM * sum(rows.values())}

    @property
    def currencies(self) -> dict[str, str]:
        """The currencies that stand in the column, each with a value that has it."""
        found: dict[str, str] = {}
        for text, reading in self.readings.items():
            if reading.currency:
                found.setdefault(reading.currency, text)
        return found


@dataclass(frozen=True, slots=True)
class File:
    """What is known of a file beside the column that is looked at."""

    separator: str | None = ","
    """None where the file has no cells of text."""
    seen: Collection[Decimal] = ()
    """Decimal signs of other columns."""
    proven: Collection[Decimal] = ()
    """Those of columns that certainly hold numbers: ``16,17`` may be two ring sizes elsewhere."""

    @property
    def has_commas(self) -> bool:
        """Whether a comma before one or two digits is the decimal sign in this file, although it separates cells."""
        return "," in self.proven and "." not in self.seen


def decide(numbers: Numbers, file: File) -> Decimal | None:
    """The decimal sign of a column; None where every cell says by itself which number it is, or where they disagree.

    Raises:
        Unclear: a cell is two numbers, and neither the column nor the file says which.
    """
    unsure = [text for text, reading in numbers.readings.items() if reading.is_unsure]
    points, commas = numbers.deciding("."), numbers.deciding(",")
    if not unsure or (points and commas):
        return None
    if points or commas:
        return "." if points else ","
    pointed = [text for text in unsure if "." in text]
    by_program = not numbers.currencies and "," not in file.seen and file.separator in (",", None)
    if by_program and len(pointed) == len(unsure):
        return "."
    shown = numbers.readings[unsure[0]]
    raise Unclear(
        f"{numbers.values.cell(unsure[0])} is {shown.point:.15g} with a decimal point and {shown.comma:.15g} with a "
        'decimal comma; set [numbers] decimal = "," or "." in catalog.toml'
    )
