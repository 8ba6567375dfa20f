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
from trainer.data.groups.near_duplicates import near_pairs

SIDE = 16
"""Of the thumbnail by which two photos are held to be one picture, in pixels."""

SAME_PICTURE = 0.97
"""Correlation of two thumbnails from which on near hashes are one picture. Copies of 60 jewelry photos, scaled by .6 to
1.4 and saved as JPEG at quality 40 to 85, had .987 or more, and 24 copies of a drawn chart of 90 to 120 pixels .973; of
near hashes that people held to be different pieces, 32 pairs, one had .970 and nine in ten less than .945."""

_FLAT = 1.5
"""Mean difference, in levels of 0..255, up to which thumbnails are equal: one plain colour correlates with nothing."""

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


def same_pictures(hashes: NDArray[np.uint64], thumbnails: NDArray[np.uint8]) -> list[int]:
    """Number the pictures that photos show: equal numbers for photos that are the same to the eye.

    Stricter than a near pair of hashes, by which plain rings on white are one: the thumbnails agree as well, each with
    that of the picture's first photo, so that no chain of them drifts away.

    Args:
        hashes: uint64 [n].
        thumbnails: uint8 [n, 3 * SIDE * SIDE].

    Returns:
        A number for each photo, 0.. in the order in which pictures were found.
    """
    unique, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(counts)[:-1]) if len(unique) else []
    beside: list[list[int]] = [[] for _ in unique]
    for first, second in near_pairs(unique).tolist():
        beside[first].append(second)
        beside[second].append(first)
    found = np.full(len(hashes), -1, dtype=np.int64)
    number = 0
    for value in np.argsort(-counts, kind="stable").tolist():  # led by the hash that most copies of a picture have
        while len(left := members[value][found[members[value]] < 0]):
            reached, ahead = {value}, [value]
            while ahead:  # on to the next hashes as long as they have copies of the leader
                at = ahead.pop()
                free = members[at][found[members[at]] < 0]
                same = free[_is_same(thumbnails[free], thumbnails[left[0]])]
                found[same] = number
                if len(same):
                    ahead += [other for other in beside[at] if other not in reached]
                    reached.update(beside[at])
            number += 1
    return found.tolist()


def stacked(thumbnails: Sequence[bytes]) -> NDArray[np.uint8]:
    """Thumbnails as rows, uint8 [n, 3 * SIDE * SIDE]."""
    return np.frombuffer(b"".join(thumbnails), np.uint8).reshape(-1, 3 * SIDE * SIDE)


def _is_same(thumbnails: NDArray[np.uint8], one: NDArray[np.uint8]) -> NDArray[np.bool_]:
    many, single = thumbnails.astype(np.float32), one.astype(np.float32)
    equal = np.abs(many - single).mean(axis=1) <= _FLAT
    many -= many.mean(axis=1, keepdims=True)
    single -= single.mean()
    length = np.linalg.norm(many, axis=1) * np.linalg.norm(single)
    alike: NDArray[np.bool_] = equal | (many @ single >= SAME_PICTURE * np.maximum(length, 1.0))
    return alike
