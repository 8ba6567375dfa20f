"""Photo files of every format and mode, made in memory."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RED, GREEN, BLUE, YELLOW, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 255, 255)
WRITABLE = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "MPO")


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    if kind == "MPO":
        options |= {"save_all": True, "append_images": [Image.new("RGB", image.size)]}
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners() -> Image.Image:
    """80x48: red, green / blue, yellow."""
    image = Image.new("RGB", (80, 48), RED)
    image.paste(GREEN, (40, 0, 80, 24))
    image.paste(BLUE, (0, 24, 40, 48))
    image.paste(YELLOW, (40, 24, 80, 48))
    return image


def photo(side: int = 320, seed: int = 0) -> Image.Image:
    """Smooth colours with edges: compresses like a photo."""
    small = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)


def levels(image: Image.Image) -> NDArray[np.int_]:
    return np.asarray(image).astype(int)


def difference(first: Image.Image, second: Image.Image) -> float:
    assert first.size == second.size
    return float(np.abs(levels(first) - levels(second)).mean())


def png(width: int, height: int, depth: int, colour: int, raw: bytes) -> bytes:
    """A PNG written by hand, for what Pillow does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", raw) + chunk(b"IEND", b"")
