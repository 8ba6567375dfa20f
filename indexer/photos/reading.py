"""The way pixels are made from a photo file, by number: an index says by which its photos were read."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from indexer.errors import ImageError
from indexer.photos.colour import is_converted, profile_of
from indexer.photos.flatten import is_transparent
from indexer.photos.opening import header_of

READING = 2
"""1: transparency on white, levels of every colour space taken for sRGB. 2: see `flatten`."""


def read_otherwise(paths: Iterable[Path], since: int, *, workers: int = 1) -> list[bool]:
    """For each photo file, whether its pixels were made in another way by an earlier reading.

    Only headers are opened. A file that cannot be read is not read otherwise: whoever embeds it will report it.

    Args:
        paths: photo files.
        since: the reading that they were embedded by.
        workers: threads.
    """
    if since >= READING:
        return [False for _ in paths]
    with ThreadPoolExecutor(max(1, workers)) as pool:
        return list(pool.map(_has_ground_or_profile, paths, chunksize=1))


def _has_ground_or_profile(path: Path) -> bool:
    """What reading 2 makes otherwise: transparency, and colours of another space than sRGB."""
    try:
        with header_of(path) as image:
            return is_transparent(image) or is_converted(profile_of(image), image.mode)
    except ImageError:
        return False
