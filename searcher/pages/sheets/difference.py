"""A picture of what differs between two photos once the second lies on the first: grey where equal, red where not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIDE = 128
"""Longer side of the picture in pixels."""

SEEN, STRONG = 4.0, 40.0
"""ΔE (CIELAB, 1976) where the colour begins, below which re-encoding leaves its traces, and where it is full."""

_RAMP = np.array([[253, 224, 160], [238, 120, 50], [150, 12, 38]], np.float32)
"""From little to much difference: sand, orange, dark red; told apart in grey as well."""
_OUTSIDE = np.array([203, 213, 222], np.float32)
"""Where the second photo does not reach."""
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
_WHITE = np.array([0.9505, 1.0, 1.089], np.float32)


def difference_picture(
    first: Image.Image,
    second: Image.Image,
    transform: Sequence[float] | None = None,
    flipped: bool = False,
    side: int = SIDE,
) -> Image.Image:
    """The difference of two RGB photos in the frame of the first, whose longer side becomes ``side`` pixels.

    Args:
        first: the photo that is compared with.
        second: the other photo.
        transform: affine matrix, row by row, from shares (0..1) of the second photo's width and height, after the
            flip, to shares of the first's, as in `Evidence.transform`. None, or one that cannot be inverted: both
            photos cover each other.
        flipped: whether the second is to be mirrored, left to right, before that.
        side: pixels.
    """
    scale = min(1.0, side / max(first.size))
    size = (max(1, round(first.width * scale)), max(1, round(first.height * scale)))
    base = first.convert("RGB").resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    other = second.convert("RGB")
    if flipped:
        other = other.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    laid, covered = _laid(other, size, _inverse(transform))
    shades = np.asarray(base.convert("L"), np.float32)[..., None]
    background = 150.0 + 0.4 * shades  # light, so that the colours of the difference stand out
    strength = _difference(base, laid)
    picture = np.where(covered[..., None], _coloured(background, strength), 0.35 * background + 0.65 * _OUTSIDE)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def _inverse(transform: Sequence[float] | None) -> NDArray[np.float64]:
    """From shares of the first photo to shares of the second, [2, 3]."""
    same = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    if transform is None or not np.isfinite(transform).all():
        return same
    forth = np.array([*transform, 0.0, 0.0, 1.0]).reshape(3, 3)
    if abs(np.linalg.det(forth)) < 1e-9:
        return same
    back: NDArray[np.float64] = np.linalg.inv(forth)[:2]
    return back


def _laid(
    image: Image.Image, size: tuple[int, int], back: NDArray[np.float64]
) -> tuple[Image.Image, NDArray[np.bool_]]:
    """The second photo in the first's frame of this size, and which pixels of the frame it covers [h, w]."""
    across = float(np.hypot(back[0, 0], back[1, 0])) * image.width / size[0]
    if across > 1:  # made smaller first: taking every n-th pixel would show edges where there are none
        smaller = max(1, round(image.width / across)), max(1, round(image.height / across))
        image = image.resize(smaller, Image.Resampling.BOX)
    steps = np.array([1 / size[0], 1 / size[1], 1.0])
    pixels = back * steps * np.array([[image.width], [image.height]])
    matrix = tuple(float(value) for value in pixels.ravel())
    laid = image.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    whole = Image.new("L", image.size, 255).transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)
    return laid, np.asarray(whole) > 0


def _difference(first: Image.Image, second: Image.Image) -> NDArray[np.float32]:
    """How far apart two pictures are in colour, 0..1 for `SEEN` to `STRONG`, [h, w]."""
    blur = ImageFilter.GaussianBlur(0.8)  # an edge that is off by half a pixel is not a difference
    apart = _lab(first.filter(blur)) - _lab(second.filter(blur))
    distance = np.sqrt((apart**2).sum(axis=2))
    strength: NDArray[np.float32] = ((distance - SEEN) / (STRONG - SEEN)).clip(0, 1)
    return strength


def _coloured(background: NDArray[np.float32], strength: NDArray[np.float32]) -> NDArray[np.float32]:
    place = strength[..., None] * 2
    low, high = _RAMP[0] + (_RAMP[1] - _RAMP[0]) * place, _RAMP[1] + (_RAMP[2] - _RAMP[1]) * (place - 1)
    colour = np.where(place < 1, low, high)
    opacity = np.sqrt(strength)[..., None]
    mixed: NDArray[np.float32] = background * (1 - opacity) + colour * opacity
    return mixed


def _lab(image: Image.Image) -> NDArray[np.float32]:
    """CIELAB (D65) of an sRGB image, [h, w, 3]."""
    levels = np.asarray(image, np.float32) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    share = linear @ _XYZ.T / _WHITE
    root = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    lab: NDArray[np.float32] = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)
    return lab
