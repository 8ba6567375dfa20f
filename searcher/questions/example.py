"""What somebody asks with: a product of the index, a photo, the address of a photo, or a vector."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import UsageError, VectorError
from indexer.models.vectors import unit
from indexer.store.vectors import check_vectors
from indexer.system.arguments import listed, pairs_of, refused, said, text_of
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
        for name, taken, give in _KINDS:
            value = getattr(self, name)
            if value is not None and (not taken(value) or isinstance(value, type)):
                raise refused(name, value, give)
            if isinstance(value, str):
                object.__setattr__(self, name, text_of(name, value))
        if isinstance(self.image, os.PathLike):
            object.__setattr__(self, "image", Path(self.image))
        if self.crop is None:
            return
        if self.image is None and self.url is None:
            raise UsageError("a crop box needs a photo; a product is compared by all its photos as they are")
        object.__setattr__(self, "crop", _box(self.crop))

    @classmethod
    def photo(cls, image: PhotoSource | None, url: str | None, crop: Crop | None = None) -> Example:
        """What is asked with a photo alone; raises ``UsageError``."""
        if (image is None) == (url is None):
            found = "nothing is" if url is None else "several are"
            raise UsageError(f"{found} given to look at; give either a photo or its URL")
        return cls(image=image, url=url, crop=crop)

    @classmethod
    def of(cls, value: ExampleLike) -> Example:
        """What is meant: text is a product id, a path, bytes or a Pillow image is a photo, numbers are a vector.

        Raises:
            UsageError: anything else.
        """
        if isinstance(value, Example):
            return value
        if isinstance(value, str):
            return cls(product_id=value)
        if isinstance(value, np.ndarray | list | tuple):
            return cls(vector=value)
        if not _is_photo(value) or isinstance(value, type):
            raise UsageError(f"{said(value)} cannot be compared with; give {_EXAMPLES}")
        return cls(image=cast("PhotoSource", value))

    @classmethod
    def each(cls, name: str, values: Iterable[ExampleLike]) -> list[Example]:
        """Several examples; raises ``UsageError`` that names the argument."""
        return [cls.of_argument(name, value) for value in listed(name, values, _SEVERAL)]

    @classmethod
    def pairs(cls, name: str, values: Iterable[tuple[ExampleLike, ExampleLike]]) -> list[tuple[Example, Example]]:
        """Pairs of examples; raises ``UsageError`` that names the argument."""
        return [
            (cls.of_argument(name, first), cls.of_argument(name, second)) for first, second in pairs_of(name, values)
        ]

    @classmethod
    def of_argument(cls, name: str, value: ExampleLike) -> Example:
        """`of`, with the argument's name before what it says."""
        try:
            return cls.of(value)
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from None

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


_EXAMPLES = "a product id as text, a photo (a path, bytes or a Pillow image), a vector or an Example"
_SEVERAL = "product ids, photos or vectors"


def in_order(name: str, values: Iterable[ExampleLike]) -> Iterable[ExampleLike]:
    """What may be examples, unread and in an order of their own; raises ``UsageError`` for what is no such list."""
    return listed(name, values, _SEVERAL, ordered=True)


def _is_photo(value: object) -> bool:
    path = isinstance(value, os.PathLike) and isinstance(os.fspath(value), str)
    return path or isinstance(value, str | bytes | Image.Image) or callable(value)


def _is_vector(value: object) -> bool:
    """Whether it may be numbers one after the other; `unit_vector` looks at them."""
    return isinstance(value, list | tuple) or (hasattr(value, "__array__") and not isinstance(value, Image.Image))


_KINDS: tuple[tuple[str, Callable[[object], bool], str], ...] = (
    ("product_id", lambda value: isinstance(value, str), "a product id as text"),
    ("image", _is_photo, "a path, the bytes of an image file, a function that gives them, or a Pillow image"),
    ("url", lambda value: isinstance(value, str), "the address of a photo as text"),
    ("vector", _is_vector, "a list of numbers"),
)
"""What may be asked with: its name, whether a value is of its kind, and what to give."""


def _box(crop: object) -> Crop:
    """A crop box as four numbers; raises ``UsageError``."""
    plain = crop.tolist() if isinstance(crop, np.ndarray) else crop
    shown = tuple(plain) if isinstance(plain, Sequence) and not isinstance(plain, str | bytes) else ()
    box = tuple(share.item() if isinstance(share, np.number) else share for share in shown[:5])
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in box)
    if len(box) != 4 or not numbers:
        what = f"({', '.join(map(said, box))})" if box else said(crop)
        raise UsageError(f"the crop box is {what}; give left, top, right and bottom as shares of the photo, 0 to 1")
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise UsageError(f"the crop box {box} is empty or outside the photo; give left, top, right, bottom, 0 to 1")
    return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Asked:
    """An example found: its query vectors [m, dimension], the photo of each, and the product's payload."""

    example: Example
    photos: tuple[QueryPhoto, ...]
    vectors: NDArray[np.float32]
    payload: Mapping[str, Any] = field(default_factory=dict)
    """Of the product's first photo; empty for what is not a product."""
    colours: NDArray[np.float32] | None = None
    """Of each photo, [m, colours], where they were asked for."""

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
            row = _numbers(values).astype(np.float32)
        if row.shape != (dimension,):
            raise UsageError(f"the vector has the shape {list(row.shape)}; this index holds vectors of [{dimension}]")
        return unit(check_vectors(row[None], dimension).astype(np.float64)).astype(np.float32)
    except (VectorError, OverflowError) as error:
        raise UsageError(f"the query vector cannot be used: {error}") from error


def _numbers(values: Sequence[float] | NDArray[np.float32]) -> NDArray[Any]:
    """What was given as a vector, as an array of numbers; numpy would read texts of digits, and true as 1, too."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):  # rows of several lengths; a tensor that cannot be an array now
        array = np.asarray([None])
    great = array.dtype.kind == "O" and all(type(one) in (int, float) for one in array.ravel().tolist())
    if array.dtype.kind not in "iuf" and not great:
        raise UsageError("the query vector cannot be used: it holds what is no number; give a list of numbers")
    return array
