"""Rows as CSV that a spreadsheet opens without running anything: no cell of a catalog's text begins a formula.

What a file separates with commas, a spreadsheet set to other countries splits at semicolons or tabs, and there heeds no
quotation mark that stands within a line. So a text is looked at behind each of these as well (OWASP, *CSV Injection*).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from indexer.system.text import printable

_FORMULA = re.compile(
    r"""((?:^|[;|\t\r\n\v\f])[\s"'\u200b\ufeff]*?)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\u2212](?!\s*$))"""
)
"""A place where a cell may begin, and behind it a sign that begins a formula; some spreadsheets take full-width signs
for the plain ones."""


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

    A sign alone is not a formula. A comma needs no care, as it makes the writer put the whole cell in quotation marks,
    which stand at its very beginning.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return printable(_FORMULA.sub(r"\1'", text))
