"""What a copy is worth beside another: detail that is really there, a piece that is whole, nothing printed over it.

Pixels say little: margins and an app's screen have many, and an enlarged copy has more than its original and shows no
more. So the pictures are laid over each other, and compared where both are. Near the finest detail that the coarser
one can hold, a picture that is really finer has more energy than it, as whatever made the coarser one smaller had to
take that detail away; one that was enlarged has less, as interpolation smooths (the idea of Gallagher, *Detection of
Linear and Cubic Interpolation in JPEG Compressed Images*, 2005, that enlarging leaves its traces in the spectrum).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from searcher.insights.duplicates.compare.features import edges_of
from searcher.insights.duplicates.compare.frame import FramedPicture, at_most
from searcher.insights.duplicates.compare.quick_percentiles import median
from searcher.insights.duplicates.compare.signature import Array, lab_of, piece_mask
from searcher.insights.duplicates.compare.warping import warped

SAME_SIZE = 1.1
"""Ratio of lengths up to which two copies count as equally large: a fifth more pixels."""
CREDIBLE = 2.2
"""Ratio of lengths up to which a copy is taken for an enlarged one: nobody enlarges more, and photos can be soft."""
NEAR_LIMIT = (0.7, 0.95)
"""Frequencies that are compared, as shares of the highest that the coarser picture can hold."""
SOFTER = 0.35
"""Share of another's energy there from which a copy of the same size counts as blurred."""
MOST_SIDE = 640
"""Pixels of the piece, in the finer picture, whose spectrum is taken."""
LEAST_SIDE = 24
SIDE = 192
"""Pixels of the longer side at which marks are looked for."""
MARK = 6.0
"""Steps of lightness from which a difference may be something printed over a picture."""
MARKED = 0.004
"""Share of the picture that it covers at least."""
BUSIER = 1.25
"""How many times the other's edges the marked picture has there: letters and badges have outlines."""
CUT = 0.03
"""Share of a piece that a crop took away."""
GREYED = 0.5
"""Share of another's chroma below which the colours are gone."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What one of several copies is worth, beside the one that they were compared with."""

    detail: float = 1.0
    """How finely it shows the piece: lengths in pixels, as a multiple of the other's."""
    marked: bool = False
    """Whether something is printed over it, or its colours are gone."""
    cut: bool = False
    """Whether a part of the piece is missing."""
    worked: bool = False
    """Whether it was enlarged or framed, without any more to see."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture that is at hand, and how large its file is."""

    framed: FramedPicture
    size: tuple[int, int]
    """Width and height of the file in pixels; where the picture is smaller, that is all that is known of its detail."""


def compared_worth(first: Copy, second: Copy, placement: Sequence[float], flipped: bool) -> tuple[Worth, Worth]:
    """What two copies are worth beside each other; the detail of the first is 1.

    Args:
        first: the one that the other was compared with.
        second: the other.
        placement: row by row [6], from shares of the second's width and height, after the flip, to the first's.
        flipped: whether the second is mirrored.
    """
    picture = second.framed.picture
    if flipped:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    laid = _Laid((first, first.framed.picture), (second, picture), np.reshape(placement, (2, 3)).astype(np.float64))
    detail, enlarged = laid.detail()
    marks = laid.marked()
    framed = first.framed.is_framed, second.framed.is_framed
    cut = laid.cut(first.framed, second.framed, flipped)
    return (
        Worth(1.0, marks[0], cut[0], enlarged == 0 or framed == (True, False)),
        Worth(detail, marks[1], cut[1], enlarged == 1 or framed == (False, True)),
    )


