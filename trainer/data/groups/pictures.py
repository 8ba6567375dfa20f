"""What a photo looks like, in few bytes, and which photos are one picture: the same to the eye, whatever the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.photos.fingerprints import phash, pixel_sha256, sha256
from indexer.photos.kinds import HEAD, picture_kind
from indexer.photos.opening import open_image

SIDE = 16
"""Of the thumbnail by which two photos are held to be one picture, in pixels."""

SAME_PICTURE = 0.97
"""Correlation of two thumbnails from which on near hashes are one picture. Copies of 60 jewelry photos, scaled by .6 to
1.4 and saved as JPEG at quality 40 to 85, had .987 or more, and 24 copies of a drawn chart of 90 to 120 pixels .973; of
near hashes that people held to be different pieces, 32 pairs, one had .970 and nine in ten less than .945."""

_PLAIN = 1.5
"""Deviation, in levels of 0..255, up to which a thumbnail is one plain grey, which correlates with nothing; and the
difference up to which two of them are equal."""

_MANY = 64

_HASH_FIT = 64  # a JPEG is decoded at twice this or more: plenty for a hash of 32x32 pixels


class Look(NamedTuple):
    """A photo in few bytes: what it is told by, and what it looks like."""

    content: str
    """SHA-256 of the file."""
    pixels: str
    """SHA-256 of the decoded picture (`pixel_sha256`)."""
    hash: int
    """Perceptual hash, 64 bits."""
    thumbnail: bytes
    """RGB of ``SIDE`` x ``SIDE`` pixels."""


def look_at(data: bytes) -> Look:
    """Look at the bytes of a photo.

    Raises:
        ImageError: they cannot be decoded.
    """
    whole = open_image(data)
    small = open_image(data, fit=_HASH_FIT) if picture_kind(data[:HEAD]) == "JPEG" else whole
    thumbnail = small.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()
    return Look(sha256(data), pixel_sha256(whole), int(phash(small), 16), thumbnail)


def same_pictures(looks: Sequence[Look], near: NDArray[np.int64]) -> list[int]:
    """Number the pictures that photos show: equal numbers for photos that are the same to the eye.

    Stricter than a near pair of hashes, by which plain rings on white are one: the thumbnails agree as well, each with
    that of the picture's first photo, so that no chain of them drifts away.

    Args:
        looks: of n photos.
        near: int64 [m, 2], pairs of near ones among their distinct hashes in ascending order (`near_pairs`).

    Returns:
        A number for each photo, 0.. in the order in which pictures were found.
    """
    hashes = np.array([look.hash for look in looks], np.uint64)
    unique, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(counts)[:-1]) if len(unique) else []
    beside: list[list[int]] = [[] for _ in unique]
    for first, second in near.tolist():
        beside[first].append(second)
        beside[second].append(first)
    found = np.full(len(hashes), -1, dtype=np.int64)
    kept: dict[int, _Thumbnails] = {}

    def of(value: int) -> _Thumbnails:
        """The thumbnails of a hash, kept where many photos have it and may be led by many of them."""
        if value in kept:
            return kept[value]
        made = _Thumbnails([looks[photo].thumbnail for photo in members[value]])
        if len(members[value]) >= _MANY:
            kept[value] = made
        return made

    number = 0
    for value in np.argsort(-counts, kind="stable").tolist():  # led by the hash that most copies of a picture have
        if len(members[value]) == 1 and not beside[value]:
            found[members[value]], number = number, number + 1
            continue
        while len(left := members[value][found[members[value]] < 0]):
            leader = _Thumbnails([looks[left[0]].thumbnail])
            reached, ahead = {value}, [value]
            while ahead:  # on to the next hashes as long as they have copies of the leader
                at = ahead.pop()
                free = found[members[at]] < 0
                same = members[at][free & of(at).like(leader)] if free.any() else members[at][:0]
                found[same] = number
                if len(same):
                    ahead += [other for other in beside[at] if other not in reached]
                    reached.update(beside[at])
            number += 1
    return found.tolist()


class _Thumbnails:
    """Some thumbnails, ready to be compared with one."""

    def __init__(self, thumbnails: Sequence[bytes]) -> None:
        rows = np.frombuffer(b"".join(thumbnails), np.uint8).reshape(len(thumbnails), -1).astype(np.float32)
        self._means = rows.mean(axis=1)
        rows -= self._means[:, None]
        self._deviations = np.sqrt((rows**2).mean(axis=1))
        self._rows = rows / np.maximum(np.linalg.norm(rows, axis=1), 1e-6)[:, None]

    def like(self, one: _Thumbnails) -> NDArray[np.bool_]:
        """Which of them are one picture with a single other, bool [n]."""
        plain = np.maximum(self._deviations, one._deviations[0]) <= _PLAIN
        equal = np.abs(self._means - one._means[0]) <= _PLAIN
        alike: NDArray[np.bool_] = np.where(plain, equal, self._rows @ one._rows[0] >= SAME_PICTURE)
        return alike
