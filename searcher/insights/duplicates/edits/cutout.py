"""Cutting a piece out of its photo and putting it on another ground, without any learned model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from indexer.sample_catalog.backgrounds import background

Floats = NDArray[np.floating[Any]]

WORK_SIDE = 256
"""The mask is found at this size (longest side, pixels): speed, and no noise of single pixels."""
PLAUSIBLE = (0.015, 0.80)
"""Share of the picture that a piece covers; beyond it the border says nothing about the ground."""


def border_colour(image: Image.Image) -> tuple[int, int, int]:
    """The median colour of the outermost pixels."""
    red, green, blue = np.median(rim(np.asarray(image), 1), axis=0)
    return round(float(red)), round(float(green)), round(float(blue))


def rim(pixels: NDArray[Any], thick: int) -> NDArray[Any]:
    """The pixels [n, …] of a frame around a picture [h, w, …], in the order top, bottom, left, right."""
    sides = (pixels[:thick], pixels[-thick:], pixels[thick:-thick, :thick], pixels[thick:-thick, -thick:])
    return np.concatenate([side.reshape(-1, *pixels.shape[2:]) for side in sides])


def foreground(image: Image.Image) -> Image.Image:
    """The piece's mask, L, of the photo's size and soft at its edge.

    The ground is a smooth surface (a quadratic in x and y per channel) through the picture's frame; the piece is what
    differs from it, with small holes closed. Where that is implausible (a pattern, a piece that fills the picture)
    an oval in the middle is taken.
    """
    small = image.copy()
    small.thumbnail((WORK_SIDE, WORK_SIDE))
    pixels = np.asarray(small.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32)
    distance = np.sqrt(((pixels - ground_surface(pixels)) ** 2).sum(axis=2))
    # The ground's own texture decides how far from it a pixel must be.
    limit = max(20.0, 1.6 * float(np.quantile(rim(distance, frame(pixels)), 0.95)))
    mask = Image.fromarray(np.where(distance > limit, np.uint8(255), np.uint8(0)))
    mask = mask.filter(ImageFilter.MaxFilter(7)).filter(ImageFilter.MinFilter(7)).filter(ImageFilter.MedianFilter(5))
    share = float(np.asarray(mask).mean()) / 255
    if not PLAUSIBLE[0] <= share <= PLAUSIBLE[1]:
        mask = Image.new("L", small.size)
        x, y = 0.08 * small.width, 0.08 * small.height
        ImageDraw.Draw(mask).ellipse((x, y, small.width - x, small.height - y), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(1.0)).resize(image.size, Image.Resampling.BILINEAR)


def frame(pixels: Floats) -> int:
    """How thick the frame is that stands for the ground, in pixels."""
    height, width = pixels.shape[:2]
    return max(1, round(0.04 * float(min(height, width))))


def ground_surface(pixels: Floats) -> Floats:
    """The ground [h, w, 3] guessed from its frame; pixels far from the first guess do not enter the second."""
    height, width = pixels.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=2)
    known, colours = rim(terms, frame(pixels)), rim(pixels, frame(pixels))
    off = np.abs(colours - np.median(colours, axis=0)).sum(axis=1)
    for _ in range(2):
        near = off <= np.quantile(off, 0.8)
        fitted = np.linalg.lstsq(known[near], colours[near], rcond=None)[0]
        off = np.abs(colours - known @ fitted).sum(axis=1)
    return np.asarray(terms @ fitted)


def on_other_ground(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """The piece on white or another plain colour (0), a gradient (1) or a texture (2), with a soft shadow from 1 on."""
    mask = foreground(image)
    ground = (plain, gradient, texture)[strength](image.size, rng)
    if strength:
        side = min(image.size)
        shadow = Image.new("L", image.size)
        shadow.paste(mask.filter(ImageFilter.GaussianBlur(side * 0.02)), (round(side * 0.01), round(side * 0.02)))
        ground.paste((30, 28, 26), mask=shadow.point([round(value * 0.3) for value in range(256)]))
    ground.paste(image, mask=mask)
    return ground


def plain(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """White, mostly."""
    colours = ("#ffffff", "#ffffff", "#f4f4f4", "#f3ece2", "#e9eef2", "#111111")
    return Image.new("RGB", size, colours[int(rng.integers(len(colours)))])


def gradient(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """From one soft colour at one end to another."""
    ends = rng.uniform(110, 250, (2, 1)) * rng.uniform(0.86, 1.0, (2, 3))
    angle = float(rng.uniform(0, 2 * np.pi))
    x, y = np.linspace(-1, 1, size[0])[None, :], np.linspace(-1, 1, size[1])[:, None]
    along = np.clip(0.5 + (x * np.cos(angle) + y * np.sin(angle)) / 2.4, 0, 1)[..., None]
    return Image.fromarray((ends[0] * (1 - along) + ends[1] * along).astype(np.uint8))


def texture(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """Marble, linen, velvet or slate."""
    kinds = ("marble", "linen", "velvet", "slate")
    square, _ = background(kinds[int(rng.integers(len(kinds)))], max(size), rng)
    return square.crop((0, 0, *size))
