"""Lays one picture over another: local features or the boxes around the pieces propose placements, the pixels decide.

Local features are SIFT's (Lowe, *Distinctive Image Features from Scale-Invariant Keypoints*, 2004), matched with the
ratio test and joined by RANSAC to an affine placement; smooth jewelry on smooth paper has few of them, so the frames
and the boxes around the pieces propose placements too. Every proposal is tried on small pictures, and the best one is
refined by ECC (Evangelidis and Psarakis, *Parametric Image Alignment*, 2008).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.forms import TURNS, Picture
from searcher.insights.duplicates.compare.signature import Array
from searcher.insights.duplicates.compare.warping import in_pixels, in_shares, warped

RATIO = 0.8
LEAST_INLIERS = 5
SAME_FRAME = 0.985
"""Correlation from which no further proposal is tried."""
EXACT = 0.9995
"""Correlation from which refining changes nothing: a crop of 5 % has .99 where it lies, and is still off by pixels."""
FITS = 0.9
"""Correlation below which a placement that local features agree on is looked for once more, from farther away."""
TRUSTED = 20
"""Local features that agree on it."""
FINE, COARSE = 3, (9, 5)
"""Pixels of blur while a placement is refined."""
UNSURE = 0.15
FLIP_MARGIN = 0.02
"""A mirrored placement must be better by this: many pieces are nearly symmetrical."""
FINER = 1.05
"""Change of area from which one picture counts as finer than the other."""
LEAST_PIXELS = 80
NOTHING_ALIKE = 0.3
"""Correlation below which a placement is not worth refining."""
LEAST_OVERLAP = 0.2
LEAST_SHARED = 0.7
"""Share of one picture's piece that lies on the other's."""
TURN_MARGIN = 0.05
"""A quarter turn must be better by this: many pieces look much the same from four sides."""
GUESSED = 0.6
"""Correlation of small grids from which a quarter turn is tried."""


@dataclass(frozen=True)
class Alignment:
    """The second picture laid over the first, in the first's frame at `SIDE`."""

    first: Array
    """CIELAB of the first, [h, w, 3]."""
    second: Array
    """CIELAB of the second where it covers the first, [h, w, 3]."""
    valid: NDArray[np.bool_]
    """Where it does, [h, w]."""
    piece: NDArray[np.bool_]
    """The piece of the first, [h, w]."""
    matrix: Array
    """[2, 3]: shares of the second's width and height to shares of the first's, after the flip and the turn."""
    flipped: bool
    turned: int
    """Quarter turns against the clock, after the flip."""
    inliers: int
    matches: int
    correlation: float
    pictures: tuple[Picture, Picture]
    """Both, the second one mirrored if it is flipped, and turned as ``turned`` says."""

    @property
    def placement(self) -> Array:
        """`matrix` for the pictures as they were given, with what surrounds their photos, and with the turn in it."""
        first, second = (picture.inside for picture in self.pictures)
        size, of = first[2:] - first[:2], second[2:] - second[:2]
        turn = self.matrix[:, :2] * size[:, None] / of[None, :]
        upright = np.concatenate([turn, (first[:2] + size * self.matrix[:, 2] - turn @ second[:2])[:, None]], axis=1)
        return _after(upright, TURNS[self.turned])

    @property
    def settled(self) -> Alignment:
        """The same placement with the finer picture laid over the coarser one, whichever was asked about first.

        What was enlarged has lost what it is compared with: so a pair looks alike from both sides.
        """
        first, second = (np.array(picture.image.size, np.float32) for picture in self.pictures)
        if abs(np.linalg.det(self.matrix[:, :2] * first[:, None] / second[None, :])) <= FINER:
            return self
        inverse = np.linalg.inv(np.concatenate([self.matrix, [[0, 0, 1]]]).astype(np.float64))[:2]
        turned = inverse.astype(np.float32)
        other = _laid(self.pictures[1], self.pictures[0], turned, self)
        return self if other.correlation < self.correlation - UNSURE else other

    def enlarged(self) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_]]:
        """First, second, where both are, and the piece, as in this placement but at `LARGE_SIDE`."""
        import cv2

        first, second = (picture.large for picture in self.pictures)
        laid, valid = warped(first, second, self.matrix)
        size = first.shape[1::-1]
        piece = cv2.resize(self.piece.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
        return first, laid, valid, piece


def align(first: Picture, second: Picture) -> Alignment:
    """The best placement of the second picture in the first, mirrored or not, turned by quarters or not."""
    best = _upright(_unturned(first, second))
    if best.correlation >= FITS and not best.turned:
        return best
    other = _by_quarters(first, second)
    margin = 0.0 if best.turned else TURN_MARGIN
    return other if other is not None and other.correlation > best.correlation + margin else best


def _unturned(first: Picture, second: Picture) -> Alignment:
    best = _proposed(first, second, flipped=False)
    if best.correlation < SAME_FRAME:
        other = _proposed(first, second.mirrored, flipped=True)
        if other.correlation > best.correlation - UNSURE:  # a proposal may be off by a pixel or two: refine, then judge
            best, other = _refined(best), _refined(other)
            return other if other.correlation > best.correlation + FLIP_MARGIN else best
    return _refined(best)


def _upright(laid: Alignment) -> Alignment:
    """The same placement as a quarter turn and what remains of it: local features find a piece however it is turned."""
    first, second = laid.pictures
    along = laid.matrix[:, :2] * np.array(first.image.size)[:, None] / np.array(second.image.size)[None, :]
    angle = np.arctan2(along[1, 0] - along[0, 1], along[0, 0] + along[1, 1])
    turns = round(-float(angle) / (np.pi / 2)) % 4
    if not turns:
        return laid
    matrix = _after(laid.matrix, TURNS[-turns % 4])
    return _laid(first, second.turned(turns), matrix, replace(laid, turned=(laid.turned + turns) % 4))


def _by_quarters(first: Picture, second: Picture) -> Alignment | None:
    """The placement by quarter turns that small grids promise most of; None where they promise nothing."""
    found: list[Alignment] = []
    for flipped in (False, True):
        likeness, turns = max((_likeness(first, second, flipped, turns), turns) for turns in range(1, 4))
        if likeness < GUESSED:
            continue
        turned = (second.mirrored if flipped else second).turned(turns)
        how = _laid(first, turned, _frames(), _How(flipped, turns))
        tried = [how, _laid(first, turned, _boxes(first, turned), how)]
        found.append(_refined(max(tried, key=lambda laid: laid.correlation)))
    return max(found, key=lambda laid: laid.correlation - FLIP_MARGIN * laid.flipped, default=None)


def _likeness(first: Picture, second: Picture, flipped: bool, turns: int) -> float:
    """Of the small grids, -1..1, with the second mirrored or not and turned."""
    pairs = zip(first.grids, second.grids, strict=True)
    return max(float((one * np.rot90(other[:, ::-1] if flipped else other, turns)).sum()) for one, other in pairs)


def _after(matrix: Array, earlier: Array) -> Array:
    """The placement [2, 3] that does what ``earlier`` does, and then what ``matrix`` does."""
    return np.concatenate([matrix[:, :2] @ earlier[:, :2], matrix[:, :2] @ earlier[:, 2:] + matrix[:, 2:]], axis=1)


def _proposed(first: Picture, second: Picture, *, flipped: bool) -> Alignment:
    how = _How(flipped)
    tried = [_laid(first, second, matrix, how) for matrix in (_frames(), _boxes(first, second))]
    if max(laid.correlation for laid in tried) < SAME_FRAME:
        matrix, inliers, matches = _by_features(first, second)
        if matrix is not None:
            tried.append(_laid(first, second, matrix, _How(flipped, 0, inliers, matches)))
    return max(tried, key=lambda laid: laid.correlation)


def _frames() -> Array:
    """The whole second picture over the whole first one."""
    return np.array([[1, 0, 0], [0, 1, 0]], np.float32)


def _boxes(first: Picture, second: Picture) -> Array:
    """The piece of the second over the piece of the first."""
    a, b = first.box, second.box
    x, y = (a[2] - a[0]) / max(b[2] - b[0], 1e-3), (a[3] - a[1]) / max(b[3] - b[1], 1e-3)
    return np.array([[x, 0, a[0] - x * b[0]], [0, y, a[1] - y * b[1]]], np.float32)


def _by_features(first: Picture, second: Picture) -> tuple[Array | None, int, int]:
    """An affine placement that many local features agree on: matrix or None, how many agree, how many matched."""
    import cv2

    (places_a, found_a), (places_b, found_b) = first.features, second.features
    if len(found_a) < LEAST_INLIERS or len(found_b) < LEAST_INLIERS:
        return None, 0, 0
    likeness = found_b @ found_a.T
    rows, nearest = np.arange(len(likeness)), likeness.argmax(axis=1)
    best = likeness[rows, nearest]
    likeness[rows, nearest] = -1.0
    distance, other = (np.sqrt(np.maximum(2 - 2 * one, 0)) for one in (best, likeness.max(axis=1)))
    good = distance < RATIO * other
    if good.sum() < LEAST_INLIERS:
        return None, 0, int(good.sum())
    size_a = np.array(first.image.size, np.float32)
    size_b = np.array(second.image.size, np.float32)
    source, target = places_b[good] * size_b, places_a[nearest[good]] * size_a
    matrix, inside = cv2.estimateAffine2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=4.0, maxIters=300, confidence=0.99
    )
    agreeing = 0 if inside is None else int(inside.sum())
    if matrix is None or agreeing < LEAST_INLIERS or not 0.1 < np.linalg.det(matrix[:, :2]) < 10:
        return None, agreeing, int(good.sum())
    matrix = np.asarray(matrix, np.float32)
    matrix[:, :2] *= size_b[None, :] / size_a[:, None]
    matrix[:, 2] /= size_a
    return matrix, agreeing, int(good.sum())


