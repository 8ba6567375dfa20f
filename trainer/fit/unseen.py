"""How a shop's model does on a category that is new to it: trained without each in turn, on cached features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.catalog.products import Catalog
from indexer.cli.progress import Stages
from indexer.errors import CatalogError, UsageError
from indexer.models.preprocessing import Preprocessing
from indexer.system.arguments import path_of
from trainer.data.dataset import Sample, read_dataset
from trainer.data.features import FeatureBank, extract
from trainer.data.parts.split import Split, split
from trainer.data.sources import CachedFeatures
from trainer.evaluation.evaluate import without_nan
from trainer.evaluation.unseen import unseen_categories
from trainer.learning.two_part import fit_two_part
from trainer.network.network import EmbeddingNetwork
from trainer.network.weights import build_network
from trainer.settings import FitSettings

LEAST_CATEGORIES = 3
"""Without one of them there are still two to learn from."""


def measure_unseen(
    catalog: Catalog, settings: FitSettings, *, cache: str | Path | None = None, stages: Stages | None = None
) -> dict[str, Any]:
    """Train without each category in turn, and let its held-out photos ask all held-out photos.

    The photos are split once, so all models are measured on the same ones; features are computed once, so each further
    model takes seconds.

    Args:
        catalog: products with categories.
        settings: of the two-part recipe on a frozen backbone.
        cache: folder of features that were made before; nothing is kept where it is None.
        stages: shows the progress.

    Returns:
        A JSON document: category → ``unseen``, ``seen``, ``kept``: see `trainer.evaluation.unseen.unseen_categories`.

    Raises:
        UsageError: another recipe, or a backbone that is trained as well: that would take hours.
        CatalogError: fewer than three categories, or too few photos.
        ModelError: the weights cannot be had.
    """
    if settings.recipe != "two-part" or not settings.freeze:
        raise UsageError(
            "unseen categories are measured with the two-part recipe on a frozen backbone; leave others out"
        )
    stages = stages or Stages(show=False)
    torch.set_num_threads(1)
    stages.stage("Reading photos", catalog.images)
    samples = [sample for sample in read_dataset(catalog, progress=stages.advance).samples if sample.category]
    categories = {sample.category for sample in samples}
    if len(categories) < LEAST_CATEGORIES:
        raise CatalogError(
            f"{catalog.where}: has {len(categories)} categories; to leave one out and still learn what tells "
            f"categories apart takes {LEAST_CATEGORIES}"
        )
    parts = split(samples, holdout=settings.holdout, validation=settings.validation, seed=settings.seed)
    network = build_network(settings.backbone, settings.weights, seed=settings.seed, several=True)
    kept = None if cache is None else path_of("cache", cache)
    bench = _Bench(network, parts, settings, kept, stages)
    held_out = bench.parts.held_out
    found = unseen_categories(
        bench.embeddings,
        bench.embeddings(None),
        [sample.category for sample in held_out],
        products=[sample.product_id for sample in held_out],
        groups=[sample.group for sample in held_out],
        seed=settings.seed,
    )
    return {name: without_nan(figures) for name, figures in found.items()}


class _Bench:
    """The features of a split, on which one head after the other is trained."""

    def __init__(
        self, network: EmbeddingNetwork, parts: Split, settings: FitSettings, cache: Path | None, stages: Stages
    ) -> None:
        self._network, self._settings, self._stages = network, settings, stages
        samples = (*parts.train, *parts.validation, *parts.held_out)
        stages.stage("Backbone features", len(samples))
        seen = extract(
            network, samples, Preprocessing(settings.size), views=settings.views, cache=cache, progress=stages.advance
        )
        self.parts = parts.without(seen.lost) if seen.lost else parts
        cuts = np.cumsum([0, len(self.parts.train), len(self.parts.validation), len(self.parts.held_out)])
        self._banks = [seen.bank.part(int(start), int(stop)) for start, stop in pairwise(cuts)]

    def embeddings(self, without: str | None) -> NDArray[np.float32]:
        """Of the held-out photos, by a head that was trained on all the others but those of a category."""
        self._stages.stage(f"Training without {without}" if without else "Training with all", self._settings.epochs)
        learning, tuning = (
            _without(bank, part, without)
            for bank, part in zip(self._banks, (self.parts.train, self.parts.validation), strict=False)
        )
        fit_two_part(self._network, learning, tuning, self._settings, self._stages.epoch)
        return CachedFeatures(self._network, self._banks[2]).embed_all(0, len(self.parts.held_out))


def _without(bank: FeatureBank, part: Sequence[Sample], category: str | None) -> tuple[FeatureBank, list[Sample]]:
    rows = [row for row, sample in enumerate(part) if sample.category != category]
    return replace(bank, vectors=bank.vectors[rows]), [part[row] for row in rows]
