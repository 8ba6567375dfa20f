"""The way pixels are made from a photo file, by number: an index says by which its photos were read."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from indexer.errors import ImageError
from indexer.photos.colour.profiles import is_converted, profile_of
from indexer.photos.flatten import is_transparent
from indexer.photos.opening import header_of
from indexer.photos.places import FilePlace, Place

READING = 2
"""1: transparency on white, levels of every colour space taken for sRGB. 2: see `flatten`."""


def read_otherwise(places: Iterable[Place], since: int, *, workers: int = 1) -> list[bool]:
    """For each photo, whether its pixels were made in another way by an earlier reading.

    Of files, only headers are read. A photo that cannot be read is not read
    otherwise: whoever embeds it will report it.

    Args:
        places: where the photos are.
        since: the reading that they were embedded by.
        workers: threads.
    """
    if since >= READING:
        return [False for _ in places]
    with ThreadPoolExecutor(max(1, workers)) as pool:
        return list(pool.map(_has_ground_or_profile, places, chunksize=1))


def _has_ground_or_profile(place: Place) -> bool:
    """What reading 2 makes otherwise: transparency, and colours of another space than sRGB."""
    try:
        with header_of(place.path if isinstance(place, FilePlace) else place.read()) as image:
            return is_transparent(image) or is_converted(profile_of(image), image.mode)
    except ImageError:
        return False
