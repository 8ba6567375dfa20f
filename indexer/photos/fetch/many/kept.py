"""Where photos that were fetched are kept on the disk, and how many bytes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = ("work", "fetched")
"""Where the photos of an index are, below its local folder."""
LIMIT = 2_000_000_000
"""Bytes of photos that are kept, unless something else is set."""


def kept_in(folder: Path, url: str) -> Path:
    """Where the bytes behind a URL are in a folder of fetched photos, if they are."""
    name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
    return folder / name[:2] / name


def kept_at(local: Path, url: str) -> Path:
    """The same below an index's local folder."""
    return kept_in(local.joinpath(*FOLDER), url)
