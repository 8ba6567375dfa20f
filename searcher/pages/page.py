"""A report as one self-contained page: a frame, its data as JSON, and one script that the page's own policy names.

Nothing in it is fetched, and no catalog text becomes markup: the script makes text nodes of what it reads. Pictures
stand in pieces of their own, so that opening a page reads those of its first entries alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from searcher.pages.sheets.sheet import Sheet

PICTURES_A_PIECE = 300
SCRIPTS = ("base/elements.js", *(f"report/{name}.js" for name in ("pictures", "cards", "listing", "map", "report")))
"""Files of ``searcher/web``, each after those that it imports."""
STYLES = ("paper.css", "report.css", "cards.css")
"""Files beside this one."""

_IMPORT = re.compile(r"^import [^\n]*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async |function |const |class )", re.MULTILINE)
_POLICY = re.compile(
    r'<meta http-equiv="Content-Security-Policy" content="(default-src \'none\'; img-src data:; '
    r"script-src 'sha256-[A-Za-z0-9+/]{43}='; style-src 'sha256-[A-Za-z0-9+/]{43}=')\">"
)


def render(sheet: Sheet, pictures: Sequence[str]) -> str:
    """The page as HTML text.

    Args:
        sheet: what it says.
        pictures: WebP in base64 by their numbers; an empty text is a picture that is not at hand.
    """
    script, style = _script(), _style()
    policy = f"default-src 'none'; img-src data:; script-src '{_hash(script)}'; style-src '{_hash(style)}'"
    pieces = [pictures[at : at + PICTURES_A_PIECE] for at in range(0, len(pictures), PICTURES_A_PIECE)]
    data = {**sheet.to_json(), "picturesAPiece": PICTURES_A_PIECE}
    parts = [_json_script(f"pictures-{number}", list(piece)) for number, piece in enumerate(pieces)]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{escape(sheet.title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<p class="eyebrow">Catalog report</p>
<h1>{escape(sheet.title)}</h1>
<p class="lead">{escape(sheet.lead)}</p>
<dl class="facts">{"".join(f"<div><dd>{escape(n)}</dd><dt>{escape(what)}</dt></div>" for n, what in sheet.facts)}</dl>
{"".join(f'<p class="note">{escape(note)}</p>' for note in sheet.notes)}
</header>
<main>
<noscript><p class="note">This page needs JavaScript; report.csv beside it has all entries.</p></noscript>
<div id="report"></div>
</main>
<footer>{"".join(f"<p>{escape(part)}</p>" for part in sheet.origin)}</footer>
{_json_script("data", data)}
{"".join(parts)}
<script type="module">{script}</script>
</body>
</html>
"""


def policy_of(html: bytes) -> str | None:
    """The policy that a page made by `render` names in its head, for the header of whoever serves it; None for others.

    Args:
        html: the page, or its first kilobytes.
    """
    found = _POLICY.search(html[:2000].decode("ascii", "replace"))
    return found[1] if found else None


def _json_script(name: str, value: Any) -> str:
    """A JSON document as an element: without ``<``, there is neither an end tag nor a comment in it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>\n'


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _script() -> str:
    """The modules as one script: they import each other by name, and no name is given twice."""
    texts = [_EXPORT.sub("", _IMPORT.sub("", _read("web", name))) for name in SCRIPTS]
    return "\n" + "\n".join(texts)


@cache
def _style() -> str:
    return "\n" + "\n".join(_read("pages", name) for name in STYLES)


def _read(folder: str, name: str) -> str:
    return files("searcher").joinpath(folder, *name.split("/")).read_text(encoding="utf-8")
