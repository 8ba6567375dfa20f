"""An answer as one self-contained page: the photos asked with on top, the matches below, pictures inside the file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from indexer.errors import UsageError
from indexer.photos.thumbnails import SIDE, original_of
from indexer.system.files import replace_text
from indexer.system.text import counted, printable
from searcher.answers.answer import Answer, Match
from searcher.answers.naming import NAMED
from searcher.answers.wording import in_words, nothing, shown_fields, written
from searcher.pages.pictures import data_uri
from searcher.questions.photo import UNNAMED, QueryPhoto

QUERY_PHOTOS = 6
"""Photos of the asked product that are shown; a page of them would push the answer out of sight."""

QUERY_SIDE = 384
"""Pixels of a photo that was asked with, where it has no thumbnail."""

_STYLES = [Path(__file__).with_name(name) for name in ("paper.css", "contact_sheet.css")]
_NO_PICTURE = (
    '<svg class="none" viewBox="0 0 64 64" role="img" aria-label="Picture not available">'
    '<path d="M20 18h24l10 12-22 22L10 30zM10 30h44M20 18l6 12 6 22 6-22 6-12"/></svg>'
)
_ADDRESS = ("https://", "http://")


def check_writable(path: Path) -> None:
    """Refuse a place where the page cannot be written, before any work is done for it.

    Raises:
        UsageError: the folder is missing or may not be written to, or the path is not a regular file.
    """
    try:
        folder, present, regular = path.resolve().parent, path.exists(), path.is_file()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be the name of a page ({error}); give another") from error
    if present and not regular:
        raise UsageError(f"{path}: is not a regular file; give the name of the page to write, e.g. answer.html")
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {folder}; create it, or write the page elsewhere")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: {folder} may not be written to; write the page elsewhere")


def write_contact_sheet(answer: Answer, path: Path) -> None:
    """Write the page of an answer, in whole or not at all; raises ``UsageError`` where that is impossible."""
    check_writable(path)
    try:
        replace_text(path.resolve(), render(answer))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror or error}); write the page elsewhere") from error


def render(answer: Answer) -> str:
    """The page as HTML text. Nothing in it is fetched, and no catalog text becomes markup."""
    title = _text(_heading(answer))
    fields = shown_fields(match.payload for match in answer.matches)
    cards = "\n".join(
        _card(rank, match, fields, answer.catalog_root) for rank, match in enumerate(answer.matches, start=1)
    )
    results = f'<ol class="matches">\n{cards}\n</ol>' if cards else f'<p class="nothing">{_text(nothing(answer))}</p>'
    notes = "".join(f'<p class="note">{_text(note)}</p>\n' for note in answer.notes)
    many = counted(len(answer.matches), "product")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Looks like {title}</title>
<style>
{"".join(path.read_text(encoding="utf-8") for path in _STYLES)}</style>
</head>
<body>
<header>
{_query_pictures(answer)}
<div class="asked">
<p class="eyebrow">Looks like</p>
<h1>{title}</h1>
{_asked_details(answer)}
{_chips(answer)}
</div>
</header>
<main>
<h2>{many} <small>most alike first</small></h2>
{notes}{results}
</main>
<footer>
<p>A score is the cosine of the two photos most alike: 1 is the same picture, 0 is nothing in common.</p>
<p>Generation {_text(answer.generation)} · model {_text(answer.model[:12])} · {answer.took_ms:.0f} ms</p>
</footer>
</body>
</html>
"""


def _card(rank: int, match: Match, fields: Sequence[str], catalog_root: Path) -> str:
    name = printable(str(match.payload.get("title") or match.product_id))
    heading = escape(name)
    address = str(match.payload.get("url") or "")
    if address.startswith(_ADDRESS):
        heading = f'<a href="{escape(address)}" rel="noreferrer">{heading}</a>'
    under = [match.product_id] if match.payload.get("title") else []
    under += [match.category] if match.category else []
    shown = [name for name in fields if name not in ("title", "price", "url")]
    price = written(match.payload, "price")
    return f"""<li>
<figure>{_picture(match.thumbnail, original_of(catalog_root, match.photo), name)}</figure>
<div class="score"><span class="rank">{rank}</span><meter min="0" max="1" value="{max(0.0, match.score):.3f}"></meter>\
<b>{match.score:.3f}</b></div>
<h3>{heading}</h3>
<p class="under">{_text(" · ".join(under))}</p>
{f'<p class="price">{_text(price)}</p>' if price else ""}
{_also_as(match)}{_details(match.payload, shown)}
</li>"""


def _also_as(match: Match) -> str:
    """The other products of its group, where it has any."""
    return "" if match.variants is None else f'<p class="under">also as {_text(match.variants.named(NAMED))}</p>\n'


def _query_pictures(answer: Answer) -> str:
    shown = answer.query.photos[:QUERY_PHOTOS]
    if not shown:
        return ""
    pictures = "".join(f"<figure>{_query_picture(photo, answer.catalog_root)}</figure>" for photo in shown)
    return f'<div class="photos n{min(len(shown), 4)}">{pictures}</div>'


def _query_picture(photo: QueryPhoto, catalog_root: Path) -> str:
    original = photo.data or original_of(catalog_root, photo.name)
    return _picture(photo.thumbnail, original, "The photo asked with", side=QUERY_SIDE)


def _picture(thumbnail: Path | None, original: Path | bytes | None, alt: str, side: int = SIDE) -> str:
    address = data_uri(thumbnail, original, side)
    return f'<img src="{address}" alt="{escape(alt)}">' if address else _NO_PICTURE


def _heading(answer: Answer) -> str:
    query = answer.query
    if query.product_id is not None:
        return str(query.payload.get("title") or query.product_id)
    if "image" in query.asked:
        return Path(query.photos[0].name).name if query.photos[0].name != UNNAMED else "Your photo"
    return in_words(query)


def _asked_details(answer: Answer) -> str:
    query = answer.query
    if query.product_id is None:
        return ""
    under = [query.product_id] if query.payload.get("title") else []
    under += [str(query.payload["category"])] if query.payload.get("category") else []
    fields = [name for name in shown_fields([query.payload]) if name not in ("title", "url")]
    return f'<p class="under">{_text(" · ".join(under))}</p>\n{_details(query.payload, fields)}'


def _chips(answer: Answer) -> str:
    chips = "".join(f"<li>{_text(text)}</li>" for text in answer.query.filters)
    return f'<ul class="chips" aria-label="Filters">{chips}</ul>' if chips else ""


def _details(payload: Mapping[str, Any], fields: Sequence[str]) -> str:
    rows = "".join(
        f"<div><dt>{_text(name.replace('_', ' '))}</dt><dd>{_text(written(payload, name))}</dd></div>"
        for name in fields
        if written(payload, name)
    )
    return f"<dl>{rows}</dl>" if rows else ""


def _text(text: str) -> str:
    return escape(printable(text))
