"""A photo in the forms that laying it over another needs, each made once; mirrored and turned, few are made anew."""

from __future__ import annotations

from collections.abc import Callable
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
GRID = 16
"""Cells along a side of the small grids by which turns are guessed."""
TURNS: dict[int, Array] = {
    turns: np.array(matrix, np.float32)
    for turns, matrix in enumerate(
        ([[1, 0, 0], [0, 1, 0]], [[0, 1, 0], [-1, 0, 1]], [[-1, 0, 1], [0, -1, 1]], [[0, -1, 1], [1, 0, 0]])
    )
}
"""[2, 3] each: where shares of a picture's width and height go in so many quarter turns against the clock."""
QUARTERS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
"""One, two and three quarter turns against the clock."""
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

    def turned(self, turns: int) -> Picture:
        """Turned by so many quarters, 1 to 3, against the clock."""
        made: Picture | None = vars(self).get(f"turned {turns}")
        if made is None:
            made = vars(self).setdefault(f"turned {turns}", self._turned(turns))
        return made

    def _turned(self, turns: int) -> Picture:
        other = Picture.__new__(Picture)
        matrix = TURNS[turns]
        ends = matrix[:, :2] @ self.inside.reshape(2, 2).T + matrix[:, 2:]
        other._keep(self.image.transpose(QUARTERS[turns - 1]), np.concatenate([ends.min(axis=1), ends.max(axis=1)]))
        places, found = self.features  # descriptors follow the patch's own orientation
        moved = (places @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        vars(other).update(
            features=(moved, found),
            _sharp=np.rot90(self._sharp, turns).copy(),
            lab=np.rot90(self.lab, turns).copy(),
            mask=np.rot90(self.mask, turns).copy(),
        )
        return other

    @_Once
    def grids(self) -> tuple[Array, Array]:
        """Lightness of the whole picture and of the box around the piece, [GRID, GRID], mean 0 and length 1."""
        import cv2

        light = self._sharp[..., 0]
        height, width = light.shape
        left, top, right, bottom = self.box
        part = light[
            int(top * height) : max(1, round(bottom * height)), int(left * width) : max(1, round(right * width))
        ]
        made = []
        for one in (light, part if part.size else light):
            grid = cv2.resize(one, (GRID, GRID), interpolation=cv2.INTER_AREA)
            grid = grid - grid.mean()
            made.append(np.asarray(grid / (np.sqrt((grid * grid).sum()) + 1.0), np.float32))
        return made[0], made[1]

    @_Once
    def box(self) -> tuple[float, float, float, float]:
        """Around the piece: left, top, right, bottom as shares."""
        return box_of(self.mask)
