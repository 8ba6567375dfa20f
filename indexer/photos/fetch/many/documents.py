"""A catalog's manifest behind a URL: fetched where it has changed, and read as a file of this machine from then on."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from indexer.errors import FetchError
from indexer.photos.fetch.faults import Gone
from indexer.system.files import replace_text

if TYPE_CHECKING:
    from indexer.photos.fetch.answer import Answer
    from indexer.photos.fetch.request import Asked

MOST = 4_000_000_000
"""Bytes of the largest manifest that is fetched."""
TIMEOUT = 900.0
"""Seconds for all of it."""
SETTINGS = "catalog.toml"
_ABOUT = "fetched.json"
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")

Get = Callable[["Asked", BinaryIO], "Answer"]
"""Asks for the document, and writes its body."""


def folder_of(folder: Path, url: str) -> Path:
    """Where a document and what is known of it are kept."""
    return folder / "documents" / hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def fetch_document(url: str, place: Path, get: Get) -> Path:
    """Have the document behind an http or https URL as a file.

    Args:
        url: of the document.
        place: a folder for it alone; what an earlier call left there is used where the server says that it is the same.
        get: see `Get`.

    Raises:
        Gone: there is none.
        FetchError: it cannot be had now.
        OSError: it cannot be written.
    """
    from indexer.photos.fetch.request import Asked

    known = _known(place)
    validators = [("If-None-Match", known["etag"])] if known.get("etag") else []
    validators += [("If-Modified-Since", known["modified"])] if known.get("modified") else []
    asked = Asked(headers=tuple(validators), accept="*/*")
    place.mkdir(parents=True, exist_ok=True)
    part = place / f".part-{secrets.token_hex(4)}"
    try:
        with part.open("xb") as file:
            answer = get(asked, file)
        if answer.status == 304 and validators:
            return place / str(known["name"])
        if answer.is_gone:
            raise Gone(f"the server answers {answer.status}: there is no such file; correct the URL")
        if answer.status != 200:
            raise FetchError(f"the server answers {answer.status}; check the URL, and whether it asks for a login")
        name = name_of(url)
        part.replace(place / name)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    replace_text(
        place / _ABOUT, json.dumps({"url": url, "name": name, "etag": answer.etag, "modified": answer.last_modified})
    )
    return place / name


def is_page(place: Path) -> bool:
    """Whether a file is a page of HTML: what many servers send in place of a file that is not there."""
    with place.open("rb") as file:
        head = file.read(512).lstrip().lower()
    return head.startswith((b"<!doctype", b"<html"))


def name_of(url: str) -> str:
    """What the file is called here: as in the URL, with signs that every disk takes."""
    name = _PLAIN.sub("-", unquote(PurePosixPath(urlsplit(url).path).name)).strip(".-")[-100:]
    return name if name and name not in (SETTINGS, _ABOUT) else "catalog"


def beside(url: str, name: str) -> str:
    """The URL of a file that a document names: relative to the document's own, as on the web.

    Raises:
        ValueError: it would lead out of the document's folder.
    """
    folder = url.partition("#")[0].partition("?")[0].rpartition("/")[0]
    parts = urlsplit(url)
    if name.startswith("//"):
        return f"{parts.scheme}:{name}"
    if name.startswith("/"):
        return f"{parts.scheme}://{parts.netloc}{name}"
    relative = PurePosixPath(name)
    if ".." in relative.parts:
        raise ValueError(f"{name!r} leads out of {folder}/; write it relative to that")
    return f"{folder}/{relative.as_posix()}"


def _known(place: Path) -> dict[str, Any]:
    """What is known of the document that is there; nothing where it is not."""
    try:
        known = json.loads((place / _ABOUT).read_text(encoding="utf-8"))
        return known if isinstance(known, dict) and (place / str(known["name"])).is_file() else {}
    except (OSError, ValueError, KeyError):
        return {}
