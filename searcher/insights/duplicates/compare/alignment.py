"""Lays one picture over another: local features or the boxes around the pieces propose placements, the pixels decide.

Local features are SIFT's (Lowe, *Distinctive Image Features from Scale-Invariant Keypoints*, 2004), matched with the
ratio test and joined by RANSAC to an affine placement; smooth jewelry on smooth paper has few of them, so the frames
and the boxes around the pieces propose placements too. Every proposal is tried on small pictures, and the best one is
refined by ECC (Evangelidis and Psarakis, *Parametric Image Alignment*, 2008).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from searcher.insights.duplicates.compare.frame import FramedPicture, at_most
from searcher.insights.duplicates.compare.signature import Array, box_of, lab_of, piece_mask

T = TypeVar("T")
SIDE = 96
"""Pixels of the longer side at which placements are compared."""
CHROMA_BLUR = 1.5
"""Pixels of `SIDE`."""
LARGE_SIDE = 192
"""Pixels of the longer side at which two pictures that fit are looked at once more."""
FEATURE_SIDE = 160
"""Pixels of the longer side at which local features are found; SIFT itself looks at twice that, and at 256 it took two
thirds of the whole time."""
FEATURES = 250
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
MIRRORED = np.array([(3 - y) * 32 + x * 8 + (8 - turn) % 8 for y in range(4) for x in range(4) for turn in range(8)])
"""Where the 4 x 4 x 8 numbers of a descriptor go when its picture is mirrored: the patch turns with its orientation, so
the axis across it and the sense of all angles are reversed."""


class _Once(Generic[T]):
    """A property that is computed when it is first read. Until Python 3.12, functools' own lets one thread at a time
    compute, over all pictures, which would leave the other cores idle."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self._name = make, make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, picture: None, owner: type) -> _Once[T]: ...
    @overload
    def __get__(self, picture: object, owner: type) -> T: ...
    def __get__(self, picture: object | None, owner: type) -> _Once[T] | T:
        if picture is None:
            return self
        value: T = picture.__dict__.setdefault(self._name, self._make(picture))
        return value


