"""Any picture as flat 8-bit sRGB: its colour profile applied, its transparency laid on a ground, deep levels scaled."""

from __future__ import annotations

import numpy as np
from PIL import Image

from indexer.photos.colour.profiles import profile_of, to_srgb, working_mode

BAND_PIXELS = 1_000_000
"""Transparency is laid on its ground in bands of about this size: four copies of a large photo at once are too many."""

SAMPLE_PIXELS = 1_000_000
"""The ground of a larger picture is chosen by so many of its pixels."""

WHITE, DARK = (255, 255, 255), (72, 72, 72)
"""What transparency is laid on. The dark one is no black, so that a dark line in a light drawing is seen as well."""

LIGHT = 216
"""From this grey level on (0 to 255), artwork can hardly be told from white."""

SHADE = 0.02
"""Share of darker artwork from which on a picture is seen on white: a small ring on its own white canvas has more."""


def flatten(image: Image.Image) -> Image.Image:
    """A new 8-bit sRGB image without transparency; the one given stays as it is."""
    profile = profile_of(image)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return to_srgb(_to_8_bits(image), profile)
    if is_transparent(image):
        return _on_ground(image, profile)
    mode = working_mode(image.mode)
    return image.convert("RGB") if profile is None or mode == "LAB" else to_srgb(image.convert(mode), profile)


def is_transparent(image: Image.Image) -> bool:
    """Whether a picture has transparency, or at least room for it."""
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info


def _on_ground(image: Image.Image, profile: bytes | None) -> Image.Image:
    ground = _ground(_layer(_sample(image), profile))
    flat = Image.new("RGB", image.size)
    rows = max(1, BAND_PIXELS // max(1, image.width))
    for top in range(0, image.height, rows):
        layer = _layer(image.crop((0, top, image.width, min(top + rows, image.height))), profile)
        paper = Image.new("RGBA", layer.size, ground)
        flat.paste(Image.alpha_composite(paper, layer).convert("RGB"), (0, top))
    return flat


def _layer(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture with transparency as sRGB with alpha."""
    layer = image.convert("RGBA")
    if profile is None:
        return layer
    if working_mode(image.mode) != "L":
        return to_srgb(layer, profile)
    coloured = to_srgb(layer.getchannel("R"), profile)
    coloured.putalpha(layer.getchannel("A"))
    return coloured


def _sample(image: Image.Image) -> Image.Image:
    """The picture, a large one by every n-th of its pixels."""
    step = int(np.ceil(np.sqrt(image.width * image.height / SAMPLE_PIXELS)))
    if step <= 1:
        return image
    size = max(1, image.width // step), max(1, image.height // step)
    return image.resize(size, Image.Resampling.NEAREST)


def _ground(layer: Image.Image) -> tuple[int, int, int]:
    """What to lay an RGBA picture on: white, unless nearly all of what is drawn would vanish there."""
    opacity = np.asarray(layer.getchannel("A"), np.float64)
    grey = np.asarray(layer.convert("RGB").convert("L"))
    drawn, dark = float(opacity.sum()), float(opacity[grey < LIGHT].sum())
    return DARK if drawn > 0 and dark < SHADE * drawn else WHITE


def _to_8_bits(image: Image.Image) -> Image.Image:
    """More than 8 bits a channel, as grey: Pillow would clip at 255, which turns nearly all of it white.

    Files do not say what their white is, so it is the first usual one that holds the brightest pixel.
    """
    values = np.array(image, dtype=np.float32)
    peak = float(np.max(values, initial=0.0, where=np.isfinite(values)))
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    white = next((level for level in usual if peak <= level), peak)
    np.nan_to_num(values, copy=False, nan=0.0, posinf=white, neginf=0.0)
    values *= 255.0 / white
    np.clip(np.rint(values, out=values), 0, 255, out=values)
    return Image.fromarray(values.astype(np.uint8))
