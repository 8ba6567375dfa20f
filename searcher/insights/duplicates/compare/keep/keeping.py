"""Which of several copies is kept: the one that shows most, then the one whose product says most, then the oldest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from searcher.insights.duplicates.answers import Evidence, Photo
from searcher.insights.duplicates.compare.frame import FramedPicture
from searcher.insights.duplicates.compare.keep.worth import SAME_SIZE, Copy, Worth, compared_worth
from searcher.insights.duplicates.compare.pictures import Pictures

MADE = ("created_at", "created", "added_at", "date_added", "listed_at")
"""Columns in which a shop may say since when it has a product."""
SAME = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

Keeper = Callable[[Photo, Sequence[tuple[Photo, Evidence]]], Mapping[str, Worth]]
"""From a medoid and its copies, with what was measured of each, to what they are worth, by id of the photo."""


def best_to_keep(photos: Sequence[Photo], worths: Mapping[str, Worth] | None = None) -> Photo:
    """Of several copies the one to keep.

    In turn those stay of which there are any: without marks; whole; as detailed as the most detailed one, where a
    fifth more pixels decides nothing; neither enlarged nor framed. Of those left the one whose product has most fields
    filled, is in stock, is older by the catalog's own word, has the oldest file, then by id.

    Args:
        photos: with payloads.
        worths: by id; what is missing there is judged by its size alone, beside the first.
    """
    known = worths or {}
    least = max(1, photos[0].width * photos[0].height)
    each = {
        photo.id: known.get(photo.id) or Worth(float((photo.width * photo.height / least) ** 0.5)) for photo in photos
    }
    left = list(photos)
    left = [photo for photo in left if not each[photo.id].marked] or left
    left = [photo for photo in left if not each[photo.id].cut] or left
    most = max(each[photo.id].detail for photo in left)
    left = [photo for photo in left if each[photo.id].detail * SAME_SIZE >= most]
    left = [photo for photo in left if not each[photo.id].worked] or left
    return min(left, key=_by_product)


def _by_product(photo: Photo) -> tuple[int, bool, str, int, str, str]:
    payload = photo.payload
    filled = sum(value not in (None, "", []) for value in payload.values())
    since = next((str(payload[name]) for name in MADE if payload.get(name)), "9999")
    return -filled, payload.get("in_stock") is not True, since, photo.mtime_ns, photo.product_id, photo.id


class WorthOfCopies:
    """Measures what copies are worth, from their files where these are at hand: a `Keeper`.

    Args:
        pictures: loads them.
        until: the moment, by ``time.monotonic``, from which copies are judged by their sizes alone.
    """

    def __init__(self, pictures: Pictures, until: float) -> None:
        self._pictures, self._until = pictures, until
        self.unmeasured = 0
        """Groups that the time did not reach."""

    def __call__(self, medoid: Photo, others: Sequence[tuple[Photo, Evidence]]) -> dict[str, Worth]:
        """What copies are worth, by id; of identical ones nothing has to be measured."""
        found = {medoid.id: Worth()}
        compared: list[Worth] = []
        first: Copy | None = None
        for photo, evidence in others:
            if evidence.transform is None:
                found[photo.id] = Worth()
                continue
            if time.monotonic() >= self._until:
                self.unmeasured += 1
                return {}
            first = first or self._copy(medoid)
            second = self._copy(photo)
            if first is None or second is None:
                return {}
            own, found[photo.id] = compared_worth(first, second, evidence.transform, evidence.flipped)
            compared.append(own)
        found[medoid.id] = _mostly(compared)
        for photo, evidence in others:
            if evidence.transform is None:  # the medoid's own pixels
                found[photo.id] = found[medoid.id]
        return found

    def _copy(self, photo: Photo) -> Copy | None:
        framed: FramedPicture | None = self._pictures.original(photo) or self._pictures(photo)
        return None if framed is None else Copy(framed, (photo.width, photo.height))


def _mostly(worths: Sequence[Worth]) -> Worth:
    """What most comparisons say of one photo."""
    made = Worth()
    for name in ("marked", "cut", "worked"):
        if 2 * sum(getattr(one, name) for one in worths) > len(worths):
            made = replace(made, **{name: True})
    return made
