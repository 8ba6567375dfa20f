"""A picture in a few hundred numbers: small CIELAB grids and the piece against its ground; compared without alignment.

Grey hashes cannot see a metal's colour, so everything here keeps it. Two grids are taken: of the whole photo, without
the margins or the screen that may surround it, and of the box around the piece, which is the same after scaling and
moderate cropping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.photos.fingerprints import phash
from searcher.insights.duplicates.compare.frame import FramedPicture, at_most
from searcher.insights.duplicates.compare.quick_percentiles import median

GRID = 12
SIDE = 96
"""Pixels of the longer side that a signature is taken from."""
CONTENT_SIDE = 192
"""Pixels of the longer side at which the box around the piece is taken for its hash: in wide margins the piece is
small, and a pixel of its box many bits."""
GROUND = 9.0
"""CIELAB distance from the ground's colour from which a pixel belongs to the piece."""
MARGIN = 0.02
"""Share of the picture's side that counts as its border."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Signatures:
    """Of n pictures."""

    whole: NDArray[np.uint8]
    """[n, GRID, GRID, 3]: L·2.55, a+128, b+128."""
    piece: NDArray[np.uint8]
    """The same of the box around the piece."""
    facts: Array
    """[n, 8]: share of the piece in the picture; its mean L, a, b and their spread; the ground's L.
    NaN without a picture."""
    framed: NDArray[np.bool_]
    """Whether something surrounds the photo, [n]; see `searcher.insights.duplicates.compare.frame`."""
    empty: NDArray[np.bool_]
    """Whether the photo shows nothing, [n]; see `searcher.insights.duplicates.compare.blank`."""
    content: NDArray[np.uint64]
    """Perceptual hash of the box around the piece, [n]: the same whatever margins of its own ground a photo has. 0
    without a picture."""

    @classmethod
    def blank(cls, count: int) -> Signatures:
        """Of pictures that are not at hand."""
        grid = np.zeros((count, GRID, GRID, 3), np.uint8)
        return cls(
            grid,
            grid.copy(),
            np.full((count, 8), np.nan, np.float32),
            np.zeros(count, bool),
            np.zeros(count, bool),
            np.zeros(count, np.uint64),
        )

    @classmethod
    def joined(cls, parts: Sequence[Signatures]) -> Signatures:
        """One after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which pictures were at hand, [n]."""
        return np.asarray(~np.isnan(self.facts[:, 0]))

    def turned(self, rows: NDArray[np.int64], flipped: bool, quarters: int) -> Signatures:
        """Of some rows, mirrored if asked for and turned by so many quarters against the clock."""
        grids = (grid[rows] for grid in (self.whole, self.piece))
        whole, piece = (np.rot90(grid[:, :, ::-1] if flipped else grid, quarters, axes=(1, 2)).copy() for grid in grids)
        content = np.zeros(len(rows), np.uint64)  # `pairs.turned_hashes` has what that would be
        return Signatures(whole, piece, self.facts[rows], self.framed[rows], self.empty[rows], content)

    def put(self, row: int, framed: FramedPicture) -> None:
        """Take the signature of a picture."""
        self.framed[row] = framed.is_framed
        lab = lab_of(at_most(framed.photo, SIDE))
        ground = ground_of(lab)
        mask = _apart(lab, ground)
        inside = lab[mask]
        self.whole[row], self.piece[row] = _grid(lab, (0.0, 0.0, 1.0, 1.0)), _grid(lab, box_of(mask))
        middle = median(ground[..., 0])
        self.facts[row] = [mask.mean(), *inside.mean(axis=0), *inside.std(axis=0), middle]
        self.content[row] = _content_hash(framed.photo)


def _content_hash(photo: Image.Image) -> np.uint64:
    """Perceptual hash of the box around the piece of a photo."""
    left, top, right, bottom = box_of(piece_mask(lab_of(at_most(photo, CONTENT_SIDE))))
    left, right = round(left * photo.width), round(right * photo.width)
    top, bottom = round(top * photo.height), round(bottom * photo.height)
    return np.uint64(int(phash(photo.crop((left, top, max(right, left + 1), max(bottom, top + 1)))), 16))


def lab_of(image: Image.Image) -> Array:
    """An RGB picture in CIELAB (D65), float32 [h, w, 3]."""
    import cv2

    return np.asarray(cv2.cvtColor(np.asarray(image, np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def piece_mask(lab: Array) -> NDArray[np.bool_]:
    """Pixels that differ from the ground, bool [h, w]: the ground is smooth between the four borders.

    Where hardly anything or nearly everything differs there is no plain ground, and the whole picture is the piece.
    """
    return _apart(lab, ground_of(lab))


def _apart(lab: Array, ground: Array) -> NDArray[np.bool_]:
    difference = lab - ground
    mask = np.asarray(np.einsum("ijk,ijk->ij", difference, difference) > GROUND**2)
    share = mask.mean()
    return mask if 0.005 < share < 0.9 else np.ones_like(mask)


def ground_of(lab: Array) -> Array:
    """A plane through the borders' colours, float32 [h, w, 3]."""
    height, width = lab.shape[:2]
    edge = max(1, round(MARGIN * max(height, width)))
    top, bottom, left, right = map(_median, (lab[:edge], lab[-edge:], lab[:, :edge], lab[:, -edge:]))
    y, x = np.linspace(-0.5, 0.5, height)[:, None, None], np.linspace(-0.5, 0.5, width)[None, :, None]
    middle = np.median(np.stack([top, bottom, left, right]), axis=0)
    return np.asarray(middle + y * (bottom - top) + x * (right - left), np.float32)


def _median(strip: Array) -> Array:
    """Of each channel, [3]: numpy's own takes five times as long over so few numbers."""
    ordered = np.sort(strip.reshape(-1, 3), axis=0)
    return np.asarray(ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1].mean(axis=0))


def box_of(mask: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """The box that holds nearly all of the piece (single stray pixels do not count), as shares."""
    (left, right), (top, bottom) = _span(mask.sum(axis=0)), _span(mask.sum(axis=1))
    return left, top, right, bottom


def _span(counts: NDArray[np.int64]) -> tuple[float, float]:
    total = np.cumsum(counts)
    low, high = np.searchsorted(total, [0.004 * total[-1], 0.996 * total[-1]])
    return float(low) / len(counts), (float(high) + 1) / len(counts)


def _grid(lab: Array, box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    import cv2

    height, width = lab.shape[:2]
    left, top = int(box[0] * width), int(box[1] * height)
    part = lab[top : max(top + 1, round(box[3] * height)), left : max(left + 1, round(box[2] * width))]
    small = cv2.resize(part, (GRID, GRID), interpolation=cv2.INTER_AREA)
    levels = small * np.array([2.55, 1, 1], np.float32) + np.array([0, 128, 128], np.float32)
    return np.asarray(np.clip(levels + 0.5, 0, 255), np.uint8)
