"""The photo somebody asks with: a file, bytes, or a Pillow image; always opened the safe way, and late."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

from PIL import Image
from pydantic import Field

from indexer.errors import ImageError, UsageError
from indexer.photos.opening import MAX_BYTES, opened, read_bytes, to_rgb
from indexer.system.arguments import said
from indexer.system.plain_json import HIDDEN, Picture, PlainJson
from indexer.system.text import named

UNNAMED = "image"
"""What a query photo is called that came as bytes."""

PhotoSource = str | Path | bytes | Image.Image | Callable[[], bytes]
"""A function gives the bytes of a photo that costs something to read: it is called once, when the rest of a question
is known to make sense, and raises ``ImageError`` or ``UsageError``."""


def name_of(source: PhotoSource) -> str:
    """What a query photo is called in an answer: its file, or a word where it came without one."""
    return str(source) if isinstance(source, str | Path) else UNNAMED


PICTURE_SIDE = 2048
"""Longer side of the picture that is kept of a part of a photo; the embedder gets the part as it is."""


@contextmanager
def query_photo(
    source: PhotoSource, crop: tuple[float, float, float, float] | None = None, *, most: int | None = None
) -> Iterator[tuple[QueryPhoto, Image.Image | bytes]]:
    """Read a query photo; yields its description and what the embedder takes, whose memory counts until the block ends.

    A file or its bytes reach the embedder as they are, so that a copy of a catalog photo goes exactly the
    way the catalog photo went. With a crop box (shares of the upright photo: left, top, right, bottom) only that
    part counts. Of a file, ``most`` pixels are decoded; see `indexer.photos.opening.open_image`.

    Raises:
        ImageError: it is not a photo that can be used; the message names the file.
        UsageError: a function gives something else than bytes.
    """
    photo, content = _load(source)
    if crop is None:
        yield photo, content
        return
    with ExitStack() as held:
        try:
            image = content if isinstance(content, Image.Image) else held.enter_context(opened(content, most=most))
        except ImageError as error:
            raise ImageError(f"{photo.name}: {error}") from error
        part = image.crop(_pixels(crop, image.width, image.height))
        del image, content  # the part is all that is needed, and a whole photo may be large
        yield QueryPhoto(photo.name, data=_png(_shown(part))), part


def _shown(part: Image.Image) -> Image.Image:
    scale = PICTURE_SIDE / max(part.size)
    return part if scale >= 1 else part.resize((max(1, round(part.width * scale)), max(1, round(part.height * scale))))


def _pixels(crop: tuple[float, float, float, float], width: int, height: int) -> tuple[int, int, int, int]:
    """The box in whole pixels, at least one."""
    left, top = min(int(crop[0] * width), width - 1), min(int(crop[1] * height), height - 1)
    return left, top, max(left + 1, round(crop[2] * width)), max(top + 1, round(crop[3] * height))


def _load(source: PhotoSource) -> tuple[QueryPhoto, Image.Image | bytes]:
    if isinstance(source, Image.Image):
        try:
            image = to_rgb(source)
        except ImageError as error:
            raise ImageError(f"query photo: {error}") from error
        return QueryPhoto(UNNAMED, data=_png(image)), image
    if callable(source):
        source = source()
        if not isinstance(source, bytes):
            raise UsageError(f"query photo: the function gives {said(source)}, not the bytes of an image file")
    if isinstance(source, bytes):
        if len(source) > MAX_BYTES:
            raise ImageError(f"query photo: more than the {MAX_BYTES / 1e6:.0f} MB a photo may have")
        if not source:
            raise ImageError("query photo: there are no bytes")
        return QueryPhoto(UNNAMED, data=source), source
    path = Path(source)
    try:
        data = read_bytes(path)
    except ImageError as error:
        raise ImageError(f"{named(path)}: {error}") from error
    return QueryPhoto(str(path), data=data), data


def read_stream(stream: BinaryIO) -> bytes:
    """The bytes of a photo on a pipe, at most one more than a photo may have."""
    return stream.read(MAX_BYTES + 1)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class QueryPhoto(PlainJson):
    """One photo that was asked with: where a picture of it can be found, as far as that is known."""

    name: Annotated[str, Field(alias="photo")]
    thumbnail: Picture = None
    data: Annotated[bytes | None, HIDDEN] = field(default=None, repr=False)
