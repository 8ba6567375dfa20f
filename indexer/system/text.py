"""Text for people: one line and nothing that a terminal would obey, counts in words; and shares as people type them."""

from __future__ import annotations

NAMED = 400
"""Characters of a file's name that a message says."""


def printable(text: str) -> str:
    """Without line breaks and control characters: catalogs come from strangers, and a terminal obeys escape codes."""
    return without_controls(" ".join(text.split()))


def without_controls(text: str) -> str:
    """With a sign in place of every line break and control character."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def named(name: object) -> str:
    """A file's name as a message begins with it: printable, and not all of an absurdly long one."""
    text = printable(str(name))
    return text if len(text) <= NAMED else text[:NAMED] + "…"


def one_line(error: BaseException) -> str:
    """An error's message without line breaks or control characters: file names come from strangers."""
    return printable(str(error))


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number of things: ``1 photo``, ``1,200 photos``; ``many`` where the plural takes more than an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def lasting(seconds: float) -> str:
    """A length of time as one says it: ``45 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def parse_share(text: str) -> float:
    """A share from 0 to 1, written ``0.1`` or ``10%``; raises ``ValueError`` for anything else, a bare ``10`` too."""
    number = text.strip()
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is no share from 0 to 1; write 0.1 or 10%")
    return share
