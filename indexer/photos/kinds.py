"""What a file is by its first bytes, whatever it is called."""

from __future__ import annotations

from pathlib import Path

from indexer.photos import heic
from indexer.system.regular import open_regular

HEAD = 1024
"""Bytes that are enough to tell."""

READ = ("JPEG", "PNG", "WebP", "AVIF", "GIF", "BMP", "TIFF")
"""Pictures that are read; HEIC is with an extra."""

HEIC = "HEIC"

_BEGINNINGS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0\x10\0\0\0CR", "CR2"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"IIRO", "ORF"),
    (b"IIU\0", "RW2"),
    (b"FUJIFILMCCD-RAW", "RAF"),
    (b"8BPS\0", "PSD"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    (b"\xff\x0a", "JXL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JP2"),
    (b"\xffO\xffQ", "JP2"),
    (b"%!PS", "EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"\0\0\1\0", "ICO"),
)
_OTHERS = (
    (b"%PDF-", "a PDF"),
    (b"PK\3\4", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"version https://git-lfs", "a pointer to a file that was not fetched"),
)
_AVIF = (b"avif", b"avis")
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_HEIF = (b"mif1", b"mif2", b"msf1", b"heif")


def kind_of(path: Path) -> str | None:
    """The kind of picture that a file is; None for anything else, and where it cannot be read."""
    try:
        with open_regular(path) as file:
            return picture_kind(file.read(HEAD))
    except OSError:
        return None


def is_read(kind: str) -> bool:
    """Whether pictures of this kind are read here."""
    return kind in READ or (kind == HEIC and heic.is_read())


def picture_kind(head: bytes) -> str | None:
    """The kind of picture that begins with these bytes, as people call it; None for anything else."""
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head[:2] == b"BM" and len(head) >= 26 and head[6:10] == b"\0\0\0\0":
        return "BMP"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    return "SVG" if b"<svg" in head[:HEAD].lower() and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else None


def other_kind(head: bytes) -> str | None:
    """What begins with these bytes and is sometimes taken for a picture, with its article; None for anything else."""
    for beginning, kind in _OTHERS:
        if head.startswith(beginning):
            return kind
    if head[4:8] == b"ftyp":
        return "a video"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    return "a web page" if start.startswith((b"<!doctype html", b"<html", b"<head")) else None


def _of_brands(head: bytes) -> str | None:
    """AVIF, HEIC or CR3, whose files are the same boxes: the first names what it is, the others how it can be read."""
    brand = head[8:12]
    if brand == b"crx ":
        return "CR3"
    brands = [brand, *(head[at : at + 4] for at in range(16, min(int.from_bytes(head[:4], "big"), len(head)), 4))]
    if brand in _AVIF or (brand in _HEIF and any(name in _AVIF for name in brands)):
        return "AVIF"
    return HEIC if brand in _HEIC + _HEIF else None
