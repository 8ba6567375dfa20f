"""Synthetic variants: the piece of a photo in another metal or with another stone, on the same ground."""

from __future__ import annotations

import numpy as np
from PIL import Image

from searcher.insights.duplicates.compare.signature import lab_of
from searcher.insights.duplicates.edits.cutout import foreground

LEAST_CHANGE = 14.0
"""CIELAB distance of a changed colour from the old one: the eye tells gold from rose gold at about that."""
METALS_AB = ((2.0, 32.0), (16.0, 20.0), (0.0, 1.0), (22.0, 32.0))
"""a and b of gold, rose gold, silver and steel, copper."""


def recoloured(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Another metal for the whole piece, or another hue for what is colourful in it; the ground stays.

    What is neutral gets a metal's tint, what is tinted another one; either changes by `LEAST_CHANGE` and more.
    """
    import cv2

    lab = lab_of(image)
    mask = np.asarray(foreground(image), np.float32)[..., None] / 255
    inside = mask[..., 0] > 0.5
    if not inside.any():
        inside = np.ones_like(inside)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    target = lab.copy()
    if rng.random() < 0.5 and (chroma[inside] > 25).mean() > 0.03:
        turn = np.radians(rng.uniform(50, 310))
        colourful = np.clip((chroma - 15) / 15, 0, 1)[..., None]
        turned = lab[..., 1:] @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]], np.float32)
        target[..., 1:] = colourful * turned + (1 - colourful) * lab[..., 1:]
    else:
        now = lab[inside][:, 1:].mean(axis=0)
        far = [np.array(ab) for ab in METALS_AB if np.hypot(*(np.array(ab) - now)) > LEAST_CHANGE]
        wanted = far[int(rng.integers(len(far)))]
        strength = np.clip(lab[..., :1] / 60, 0.3, 1.1)
        target[..., 1:] = wanted * strength + 0.25 * (lab[..., 1:] - now)
        target[..., 0] = np.clip(lab[..., 0] * rng.uniform(0.85, 1.12), 0, 100)
    mixed = (mask * target + (1 - mask) * lab).astype(np.float32)
    rgb = cv2.cvtColor(mixed, cv2.COLOR_LAB2RGB)
    return Image.fromarray(np.clip(rgb * 255 + 0.5, 0, 255).astype(np.uint8))
