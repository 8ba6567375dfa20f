"""A hundred kinds of files that are called photos and are none, or not a whole one.

In a test: ``from tests.faults.syncs.broken_files import broken_files``.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

from PIL import Image

from tests.shops.catalogs.photo_files import WRITABLE, encode, photo, png


def broken_files() -> dict[str, bytes]:
    """The kinds by name."""
    whole = {kind: encode(photo(64), kind) for kind in WRITABLE}
    drawn = random.Random(5)
    found: dict[str, bytes] = {}
    for kind, data in whole.items():
        third = len(data) // 3
        for percent in (5, 40, 90):
            found[f"{kind}-cut-at-{percent}"] = data[: len(data) * percent // 100]
        found[f"{kind}-head-alone"] = data[:20]
        found[f"{kind}-zeros-within"] = data[:third] + bytes(third) + data[2 * third :]
        found[f"{kind}-noise-behind-its-head"] = data[:64] + drawn.randbytes(len(data))
        found[f"{kind}-twice-its-first-half"] = data[: len(data) // 2] * 2
    return found | _crossed(whole) | _no_pictures() | _other_formats() | _false_headers(whole)


def _crossed(whole: dict[str, bytes]) -> dict[str, bytes]:
    return {
        "jpeg-head-on-a-png": whole["JPEG"][:20] + whole["PNG"],
        "png-head-on-a-jpeg": whole["PNG"][:8] + whole["JPEG"],
        "gif-head-on-a-webp": b"GIF89a" + whole["WEBP"],
        "jpeg-without-its-first-bytes": whole["JPEG"][2:],
        "jpeg-in-base64": b"data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD",
        "jpeg-read-as-text": whole["JPEG"].decode("latin-1").encode("utf-8"),
        "png-with-unix-line-ends": whole["PNG"].replace(b"\r\n", b"\n"),
    }


def _no_pictures() -> dict[str, bytes]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("ring.jpg", "x")
    return {
        "nothing": b"",
        "a-byte": b"\xff",
        "zeros": bytes(5000),
        "ones": b"\xff" * 5000,
        "a-text": b"not found\n",
        "a-text-in-utf-16": "not found".encode("utf-16"),
        "a-web-page": b"<!DOCTYPE html><html><body>404</body></html>",
        "an-answer": b'{"error": "not found"}',
        "a-pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "an-archive": archive.getvalue(),
        "a-packed-file": b"\x1f\x8b\x08\0" + bytes(40),
        "a-video": struct.pack(">I", 24) + b"ftypisom" + bytes(60),
        "a-pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "a-program": b"\x7fELF" + bytes(200),
        "a-shortcut": b"L\0\0\0\x01\x14\x02\0" + bytes(80),
    }


def _other_formats() -> dict[str, bytes]:
    small = {kind: encode(photo(32), kind) for kind in ("EPS", "ICO", "PPM", "TGA", "JPEG2000", "PCX", "DDS")}
    return {f"a-{kind.lower()}": data for kind, data in small.items()} | {
        "an-svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "a-photoshop-file": b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 8, 8, 8, 3) + bytes(210),
        "a-heic-without-content": struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(40),
        "a-raw-photo": b"II*\0\x10\0\0\0CR\2\0" + bytes(100),
        "a-jpeg-xl": b"\xff\x0a" + bytes(100),
    }


def _false_headers(whole: dict[str, bytes]) -> dict[str, bytes]:
    jpeg, gif, bmp, tiff = (bytearray(whole[kind]) for kind in ("JPEG", "GIF", "BMP", "TIFF"))
    frame = jpeg.index(b"\xff\xc0") + 5
    found = {
        "png-without-pixels": png(8, 8, 8, 2, b""),
        "png-of-no-width": png(0, 8, 8, 2, zlib.compress(bytes(8))),
        "png-of-a-depth-of-three": png(8, 8, 3, 2, zlib.compress(bytes(200))),
        "png-of-too-few-pixels": png(64, 64, 8, 2, zlib.compress(bytes(100))),
        "png-of-a-hundred-thousand-squared": png(100_000, 100_000, 1, 0, zlib.compress(bytes(1000))),
        "png-with-a-wrong-sum": whole["PNG"][:60] + bytes([whole["PNG"][60] ^ 1]) + whole["PNG"][61:],
        "png-with-a-profile-that-unpacks-for-ever": _with_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(10**8), 9)),
        "png-with-a-text-that-unpacks-for-ever": _with_chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(10**8), 9)),
        "gif-without-a-frame": bytes(gif[:13]) + b";",
        "webp-that-lies-of-its-length": whole["WEBP"][:4] + struct.pack("<I", 2**31) + whole["WEBP"][8:],
        "tiff-of-itself": b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 330, 4, 1, 8, 8),
        "tiff-of-nowhere": b"II*\0" + struct.pack("<I", 2**31 - 1),
        "jpeg-with-notes-of-itself": _with_exif(
            jpeg, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0"
        ),
    }
    for name, at, form, values in (
        ("jpeg-of-no-height", frame, ">HH", (0, 64)),
        ("jpeg-of-the-largest-sides", frame, ">HH", (65_535, 65_535)),
    ):
        found[name] = _patched(jpeg, at, form, *values)
    return found | {
        "gif-of-the-largest-sides": _patched(gif, 6, "<HH", 65_535, 65_535),
        "bmp-of-a-negative-width": _patched(bmp, 18, "<i", -64),
        "bmp-of-the-largest-sides": _patched(bmp, 18, "<ii", 2**31 - 1, 2**31 - 1),
        "bmp-of-three-bits": _patched(bmp, 28, "<H", 3),
        "tiff-whose-list-is-endless": _patched(tiff, 4, "<I", 4),
    }


def _patched(data: bytearray, at: int, form: str, *values: int) -> bytes:
    copy = bytearray(data)
    struct.pack_into(form, copy, at, *values)
    return bytes(copy)


def _with_chunk(kind: bytes, content: bytes) -> bytes:
    data = png(8, 8, 8, 2, zlib.compress(bytes(8 * 25)))
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data[:33] + chunk + data[33:]


def _with_exif(jpeg: bytearray, exif: bytes) -> bytes:
    return bytes(jpeg[:2]) + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + bytes(jpeg[2:])


def whole_picture() -> bytes:
    """One that is as it should be."""
    return encode(Image.new("RGB", (64, 48), (200, 180, 40)), "JPEG")
