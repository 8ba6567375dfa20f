"""How a URL that a stranger gave is written into a message: short, on one line, without its secrets."""

from __future__ import annotations

import re

LONGEST = 100


def shown_url(url: str) -> str:
    """A URL for a message: one short printable line, without credentials, query and fragment."""
    place, *hidden = re.split(r"[?#]", url, maxsplit=1)
    head, slashes, rest = place.partition("//")
    if not slashes:
        return shown_text(place.rpartition("@")[2], LONGEST)
    authority, slash, path = rest.partition("/")
    return shown_text(head + slashes + authority.rpartition("@")[2] + slash + path, LONGEST) + ("?…" if hidden else "")


def shown_text(text: str, longest: int) -> str:
    """A stranger's words on one printable line of limited length."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: longest + 1])
    return clean if len(clean) <= longest else clean[:longest] + "…"
