"""What the numbers of a finished network mean: its classifier, what it takes for no product, and its calibration."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from indexer.models.preprocessing import Preprocessing
from indexer.models.strangers import Strangers
from indexer.photos.fingerprints import sha256
from indexer.photos.places import Seen
from trainer.data.dataset import Sample
from trainer.data.features import extract
from trainer.data.sampling import codes
from trainer.data.sources import Source
from trainer.data.strangers.drawing import draw_strangers
from trainer.evaluation.calibration.classifier import fit_classifier
from trainer.evaluation.calibration.curves import same_category_curve, same_category_curves
from trainer.evaluation.calibration.folds import folds_for
from trainer.evaluation.calibration.none_of_these import fit_none_of_these
from trainer.evaluation.calibration.products import same_product
from trainer.fit.learning import Learned
from trainer.network.export import no_classifier
from trainer.network.network import EmbeddingNetwork
from trainer.network.served import Strangeness

STRANGERS_EACH = 24
"""Pictures of each kind of stranger: 456 in all, a few seconds."""
VIEWS = 4
"""Views of each validation photo that scores of one product are measured by."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is exported and written beside the embedding."""

    categories: tuple[str, ...]
    classifier: nn.Linear
    strangeness: Strangeness | None
    calibration: dict[str, Any] = field(default_factory=dict)
    strangers: dict[str, Any] = field(default_factory=dict)
    """What the embedding makes of them, see `indexer.models.strangers`."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A drawn picture as the photo of a sample."""

    data: bytes

    def look(self) -> Seen:
        return Seen(len(self.data), 0)

    def read(self) -> bytes:
        return self.data


def meaning_of(
    learned: Learned, preprocessing: Preprocessing, cache: Path | None, *, classes: bool, seed: int
) -> Meaning:
    """Everything that is found out once a network has learnt, from its training and validation photos.

    Args:
        learned: the network, and the photos as it sees them.
        preprocessing: what strangers go through.
        cache: folder of features that are kept.
        classes: whether there are categories to be told.
        seed: decides folds and pairs.
    """
    network, parts = learned.network, learned.parts
    samples = (*parts.train, *parts.validation)
    features = np.concatenate([_features(learned.learning, parts.train), _features(learned.tuning, parts.validation)])
    groups = codes([sample.group for sample in samples])
    trained = len(parts.train)
    stages = network.stages
    drawn = _strangers(network, preprocessing, cache)
    folds = folds_for(groups, trained, learnt=learned.learnt_features, seed=seed)
    none = fit_none_of_these(features, drawn, stages, folds)
    calibration = _of_scores(learned, seed)
    categories: tuple[str, ...] = ()
    classifier = no_classifier(network.dimension)
    if classes:
        rows = np.array([row for row, sample in enumerate(samples) if sample.category])
        names = [samples[row].category for row in rows]
        categories = tuple(sorted(set(names)))
        weights = np.ones(len(samples))
        if learned.labels is not None:
            weights[:trained] = learned.labels.of(parts.train)
        fitted = fit_classifier(features[rows], names, categories, folds[rows], stages=stages, weights=weights[rows])
        classifier, calibration["categories"] = fitted.layer, fitted.record()
    if none is not None:
        calibration["none_of_these"] = none.record()
    with torch.inference_mode():
        embedded = network.eval().embed(torch.from_numpy(drawn)).numpy()
    strangers = Strangers.of(embedded).record()
    return Meaning(categories, classifier, None if none is None else none.module, calibration, strangers)


def _features(source: Source, samples: tuple[Sample, ...]) -> NDArray[np.float32]:
    if not samples:
        return np.empty((0, sum(source.network.stages)), np.float32)
    return source.features_all(len(samples))


def _strangers(network: EmbeddingNetwork, preprocessing: Preprocessing, cache: Path | None) -> NDArray[np.float32]:
    samples = []
    for number, picture in enumerate(draw_strangers(STRANGERS_EACH)):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        data, name = buffer.getvalue(), f"stranger {number}"
        samples.append(Sample(name, _Drawn(data), "", name, number, content=sha256(data)))
    return extract(network, samples, preprocessing, cache=cache).bank.originals


def _of_scores(learned: Learned, seed: int) -> dict[str, Any]:
    """What cosines mean, by the validation photos."""
    tuning = learned.parts.validation
    if not tuning:
        return {}
    photos = learned.tuning.embed_all(0, len(tuning))
    groups = codes([sample.group for sample in tuning])
    found: dict[str, Any] = {}
    if learned.tuning.has_views:
        views = np.stack([learned.tuning.embed_all(1, len(tuning), view) for view in range(VIEWS)])
        found = same_product(photos, views, groups, [sample.category for sample in tuning])
    known = np.array([row for row, sample in enumerate(tuning) if sample.category], np.int64)
    names = [tuning[row].category for row in known]
    if curve := same_category_curve(photos[known], names, groups[known].tolist(), seed=seed):
        found["same_category"] = curve
        found["same_category_of"] = same_category_curves(photos[known], names, groups[known].tolist(), seed=seed)
    return found
