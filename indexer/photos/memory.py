"""How much memory a photo takes while it is decoded, by its format and mode, and how much all of them may at a time."""

from __future__ import annotations

from PIL import Image

from indexer.system.machine import Budget

AT_ONCE = Budget(400_000_000)
"""Bytes; a larger photo is decoded alone. A service decodes in 40 threads, and a photo of 80 million pixels takes more
than half a gigabyte."""

_OF_A_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""Bytes of a pixel in Pillow's memory; 4 in every other mode, of which RGB is one."""
_RGB = 4
_DEEP = 9
"""More than 8 bits a channel: the levels as float32, what is made of them, and the picture in the end."""
_OF_A_DECODER = {"WEBP": 12, "AVIF": 12, "HEIF": 12, "TIFF": 8}
"""What a decoder keeps for a pixel besides: the canvas and the frame of an animation, planes of colour, one strip that
holds all. Measured; the other formats are decoded line by line, PNG with interlacing too."""
_COEFFICIENT = 2
"""Bytes of one of a JPEG's, of which there is one for a pixel and channel."""
_BANDS = 20_000_000
"""Where transparency is laid on its ground, a band at a time."""


def bytes_to_decode(image: Image.Image, full_pixels: int, turned: bool = False) -> int:
    """Bytes that a picture takes from its file to upright RGB, at the highest.

    Args:
        image: a picture whose header was read, at the size that it will be decoded at.
        full_pixels: pixels of the file: a progressive JPEG keeps coefficients of all of them, however it is reduced.
        turned: whether it will be turned upright.
    """
    pixels = image.width * image.height
    stored = _OF_A_PIXEL.get(image.mode, 4)
    deep = image.mode.startswith("I;16") or image.mode in ("I", "F")
    decoding = stored + _OF_A_DECODER.get(image.format or "", 0)
    flattening = stored * (2 if turned else 1) + (_DEEP if deep else _RGB)
    coefficients = 0
    if image.format in ("JPEG", "MPO") and (image.info.get("progressive") or image.info.get("progression")):
        coefficients = full_pixels * len(image.getbands()) * _COEFFICIENT
    bands = _BANDS if "A" in image.mode.upper() or "transparency" in image.info else 0
    return max(
        pixels * decoding + coefficients,
        pixels * flattening + min(bands, pixels * _RGB * 5),
        pixels * _RGB * 2,  # a part of it is cut out
    )
