"""How a CLIP or SigLIP sees a photo: preprocessor_config.json of Hugging Face's image processors, with Pillow alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import ModelError
from indexer.photos.opening import open_image, to_rgb

LARGEST = 2048
LONGEST_SHAPE = 8
"""How many times as long as wide a photo may be scaled by its shorter side: a line of pixels would fill the memory."""
_RESAMPLING = {number.value: number for number in Image.Resampling}


@dataclass(frozen=True, slots=True)
class TextModelPhotos:
    """Scale, crop, normalise; the steps and their order are those of the image processors."""

    size: tuple[int, int] | None
    """(width, height) to scale to, whatever the shape of the photo; None where ``shortest`` is given."""
    shortest: int | None
    """The shorter side to scale to, keeping the shape."""
    crop: tuple[int, int] | None
    """(width, height) cut from the middle."""
    resample: Image.Resampling
    factor: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def apply(self, image: Image.Image) -> NDArray[np.float32]:
        """An RGB image as float32 [3, height, width]."""
        if self.shortest is not None:
            image = _shortened(image)
        scaled = image.resize(self._target(image.size), self.resample)
        if self.crop is not None:
            scaled = _centre_crop(scaled, self.crop)
        values = np.asarray(scaled, np.float32) * np.float32(self.factor)
        normalised = (values - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(normalised.transpose(2, 0, 1), np.float32)

    def load(self, source: Path | bytes | Image.Image) -> NDArray[np.float32]:
        """`apply` to a photo; raises ``ImageError``."""
        if isinstance(source, Image.Image):
            return self.apply(to_rgb(source))
        # A reduced decode goes by the longer side; twice as large is enough for photos four times as long as wide.
        return self.apply(open_image(source, fit=2 * max(self.size or (self.shortest or 0,))))

    def _target(self, size: tuple[int, int]) -> tuple[int, int]:
        if self.size is not None:
            return self.size
        assert self.shortest is not None  # noqa: S101
        width, height = size
        if width <= height:
            return self.shortest, int(self.shortest * height / width)
        return int(self.shortest * width / height), self.shortest


def read_photos(config: dict[str, Any], path: Path) -> TextModelPhotos:
    """What preprocessor_config.json describes.

    Raises:
        ModelError: it is incomplete, or asks for something that is not known here.
    """
    try:
        size, shortest = _size(config["size"]) if config.get("do_resize", True) else (None, None)
        crop = _pair(config.get("crop_size", config["size"])) if config.get("do_center_crop", False) else None
        normalised = config.get("do_normalize", True)
        factor = config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1.0
        found = TextModelPhotos(
            size,
            shortest,
            crop,
            _RESAMPLING[int(config.get("resample", 3))],
            _finite(factor),
            _three(config["image_mean"] if normalised else [0, 0, 0]),
            _three(config["image_std"] if normalised else [1, 1, 1]),
        )
        sides = [*(size or ()), *(crop or ()), *([] if shortest is None else [shortest])]
        if (size is None and shortest is None) or not all(1 <= side <= LARGEST for side in sides):
            raise ValueError(f"photos would not be scaled to 1 to {LARGEST} pixels")
        if not all(found.std):
            raise ValueError("an image_std is 0")
        if shortest is not None and crop is None:
            raise ValueError("photos would have different sizes: a shortest_edge needs a crop_size")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{error} is missing or not known" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{path}: cannot be used ({reason}); restore it from the export") from error
    return found


def _size(size: Any) -> tuple[tuple[int, int] | None, int | None]:
    if isinstance(size, int):
        return None, size
    if "shortest_edge" in size:
        return None, int(size["shortest_edge"])
    return _pair(size), None


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size["width"]), int(size["height"]))


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (_finite(value) for value in values)
    return red, green, blue


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not a number")
    return number


def _shortened(image: Image.Image) -> Image.Image:
    """The middle of a photo that is much longer than wide; the crop that follows shows less of it."""
    longest = LONGEST_SHAPE * min(image.size)
    return (
        image
        if max(image.size) <= longest
        else _centre_crop(image, (min(image.width, longest), min(image.height, longest)))
    )


def _centre_crop(image: Image.Image, crop: tuple[int, int]) -> Image.Image:
    """The middle of an image; what is smaller than the crop is filled up with black, as the image processors do."""
    left, top = (image.width - crop[0]) // 2, (image.height - crop[1]) // 2
    return image.crop((left, top, left + crop[0], top + crop[1]))