class _How(NamedTuple):
    """How a placement came about."""

    flipped: bool
    turned: int = 0
    inliers: int = 0
    matches: int = 0


def _laid(first: Picture, second: Picture, matrix: Array, how: _How | Alignment) -> Alignment:
    """The second over the first; flip, turn and counts are those of ``how``."""
    laid, valid = warped(first.lab, second.lab, matrix)
    light, other, piece = first.lab[..., 0], laid[..., 0], first.mask
    follows = correlation(light, other, valid, piece, _mask_of(first, second, matrix))
    return Alignment(
        first.lab,
        laid,
        valid,
        first.mask,
        matrix,
        how.flipped,
        how.turned,
        how.inliers,
        how.matches,
        follows,
        (first, second),
    )


def _mask_of(first: Picture, second: Picture, matrix: Array) -> NDArray[np.bool_]:
    """The second's piece in the first's frame, bool [h, w]."""
    import cv2

    height, width = first.lab.shape[:2]
    pixels = in_pixels(matrix, first.lab.shape, second.lab.shape)
    mask = second.mask.astype(np.uint8)
    return np.asarray(cv2.warpAffine(mask, pixels, (width, height), flags=cv2.INTER_NEAREST).astype(bool))


def correlation(
    first: Array,
    second: Array,
    valid: NDArray[np.bool_],
    piece: NDArray[np.bool_],
    other: NDArray[np.bool_] | None = None,
) -> float:
    """How well a channel of one picture follows that of the other, -1..1: where both are, or on a piece alone.

    The piece alone decides where somebody gave it another ground, and the other picture's piece where somebody put a
    badge beside it. Of the piece a good part must be covered.
    """
    share = valid.mean()
    covered = valid[piece].mean() if piece.any() else share
    if share < LEAST_OVERLAP or covered < LEAST_OVERLAP:
        return -1.0
    best = max(_follows(first, second, valid), _follows(first, second, valid & piece))
    if other is not None and (other & piece).sum() > LEAST_SHARED * other.sum():
        best = max(best, _follows(first, second, valid & other))
    return best * float(min(1.0, 0.5 + covered / 2))


