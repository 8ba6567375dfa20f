"""The classic recipe's head on the same features: what a model's report stands it beside."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.errors import CatalogError
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.data.sources import CachedFeatures
from trainer.evaluation.metrics import category_metrics
from trainer.learning.loop import Watch, train
from trainer.learning.recipes import Recipe
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork
from trainer.settings import FitSettings

PHOTOS = 2_000
"""Of more training photos a draw of so many is learnt from, so that a comparison never costs more than seconds."""

Part = tuple[FeatureBank, Sequence[Sample]]


def classic_settings(seed: int) -> FitSettings:
    """Random triplets, margin 1.0, 16 a batch, Adam at 1e-4, 30 epochs: the triplet loss as it is mostly taught."""
    return FitSettings.for_run("classic", fine_tune="none", seed=seed)


def classic_metrics(
    network: EmbeddingNetwork,
    learning: Part,
    tuning: Part,
    held_out: Part,
    settings: FitSettings,
    watch: Watch | None = None,
) -> dict[str, float]:
    """P@1 … MAP@R by category of held-out photos, by a head that `classic_settings` made of the same features.

    ``network`` stays as it is, and so does torch's generator. Photos without a category take no part. Empty where too
    few have one, or the user pressed Ctrl-C: a comparison is not worth a model.
    """
    learning, tuning, held_out = (_with_category(part) for part in (learning, tuning, held_out))
    if len(learning[1]) > PHOTOS:
        drawn = np.random.default_rng(settings.seed).permutation(len(learning[1]))[:PHOTOS]
        learning = _rows(learning, np.sort(drawn))
    network = copy.deepcopy(network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network.head = MlpHead(learning[0].vectors.shape[2])
        try:
            recipe = Recipe(settings, learning[1], tuning[1])
            sources = CachedFeatures(network, learning[0]), CachedFeatures(network, tuning[0])
            train(*sources, recipe, settings, watch)
        except (CatalogError, KeyboardInterrupt):
            return {}
    bank, samples = held_out
    embeddings = CachedFeatures(network, bank).embed_all(0, len(samples))
    return category_metrics(embeddings, [one.category for one in samples], [one.product_id for one in samples])


def _with_category(part: Part) -> Part:
    return _rows(part, np.flatnonzero([bool(sample.category) for sample in part[1]]))


def _rows(part: Part, rows: NDArray[np.int64]) -> Part:
    bank, samples = part
    return FeatureBank(bank.vectors[rows]), [samples[row] for row in rows]
