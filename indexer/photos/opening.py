"""The one safe way to open a photo: format, size and pixels are judged before anything is decoded."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from indexer.errors import ImageError
from indexer.photos.flatten import flatten
from indexer.system.machine import PixelBudget

MAX_PIXELS = 80_000_000
"""Largest photo that is decoded; above it a small file could fill the memory (a decompression bomb)."""

AT_ONCE = PixelBudget(MAX_PIXELS)
"""One photo of the largest size takes half a gigabyte while it is decoded, and a service decodes in 40 threads."""

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

# Pillow loads these when it first meets such a file. Now is better than in the middle of several threads' first files.
for _plugin in ("Avif", "Bmp", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP"):
    import_module(f"PIL.{_plugin}ImagePlugin")

# Pillow warns of odd metadata, which does not matter here, and of large pictures, which are refused below anyway.
# Set once for the process: `warnings.catch_warnings` around a decode is not safe among threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_bytes(path: Path) -> bytes:
    """The bytes of a photo file.

    Raises:
        ImageError: it cannot be read, is empty, or is larger than ``MAX_BYTES``.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImageError(f"{size / 1e6:.0f} MB is more than the {MAX_BYTES / 1e6:.0f} MB a photo may have")
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # a NUL in the name
        raise ImageError(f"cannot be read ({error})") from error
    if not data:
        raise ImageError("the file is empty")
    return data


def open_image(source: Path | bytes, *, fit: int | None = None) -> Image.Image:
    """Decode a photo to upright 8-bit sRGB: its colour profile is applied, an animation shows its first frame.

    Transparency is laid on white, or, where the artwork is so light that it would vanish there, on a dark grey. The
    result carries no metadata, so that nobody turns it a second time.

    Args:
        source: a path, or the bytes of an image file.
        fit: when the photo will be scaled to this size, a JPEG is decoded at the smallest of its built-in
            reductions (1/2, 1/4, 1/8) whose longer side is not below twice that (Pillow's ``draft``), which
            is faster and changes the embedding by about 5e-4 in cosine.

    Raises:
        ImageError: not an image, truncated, of a format not read, or with more than ``MAX_PIXELS`` pixels.
            The message is one line and does not name the photo: the caller knows what its user calls it.
    """
    return open_sized(source, fit=fit)[0]


def open_sized(source: Path | bytes, *, fit: int | None = None) -> tuple[Image.Image, tuple[int, int]]:
    """`open_image`, together with the photo's full width and height as a person sees it, whatever was decoded."""
    data = read_bytes(source) if isinstance(source, Path) else source
    if not data:
        raise ImageError("the file is empty")
    with _decoding(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        _check_size(image)
        width, height = image.size
        if fit is not None:
            _reduce(image, fit)
        with AT_ONCE.taking(image.width * image.height):
            rgb = _upright_rgb(image)
        return rgb, (height, width) if _orientation(image) in _SIDEWAYS else (width, height)


def to_rgb(image: Image.Image) -> Image.Image:
    """What `open_image` returns, for an image that somebody else opened or made with Pillow.

    Raises:
        ImageError: its file turns out damaged, or it has more than ``MAX_PIXELS`` pixels.
    """
    with _decoding():
        _check_size(image)
        return _upright_rgb(image)


@contextmanager
def _decoding() -> Iterator[None]:
    """Turn whatever a decoder of hostile bytes raises into one line."""
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except UnidentifiedImageError as error:
        raise ImageError(
            "not an image, damaged, or of a format that is not read; save it as JPEG, PNG or WebP"
        ) from error
    except MemoryError as error:
        raise ImageError("there is not enough memory to decode it; scale it down") from error
    except Exception as error:  # struct, index, syntax, value, zlib errors: there is no common base
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ImageError(f"damaged or incomplete ({reason}); export it anew") from error


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()


def _too_large() -> ImageError:
    return ImageError(f"has more than the {MAX_PIXELS // 1_000_000} million pixels that are decoded; scale it down")


def _reduce(image: Image.Image, fit: int) -> None:
    """Let a JPEG decode itself smaller; other formats ignore it."""
    if image.format not in ("JPEG", "MPO"):
        return
    for scale in (8, 4, 2):
        if -(-max(image.size) // scale) >= 2 * fit:
            image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
            return


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