def _follows(first: Array, second: Array, where: NDArray[np.bool_]) -> float:
    if where.sum() < LEAST_PIXELS:
        return -1.0
    where = where[::2, ::2]
    a, b = first[::2, ::2][where].astype(np.float64), second[::2, ::2][where].astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / np.sqrt((a @ a) * (b @ b) + len(a)))


def _refined(laid: Alignment) -> Alignment:
    """The placement moved by less than a pixel or a few until the pictures correlate best, if that converges."""
    if not NOTHING_ALIKE < laid.correlation < EXACT:
        return laid
    better = _moved(laid, FINE)
    if better.correlation >= FITS or laid.inliers < TRUSTED:
        return better
    # Chains are so thin that a pixel beside them nothing leads back: what is blurred leads from farther away.
    coarse = laid
    for blur in COARSE:
        coarse = _moved(coarse, blur)
    return coarse if coarse.correlation > better.correlation else better


def _moved(laid: Alignment, blur: int) -> Alignment:
    """One refinement over pictures that are blurred by a window of so many pixels."""
    import cv2

    first, second = laid.pictures
    start = in_pixels(laid.matrix, first.lab.shape, second.lab.shape)
    try:
        inverse = cv2.invertAffineTransform(start).astype(np.float32)
        criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-3)
        template, image = first.lab[..., 0], second.lab[..., 0]
        mask = np.full(image.shape, 255, np.uint8)
        _, warp = cv2.findTransformECC(template, image, inverse, cv2.MOTION_AFFINE, criteria, mask, blur)
        pixels = cv2.invertAffineTransform(warp).astype(np.float32)
    except cv2.error:  # it does not converge where the pictures have nothing in common
        return laid
    matrix = in_shares(pixels, first.lab.shape, second.lab.shape)
    better = _laid(first, second, matrix, laid)
    return better if better.correlation > laid.correlation else laid
