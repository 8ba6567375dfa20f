"""Fingerprints of a photo: of its bytes, of its pixels, and a perceptual hash."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PHASH_SIDE = 8


def sha256(data: bytes) -> str:
    """Hex digest of a file's bytes: equal for byte-identical files."""
    return hashlib.sha256(data).hexdigest()


def pixel_sha256(image: Image.Image) -> str:
    """Hex digest of size and RGB pixels: equal when two files decode to the same picture.

    A JPEG opened with another ``fit`` decodes to another picture, so compare digests taken in one way only.
    """
    digest = hashlib.sha256(f"{image.width}x{image.height}:".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


def phash(image: Image.Image) -> str:
    """64-bit perceptual hash as 16 hex digits: the signs of the low frequencies of a 32x32 grey thumbnail.

    The DCT hash of Zauner, *Implementation and Benchmarking of Perceptual Image Hash Functions* (2010).
    """
    side = 4 * PHASH_SIDE
    grey = np.asarray(image.convert("L").resize((side, side), Image.Resampling.BOX), dtype=np.float64)
    basis = _dct_basis(side)[: PHASH_SIDE + 1]
    low = (basis @ grey @ basis.T)[1:, 1:].ravel()  # row and column 0 hold brightness and plain gradients
    low = low.round(3)  # exact zeros of flat and symmetric pictures, whatever the machine's summation order
    bits = np.packbits(low > np.median(low))
    return bits.tobytes().hex()


def hamming(first: str, second: str) -> int:
    """Number of differing bits of two perceptual hashes."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


@cache
def _dct_basis(side: int) -> NDArray[np.float64]:
    """Rows of the type-II discrete cosine transform, float64 [side, side]."""
    frequency, position = np.arange(side)[:, None], np.arange(side)[None, :]
    return np.cos(np.pi * frequency * (2 * position + 1) / (2 * side))
