"""Text for a terminal, one line and nothing that it would obey; and what people type there."""

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


def parse_share(text: str) -> float:
    """A share from 0 to 1, written ``0.1`` or ``10%``; raises ``ValueError`` for anything else, a bare ``10`` too."""
    number = text.strip()
    try:
        share = float(number[:-1]) / 100 if number.endswith("%") else float(number)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError("is no share from 0 to 1; write 0.1 or 10%")
    return share
