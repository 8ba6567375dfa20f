"""What a file is by its first bytes, and what is said of those that are no photo that can be read."""

from __future__ import annotations

import io
import struct
import zipfile
from importlib.util import find_spec

import pytest
from PIL import Image

from indexer.errors import ImageError
from indexer.photos.kinds import HEIC, READ, other_kind, picture_kind
from indexer.photos.opening import open_image
from tests.shops.catalogs.photo_files import WRITABLE, difference, encode, photo


def brands(major: bytes, *others: bytes) -> bytes:
    """The first box of a file of the family of MP4."""
    return struct.pack(">I", 16 + 4 * len(others)) + b"ftyp" + major + b"\0\0\0\0" + b"".join(others) + b"\0" * 64


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.jpg", "x")
    return buffer.getvalue()


PICTURES = {kind: encode(photo(64), kind) for kind in WRITABLE}


@pytest.mark.parametrize("kind", WRITABLE)
def test_pictures_that_are_read(kind: str) -> None:
    name = {"WEBP": "WebP", "MPO": "JPEG"}.get(kind, kind)
    assert picture_kind(PICTURES[kind][:64]) == name
    assert name in READ


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_every_kind_of_a_picture(kind: str) -> None:
    for mode in ("L", "RGB", "CMYK") if kind != "PNG" else ("1", "P", "RGBA"):
        assert picture_kind(encode(photo(64).convert(mode), kind)) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (brands(b"heic", b"mif1", b"heic"), HEIC),
        (brands(b"mif1", b"mif1", b"heic"), HEIC),
        (brands(b"msf1", b"hevc"), HEIC),
        (brands(b"avif", b"mif1"), "AVIF"),
        (brands(b"mif1", b"avif"), "AVIF"),
        (brands(b"crx "), "CR3"),
        (b"8BPS\0\1", "PSD"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
        (encode(photo(64), "JPEG2000"), "JP2"),
        (encode(photo(64), "EPS"), "EPS"),
        (encode(photo(64), "ICO"), "ICO"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a logo -->\n<svg xmlns="x">', "SVG"),
    ],
)
def test_other_pictures(head: bytes, kind: str) -> None:
    assert picture_kind(head) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"<!DOCTYPE html><title>404 Not found</title>", "a web page"),
        (b"\n <HTML><body>", "a web page"),
        (encode(photo(64), "PDF"), "a PDF"),
        (archive(), "an archive"),
        (brands(b"isom", b"mp42"), "a video"),
        (brands(b"qt  "), "a video"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "a pointer to a file that was not fetched"),
    ],
)
def test_what_is_no_picture(head: bytes, kind: str) -> None:
    assert (picture_kind(head), other_kind(head)) == (None, kind)
    with pytest.raises(ImageError, match=f"^not an image but {kind}; "):
        open_image(head)


@pytest.mark.parametrize(
    "head", [b"", b"x", b"BM", b"BMW is a car, and no picture", b"RIFF", b"\0" * 64, b"{}", b"a,b\n"]
)
def test_what_is_nothing_known(head: bytes) -> None:
    assert (picture_kind(head), other_kind(head)) == (None, None)


@pytest.mark.parametrize("name", ["JPEG2000", "EPS", "ICO"])
def test_a_picture_that_is_not_read_is_named(name: str) -> None:
    data = encode(photo(64), name)
    with pytest.raises(ImageError, match=f"^{picture_kind(data)} is a format that is not read; save it as"):
        open_image(data)


@pytest.mark.skipif(find_spec("pillow_heif") is not None, reason="pillow-heif is installed, which reads it")
def test_heic_is_named_with_the_extra_that_reads_it() -> None:
    with pytest.raises(ImageError, match=r"^HEIC is not read; .* pip install 'jewelry-similarity\[heic\]'$"):
        open_image(brands(b"heic", b"mif1"))


def test_heic_is_read_where_its_package_is() -> None:
    heif = pytest.importorskip("pillow_heif", reason="needs the extra heic")
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    heif.from_pillow(photo(128)).save(buffer, quality=95, exif=exif.tobytes())
    data = buffer.getvalue()
    assert picture_kind(data) == HEIC
    opened = open_image(data)
    assert difference(opened, photo(128).transpose(Image.Transpose.ROTATE_270)) < 6
    with pytest.raises(ImageError, match=r"^damaged or incomplete|^not an image"):
        open_image(data[:400])
