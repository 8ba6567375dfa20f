"""Draws strangers: some of every kind, the same pictures for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from trainer.data.strangers import figures, papers, patterns, scenes
from trainer.data.strangers.paint import Random, Size, photographed

KINDS: tuple[Callable[[Random, Size], Image.Image], ...] = (
    patterns.noise,
    patterns.plain,
    patterns.tiles,
    patterns.texture,
    papers.letter,
    papers.invoice,
    papers.chart,
    papers.code,
    papers.screen,
    scenes.hills,
    scenes.sea,
    scenes.wood,
    scenes.street,
    figures.face,
    figures.people,
    figures.logo,
    figures.icon,
    figures.sketch,
    figures.thing,
)
SHAPES = ((320, 320), (360, 240), (240, 360), (320, 240), (240, 320))


def draw_strangers(each: int, seed: int = 0) -> Iterator[Image.Image]:
    """``each`` RGB pictures of every kind, kind by kind."""
    for kind, draw in enumerate(KINDS):
        for number in range(each):
            random = np.random.default_rng((seed, kind, number))
            size = SHAPES[random.integers(len(SHAPES))]
            yield photographed(random, draw(random, size))
