"""Text for a terminal: one line, nothing that it would obey."""

from __future__ import annotations


def printable(text: str) -> str:
    """Without line breaks and control characters: catalogs come from strangers, and a terminal obeys escape codes."""
    return without_controls(" ".join(text.split()))


def without_controls(text: str) -> str:
    """With a sign in place of every line break and control character."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(error: BaseException) -> str:
    """An error's message without line breaks or control characters: file names come from strangers."""
    return printable(str(error))
