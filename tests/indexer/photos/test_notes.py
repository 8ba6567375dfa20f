"""Texts, profiles and notes in a photo file: however large or odd, the pixels are read and the memory stays small."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from indexer.errors import ImageError
from indexer.photos.opening import open_image
from tests.shops.catalogs.colour_profiles import ADOBE_RGB, rgb_profile, seen
from tests.shops.catalogs.photo_files import encode, photo

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

MB = 1_000_000
XMP = b"XML:com.adobe.xmp\0"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(png: bytes, *chunks: bytes, last: bool = False) -> bytes:
    """The PNG with chunks after its header, or behind its pixels."""
    at = len(png) - 12 if last else 33
    return png[:at] + b"".join(chunks) + png[at:]


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


LONG = bytes(range(32, 127)) * 16_000


@cache
def bomb() -> bytes:
    return zlib.compress(bytes(400 * MB), 9)


TEXTS: dict[str, Callable[[], bytes]] = {
    "zTXt": lambda: chunk(b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(LONG)),
    "iTXt deflated": lambda: chunk(b"iTXt", XMP + b"\1\0\0\0" + zlib.compress(LONG)),
    "iTXt": lambda: chunk(b"iTXt", XMP + b"\0\0\0\0" + LONG * 50),
    "tEXt": lambda: chunk(b"tEXt", b"Comment\0" + LONG * 50),
    "100 zTXt": lambda: chunk(b"zTXt", b"Comment\0\0" + zlib.compress(LONG[: MB - 9])) * 100,
    "iCCP": lambda: chunk(b"iCCP", b"profile\0\0" + zlib.compress(LONG)),
    "a bomb in iCCP": lambda: chunk(b"iCCP", b"profile\0\0" + bomb()),
    "a bomb in zTXt": lambda: chunk(b"zTXt", b"Comment\0\0" + bomb()),
    "unknown compression": lambda: chunk(b"zTXt", b"Comment\0\7" + b"x" * 20),
    "unknown compression of a profile": lambda: chunk(b"iCCP", b"profile\0\7" + b"x" * 20),
    "an empty gamma": lambda: chunk(b"pHYs", b""),
}


@pytest.mark.parametrize("last", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_png_with_much_text_has_its_pixels(text: str, last: bool) -> None:
    plain = encode(photo(64), "PNG")
    assert open_image(with_chunks(plain, TEXTS[text](), last=last)).tobytes() == photo(64).tobytes()


def test_a_large_profile_of_a_png_is_applied() -> None:
    icc = rgb_profile(ADOBE_RGB, 2.2) + np.random.default_rng(0).bytes(2 * MB)
    plain = encode(Image.new("RGB", (8, 8), (200, 150, 90)), "PNG")
    opened = open_image(with_chunks(plain, chunk(b"iCCP", b"profile\0\0" + zlib.compress(icc))))
    assert np.abs(np.array(opened.getpixel((4, 4))) - seen((200, 150, 90), ADOBE_RGB, 2.2)).max() <= 2


def test_what_else_a_png_says_stays() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    half = Image.new("RGBA", (20, 10), (0, 0, 0, 255))
    half.paste((0, 0, 0, 0), (10, 0, 20, 10))
    data = encode(half, "PNG", exif=exif)
    heavy = with_chunks(data, TEXTS["iTXt deflated"]())
    assert open_image(heavy).tobytes() == open_image(data).tobytes()
    assert open_image(heavy).size == (10, 20)
    indexed = encode(Image.new("P", (4, 4)), "PNG", transparency=0)
    assert open_image(with_chunks(indexed, TEXTS["zTXt"]())).tobytes() == open_image(indexed).tobytes()


SEGMENTS = {
    "19 MB of XMP": [segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"x" * 65_000)] * 300,
    "16 MB of a profile": [segment(0xE2, b"ICC_PROFILE\0" + bytes((k + 1, 255)) + b"y" * 65_000) for k in range(255)],
    "Photoshop's blocks": [segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\xff\xff\xff\xff" + b"x" * 65_000)] * 9,
    "exif of nonsense": [segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08" + b"\xff" * 65_000)] * 50,
    "comments": [segment(0xFE, b"c" * 65_000)] * 300,
    "an index of pictures that are not there": [segment(0xE2, b"MPF\0" + b"c" * 65_000)],
    "a short mark of JFIF": [segment(0xE0, b"JFIF\0")],
    "a short mark of Adobe": [segment(0xEE, b"Adobe")],
    "a profile without a part": [segment(0xE2, b"ICC_PROFILE\0")],
}


@pytest.mark.parametrize("fit", [None, 20])
@pytest.mark.parametrize("notes", SEGMENTS)
def test_a_jpeg_with_many_or_odd_notes_has_its_pixels(notes: str, fit: int | None) -> None:
    plain = encode(photo(96), "JPEG")
    opened = open_image(with_segments(plain, *SEGMENTS[notes]), fit=fit)
    assert opened.tobytes() == open_image(plain, fit=fit).tobytes()


def test_what_else_a_jpeg_says_stays() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 8
    data = encode(photo(96), "JPEG", exif=exif, icc_profile=rgb_profile(ADOBE_RGB, 2.2))
    odd = with_segments(data, *SEGMENTS["a short mark of Adobe"])
    assert open_image(odd).tobytes() == open_image(data).tobytes() != open_image(encode(photo(96), "JPEG")).tobytes()
    assert open_image(odd).size == (72, 96)
    inks = encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")
    assert open_image(with_segments(inks, *SEGMENTS["a short mark of JFIF"])).getpixel((8, 8)) == (255, 0, 0)


def test_a_bomb_in_a_text_takes_no_memory(tmp_path: Path) -> None:
    for name in ("a bomb in iCCP", "a bomb in zTXt"):
        path = tmp_path / f"{name}.png"
        path.write_bytes(with_chunks(encode(photo(64), "PNG"), TEXTS[name]()))
        program = (
            "import resource, sys; from pathlib import Path; from indexer.photos.opening import open_image\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "open_image(Path(sys.argv[1])); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
        )
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        assert int(done.stdout) < 60_000  # kilobytes; inflated it would be 400,000


DAMAGED = [
    encode(photo(), "PNG")[:2000],
    encode(photo(), "JPEG")[:2000],
    with_chunks(encode(photo(), "PNG"), TEXTS["zTXt"]())[:2500],
    encode(photo(), "PNG").replace(b"IDAT", b"IDAX", 1),
    encode(photo(), "PNG").replace(b"IHDR", b"IHDX", 1),
    encode(photo(), "WEBP")[:600],
    encode(photo(), "AVIF")[:600],
    encode(photo(), "TIFF")[:600],
    encode(photo(), "GIF")[:600],
    encode(photo(), "BMP")[:600],
    b"GIF89a" + b"\xff" * 50,
    b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
]


@pytest.mark.parametrize("data", DAMAGED, ids=range(len(DAMAGED)))
def test_no_message_is_a_librarys(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        open_image(data)
    message = str(caught.value)
    assert message.startswith(("damaged or incomplete", "not an image, damaged"))
    assert not any(word in message for word in ("Plugin", "Pillow", "PIL", "Error", "chunk", "decoder", "object", "'"))


def test_a_cut_file_is_said_to_be_cut() -> None:
    with pytest.raises(ImageError, match=r"^damaged or incomplete \(it ends too early\); export it anew$"):
        open_image(encode(photo(), "JPEG")[:2000])


def test_fill_bytes_without_end_are_no_trouble() -> None:
    with pytest.raises(ImageError):
        open_image(b"\xff\xd8" + b"\xff" * (MB // 5))


def test_files_behind_a_photo_do_not_matter() -> None:
    buffer = io.BytesIO(encode(photo(64), "JPEG") + b"\0" * MB)
    assert open_image(buffer.getvalue()).size == (64, 48)
