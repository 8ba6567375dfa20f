"""Text for a terminal: one line, nothing that it would obey."""

from __future__ import annotations


def printable(text: str) -> str:
    """Without line breaks and control characters: catalogs come from strangers, and a terminal obeys escape codes."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def one_line(error: BaseException) -> str:
    """An error's message without line breaks or control characters: file names come from strangers."""
    return printable(str(error))
