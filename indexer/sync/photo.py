"""What a sync wants of one photo file and learns from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.catalog.products import ProductImage
from indexer.fields.types import Payload
from indexer.models.preprocessing import Preprocessing
from indexer.photos.fingerprints import phash, pixel_sha256
from indexer.photos.opening import open_sized
from indexer.photos.places import Seen
from indexer.store.records import Point


@dataclass(frozen=True, slots=True)
class Wanted:
    """A photo the catalog wants in the index; ``payload`` is the catalog's part of the point.

    ``seen`` is what was seen of it in planning; None where only reading it can tell.
    """

    id: str
    product_id: str
    image: ProductImage
    payload: Payload
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """Measured once per file content: original size after rotation, and three fingerprints of rising tolerance."""

    width: int
    height: int
    sha256: str
    pixel_sha256: str
    phash: str


@dataclass(frozen=True, slots=True)
class EmbeddedPhoto:
    """A photo's facts together with what the model says about it."""

    facts: PhotoFacts
    embedding: NDArray[np.float32]
    category: str | None
    """The likeliest category; None for a model without any."""
    confidence: float
    text_embedding: NDArray[np.float32] | None = None
    """By the text model, where there is one."""
    colours: NDArray[np.float32] | None = None
    """See `indexer.photos.colour.palette`; None where they have not been measured yet."""

    def point(self, identifier: str, payload: Payload) -> Point:
        """As it is written, with all of its vectors."""
        return Point(identifier, payload, self.embedding, self.text_embedding, self.colours)


def opened_for(data: bytes, preprocessing: Preprocessing) -> tuple[Image.Image, tuple[int, int]]:
    """A photo file decoded for a model, and the photo's full width and height.

    Raises:
        ImageError: the file is not a photo that can be used.
    """
    return open_sized(data, fit=preprocessing.fit)


def fingerprinted(image: Image.Image, size: tuple[int, int], digest: str) -> PhotoFacts:
    """The facts of a photo, decoded by `opened_for`, whose file has the sha256 ``digest``.

    ``pixel_sha256`` is over the pixels as decoded for that size: for a large JPEG a reduced decode, which
    is still equal for equal pictures and differs for any visible edit.
    """
    return PhotoFacts(*size, digest, pixel_sha256(image), phash(image))
