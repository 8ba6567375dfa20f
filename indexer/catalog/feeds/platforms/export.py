"""What a platform wrote: its columns by our words, whichever spelling a version had, and lines that are whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from indexer.catalog.feeds.repeats import REPEATED
from indexer.catalog.passed_over import Tally
from indexer.catalog.tables.table import Line, Row, Table
from indexer.fields.types import LIST_SEPARATOR

NO_PICTURE = "products without a picture"
YES = ("true", "wahr", "vrai", "verdadero", "vero", "waar", "1")
NO = ("false", "falsch", "faux", "falso", "onwaar", "0")
"""What programs write, and what a spreadsheet makes of it in the language of a shop."""
_KEPT_A_TEXT = ("'=", "'+", "'-", "'@")
"""How exports begin a cell that a spreadsheet would take for a formula: ``'-1`` is -1."""
_SHIFTED = "has {} cells for {} columns; quote cells that hold the separator"


class Export:
    """A table of a platform.

    Args:
        table: the file.
        spellings: by our word, the names that the platform has had for a column over the years.

    ``lines`` are the good ones, each once; ``rejects`` those that are cut, shifted, or have no end, and what a reader
    adds to them, with its reason.
    """

    def __init__(self, table: Table, spellings: Mapping[str, Sequence[str]]) -> None:
        self.name, self.header = table.path.name, table.header
        found = {word: table.header.first(*names) for word, names in spellings.items()}
        self._at = {word: position for word, position in found.items() if position is not None}
        self.left_out, self.lines, self.rejects = Tally(), list[Line](), list[tuple[Line, str | None]]()
        seen = set[tuple[str, ...]]()
        for line in _whole(table):
            if line.problem is not None:
                self.rejects.append((line, None))
            elif line.cells in seen:
                self.leave_out(REPEATED, line)
            else:
                seen.add(line.cells)
                self.lines.append(line)

    @property
    def used(self) -> set[int]:
        """The columns that have a word of ours."""
        return set(self._at.values())

    def has(self, word: str) -> bool:
        """Whether the platform wrote this column."""
        return word in self._at

    def of(self, line: Line, word: str) -> str:
        """What a line has in a column; blank where there is no such column."""
        position = self._at.get(word)
        if position is None:
            return ""
        text = line.cells[position]
        return text[1:] if text.startswith(_KEPT_A_TEXT) else text

    def unsaid(self, *words: str) -> list[str]:
        """A note where no column is there that says whether the shop shows a product."""
        note = "no column says whether a product is published; all of them are read as if they were"
        return [] if any(map(self.has, words)) else [note]

    def leave_out(self, what: str, line: Line) -> None:
        """Count what the shop does not show."""
        self.left_out.add(what, f"{self.name}:{line.number}")

    def reject(self, line: Line, reason: str | ValueError) -> None:
        """Say why a line cannot be used."""
        self.rejects.append((line, str(reason)))

    def one_of(self, line: Line, word: str, wanted: Sequence[str]) -> str:
        """A cell in small letters that holds one of a few words, or is blank.

        Raises:
            ValueError: it holds something else, as where cells are shifted.
        """
        text = self.of(line, word).casefold()
        if text and text not in wanted:
            raise self.misplaced(line, word, _either(wanted))
        return text

    def misplaced(self, line: Line, word: str, wanted: str) -> ValueError:
        """A cell holds what its column never has."""
        found = f"is {text!r} and not {wanted}" if (text := self.of(line, word)) else "is empty"
        return ValueError(f"{self.header.names[self._at[word]]} {found}; the row is shifted or damaged, export it anew")


def joined(photos: Iterable[str]) -> str:
    """A cell of photos; an address may have the sign that separates them."""
    return LIST_SEPARATOR.join(name.replace(LIST_SEPARATOR, "%7C") if "://" in name else name for name in photos)


def rejected(line: Line, columns: Sequence[str], reason: str | None, product_id: str, photos: Sequence[str]) -> Row:
    """A line that is no product, and the photos that an index keeps because of it: those in the line, and these."""
    cells = {**dict.fromkeys(columns, ""), "product_id": product_id, "image": joined(photos)}
    row = line.row(cells, reason)
    return replace(row, raw=(*row.raw, *photos))


def _whole(table: Table) -> Iterator[Line]:
    """The lines; one with more cells than the header is shifted, even where those behind its end are blank."""
    width = len(table.header.names)
    for line in table.lines:
        long = len(line.cells) > width and line.problem is None
        yield replace(line, problem=_SHIFTED.format(len(line.cells), width)) if long else line


def _either(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}"
