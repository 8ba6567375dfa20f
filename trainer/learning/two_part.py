"""Fits a two-part head: whitening in closed form, the category part by epochs on cached features, the share of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.data.sampling import codes
from trainer.data.sources import CachedFeatures
from trainer.evaluation.metrics import category_metrics, retrieval_metrics
from trainer.learning.loop import Training, Watch, train
from trainer.learning.recipes import TwoPartRecipe
from trainer.network.heads.parts import DetailHead, TwoPartHead
from trainer.network.heads.whitening import whiten
from trainer.network.network import EmbeddingNetwork
from trainer.settings import CHOSEN, FitSettings

SHARES = (0.35, 0.5, 0.65, 0.8)
"""Shares of the category part that validation chooses among."""
CURVE = tuple(round(step / 10, 1) for step in range(11))


@dataclass(frozen=True, slots=True)
class Traded:
    """What validation says about one share of the detail part."""

    detail: float
    precision_at_1: float
    precision_at_10: float
    mean_average_precision: float
    edited_copy: float

    def record(self) -> dict[str, float]:
        """As model.json and the report name it."""
        names = ("detail", "P@1", "P@10", "mAP", "edited_copy")
        values = (self.detail, self.precision_at_1, self.precision_at_10, self.mean_average_precision, self.edited_copy)
        return {name: round(value, 4) for name, value in zip(names, values, strict=True)}


def fit_detail(network: EmbeddingNetwork, bank: FeatureBank, samples: Sequence[Sample]) -> None:
    """Give a network the head that knows no categories: whitened features alone."""
    network.head = DetailHead(whiten(bank.vectors, _products(samples), network.stages))


def fit_two_part(
    network: EmbeddingNetwork,
    train_part: tuple[FeatureBank, Sequence[Sample]],
    validation_part: tuple[FeatureBank, Sequence[Sample]],
    settings: FitSettings,
    watch: Watch | None = None,
) -> tuple[Training, list[Traded]]:
    """Give a network a two-part head made of cached features, and say what every share of its parts would give.

    Args:
        network: its backbone made the features; its head is replaced.
        train_part, validation_part: features of photos with their views, and the photos.
        settings: epochs, rate, temperatures, the share where it is given.
        watch: shown the progress.

    Returns:
        The course of the training, and the trade-off on the validation photos.
    """
    bank, samples = train_part
    tuned, tuning = validation_part
    whitening = whiten(bank.vectors, _products(samples), network.stages)
    network.head = TwoPartHead(whitening, share=0.5 if settings.detail == CHOSEN else 1 - settings.detail)
    recipe = TwoPartRecipe(settings, samples, tuning)
    result = train(CachedFeatures(network, bank), CachedFeatures(network, tuned), recipe, settings, watch)
    head, source = network.head, CachedFeatures(network, tuned)
    kept = float(head.share)
    curve = []
    scores = {}
    for share in sorted({*SHARES, *CURVE}):
        head.weigh(share)
        if share in SHARES:
            scores[share] = recipe.judge(source).score
        if share in CURVE:
            curve.append(_traded(source, tuning, 1 - share))
    head.weigh(max(scores, key=lambda share: scores[share]) if settings.detail == CHOSEN else kept)
    return result, curve[::-1]


def _traded(source: CachedFeatures, tuning: Sequence[Sample], detail: float) -> Traded:
    photos, views = (source.embed_all(view, len(tuning)) for view in (0, 1))
    of_category = category_metrics(photos, [sample.category for sample in tuning])
    names = np.arange(len(tuning)).tolist()
    found = retrieval_metrics(views, photos, names, names)["R@1"]
    return Traded(round(detail, 2), of_category["P@1"], of_category["P@10"], of_category["mAP"], found)


def _products(samples: Sequence[Sample]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return codes([sample.product_id for sample in samples])
