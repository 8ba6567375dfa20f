"""A training of a fraction of a second: points around a centre for each category in place of a backbone's features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from indexer.photos.places import FilePlace
from tests.shops.models.plain_backbone import plain_network
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.data.sources import CachedFeatures
from trainer.learning.recipes import Recipe
from trainer.settings import FitSettings

WIDTH = 8


class SmallTraining:
    """Thirty photos of three categories to learn from, nine to validate, and a fresh head.

    Args:
        seed: decides features, head and training.
        given: settings, see `FitSettings`.
    """

    def __init__(self, *, seed: int = 0, noise: float = 1.0, **given: object) -> None:
        chosen = {"recipe": "two-level", "epochs": 5, "batch": 12, "views": 2, "smoothing": 1, "keep": "best"}
        chosen |= {"seed": seed, **given}
        self.settings = FitSettings(**chosen)  # type: ignore[arg-type]
        rng = np.random.default_rng(seed)
        centres = rng.normal(size=(3, WIDTH))
        self.network = plain_network(width=WIDTH)
        start = torch.Generator().manual_seed(seed)
        for parameter in self.network.parameters():
            nn.init.normal_(parameter, std=0.5, generator=start)
        self.source, train = self._part(centres, 10, rng, noise)
        self.validation, validation = self._part(centres, 3, rng, noise)
        self.recipe: Recipe = Recipe(self.settings, train, validation, dimension=4)

    def _part(
        self, centres: np.ndarray, each: int, rng: np.random.Generator, noise: float
    ) -> tuple[CachedFeatures, list[Sample]]:
        labels = np.repeat(np.arange(len(centres)), each)
        vectors = centres[labels, None] + noise * rng.normal(size=(len(labels), 3, WIDTH))
        samples = [Sample(f"{n}", FilePlace(Path(f"{n}")), f"c{label}", f"p{n}", n) for n, label in enumerate(labels)]
        return CachedFeatures(self.network, FeatureBank(vectors.astype(np.float32))), samples
