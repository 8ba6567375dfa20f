"""The pages at / and /review, their files under /static/: read once from the package, never a path of the disk.

Who asks can only name a file of `searcher/web`; whatever else stands in the address is a name that is not there.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from fastapi import HTTPException, Request, Response

from searcher.http.responses.conditional import unless_known
from searcher.http.routes.router import Router

PAGE, REVIEW, ICON = "index.html", "review.html", "icon.svg"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
CACHE = "no-cache"
"""Browsers keep a file and ask whether it changed: an update of the service must not mix old modules with new ones."""

router = Router(include_in_schema=False)


class WebFile(NamedTuple):
    """A file of the page as it is sent."""

    content: bytes
    media_type: str
    etag: str


@cache
def web_files() -> dict[str, WebFile]:
    """The files of the page by name, ``page/main.js``; those of reports stand within the reports themselves."""
    web = files("searcher").joinpath("web")
    rooms = [room for room in web.iterdir() if room.is_dir() and room.name != "report"]
    found = {}
    for prefix, folder in [("", web), *((f"{room.name}/", room) for room in rooms)]:
        for path in folder.iterdir():
            suffix = "." + path.name.rpartition(".")[2]
            if path.is_file() and suffix in TYPES:
                content = path.read_bytes()
                etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
                found[prefix + path.name] = WebFile(content, TYPES[suffix], etag)
    return found


@router.get("/")
def page(request: Request) -> Response:
    """The page to try the search in."""
    return _sent(request, PAGE)


@router.get("/review")
def review(request: Request) -> Response:
    """The page to decide what pairs of photos are to each other; what it shows needs a key."""
    return _sent(request, REVIEW)


@router.get("/favicon.ico")
def icon(request: Request) -> Response:
    """The icon, for browsers that do not read the page's own link to it."""
    return _sent(request, ICON)


@router.get("/static/{name:path}")
def static(request: Request, name: str) -> Response:
    """A file of the page."""
    return _sent(request, name)


def _sent(request: Request, name: str) -> Response:
    file = web_files().get(name)
    if file is None:
        raise HTTPException(404, "the page has no file of this name")
    headers = {"etag": file.etag, "cache-control": CACHE}
    return unless_known(request, Response(file.content, headers=headers, media_type=file.media_type))
