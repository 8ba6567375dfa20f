"""The one inference transform: what a photo goes through before a model sees it, in training and in serving."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import ModelError
from indexer.photos.opening import opened

MIN_FIT = 128
SMALLEST, LARGEST = 16, 1024
"""Pixels: the bounds of an input's side."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Letterbox: the whole photo, its longer side scaled to ``size``, centred on white.

    Jewelry is long (necklaces) or small and near the edge (rings in a corner): a centre crop would cut
    what people look for. Normalisation is not here: it is inside the ONNX graph.
    """

    size: int = 224
    policy: str = "letterbox"
    resample: str = "bilinear"

    def __post_init__(self) -> None:
        if self.policy != "letterbox" or self.resample != "bilinear":
            raise ModelError(f"preprocessing {self.policy}/{self.resample} is not known to this version; upgrade it")
        if type(self.size) is not int or not SMALLEST <= self.size <= LARGEST:
            raise ModelError(f"input size {self.size!r} is not a whole number from {SMALLEST} to {LARGEST}")

    def apply(self, image: Image.Image) -> NDArray[np.uint8]:
        """An RGB image as uint8 [size, size, 3]."""
        scale = self.size / max(image.size)
        width = max(1, round(image.width * scale))
        height = max(1, round(image.height * scale))
        scaled = image.resize((width, height), Image.Resampling.BILINEAR)
        canvas = np.full((self.size, self.size, 3), 255, dtype=np.uint8)
        top, left = (self.size - height) // 2, (self.size - width) // 2
        canvas[top : top + height, left : left + width] = np.asarray(scaled)
        return canvas

    @property
    def fit(self) -> int:
        """The ``fit`` to open photos with: for small inputs too, enough is decoded for a 256 px thumbnail."""
        return max(self.size, MIN_FIT)

    def load(self, source: Path | bytes, *, most: int | None = None) -> NDArray[np.uint8]:
        """Open a photo safely, of at most so many pixels, and apply the transform; raises ``ImageError``."""
        with opened(source, fit=self.fit, most=most) as image:
            return self.apply(image)

    def record(self) -> dict[str, Any]:
        """What model.json says about it; part of the fingerprint."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Preprocessing:
        """The transform a model.json describes; raises ``ModelError`` when this version cannot do it."""
        try:
            return cls(**record)
        except TypeError as error:
            raise ModelError(f"preprocessing record {record} is not known to this version; upgrade it") from error
