"""Files that pretend to be photos: broken, disguised, or small here and huge in memory; and odd ones that are fine."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

Make = Callable[[], bytes]


def picture(mode: str = "RGB", side: int = 64) -> Image.Image:
    drawn = np.random.default_rng(5).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(drawn).convert(mode)


def saved(form: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture(mode).save(buffer, form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes = b"", *extra: bytes, depth: int = 8, color: int = 2) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def gif(width: int, height: int) -> bytes:
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0;"


def tiff(*entries: tuple[int, int, int, int], after: int = 0) -> bytes:
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + rows + struct.pack("<I", after) + bytes(64)


def big_tiff(width: int, height: int, offset: int = 100) -> bytes:
    """Uncompressed, one strip that is not there."""
    return tiff(
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, offset),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, 0xFFFFFFFF),
    )


def webp(width: int, height: int) -> bytes:
    """VP8X canvas of up to 2^24 pixels a side with nothing on it."""
    canvas = b"\x02\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + b"ANIM\x06\0\0\0" + bytes(6)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)


def jpeg_of_declared(width: int, height: int) -> bytes:
    """A real JPEG whose header claims another size."""
    data = bytearray(saved("JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def with_exif(exif: bytes) -> bytes:
    """A JPEG whose APP1 segments hold this, split where a segment's 64 kB end."""
    plain = saved("JPEG")
    segments = b""
    for start in range(0, len(exif), 65_000):
        part = b"Exif\0\0" + exif[start : start + 65_000]
        segments += b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part
    return plain[:2] + segments + plain[2:]


def going_in_circles() -> bytes:
    """EXIF whose sub-directories and next directory are itself."""
    return tiff((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8), (274, 3, 0xFFFFFFFF, 8), after=8)


REFUSED: dict[str, Make] = {
    "one byte": lambda: b"\xff",
    "text": lambda: b"this is not a photo\n" * 100,
    "html": lambda: b"<!doctype html><script>alert(1)</script>",
    "svg with an entity": lambda: (
        b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'
    ),
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run showpage\n",
    "pdf": lambda: b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF",
    "zip": lambda: b"PK\x03\x04" + bytes(60),
    "icon": lambda: saved("ICO"),
    "jpeg, only its magic": lambda: b"\xff\xd8\xff\xe0",
    "jpeg, half of it": lambda: saved("JPEG")[:700],
    "jpeg, the magic of png": lambda: b"\x89PNG\r\n\x1a\n" + saved("JPEG")[8:],
    "jpeg, another size": lambda: jpeg_of_declared(65_500, 65_500),
    "png, only its magic": lambda: b"\x89PNG\r\n\x1a\n",
    "png, half of it": lambda: saved("PNG")[:3000],
    "png, no pixels": lambda: png(64, 64),
    "png, wrong checksum": lambda: saved("PNG")[:40] + b"\xff" + saved("PNG")[41:],
    "png, no side": lambda: png(0, 64),
    "png, bomb": lambda: png(100_000, 100_000, bytes(1_000_000)),
    "png, largest": lambda: png(2**31 - 1, 2**31 - 1),
    "png, just too large": lambda: png(80_000_001, 1, bytes(100)),
    "png, chunk of 2 GB": lambda: b"\x89PNG\r\n\x1a\n\x7f\xff\xff\xffIDAT" + bytes(100),
    "gif, half of it": lambda: saved("GIF")[:400],
    "gif, bomb": lambda: gif(65_535, 65_535),
    "tiff, bomb": lambda: big_tiff(60_000, 60_000),
    "tiff, strip elsewhere": lambda: big_tiff(2000, 2000, 0x7FFFFFFF),
    "tiff, itself inside": going_in_circles,
    "tiff, no entries": lambda: tiff(),
    "webp, bomb": lambda: webp(2**24, 2**24),
    "webp, half of it": lambda: saved("WEBP")[:300],
    "webp, no frame": lambda: webp(64, 64),
    "bmp, bomb": lambda: bmp(2**31 - 1, 2**31 - 1),
    "bmp, upside down": lambda: bmp(64, -(2**31)),
    "avif, cut off": lambda: b"\0\0\0\x1cftypavif" + bytes(40),
}

ODD: dict[str, Make] = {
    "png, text bomb": lambda: png(64, 64, bytes(64 * 193), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))),
    "16 bits": lambda: png(64, 64, bytes(64 * 129), depth=16, color=0),
    "16 bits and transparent": lambda: png(64, 64, bytes(64 * (1 + 64 * 8)), depth=16, color=6),
    "1 bit": lambda: saved("PNG", "1"),
    "cmyk": lambda: saved("JPEG", "CMYK"),
    "palette, transparent": lambda: saved("GIF", "P", transparency=3),
    "palette that is too short": lambda: png(64, 64, b"\0" + bytes(64 * 65), chunk(b"PLTE", b"\0\0\0"), color=3),
    "floats": lambda: saved("TIFF", "F"),
    "one pixel": lambda: png(1, 1, bytes(4)),
    "a thin line": lambda: png(20_000, 1, bytes(60_001)),
    "animated gif": lambda: saved("GIF", "P", save_all=True, append_images=[picture("P")] * 200),
    "animated webp": lambda: saved("WEBP", save_all=True, append_images=[picture()] * 50),
    "tiff of many pages": lambda: saved("TIFF", save_all=True, append_images=[picture()] * 50),
    "exif in circles": lambda: with_exif(going_in_circles()),
    "exif of 5 MB": lambda: with_exif(bytes(5_000_000)),
    "exif of noise": lambda: with_exif(b"II*\0" + bytes(range(256)) * 8),
    "a web page behind it": lambda: saved("JPEG") + b"<script>alert(1)</script>",
    "a zip behind it": lambda: saved("PNG") + b"PK\x03\x04" + bytes(100),
}
"""Photos that the web is full of: embedded, or refused in a line, but never a fault."""
