"""The type of a column that nobody set: the narrowest that fits, unless a few cells would change a published one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.catalog.cells.decimals import File, Numbers
from indexer.catalog.cells.numbers import one_currency
from indexer.catalog.cells.values import Values
from indexer.fields.types import FieldType, parse_boolean, parse_date

_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d.*)?\Z", re.ASCII)
MOST = 0.5
"""A column of which more than this share fits a type is meant to have it: the other cells are slips."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The type of a column, and what there is to say of the choice."""

    kind: FieldType
    numbers: Numbers
    """Its values as numbers, those of them that fit."""
    odd: frozenset[str] = frozenset()
    """Values that do not fit: their rows are rejected."""
    note: str | None = None


def decide_type(name: str, every: Numbers, file: File, published: FieldType | None) -> Decided:
    """The type of a column that neither its name nor a person decides.

    Args:
        name: the column, for the note.
        every: its values, those that may be numbers as numbers.
        file: what is known of the file besides, for its decimal sign.
        published: the type by which readers of the index know it; None where it is new to them. It is kept where more
            than half of the rows fit it: a cell that comes or goes must not make an error of everybody's filter.
    """
    values, numbers = every.values, certain(every, file)
    fitting = {
        FieldType.BOOLEAN: [text for text in values if text.lower() in ("true", "false", "yes", "no")],
        FieldType.NUMBER: list(numbers.readings),
        FieldType.DATE: [text for text in values if _is_date(text)],
    }
    narrow = next((kind for kind, fit in fitting.items() if len(fit) == len(values) > 0), FieldType.KEYWORD)
    if published is None:
        return Decided(narrow, numbers, note=_decider(name, every, fitting) if narrow is FieldType.KEYWORD else None)
    if narrow is published or not len(values):
        return Decided(published, numbers)
    if published is FieldType.BOOLEAN:
        fitting[published] = [text for text in values if _is_boolean(text)]
    fit = fitting.get(published, list(values))
    odd = _others(values, fit)
    if values.rows(fit) <= MOST * values.rows():
        return Decided(
            narrow,
            numbers,
            note=f"column {name!r} is {narrow} from now on, it was {published}: {values.rows(odd)} of {values.rows()} "
            f"cells are not {_A[published]}, {values.cell(odd[0])} is the first; {_set(name, published)} to reject "
            "such rows instead",
        )
    settle = f'set [fields] {name} = "{narrow}" or "{published}" in catalog.toml to settle it'
    stays = (
        f"column {name!r} stays {published}, as the index has it, although all its cells would do as {narrow}; {settle}"
    )
    return Decided(published, numbers, frozenset(odd), note=None if odd else stays)


def certain(numbers: Numbers, file: File) -> Numbers:
    """Of a column's numbers those that are for sure, as the column is not known to hold any.

    Article codes, lists of two sizes (``16,17``) and two finenesses (``585 750``) look like numbers, too: what is only
    grouped, or has a comma in a file that separates by commas, counts where another cell, or the file, bears it out.
    """
    values = numbers.values
    numbers = numbers.without(text for text, reading in numbers.readings.items() if reading.code)
    money = any(reading.is_money for reading in numbers.readings.values())
    if not one_currency(numbers.currencies):
        numbers = numbers.without(text for text, reading in numbers.readings.items() if reading.currency)
    points, commas = numbers.deciding("."), numbers.deciding(",")
    if points and commas:
        numbers = numbers.without(commas if values.rows(points) >= values.rows(commas) else points)
    fractions = [text for text, reading in numbers.readings.items() if reading.part]
    if money or any(numbers.readings[text].grouped for text in fractions):
        return numbers
    commas_count = file.separator != "," or file.has_commas
    if fractions and (commas_count or not any("," in text for text in fractions)):
        return numbers
    return numbers.without(
        text
        for text, reading in numbers.readings.items()
        if reading.grouped or reading.letters or ("," in text and (reading.is_unsure or not commas_count))
    )


def _decider(name: str, numbers: Numbers, fitting: dict[FieldType, list[str]]) -> str | None:
    """The cell because of which a column that is mostly of a narrower type is matched as text."""
    values, half = numbers.values, MOST * numbers.values.rows()
    codes = {text for text, reading in numbers.readings.items() if reading.code}  # which no type would help
    for kind, fit in fitting.items():
        if values.rows(fit) > half and (odd := [text for text in _others(values, fit) if text not in codes]):
            more = f" (one of {values.rows(odd)} such rows)" if values.rows(odd) > 1 else ""
            return (
                f"column {name!r} is matched as text because {values.cell(odd[0])} is not {_A[kind]}{more}; "
                f"correct or empty it, or {_set(name, FieldType.KEYWORD)}"
            )
    unproven = [text for text in numbers.readings if text not in codes and text not in set(fitting[FieldType.NUMBER])]
    if not unproven or values.rows(text for text in numbers.readings if text not in codes) <= half:
        return None
    return (
        f"column {name!r} is matched as text because {values.cell(unproven[0])} need not be a number; "
        f"{_set(name, FieldType.NUMBER)} if it is one"
    )


_A = {FieldType.NUMBER: "a number", FieldType.BOOLEAN: "true or false", FieldType.DATE: "a date"}


def _set(name: str, kind: FieldType) -> str:
    return f'set [fields] {name} = "{kind}" in catalog.toml'


def _others(values: Values, fit: Sequence[str]) -> list[str]:
    fitting = set(fit)
    return [text for text in values if text not in fitting]


def _is_boolean(text: str) -> bool:
    try:
        parse_boolean(text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        return bool(_PLAIN_DATE.match(text) and parse_date(text))
    except ValueError:
        return False
