"""What is learnt in a fit, in its order: the whole network where it learns at all, then a head on its features."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import torch

from indexer.cli.progress import Stages
from indexer.models.preprocessing import Preprocessing
from trainer.data.features import FeatureBank, extract
from trainer.data.parts.split import Split
from trainer.data.sources import CachedFeatures, Photos, Source
from trainer.evaluation.metrics import category_metrics
from trainer.learning.loop import Training, train
from trainer.learning.recipes import RECIPES
from trainer.learning.two_part import Traded, fit_two_part
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork
from trainer.network.stages import with_stages
from trainer.network.weights import NONE
from trainer.settings import FitSettings


@dataclass(frozen=True, slots=True)
class Learned:
    """A network that has learnt, the photos as it sees them, and how it came about."""

    network: EmbeddingNetwork
    learning: Source
    tuning: Source
    training: Training
    untrained: dict[str, float]
    """Category metrics of the held-out photos before anything was learnt: what all the rest must beat."""
    backbone: Training | None = None
    """Of the whole network, where that learnt before the head."""
    trade_off: list[Traded] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Learner:
    """Runs what the settings ask for on the parts of a dataset.

    Args:
        parts: the photos; of the held-out ones nothing is learnt.
        preprocessing: what all of them go through.
        settings: what is learnt, and how.
        cache: folder of features that are kept, None to keep none.
        stages: shown the progress.
        lap: told the end of each stage of which the seconds are recorded.
    """

    parts: Split
    preprocessing: Preprocessing
    settings: FitSettings
    cache: Path | None
    stages: Stages
    lap: Callable[[str], None]

    def run(self, network: EmbeddingNetwork) -> Learned:
        """Everything, on a network as it was loaded."""
        if self.settings.recipe == "two-part":
            return self._two_part(network)
        return self._on_features(network) if self.settings.freeze else self._whole(network, self.settings)

    def _two_part(self, network: EmbeddingNetwork) -> Learned:
        backbone, untrained = None, None
        if not self.settings.freeze:
            whole = self._whole(network, self.settings.of_backbone())
            backbone, untrained = whole.training, whole.untrained
            network = with_stages(whole.network, self.settings.backbone).eval()
            torch.set_num_threads(1)  # what follows are a few small products
        learning, tuning, held_out = self._features(network)
        untrained = untrained or self._before(learning, held_out)
        self.stages.stage("Training", self.settings.epochs)
        parts = self.parts
        training, trade_off = fit_two_part(
            network, (learning, parts.train), (tuning, parts.validation), self.settings, self.stages.epoch
        )
        sources = CachedFeatures(network, learning), CachedFeatures(network, tuning)
        return Learned(network, *sources, training, untrained, backbone, trade_off)

    def _on_features(self, network: EmbeddingNetwork) -> Learned:
        learning, tuning, held_out = self._features(network)
        if self.settings.standardise:
            head = cast(MlpHead, network.head)
            head.standardise(torch.from_numpy(learning.originals))
        sources = CachedFeatures(network, learning), CachedFeatures(network, tuning)
        training = self._train(*sources, self.settings)
        return Learned(network, *sources, training, self._before(learning, held_out))

    def _whole(self, network: EmbeddingNetwork, settings: FitSettings) -> Learned:
        learning = Photos(network, self.parts.train, self.preprocessing)
        tuning = Photos(network, self.parts.validation, self.preprocessing)
        self.stages.stage("Untrained network")
        untrained = self._untrained(network)
        self.lap("untrained")
        return Learned(network, learning, tuning, self._train(learning, tuning, settings), untrained)

    def _train(self, learning: Source, tuning: Source, settings: FitSettings) -> Training:
        self.stages.stage("Training", settings.epochs)
        recipe = RECIPES[settings.recipe](settings, self.parts.train, self.parts.validation)
        result = train(learning, tuning, recipe, settings, self.stages.epoch)
        if result.interrupted:
            self.stages.note(
                f"Stopped at epoch {len(result.history)}; keeping the best so far, of epoch {result.best_epoch}."
            )
        return result

    def _features(self, network: EmbeddingNetwork) -> tuple[FeatureBank, FeatureBank, FeatureBank]:
        """Of the training and validation photos with their views, and of the held-out photos themselves."""
        parts, settings = self.parts, self.settings
        samples = parts.train + parts.validation
        self.stages.stage("Backbone features", len(samples) + len(parts.held_out))
        seen = partial(
            extract, network, preprocessing=self.preprocessing, cache=self.cache, progress=self.stages.advance
        )
        bank, held_out = seen(samples, views=settings.views), seen(parts.held_out)
        self.lap("features")
        cut = len(parts.train)
        return bank.part(0, cut), bank.part(cut, len(samples)), held_out

    def _before(self, learning: FeatureBank, held_out: FeatureBank) -> dict[str, float]:
        """Of the features as they are: centred, and nothing else."""
        centred = held_out.originals - learning.originals.mean(axis=0)
        return category_metrics(centred, [sample.category for sample in self.parts.held_out])

    def _untrained(self, network: EmbeddingNetwork) -> dict[str, float]:
        network = copy.deepcopy(network).eval()
        if self.settings.weights == NONE:
            Photos(network, self.parts.train, self.preprocessing).settle(self.settings.seed)
        embeddings = Photos(network, self.parts.held_out, self.preprocessing).embed_all(0, len(self.parts.held_out))
        return category_metrics(embeddings, [sample.category for sample in self.parts.held_out])
