"""Fits a two-part head: whitening in closed form, the category part by epochs on cached features, the share of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.data.sampling import Indices, codes
from trainer.data.sources import CachedFeatures
from trainer.evaluation.metrics import encode, score_queries
from trainer.learning.distillation import Teaching, with_teacher
from trainer.learning.loop import Bounds, Training, Watch, train
from trainer.learning.recipes import Recipe
from trainer.network.heads.parts import DetailHead, TwoPartHead
from trainer.network.heads.whitening import whiten
from trainer.network.network import EmbeddingNetwork
from trainer.settings import CHOSEN, FitSettings

DETAIL = 0.5
"""Share of the detail part where nothing speaks for another."""
CHOICES = (0.2, 0.35, 0.5, 0.65)
"""Shares that validation chooses among."""
CURVE = tuple(step / 10 for step in range(11))
"""Shares whose figures are recorded."""


@dataclass(frozen=True, slots=True)
class Traded:
    """What the validation photos say about one share of the detail part."""

    detail: float
    precision_at_1: float
    precision_at_10: float
    mean_average_precision: float
    edited_copy: float
    """R@1 of finding a photo by a random view of it."""

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
    teaching: Teaching | None = None,
    bounds: Bounds | None = None,
    *,
    weights: NDArray[np.float64] | None = None,
) -> tuple[Training, list[Traded]]:
    """Give a network a two-part head made of cached features, and say what every share of its parts would give.

    Args:
        network: its backbone made the features; its head is replaced.
        train_part, validation_part: features of photos with their views, and the photos; those without a category
            take part in the whitening alone.
        settings: epochs, rate, temperatures, the share where it is given.
        watch: shown the progress.
        teaching: what a teacher makes of the training photos.
        bounds: the time it has, and where it is kept on the disk.
        weights: [n], 0..1: how much the category of each training photo counts; all as much without it.

    Returns:
        The course of the training, and the trade-off on the validation photos.
    """
    bank, samples = train_part
    given = settings.detail != CHOSEN
    whitening = whiten(bank.vectors, _products(samples), network.stages)
    head = network.head = TwoPartHead(whitening, detail_share=settings.detail if given else DETAIL)
    learning, labelled = _with_category(bank, samples)
    tuned, tuning = _with_category(*validation_part)
    if weights is not None:
        weights = weights[[index for index, sample in enumerate(samples) if sample.category]]
    recipe = Recipe(settings, labelled, tuning, weights=weights)
    source = CachedFeatures(network, tuned)
    if teaching:
        teaching = replace(teaching, vectors=_with_category(teaching.vectors, samples)[0])
    taught = with_teacher(CachedFeatures(network, learning), recipe, teaching)
    result = train(taught, source, recipe, settings, watch, bounds=bounds)
    return result, weigh(head, source, tuning, settings)


def weigh(head: TwoPartHead, source: CachedFeatures, tuning: Sequence[Sample], settings: FitSettings) -> list[Traded]:
    """Give the detail part of a head the share that the settings ask for, or that validation likes best.

    Args:
        head: of the network of ``source``.
        source: features of the validation photos that have a category.
        tuning: these photos.
        settings: the share where it is given.

    Returns:
        What every share would give.
    """
    curve = [_traded(head, share, source, tuning)[0] for share in CURVE]
    given = settings.detail != CHOSEN
    head.weigh(settings.detail if given else _choose({s: _traded(head, s, source, tuning)[1] for s in CHOICES}))
    return curve


def _choose(scores: dict[float, NDArray[np.float64]]) -> float:
    """The share with the best mean score, if it is better than `DETAIL` by more than chance may make it.

    A small validation part is noisy: among shares whose paired difference is less than two standard errors, the one is
    taken that did well elsewhere (after the rule of Breiman et al., *Classification and Regression Trees*, 1984,
    section 3.4.3). On 1,199 shop photos, with 84 of them to tune on, the best mean alone cost .013 of edited copies.
    """
    best = max(scores, key=lambda share: float(scores[share].mean()))
    gain = scores[best] - scores[DETAIL]
    return best if gain.mean() > 2 * gain.std() / np.sqrt(len(gain)) else DETAIL


def _traded(
    head: TwoPartHead, detail: float, source: CachedFeatures, tuning: Sequence[Sample]
) -> tuple[Traded, NDArray[np.float64]]:
    """What a share gives on the validation photos, and the score of each: category and instance in equal parts."""
    head.weigh(detail)
    photos, views = (source.embed_all(view, len(tuning)) for view in (0, 1))
    labels, own = encode([sample.category for sample in tuning]), np.arange(len(tuning))
    asked = score_queries(photos, photos, labels, labels, own=own)
    groups = encode([sample.group for sample in tuning])
    found = score_queries(views, photos, groups, groups).values["R@1"]
    precise = asked.mean(("P@1", "P@10", "mAP"))
    each = np.nan_to_num((asked.values["P@1"] + asked.values["P@10"]) / 2) + found
    return Traded(detail, precise["P@1"], precise["P@10"], precise["mAP"], float(found.mean())), each


def _with_category(bank: FeatureBank, samples: Sequence[Sample]) -> tuple[FeatureBank, Sequence[Sample]]:
    kept = [index for index, sample in enumerate(samples) if sample.category]
    if len(kept) == len(samples):
        return bank, samples
    return FeatureBank(bank.vectors[kept]), [samples[index] for index in kept]


def _products(samples: Sequence[Sample]) -> Indices:
    return codes([sample.product_id for sample in samples])
