"""A photo file without the texts and notes that a decoder stumbles over: its pixels, its turn and its colours stay."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from indexer.photos.colour.profiles import MAX_PROFILE

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_ICC, _ICC_HEAD = b"ICC_PROFILE\0", 14
_SCAN, _END = 0xDA, 0xD9
_FILL = re.compile(rb"\xff+")
_NO_LENGTH = (0x01, *range(0xD0, 0xD8))


def without_notes(data: bytes) -> tuple[bytes, bytes | None] | None:
    """The file and its colour profile, taken out of it; None where nothing of it could be left out.

    For a file that could not be decoded as it is: a PNG may hold more text than a decoder takes, or a profile that is
    larger than it takes, and a JPEG notes of a form that is not understood. The pixels are fine.
    """
    if data.startswith(_PNG):
        return _bare_png(data)
    return _bare_jpeg(data) if data.startswith(_JPEG) else None


def _bare_png(data: bytes) -> tuple[bytes, bytes | None] | None:
    """Chunks that a picture needs: what is critical, transparency, its gamma, its turn."""
    kept, profile, left_out = [_PNG], None, False
    for kind, start, end in _chunks(data):
        if kind == b"iCCP" and profile is None:
            profile = _inflated(data[start + 8 : end - 4])
        if kind[:1].isupper() or kind in (b"tRNS", b"gAMA", b"eXIf"):
            kept.append(data[start:end])
        else:
            left_out = True
    return (b"".join(kept), profile) if left_out else None


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk of a PNG; the last may be cut short."""
    at = len(_PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at, min(at + 12 + length, len(data))
        at += 12 + length


def _inflated(chunk: bytes) -> bytes | None:
    """The profile in a chunk (name, 0, 0, deflated); None where it is damaged or larger than one is."""
    _, _, content = chunk.partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(content[1:], MAX_PROFILE + 1)
    except zlib.error:
        return None
    return profile if 0 < len(profile) <= MAX_PROFILE else None


def _bare_jpeg(data: bytes) -> tuple[bytes, bytes | None] | None:
    """Segments that a picture needs: tables and frame, the marks of JFIF and Adobe, its turn."""
    kept, parts, left_out, at = [data[:2]], {}, False, 2
    for marker, start, end in _segments(data):
        content, at = data[start + 4 : end], end
        if marker == 0xE2 and content.startswith(_ICC) and len(content) > _ICC_HEAD:
            parts[content[len(_ICC)]] = content[_ICC_HEAD:]
        is_note = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not is_note or _is_needed(marker, content):
            kept.append(data[start:end])
        else:
            left_out = True
    profile = b"".join(parts[number] for number in sorted(parts))
    bare = b"".join([*kept, data[at:]])
    return (bare, profile if 0 < len(profile) <= MAX_PROFILE else None) if left_out else None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment of a JPEG before its pixels."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            at = _last_fill_byte(data, at)
            continue
        if marker in (_SCAN, _END):
            return
        length = 0 if marker in _NO_LENGTH else struct.unpack_from(">H", data, at + 2)[0]
        yield marker, at, min(at + 2 + length, len(data))
        at += 2 + length


def _last_fill_byte(data: bytes, at: int) -> int:
    found = _FILL.match(data, at)
    return found.end() - 1 if found else len(data)


def _is_needed(marker: int, content: bytes) -> bool:
    """Whether a note says how the pixels are meant, and is whole."""
    return (
        (marker == 0xE0 and content.startswith(b"JFIF\0") and len(content) >= 14)
        or (marker == 0xE1 and content.startswith(b"Exif\0\0"))
        or (marker == 0xEE and content.startswith(b"Adobe") and len(content) >= 12)
    )
