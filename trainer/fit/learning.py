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
from trainer.fit.means import Means, threads
from trainer.learning.averaging import best_between
from trainer.learning.loop import Training, train
from trainer.learning.recipes import RECIPES, Recipe
from trainer.learning.two_part import Traded, fit_two_part, weighed
from trainer.network.blocks import let_learn
from trainer.network.heads.mlp import MlpHead
from trainer.network.heads.parts import TwoPartHead
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
    """Of the whole network, where that learnt before or after the head."""
    trade_off: list[Traded] = field(default_factory=list)
    interpolation: dict[float, float] = field(default_factory=dict)
    """What validation says of the weights between before and after fine-tuning, by the share of after."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left that a run could go on with."""
        return all(one.finished for one in (self.training, self.backbone) if one)


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
        means: device, processes, time, checkpoints.
    """

    parts: Split
    preprocessing: Preprocessing
    settings: FitSettings
    cache: Path | None
    stages: Stages
    lap: Callable[[str], None]
    means: Means = field(default_factory=Means)

    def run(self, network: EmbeddingNetwork) -> Learned:
        """Everything, on a network as it was loaded."""
        self.means.about(self.settings, self.parts, network.state_dict())
        if self.settings.recipe == "two-part":
            learned = self._two_part(network)
        elif self.settings.head_first:
            learned = self._on_features(network)
        else:
            return self._whole(network, self.settings)
        return self._fine_tuned(learned) if self.settings.head_first and not self.settings.freeze else learned

    def _two_part(self, network: EmbeddingNetwork) -> Learned:
        backbone, untrained = None, None
        if not self.settings.head_first:
            whole = self._whole(network, self.settings.of_backbone())
            backbone, untrained = whole.training, whole.untrained
            network = with_stages(whole.network, self.settings.backbone).eval()
            threads(whole=False, share=self.means.share)
        learning, tuning, held_out = self._features(network, cache=self.cache)
        untrained = untrained or self._before(learning, held_out)
        self.stages.stage("Training", self.settings.epochs)
        parts = self.parts
        bounds = self.means.bounds("head")
        training, trade_off = fit_two_part(
            network, (learning, parts.train), (tuning, parts.validation), self.settings, self.stages.epoch, bounds
        )
        self.means.told(training, bounds)
        sources = CachedFeatures(network, learning), CachedFeatures(network, tuning)
        return Learned(network, *sources, training, untrained, backbone, trade_off)

    def _on_features(self, network: EmbeddingNetwork) -> Learned:
        learning, tuning, held_out = self._features(network, cache=self.cache)
        if self.settings.standardise:
            head = cast(MlpHead, network.head)
            head.standardise(torch.from_numpy(learning.originals))
        sources = CachedFeatures(network, learning), CachedFeatures(network, tuning)
        training, _ = self._train(*sources, self.settings, "head")
        return Learned(network, *sources, training, self._before(learning, held_out))

    def _whole(self, network: EmbeddingNetwork, settings: FitSettings) -> Learned:
        let_learn(network, self.settings.fine_tune)
        network.to(self.means.device.place)
        learning, tuning = self._photos(network, norms=True)
        self.stages.stage("Untrained network")
        untrained = self._untrained(network)
        self.lap("untrained")
        training, _ = self._train(learning, tuning, settings, "whole")
        network.cpu()
        return Learned(network, learning, tuning, training, untrained)

    def _fine_tuned(self, learned: Learned) -> Learned:
        """Let the backbone go on learning under a head that has learnt, and keep of it what validation likes."""
        threads(whole=True, share=self.means.share)
        settings, network = self.settings.of_fine_tuning(), learned.network
        let_learn(network, self.settings.fine_tune)
        network.to(self.means.device.place)
        photos = self._photos(network, norms=False)
        training, recipe = self._train(*photos, settings, "fine-tune", start_counts=True)
        interpolation = {}
        if settings.interpolate and training.best_epoch and training.start_score is not None:
            self.stages.stage("Between before and after")
            ends = {0.0: training.start_score, 1.0: training.best_score}
            judge = partial(recipe.judge, photos[1])
            interpolation = best_between(network, training.before, lambda: judge().score, ends)
        network.cpu()
        threads(whole=False, share=self.means.share)
        bank, tuned, _ = self._features(network, views=1, cache=None)
        sources = CachedFeatures(network, bank), CachedFeatures(network, tuned)
        in_parts = isinstance(network.head, TwoPartHead)
        trade_off = weighed(sources[1], self.parts.validation, recipe, self.settings) if in_parts else []
        return Learned(network, *sources, learned.training, learned.untrained, training, trade_off, interpolation)

    def _photos(self, network: EmbeddingNetwork, *, norms: bool) -> tuple[Photos, Photos]:
        means = self.means
        train, validation = (
            Photos(network, part, self.preprocessing, norms=norms, mixed=means.device.mixed, share=means.share)
            for part in (self.parts.train, self.parts.validation)
        )
        return train, validation

    def _train(
        self, learning: Source, tuning: Source, settings: FitSettings, name: str, *, start_counts: bool = False
    ) -> tuple[Training, Recipe]:
        self.stages.stage("Training" if name != "fine-tune" else "Fine-tuning", settings.epochs)
        recipe = RECIPES[settings.recipe](settings, self.parts.train, self.parts.validation)
        bounds = self.means.bounds(name)
        result = train(
            learning,
            tuning,
            recipe,
            settings,
            self.stages.epoch,
            start_counts=start_counts,
            bounds=bounds,
        )
        self.means.told(result, bounds)
        return result, recipe

    def _features(
        self, network: EmbeddingNetwork, *, views: int | None = None, cache: Path | None
    ) -> tuple[FeatureBank, FeatureBank, FeatureBank]:
        """Of the training and validation photos with their views, and of the held-out photos themselves."""
        parts, settings = self.parts, self.settings
        samples = parts.train + parts.validation
        self.stages.stage("Backbone features", len(samples) + len(parts.held_out))
        seen = partial(extract, network, preprocessing=self.preprocessing, cache=cache, progress=self.stages.advance)
        with self.means.share.first_goes_first():
            bank = seen(samples, views=settings.views if views is None else views)
            held_out = seen(parts.held_out)
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
            self._photos(network, norms=True)[0].settle(self.settings.seed)
        held_out = Photos(network, self.parts.held_out, self.preprocessing, share=self.means.share)
        embeddings = held_out.embed_all(0, len(self.parts.held_out))
        return category_metrics(embeddings, [sample.category for sample in self.parts.held_out])
