"""Where a picture of an indexed photo can be found, and a picture as text for a page that needs no other file."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from indexer.errors import ImageError
from indexer.photos.opening import open_image
from indexer.photos.thumbnails import QUALITY, SIDE


def data_uri(thumbnail: Path | None, original: Path | bytes | None, side: int = SIDE) -> str | None:
    """A picture as a ``data:`` address: the thumbnail as it is, else the original scaled to ``side``; None without."""
    if thumbnail is not None:
        try:
            return _encoded(thumbnail.read_bytes())
        except OSError:
            pass  # a sync cleaned up meanwhile; the original may still be there
    if original is None:
        return None
    try:
        image = open_image(original, fit=side)
    except ImageError:
        return None
    image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY)
    return _encoded(buffer.getvalue())


def _encoded(webp: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(webp).decode()}"
