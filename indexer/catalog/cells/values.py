"""The different values of a column: how many rows have each, and the line in which it stands first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_SHOWN = 60


class Values:
    """Rows and first line by value, in the order of the lines; blank cells are left out."""

    def __init__(self, cells: Iterable[tuple[int, str]]) -> None:
        """Take (line, text) of every row."""
        lines: dict[str, int] = {}
        rows: dict[str, int] = {}
        for line, text in cells:
            if text in rows:
                rows[text] += 1
            elif text:
                rows[text], lines[text] = 1, line
        self._lines, self._rows = lines, rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def rows(self, texts: Iterable[str] | None = None) -> int:
        """How many rows have some of the values, or any."""
        return sum(self._rows[text] for text in (self if texts is None else texts))

    def cell(self, text: str) -> str:
        """A value and where it stands first, as a message names it."""
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        return f"{shown!r} in line {self._lines[text]}"
