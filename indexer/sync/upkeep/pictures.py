"""Thumbnails that are missing although their photos are in the index: a folder that was removed, a copy without it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

from indexer.errors import ImageError
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image
from indexer.photos.places import Place
from indexer.photos.thumbnails import SIDE, ThumbnailStore
from indexer.system.progress import EVERY, Progress, nobody


def draw_missing(
    thumbnails: ThumbnailStore,
    photos: Callable[[Collection[str]], Iterable[tuple[str, Place]]],
    workers: int,
    progress: Progress = nobody,
) -> str | None:
    """Draw the thumbnails that are missing of photos whose vectors are in the index already.

    Args:
        thumbnails: where they belong.
        photos: that are not embedded again, each with its file hash; told which thumbnails there are, they may leave
            out photos that have one.
        workers: threads.
        progress: see `Progress`; told of nothing where nothing is missing.

    Returns:
        What was missing and what was done about it; None where nothing was.

    Raises:
        OSError: one cannot be written.
    """
    there = thumbnails.digests()
    missing = {digest: place for digest, place in photos(there) if digest not in there}
    if not missing:
        return None

    def draw(digest: str, place: Place) -> bool:
        try:
            data = place.read()
            if sha256(data) != digest:  # other content, size and time as before: `--check-content` finds it
                return False
            thumbnails.write(digest, open_image(data, fit=SIDE))
        except ImageError:
            return False
        return True

    drawn, left = 0, list(missing.items())
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(left), EVERY):
            progress("Drawing thumbnails", start, len(left))
            drawn += sum(pool.map(lambda one: draw(*one), left[start : start + EVERY]))
    count, rest = len(missing), len(missing) - drawn
    said = "1 thumbnail was missing" if count == 1 else f"{count} thumbnails were missing"
    if rest:
        return f"{said}; {drawn} drawn again, {rest} not, as the photos cannot be used"
    return f"{said} and {'was' if count == 1 else 'were'} drawn again"
