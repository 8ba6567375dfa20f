"""What somebody asks with: a product of the index, a photo, the address of a photo, or a vector."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError, VectorError
from indexer.models.vectors import unit
from indexer.store.vectors import check_vectors
from searcher.questions.photo import PhotoSource, QueryPhoto, name_of

ExampleLike: TypeAlias = "Example | PhotoSource | Sequence[float] | NDArray[np.float32]"

Crop = tuple[float, float, float, float]
"""Left, top, right and bottom of the part that counts, as shares (0 to 1) of the upright photo's width and height."""


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to compare with; exactly one of the first four is given.

    Raises:
        UsageError: none or several are given, or the crop box is empty, outside the photo, or has no photo.
    """

    product_id: str | None = None
    """A product of the index: all its photos."""
    image: PhotoSource | None = field(default=None, repr=False)
    """A path, the bytes of an image file, a function that gives them, or a Pillow image."""
    url: str | None = None
    """Where a photo can be fetched, http or https."""
    vector: Sequence[float] | NDArray[np.float32] | None = field(default=None, repr=False)
    """An embedding [dimension] made by the index's model; it is scaled to length 1."""
    crop: Crop | None = None

    def __post_init__(self) -> None:
        given = sum(value is not None for value in (self.product_id, self.image, self.url, self.vector))
        if given != 1:
            raise UsageError(
                f"{'several are' if given else 'nothing is'} given to compare with; "
                "give either a product id or a photo (or its URL, or a vector)"
            )
        if self.crop is None:
            return
        if self.image is None and self.url is None:
            raise UsageError("a crop box needs a photo; a product is compared by all its photos as they are")
        if len(self.crop) != 4 or not all(isinstance(c, int | float) and math.isfinite(c) for c in self.crop):
            raise UsageError(f"the crop box {self.crop} is not left, top, right, bottom as shares of the photo, 0 to 1")
        left, top, right, bottom = self.crop
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise UsageError(
                f"the crop box {self.crop} is empty or outside the photo; give left, top, right, bottom, 0 to 1"
            )

    @classmethod
    def photo(cls, image: PhotoSource | None, url: str | None, crop: Crop | None = None) -> Example:
        """What is asked with a photo alone; raises ``UsageError``."""
        if (image is None) == (url is None):
            found = "nothing is" if url is None else "several are"
            raise UsageError(f"{found} given to look at; give either a photo or its URL")
        return cls(image=image, url=url, crop=crop)

    @classmethod
    def of(cls, value: ExampleLike) -> Example:
        """What is meant: text is a product id, a path, bytes or a Pillow image is a photo, numbers are a vector."""
        if isinstance(value, Example):
            return value
        if isinstance(value, str):
            return cls(product_id=value)
        if isinstance(value, os.PathLike):
            return cls(image=Path(value))
        if isinstance(value, np.ndarray | list | tuple):
            return cls(vector=value)
        if isinstance(value, Sequence) and not isinstance(value, bytes):
            raise UsageError(f"a {type(value).__name__} cannot be compared with")
        return cls(image=value)

    def to_json(self) -> dict[str, Any]:
        """What was asked with, as plain JSON values; a photo by its name, a vector by its dimension."""
        if self.product_id is not None:
            return {"product_id": self.product_id}
        cropped = {} if self.crop is None else {"crop": list(self.crop)}
        if self.url is not None:
            return {"url": self.url, **cropped}
        if self.vector is not None:
            return {"vector": len(self.vector)}
        assert self.image is not None  # noqa: S101
        return {"image": name_of(self.image), **cropped}


@dataclass(frozen=True, slots=True)
class Asked:
    """An example found: its query vectors [m, dimension], the photo of each, and the product's payload."""

    example: Example
    photos: tuple[QueryPhoto, ...]
    vectors: NDArray[np.float32]
    payload: Mapping[str, Any] = field(default_factory=dict)
    """Of the product's first photo; empty for what is not a product."""

    @property
    def centre(self) -> NDArray[np.float32]:
        """The mean of the vectors, [dimension], unit length: the whole example as one point.

        Raises:
            UsageError: its photos cancel each other out.
        """
        mean: NDArray[np.float64] = self.vectors.astype(np.float64).mean(axis=0)
        length = float(np.linalg.norm(mean))
        if length < 1e-6:
            raise UsageError("the photos of an example are opposites, so it has no direction; give one of its photos")
        return (mean / length).astype(np.float32)


def unit_vector(values: Sequence[float] | NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """A raw vector as [1, dimension] of unit length.

    Raises:
        UsageError: a wrong length, not numbers, NaN, infinite or zero.
    """
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as that
            row = np.asarray(values, dtype=np.float32)
        if row.shape != (dimension,):
            raise UsageError(f"the vector has the shape {list(row.shape)}; this index holds vectors of [{dimension}]")
        return unit(check_vectors(row[None], dimension).astype(np.float64)).astype(np.float32)
    except (VectorError, TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"the query vector cannot be used: {error}") from error
