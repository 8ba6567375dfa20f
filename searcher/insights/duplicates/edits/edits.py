"""Synthetic edits: what shops and marketplaces do to a photo, in families of three strengths, drawn from a seed.

A verifier learns from them on the shop's own photos what a copy looks like: ``edit(image, family, strength, rng)``.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from searcher.insights.duplicates.edits.cutout import border_colour, on_other_ground
from searcher.insights.duplicates.edits.stamps import badge, screenshot, watermark_corner, watermark_tiled

Edit = Callable[[Image.Image, int, np.random.Generator], Image.Image]
"""From an RGB photo, a strength (0 mild, 1 usual, 2 strong) and random numbers to the edited RGB copy."""

STRENGTHS = (0, 1, 2)
CROP_AREA = (0.95, 0.75, 0.50)
"""Share of the area that a crop keeps."""
MAX_DEGREES = (4.0, 9.0, 15.0)
MAX_HUE = (3.0, 5.5, 8.0)
"""Degrees of the hue circle: another lamp or screen; more would turn gold into rose gold."""
SMALLEST = 8
"""No edit makes a side shorter than this, in pixels."""


def encoded(image: Image.Image, form: str, quality: int) -> Image.Image:
    """The pixels after one trip through a lossy file format."""
    file = io.BytesIO()
    image.save(file, form, quality=quality)
    return Image.open(file).convert("RGB")


def resized(image: Image.Image, width: float, height: float, rng: np.random.Generator) -> Image.Image:
    """Scaled to a size in pixels with one of the filters that tools use."""
    filters = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
    size = max(SMALLEST, round(width)), max(SMALLEST, round(height))
    return image.resize(size, filters[int(rng.integers(len(filters)))])


def either_way(amount: float, rng: np.random.Generator) -> float:
    """Between 0.6 and 1 times the amount, with either sign: a strength is never nothing."""
    return float(rng.uniform(0.6, 1.0) * amount * rng.choice([-1.0, 1.0]))


def jpeg(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Saved again as JPEG, at the quality of a careful tool, a messenger, a bad one."""
    return encoded(image, "JPEG", (80, 55, 25)[strength] + int(rng.integers(-5, 6)))


