"""The one safe way to open a photo: format, size and pixels are judged before anything is decoded."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from indexer.errors import ImageError
from indexer.photos import heic
from indexer.photos.bare import without_notes
from indexer.photos.flatten import flatten
from indexer.photos.kinds import HEAD, HEIC, READ, other_kind, picture_kind
from indexer.photos.memory import AT_ONCE, bytes_to_decode
from indexer.system.regular import open_regular

MAX_PIXELS = 80_000_000
"""Largest photo that is decoded; above it a small file could fill the memory (a decompression bomb)."""

ASKED_PIXELS = 25_000_000
"""Of a photo that comes from somebody else, once a JPEG was read smaller: the largest photos of phones are JPEGs, and a
file of a few kilobytes may hold as many pixels in a format that is decoded whole."""

MAX_BYTES = 100_000_000
"""Largest photo file that is read."""

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
"""Raster formats that shops use; JPEG includes MPO. Pillow knows more; some run programs (EPS), some nest (ICO)."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_SIDEWAYS = (5, 6, 7, 8)

_CUT_SHORT = ("truncated", "end of file", "unexpected eof")

# Pillow loads these when it first meets such a file. Now is better than in the middle of several threads' first files.
for _plugin in ("Avif", "Bmp", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP"):
    import_module(f"PIL.{_plugin}ImagePlugin")

# Pillow warns of odd metadata, which does not matter here, and of large pictures, which are refused below anyway.
# Set once for the process: `warnings.catch_warnings` around a decode is not safe among threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_bytes(path: Path) -> bytes:
    """The bytes of a photo file.

    Raises:
        ImageError: it cannot be read, is no file but a pipe or the like, is empty, or is larger than ``MAX_BYTES``.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise ImageError(f"{size / 1e6:.0f} MB is more than the {MAX_BYTES / 1e6:.0f} MB a photo may have")
            data = file.read()
    except OSError as error:
        advice = "; check its owner and rights" if isinstance(error, PermissionError) else ""
        raise ImageError(f"cannot be read ({error.strerror or error}){advice}") from error
    except ValueError as error:  # a NUL in the name
        raise ImageError(f"cannot be read ({error})") from error
    if not data:
        raise ImageError("the file is empty")
    return data


def open_image(source: Path | bytes, *, fit: int | None = None, most: int | None = None) -> Image.Image:
    """Decode a photo to upright 8-bit sRGB: its colour profile is applied, an animation shows its first frame.

    Transparency is laid on white, or, where the artwork is so light that it would vanish there, on a dark grey. The
    result carries no metadata, so that nobody turns it a second time.

    Args:
        source: a path, or the bytes of an image file.
        fit: when the photo will be scaled to this size, a JPEG is decoded at the smallest of its built-in
            reductions (1/2, 1/4, 1/8) whose longer side is not below twice that (Pillow's ``draft``), which
            is faster and changes the embedding by about 5e-4 in cosine.
        most: pixels that are decoded; a JPEG is reduced until it has no more.

    Raises:
        ImageError: not an image, truncated, of a format not read, or with more than ``MAX_PIXELS`` pixels, or with
            more than ``most`` to decode. The message is one line and does not name the photo: the caller knows what
            its user calls it.
    """
    return open_sized(source, fit=fit, most=most)[0]


@contextmanager
def opened(source: Path | bytes, *, fit: int | None = None, most: int | None = None) -> Iterator[Image.Image]:
    """`open_image` for as long as the block lasts: until then, the memory counts as taken. It opens no other photo."""
    with ExitStack() as held:
        yield _read(source, fit, most, held)[0]


def open_sized(
    source: Path | bytes, *, fit: int | None = None, most: int | None = None
) -> tuple[Image.Image, tuple[int, int]]:
    """`open_image`, together with the photo's full width and height as a person sees it, whatever was decoded."""
    with ExitStack() as held:
        return _read(source, fit, most, held)


def _read(
    source: Path | bytes, fit: int | None, most: int | None, held: ExitStack
) -> tuple[Image.Image, tuple[int, int]]:
    data = read_bytes(source) if isinstance(source, Path) else source
    if not data:
        raise ImageError("the file is empty")
    try:
        return _open(data, fit, most, held)
    except _Undecodable:
        bare = without_notes(data)
        if bare is None:
            raise
    return _open(bare[0], fit, most, held, bare[1])


def _open(
    data: bytes, fit: int | None, most: int | None, held: ExitStack, profile: bytes | None = None
) -> tuple[Image.Image, tuple[int, int]]:
    with _decoding(data), Image.open(io.BytesIO(data), formats=_formats(data)) as image:
        _check_size(image)
        width, height = image.size
        if profile is not None:
            image.info["icc_profile"] = profile
        _reduce(image, fit, most)
        _check_size(image, most)
        with ExitStack() as taken:
            # A PNG may say behind its pixels how it is turned: to ask would be to decode it.
            turned = image.format == "PNG" or _orientation(image) in _TURNS
            taken.enter_context(AT_ONCE.taking(bytes_to_decode(image, width * height, turned)))
            rgb = _upright_rgb(image)
            held.push(taken.pop_all())
        return rgb, (height, width) if _orientation(image) in _SIDEWAYS else (width, height)


@contextmanager
def header_of(source: Path | bytes) -> Iterator[Image.Image]:
    """A photo file with its header read and its pixels not; raises ``ImageError``."""
    with (
        _decoding(),
        io.BytesIO(source) if isinstance(source, bytes) else open_regular(source) as file,
        Image.open(file, formats=FORMATS) as image,
    ):
        yield image


def to_rgb(image: Image.Image) -> Image.Image:
    """What `open_image` returns, for an image that somebody else opened or made with Pillow.

    Raises:
        ImageError: its file turns out damaged, or it has more than ``MAX_PIXELS`` pixels.
    """
    with _decoding():
        _check_size(image)
        return _upright_rgb(image)


def is_plain(image: Image.Image) -> bool:
    """Whether an image is in memory as `to_rgb` would return it, so that a large one need not be copied."""
    return type(image) is Image.Image and image.mode == "RGB" and not image.info


class _Undecodable(ImageError):
    """A decoder gave up: perhaps over something else than the pixels."""


@contextmanager
def _decoding(data: bytes = b"") -> Iterator[None]:
    """Turn whatever a decoder of hostile bytes raises into one line, in words that are not those of a library.

    Args:
        data: the file, to say what it is where it is no photo.
    """
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except UnidentifiedImageError as error:
        raise _Undecodable(_unidentified(data[:HEAD])) from error
    except MemoryError as error:
        raise ImageError("there is not enough memory to decode it; scale it down") from error
    except Exception as error:  # struct, index, syntax, value, zlib errors: there is no common base
        cut = any(word in str(error).lower() for word in _CUT_SHORT)
        raise _Undecodable(f"damaged or incomplete{' (it ends too early)' if cut else ''}; export it anew") from error


def _formats(data: bytes) -> tuple[str, ...]:
    """The formats to try: HEIC where these bytes are one and it can be read here."""
    return (*FORMATS, "HEIF") if picture_kind(data[:HEAD]) == HEIC and heic.register() else FORMATS


def _unidentified(head: bytes) -> str:
    kind = picture_kind(head)
    if kind == HEIC and not heic.is_read():
        return f"HEIC is not read; {heic.ADVICE}"
    if kind is not None and kind not in (*READ, HEIC):
        return f"{kind} is a format that is not read; save it as JPEG, PNG or WebP"
    if kind is None and (other := other_kind(head)) is not None:
        return f"not an image but {other}; put the photo itself in its place"
    return "not an image, damaged, or of a format that is not read; save it as JPEG, PNG or WebP"


def _check_size(image: Image.Image, most: int | None = None) -> None:
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise _too_large()
    if most is not None and pixels > most:
        raise ImageError(
            f"has more than the {most / 1e6:g} million pixels that are decoded of a photo from outside, unless it is a "
            "JPEG; scale it down, or save it as JPEG"
        )


def _too_large() -> ImageError:
    return ImageError(f"has more than the {MAX_PIXELS // 1_000_000} million pixels that are decoded; scale it down")


def _reduce(image: Image.Image, fit: int | None, most: int | None) -> None:
    """Let a JPEG decode itself smaller, once; other formats ignore it."""
    if image.format not in ("JPEG", "MPO"):
        return
    fits = [scale for scale in (8, 4, 2) if fit is not None and -(-max(image.size) // scale) >= 2 * fit]
    small = [scale for scale in (1, 2, 4, 8) if most is None or _pixels(image, scale) <= most]
    scale = max([*fits[:1], *small[:1]], default=8)
    if scale > 1:
        image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))


def _pixels(image: Image.Image, scale: int) -> int:
    """Pixels of a JPEG that decodes itself smaller."""
    return -(-image.width // scale) * -(-image.height // scale)


def _upright_rgb(image: Image.Image) -> Image.Image:
    image.load()
    turn = _TURNS.get(_orientation(image))
    rgb = flatten(image if turn is None else image.transpose(turn))
    rgb.info = {}
    return rgb


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - broken EXIF raises anything, is common in old archives, and the pixels are fine
        return 1
    return orientation if isinstance(orientation, int) else 1
