"""Small pictures for answers and reports, beside the index: 256 px WebP, named by the photo's sha256."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

SIDE = 256
QUALITY = 80
EFFORT = 0
"""WebP's effort 0..6: 0 takes a third of the time of the default 4, for files half as large again."""


class ThumbnailStore:
    """Thumbnails in ``<index>/thumbnails/ab/abcd….webp``; content-addressed, so a write never conflicts."""

    def __init__(self, index_root: Path) -> None:
        self._root = index_root / "thumbnails"

    def path(self, sha256: str) -> Path:
        """Where the thumbnail of a photo with this file hash is, or would be."""
        return self._root / sha256[:2] / f"{sha256}.webp"

    def write(self, sha256: str, image: Image.Image) -> None:
        """Store an RGB photo's thumbnail unless it is there; raises ``OSError`` when that fails."""
        path = self.path(sha256)
        if path.exists():
            return
        small = image.copy()
        small.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        small.save(temporary, "WEBP", quality=QUALITY, method=EFFORT)
        temporary.replace(path)
