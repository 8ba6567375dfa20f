"""Placements of one picture in another, in shares of their sides and in pixels, and pictures moved by them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.signature import Array


def warped(first: Array, second: Array, matrix: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The second picture in the first one's frame, and where it covers it."""
    import cv2

    height, width = first.shape[:2]
    pixels = in_pixels(matrix, first.shape, second.shape)
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


def in_pixels(matrix: Array, first: tuple[int, ...], second: tuple[int, ...]) -> Array:
    """The placement in pixels of the two small pictures, for OpenCV, whose pixels' centres are whole numbers."""
    size_a, size_b = np.array(first[1::-1], np.float32), np.array(second[1::-1], np.float32)
    pixels = matrix.astype(np.float64).copy()
    pixels[:, :2] *= size_a[:, None] / size_b[None, :]
    pixels[:, 2] = pixels[:, 2] * size_a + pixels[:, :2] @ np.array([0.5, 0.5]) - 0.5
    return pixels.astype(np.float32)


def in_shares(pixels: Array, first: tuple[int, ...], second: tuple[int, ...]) -> Array:
    """The inverse of `in_pixels`."""
    size_a, size_b = np.array(first[1::-1], np.float32), np.array(second[1::-1], np.float32)
    matrix = pixels.astype(np.float64).copy()
    matrix[:, 2] = (matrix[:, 2] + 0.5 - matrix[:, :2] @ np.array([0.5, 0.5])) / size_a
    matrix[:, :2] *= size_b[None, :] / size_a[:, None]
    return matrix.astype(np.float32)