class Picture:
    """A photo in the forms that an alignment needs, each made once, when it is first asked for.

    Margins and screens around it are cut away: ``inside`` says what was kept.
    """

    def __init__(self, framed: FramedPicture) -> None:
        self._keep(framed.photo, framed.inside)

    @classmethod
    def of(cls, image: Image.Image) -> Picture:
        """Of an image of any mode, whose frame is not known yet."""
        return cls(FramedPicture.of(image))

    def _keep(self, image: Image.Image, inside: Array) -> None:
        self.image = at_most(image, LARGE_SIDE)
        self.inside = inside
        """Left, top, right, bottom as shares of the picture as it was given, [4]."""

    @_Once
    def _sharp(self) -> Array:
        return lab_of(at_most(self.image, SIDE))

    @_Once
    def large(self) -> Array:
        """CIELAB at `LARGE_SIDE`, float32 [h, w, 3]: an engraving is a few pixels."""
        return lab_of(self.image)

    @_Once
    def lab(self) -> Array:
        """CIELAB at `SIDE`, float32 [h, w, 3]; a and b are blurred, as JPEG and WebP keep a quarter of them."""
        import cv2

        blurred = cv2.GaussianBlur(self._sharp, (0, 0), CHROMA_BLUR)
        return np.concatenate([self._sharp[..., :1], blurred[..., 1:]], axis=2)

    @_Once
    def mask(self) -> NDArray[np.bool_]:
        """The piece, bool [h, w]."""
        return piece_mask(self._sharp)

    @_Once
    def features(self) -> tuple[Array, Array]:
        """Places as shares [n, 2] and RootSIFT descriptors [n, 128]."""
        import cv2

        grey = np.asarray(at_most(self.image, FEATURE_SIDE).convert("L"))
        points, found = cv2.SIFT.create(FEATURES, contrastThreshold=0.02).detectAndCompute(grey, None)
        if found is None or not len(points):
            return np.empty((0, 2), np.float32), np.empty((0, 128), np.float32)
        places = np.array([point.pt for point in points], np.float32) + 0.5
        roots = np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-6))
        return (places / np.array(self.image.size, np.float32)).astype(np.float32), roots.astype(np.float32)

    @_Once
    def mirrored(self) -> Picture:
        """Left and right exchanged. Of what is known already nothing is computed again."""
        other = Picture.__new__(Picture)
        left, top, right, bottom = self.inside
        inside = np.array([1 - right, top, 1 - left, bottom], np.float32)
        other._keep(self.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), inside)
        places, found = self.features
        mirrored = (places * np.array([-1, 1], np.float32) + np.array([1, 0], np.float32)).astype(np.float32)
        if "large" in vars(self):
            vars(other)["large"] = self.large[:, ::-1].copy()
        vars(other).update(
            features=(mirrored, found[:, MIRRORED]),
            _sharp=self._sharp[:, ::-1],
            lab=self.lab[:, ::-1].copy(),
            mask=self.mask[:, ::-1],
        )
        return other

    @_Once
    def box(self) -> tuple[float, float, float, float]:
        """Around the piece: left, top, right, bottom as shares."""
        return box_of(self.mask)


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
    """[2, 3]: shares of the second's width and height to shares of the first's, after the flip."""
    flipped: bool
    inliers: int
    matches: int
    correlation: float
    pictures: tuple[Picture, Picture]
    """Both, the second one mirrored if it is flipped."""

    @property
    def placement(self) -> Array:
        """`matrix` for the pictures as they were given, with what surrounds their photos."""
        first, second = (picture.inside for picture in self.pictures)
        size, of = first[2:] - first[:2], second[2:] - second[:2]
        turn = self.matrix[:, :2] * size[:, None] / of[None, :]
        return np.concatenate([turn, (first[:2] + size * self.matrix[:, 2] - turn @ second[:2])[:, None]], axis=1)

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
        other = _laid(self.pictures[1], self.pictures[0], turned, self.flipped, self.inliers, self.matches)
        return self if other.correlation < self.correlation - UNSURE else other

    def enlarged(self) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_]]:
        """First, second, where both are, and the piece, as in this placement but at `LARGE_SIDE`."""
        import cv2

        first, second = (picture.large for picture in self.pictures)
        laid, valid = _warped(first, second, self.matrix)
        size = first.shape[1::-1]
        piece = cv2.resize(self.piece.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
        return first, laid, valid, piece


def align(first: Picture, second: Picture) -> Alignment:
    """The best placement of the second picture in the first, mirrored or not."""
    best = _proposed(first, second, flipped=False)
    if best.correlation < SAME_FRAME:
        other = _proposed(first, second.mirrored, flipped=True)
        if other.correlation > best.correlation - UNSURE:  # a proposal may be off by a pixel or two: refine, then judge
            best, other = _refined(best), _refined(other)
            return other if other.correlation > best.correlation + FLIP_MARGIN else best
    return _refined(best)


def _proposed(first: Picture, second: Picture, *, flipped: bool) -> Alignment:
    tried = [_laid(first, second, matrix, flipped) for matrix in (_frames(), _boxes(first, second))]
    if max(laid.correlation for laid in tried) < SAME_FRAME:
        matrix, inliers, matches = _by_features(first, second)
        if matrix is not None:
            tried.append(_laid(first, second, matrix, flipped, inliers, matches))
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


def _laid(
    first: Picture, second: Picture, matrix: Array, flipped: bool, inliers: int = 0, matches: int = 0
) -> Alignment:
    laid, valid = _warped(first.lab, second.lab, matrix)
    return Alignment(
        first.lab,
        laid,
        valid,
        first.mask,
        matrix,
        flipped,
        inliers,
        matches,
        correlation(first.lab[..., 0], laid[..., 0], valid, first.mask),
        (first, second),
    )


def _warped(first: Array, second: Array, matrix: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The second picture in the first one's frame, and where it covers it."""
    import cv2

    height, width = first.shape[:2]
    pixels = _in_pixels(matrix, first.shape, second.shape)
    shrink = np.sqrt(abs(np.linalg.det(pixels[:, :2])))
    source: Array = second
    if shrink < 0.6:  # the warp takes single pixels: what it would skip is averaged first
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.5 / max(shrink, 0.1)), np.float32)
    turned = cv2.warpAffine(source, pixels, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    laid = np.asarray(turned, np.float32)
    ones = np.ones(second.shape[:2], np.uint8)
    valid = cv2.warpAffine(ones, pixels, (width, height), flags=cv2.INTER_NEAREST).astype(bool)
    valid = cv2.erode(valid.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1).astype(bool)
    return laid, valid


def _in_pixels(matrix: Array, first: tuple[int, ...], second: tuple[int, ...]) -> Array:
    """The placement in pixels of the two small pictures, for OpenCV, whose pixels' centres are whole numbers."""
    size_a, size_b = np.array(first[1::-1], np.float32), np.array(second[1::-1], np.float32)
    pixels = matrix.astype(np.float64).copy()
    pixels[:, :2] *= size_a[:, None] / size_b[None, :]
    pixels[:, 2] = pixels[:, 2] * size_a + pixels[:, :2] @ np.array([0.5, 0.5]) - 0.5
    return pixels.astype(np.float32)


def _in_shares(pixels: Array, first: tuple[int, ...], second: tuple[int, ...]) -> Array:
    """The inverse of `_in_pixels`."""
    size_a, size_b = np.array(first[1::-1], np.float32), np.array(second[1::-1], np.float32)
    matrix = pixels.astype(np.float64).copy()
    matrix[:, 2] = (matrix[:, 2] + 0.5 - matrix[:, :2] @ np.array([0.5, 0.5])) / size_a
    matrix[:, :2] *= size_b[None, :] / size_a[:, None]
    return matrix.astype(np.float32)


def correlation(first: Array, second: Array, valid: NDArray[np.bool_], piece: NDArray[np.bool_]) -> float:
    """How well a channel of one picture follows that of the other, -1..1: where both are, or on the piece alone.

    The piece alone decides where somebody gave it another ground. Of the piece a good part must be covered.
    """
    share = valid.mean()
    covered = valid[piece].mean() if piece.any() else share
    if share < LEAST_OVERLAP or covered < LEAST_OVERLAP:
        return -1.0
    best = max(_follows(first, second, valid), _follows(first, second, valid & piece))
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
    start = _in_pixels(laid.matrix, first.lab.shape, second.lab.shape)
    try:
        inverse = cv2.invertAffineTransform(start).astype(np.float32)
        criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-3)
        template, image = first.lab[..., 0], second.lab[..., 0]
        mask = np.full(image.shape, 255, np.uint8)
        _, warp = cv2.findTransformECC(template, image, inverse, cv2.MOTION_AFFINE, criteria, mask, blur)
        pixels = cv2.invertAffineTransform(warp).astype(np.float32)
    except cv2.error:  # it does not converge where the pictures have nothing in common
        return laid
    matrix = _in_shares(pixels, first.lab.shape, second.lab.shape)
    better = _laid(first, second, matrix, laid.flipped, laid.inliers, laid.matches)
    return better if better.correlation > laid.correlation else laid
