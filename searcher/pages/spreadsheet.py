"""Rows as CSV that a spreadsheet opens without running anything: no cell of a catalog's text begins a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from indexer.system.text import printable

_FORMULA = ("=", "+", "-", "@")


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and a line per row; columns that a row lacks are empty, and those not named are left out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe(row.get(column)) for column in columns])
    return text.getvalue()


def safe(value: Any) -> Any:
    """A value as a cell: numbers as they are; texts on one line, with an apostrophe before what looks like a formula.

    A sign alone is not a formula.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    text = printable(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
    return f"'{text}" if len(text) > 1 and text.startswith(_FORMULA) else text
