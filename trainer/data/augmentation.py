"""Random views of a photo, as a customer's copy of it might look: cropped, mirrored, turned, in another light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance

_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Ranges from which a view is drawn, each uniformly.

    Metal and stone colour are what tells two rings apart, so the hue turns by no more than another lamp would do.
    """

    area: tuple[float, float] = (0.45, 1.0)
    """Share of the photo's area that a crop keeps."""
    aspect: tuple[float, float] = (0.8, 1.25)
    """Stretch of the crop's shape against the photo's (drawn on a log scale)."""
    degrees: float = 14.0
    """Largest rotation either way; the frame grows with it, and the corners that appear are white."""
    flip: float = 0.5
    """Probability of a mirror image."""
    light: float = 0.4
    """Largest change of brightness, contrast and saturation, as a share."""
    hue: float = 0.02
    """Largest turn of the hue, as a share of the circle."""

    def view(self, image: Image.Image, rng: np.random.Generator, size: int) -> Image.Image:
        """A random view of an RGB photo, its longer side ``size`` pixels before it is turned."""
        out = self._crop(image, rng, size)
        if rng.random() < self.flip:
            out = out.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        angle = rng.uniform(-self.degrees, self.degrees)
        out = out.rotate(angle, Image.Resampling.BILINEAR, expand=True, fillcolor=_WHITE)
        for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            out = change(out).enhance(rng.uniform(1 - self.light, 1 + self.light))
        return _turn_hue(out, rng.uniform(-self.hue, self.hue))

    def _crop(self, image: Image.Image, rng: np.random.Generator, size: int) -> Image.Image:
        area = rng.uniform(*self.area)
        stretch = np.exp(rng.uniform(*np.log(self.aspect)) / 2)
        width = min(image.width, max(1, round(image.width * np.sqrt(area) * stretch)))
        height = min(image.height, max(1, round(image.height * np.sqrt(area) / stretch)))
        left = int(rng.integers(0, image.width - width + 1))
        top = int(rng.integers(0, image.height - height + 1))
        scale = size / max(width, height)
        target = (max(1, round(width * scale)), max(1, round(height * scale)))
        return image.resize(target, Image.Resampling.BILINEAR, box=(left, top, left + width, top + height))


def _turn_hue(image: Image.Image, share: float) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    turned = hue.point([(level + round(share * 256)) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def view_rng(seed: int, photo: int, view: int) -> np.random.Generator:
    """The generator of one view: the same whichever thread draws it, and in whatever order."""
    return np.random.default_rng((seed, photo, view))