def webp(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Saved again as WebP."""
    return encoded(image, "WEBP", (80, 45, 12)[strength] + int(rng.integers(-5, 6)))


def resize(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Made smaller for a page, now and then enlarged."""
    factor = (0.8, 0.55, 0.35)[strength] * float(rng.uniform(0.9, 1.1))
    if rng.random() < 0.25:
        factor = min(1 / factor, 2.0)
    return encoded(resized(image, image.width * factor, image.height * factor, rng), "JPEG", 90)


def crop(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """A part of the photo of nearly its own proportions, anywhere in it."""
    area, lean = CROP_AREA[strength], float(rng.uniform(-0.5, 0.5))
    width = max(SMALLEST, round(image.width * area ** (0.5 + lean * 0.5)))
    height = max(SMALLEST, round(image.height * area ** (0.5 - lean * 0.5)))
    left = round(float(rng.random()) * max(0, image.width - width))
    top = round(float(rng.random()) * max(0, image.height - height))
    return image.crop((left, top, min(image.width, left + width), min(image.height, top + height)))


def pad(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Margins of one colour: on all sides, or on two, as to fit a square or a banner."""
    share = (0.05, 0.14, 0.28)[strength] * rng.uniform(0.8, 1.2, 4) * max(image.size)
    if rng.random() < 0.4:
        share[[0, 2] if rng.random() < 0.5 else [1, 3]] = 0
    left, top, right, bottom = (round(float(side)) for side in share)
    colours = ((255, 255, 255), (255, 255, 255), (0, 0, 0), (238, 238, 238), border_colour(image))
    ground = colours[int(rng.integers(len(colours)))]
    canvas = Image.new("RGB", (image.width + left + right, image.height + top + bottom), ground)
    canvas.paste(image, (left, top))
    return canvas


def aspect(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Stretched along one side, as a page does that knows one size only."""
    factor = (1.06, 1.15, 1.30)[strength] ** (either_way(1.0, rng) / 2)
    return resized(image, image.width * factor, image.height / factor, rng)


def rotation(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Turned; the corners are filled with white, black or the border's colour, or cropped away."""
    degrees = either_way(MAX_DEGREES[strength], rng)
    way = int(rng.integers(4))
    fill = ((255, 255, 255), (0, 0, 0), border_colour(image), border_colour(image))[way]
    turned = image.rotate(degrees, Image.Resampling.BICUBIC, expand=way < 2, fillcolor=fill)
    if way != 3:
        return turned
    # The largest centred rectangle of the photo's proportions that shows no corner.
    ratio = max(image.size) / min(image.size)
    keep = 1 / (np.cos(np.radians(abs(degrees))) + ratio * np.sin(np.radians(abs(degrees))))
    x, y = image.width * (1 - keep) / 2, image.height * (1 - keep) / 2
    return turned.crop((round(x), round(y), round(image.width - x), round(image.height - y)))


def flip(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Mirrored left to right and saved again."""
    return encoded(ImageOps.mirror(image), "JPEG", (92, 75, 50)[strength] + int(rng.integers(-3, 4)))


def exposure(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Brighter or darker, with more or less contrast, or by gamma: an "auto-enhance" button."""
    if rng.random() < 0.3:
        gamma = (1.15, 1.35, 1.7)[strength] ** either_way(1.0, rng)
        return image.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)
    brightness = 1 + either_way((0.10, 0.20, 0.35)[strength], rng)
    # Less contrast has a floor: nobody keeps a photo that has become a grey fog.
    contrast = 1 + max(either_way((0.08, 0.18, 0.32)[strength], rng), -0.16)
    return ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(brightness)).enhance(contrast)


def hue(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """The hue turned by at most ``MAX_HUE`` degrees, and a little more or less saturation."""
    turned = turn_hue(image, either_way(MAX_HUE[strength], rng))
    return ImageEnhance.Color(turned).enhance(1 + either_way((0.05, 0.12, 0.2)[strength], rng))


def turn_hue(image: Image.Image, degrees: float) -> Image.Image:
    """Turn the hue of an RGB photo; value and saturation (of HSV) stay. Pillow's own HSV knows steps of 1.4° only."""
    pixels = np.asarray(image, dtype=np.float32)
    top, bottom = pixels.max(axis=2), pixels.min(axis=2)
    chroma = np.maximum(top - bottom, 1e-6)
    red, green, blue = np.moveaxis(pixels, 2, 0)
    sector = np.where(
        top == red,
        (green - blue) / chroma,
        np.where(top == green, 2 + (blue - red) / chroma, 4 + (red - green) / chroma),
    )
    place = (np.array([5, 3, 1], dtype=np.float32) + (sector + degrees / 60)[..., None]) % 6
    share = np.clip(np.minimum(place, 4 - place), 0, 1)
    turned = top[..., None] - (top - bottom)[..., None] * share
    return Image.fromarray(np.round(turned).astype(np.uint8))


def grey(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Washed out, black and white, or sepia."""
    if strength == 0:
        return ImageEnhance.Color(image).enhance(float(rng.uniform(0.25, 0.5)))
    plain = ImageOps.grayscale(image)
    if strength == 1:
        return plain.convert("RGB")
    return ImageOps.colorize(plain, (20, 12, 6), (255, 246, 226), mid=(142, 122, 98))


def noise_blur(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Blurred, noisy, or both: a photo of a screen, a copy of a copy."""
    way = int(rng.integers(3))
    if way != 0:
        radius = (0.5, 1.0, 1.8)[strength] * float(rng.uniform(0.8, 1.2)) * max(1.0, min(image.size) / 320)
        image = image.filter(ImageFilter.GaussianBlur(radius))
    if way != 1:
        sigma = (4.0, 8.0, 14.0)[strength] * float(rng.uniform(0.8, 1.2))
        grain = rng.standard_normal((image.height, image.width, 3), dtype=np.float32) * sigma
        image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
    return image


def background(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Cut out and put on another ground: plain, a gradient, a texture."""
    return encoded(on_other_ground(image, strength, rng), "JPEG", 92)


def combination(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """Two edits (three if strong) one after the other, each as strong as this or milder, and saved again."""
    chosen = rng.choice(len(COMBINED), 3 if strength == 2 else 2, replace=False)
    # In the order of the table: a badge is stamped on what was cropped, not cropped with it.
    for number in sorted(int(place) for place in chosen):
        image = EDITS[COMBINED[number]](image, int(rng.integers(strength + 1)), rng)
    return encoded(image, "JPEG", (88, 78, 65)[strength])


EDITS: dict[str, Edit] = {
    "jpeg": jpeg,
    "webp": webp,
    "resize": resize,
    "crop": crop,
    "pad": pad,
    "aspect": aspect,
    "rotation": rotation,
    "flip": flip,
    "exposure": exposure,
    "hue": hue,
    "grey": grey,
    "noise_blur": noise_blur,
    "watermark_tiled": watermark_tiled,
    "watermark_corner": watermark_corner,
    "badge": badge,
    "background": background,
    "screenshot": screenshot,
    "combination": combination,
}
"""All families by name."""

COMBINED = (
    "flip",
    "rotation",
    "crop",
    "aspect",
    "exposure",
    "hue",
    "noise_blur",
    "pad",
    "watermark_corner",
    "badge",
    "resize",
)
"""What ``combination`` draws from, in the order in which it is applied."""


def edit(image: Image.Image, family: str, strength: int, rng: np.random.Generator) -> Image.Image:
    """An edited copy, RGB; the photo itself is left as it is. Equal arguments and random numbers give equal pixels."""
    if strength not in STRENGTHS:
        raise ValueError(f"strength is {strength!r}; choose 0 (mild), 1 or 2 (strong)")
    return EDITS[family](image.convert("RGB"), strength, rng)