class _Laid:
    """Two pictures, RGB, and where the second lies in the first."""

    def __init__(
        self, first: tuple[Copy, Image.Image], second: tuple[Copy, Image.Image], placement: NDArray[np.float64]
    ) -> None:
        self.first, self.second, self.placement = first[1], second[1], placement
        self._whole = all(copy.size == picture.size for copy, picture in (first, second))
        one, other = (np.array(copy.size, np.float64) for copy, _ in (first, second))
        self.ratio = float(np.sqrt(abs(np.linalg.det(placement[:, :2] * one[:, None] / other[None, :])))) or 1.0
        """Pixels of the first's file along one of the second's."""

    def detail(self) -> tuple[float, int | None]:
        """How finely the second shows things, as a multiple of the first, and which of the two was enlarged."""
        claimed = 1 / self.ratio
        energies = self._energies() if self._whole else None
        if energies is None:
            return (claimed if not 1 / SAME_SIZE < claimed < SAME_SIZE else 1.0), None
        one, other = energies
        if 1 / SAME_SIZE < claimed < SAME_SIZE:
            softer = SAME_SIZE * SAME_SIZE
            return (softer if one < SOFTER * other else 1 / softer if other < SOFTER * one else 1.0), None
        finer, coarser, which = (other, one, 1) if claimed > 1 else (one, other, 0)
        if finer < coarser and 1 / CREDIBLE < claimed < CREDIBLE:
            return 1.0, which
        return claimed, None

    def _energies(self) -> tuple[float, float] | None:
        """Energy of both near the finest detail that the coarser can hold, as shares of that of coarse detail."""
        boxes = self._common()
        if boxes is None:
            return None
        parts = []
        for picture, box, pixels in zip((self.first, self.second), boxes, (self.ratio, 1 / self.ratio), strict=True):
            limit = 1.0 if pixels <= 1 else 1 / pixels  # of its own highest frequency
            grey = np.asarray(picture.crop(box).convert("L"), np.float32)
            parts.append(_energy(grey, limit))
        return parts[0], parts[1]

    def _common(self) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]] | None:
        """The middle of what both show, as boxes of both."""
        corners = self.placement[:, :2] @ np.array([[0, 1, 0, 1], [0, 0, 1, 1]]) + self.placement[:, 2:]
        low, high = corners.min(axis=1).clip(0, 1), corners.max(axis=1).clip(0, 1)
        size = np.array(self.first.size, np.float64)
        # At most so many pixels of the finer picture, around the middle.
        most = MOST_SIDE * min(1.0, self.ratio) / size
        middle, half = (low + high) / 2, np.minimum(high - low, most) / 2
        low, high = middle - half, middle + half
        back = np.linalg.inv(np.vstack([self.placement, [0, 0, 1]]))
        ends = back[:2, :2] @ np.stack([low, high, (low[0], high[1]), (high[0], low[1])]).T + back[:2, 2:]
        other = np.array(self.second.size, np.float64)
        boxes = []
        for start, end, pixels in (
            (low, high, size),
            (ends.min(axis=1).clip(0, 1), ends.max(axis=1).clip(0, 1), other),
        ):
            (left, top), (right, bottom) = np.round(start * pixels).astype(int), np.round(end * pixels).astype(int)
            if right - left < LEAST_SIDE or bottom - top < LEAST_SIDE:
                return None
            boxes.append((int(left), int(top), int(right), int(bottom)))
        return boxes[0], boxes[1]

    def marked(self) -> tuple[bool, bool]:
        """Which of the two has something printed over it that the other has not, or no colours where it has."""
        import cv2

        small = [np.asarray(lab_of(at_most(picture, SIDE)), np.float32) for picture in (self.first, self.second)]
        first, (other, inside) = small[0], warped(small[0], small[1], self.placement.astype(np.float32))
        soft = [np.asarray(cv2.GaussianBlur(one, (0, 0), 1.0), np.float32) for one in (first, other)]
        light = [one[..., 0] for one in soft]
        if inside.sum() < LEAST_SIDE**2:
            return False, False
        apart = np.abs(_levelled(light[0], light[1], inside) - light[1])
        spots = (apart > max(MARK, 4 * median(apart[inside]))) & inside
        spots = cv2.morphologyEx(spots.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)).astype(bool)
        printed = [False, False]
        if spots.mean() >= MARKED:
            edges = [float(edges_of(one)[spots].mean()) for one in light]
            for which in (0, 1):
                printed[which] = edges[which] > BUSIER * edges[1 - which]
        chroma = [float(np.hypot(one[..., 1], one[..., 2])[inside].mean()) for one in soft]
        grey = [chroma[which] < GREYED * chroma[1 - which] - 1 for which in (0, 1)]
        return printed[0] or grey[0], printed[1] or grey[1]

    def cut(self, first: FramedPicture, second: FramedPicture, flipped: bool) -> tuple[bool, bool]:
        """Which of the two lacks a part of the piece that the other shows."""
        back = np.linalg.inv(np.vstack([self.placement, [0, 0, 1]]))[:2]
        inside = second.inside
        if flipped:
            inside = np.array([1 - inside[2], inside[1], 1 - inside[0], inside[3]], np.float32)
        return _lacks(self.second, inside, back), _lacks(self.first, first.inside, self.placement)


def _lacks(whole: Image.Image, inside: Array, placement: NDArray[np.float64]) -> bool:
    """Whether the piece in one picture goes on beyond where the other ends, which lies in it as ``placement`` says."""
    import cv2

    small = at_most(whole, 96)
    width, height = small.size
    left, top, right, bottom = (round(float(v) * side) for v, side in zip(inside, (width, height) * 2, strict=True))
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = piece_mask(lab_of(small.crop((left, top, right, bottom))))
    if mask[top:bottom, left:right].all():
        return False  # no ground: how much of a picture without one is the piece, nobody knows
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    back = np.linalg.inv(np.vstack([placement, [0, 0, 1]]))[:2]
    places = back[:, :2] @ np.stack([x.ravel(), y.ravel()]) + back[:, 2:]
    slack = 2 / max(width, height)
    covered = ((places > -slack) & (places < 1 + slack)).all(axis=0).reshape(height, width)
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    both = np.unique(labels[mask & covered])
    through = np.isin(labels, both) & mask
    return bool((through & ~covered).sum() > CUT * max(1, int(through.sum())))


def _energy(grey: Array, limit: float) -> float:
    """Energy of a picture near ``limit`` of its highest frequency, as a share of that around a third of it."""
    height, width = grey.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * window)) ** 2
    down, across = np.abs(np.fft.fftfreq(height)) * 2, np.abs(np.fft.rfftfreq(width)) * 2
    highest = np.maximum(down[:, None], across[None, :]) / limit
    near = power[(highest >= NEAR_LIMIT[0]) & (highest <= NEAR_LIMIT[1])]
    coarse = power[(highest >= 0.1) & (highest <= 0.4)]
    return float(near.mean() / (coarse.mean() + 1e-6)) if near.size and coarse.size else 0.0


def _levelled(first: Array, second: Array, where: NDArray[np.bool_]) -> Array:
    """The first's lightness as the second has it: a line through most of the pixels."""
    a, b = first[where].astype(np.float64), second[where].astype(np.float64)
    keep = np.ones(len(a), bool)
    gain, start = 1.0, 0.0
    for _ in range(3):
        if a[keep].std() < 1:
            break
        gain, start = np.polyfit(a[keep], b[keep], 1)
        left = np.abs(gain * a + start - b)
        keep = left <= np.quantile(left, 0.85)
    return np.asarray(gain * first + start, np.float32)
