"""What is learnt in a fit, in its order: the whole network where it learns at all, then a head on its features."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

import torch

from indexer.catalog.products import Reject
from indexer.cli.progress import Stages
from indexer.models.preprocessing import Preprocessing
from trainer.data.features import FeatureBank, extract
from trainer.data.parts.split import Split
from trainer.data.sources import CachedFeatures, Photos, Source
from trainer.evaluation.metrics import category_metrics
from trainer.evaluation.wrong_labels import JudgedLabels, judge_samples
from trainer.fit.plan import Ways
from trainer.learning.loop import Training, train
from trainer.learning.recipes import Recipe
from trainer.learning.two_part import Traded, fit_detail, fit_two_part
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork
from trainer.network.stages import with_stages
from trainer.network.weights import NONE
from trainer.settings import FitSettings


@dataclass(frozen=True, slots=True)
class Learned:
    """A network that has learnt, the photos as it sees them, and how it came about."""

    network: EmbeddingNetwork
    parts: Split
    """Less the photos that could not be read any more."""
    learning: Source
    tuning: Source
    untrained: dict[str, float]
    """Category metrics of the held-out photos before anything was learnt: what all the rest must beat."""
    training: Training = field(default_factory=Training)
    backbone: Training | None = None
    """Of the whole network, where that learnt before the head."""
    trade_off: list[Traded] = field(default_factory=list)
    rejects: tuple[Reject, ...] = ()
    labels: JudgedLabels | None = None
    """What the categories of the training photos are worth, where that could be judged before they were learned."""
    learnt_features: bool = False
    """The features themselves have learned from the training photos."""


@dataclass(frozen=True, slots=True)
class Learner:
    """Runs what the settings ask for on the parts of a dataset.

    Args:
        parts: the photos; of the held-out ones nothing is learnt.
        ways: what the photos allow.
        preprocessing: what all of them go through.
        settings: what is learnt, and how.
        cache: folder of features that are kept, None to keep none.
        stages: shown the progress.
        lap: told the end of each stage of which the seconds are recorded.
    """

    parts: Split
    ways: Ways
    preprocessing: Preprocessing
    settings: FitSettings
    cache: Path | None
    stages: Stages
    lap: Callable[[str], None]

    def run(self, network: EmbeddingNetwork) -> Learned:
        """Everything, on a network as it was loaded."""
        if self.settings.recipe == "two-part":
            return self._in_parts(network)
        return self._on_features(network) if self.settings.freeze else self._whole(network, self.settings)

    def _in_parts(self, network: EmbeddingNetwork) -> Learned:
        whole: Learned | None = None
        if not self.settings.freeze:
            whole = self._whole(network, self.settings.of_backbone())
            network = with_stages(whole.network, self.settings.backbone).eval()
            torch.set_num_threads(1)  # what follows are a few small products
        seen = self._features(network)
        learned = Learned(
            network,
            seen.parts,
            CachedFeatures(network, seen.learning),
            CachedFeatures(network, seen.tuning),
            whole.untrained if whole else seen.before(),
            backbone=whole.training if whole else None,
            rejects=seen.rejects,
            labels=None if whole or self.ways != "category" else self._judged(seen),
            learnt_features=whole is not None,
        )
        if self.ways != "category":
            self.stages.stage("Whitening")
            fit_detail(network, seen.learning, seen.parts.train)
            return learned
        self.stages.stage("Training", self.settings.epochs)
        training, trade_off = fit_two_part(
            network,
            (seen.learning, seen.parts.train),
            (seen.tuning, seen.parts.validation),
            self.settings,
            self.stages.epoch,
            None if learned.labels is None else learned.labels.weights,
        )
        return replace(learned, training=training, trade_off=trade_off)

    def _on_features(self, network: EmbeddingNetwork) -> Learned:
        seen = self._features(network)
        if self.settings.standardise:
            head = cast(MlpHead, network.head)
            head.standardise(torch.from_numpy(seen.learning.originals))
        sources = CachedFeatures(network, seen.learning), CachedFeatures(network, seen.tuning)
        labels = self._judged(seen)
        training = self._train(*sources, seen.parts, self.settings, labels)
        before, rejects = seen.before(), seen.rejects
        return Learned(network, seen.parts, *sources, before, training, rejects=rejects, labels=labels)

    def _whole(self, network: EmbeddingNetwork, settings: FitSettings) -> Learned:
        learning = Photos(network, self.parts.train, self.preprocessing)
        tuning = Photos(network, self.parts.validation, self.preprocessing)
        self.stages.stage("Untrained network")
        untrained = self._untrained(network)
        self.lap("untrained")
        training = self._train(learning, tuning, self.parts, settings)
        return Learned(network, self.parts, learning, tuning, untrained, training, learnt_features=True)

    def _judged(self, seen: _Seen) -> JudgedLabels:
        """The categories of the training photos, by features that have not learned them."""
        samples = seen.parts.train
        judged = judge_samples(seen.learning.originals, samples, seen.network.stages)
        if judged.suspects:
            first = judged.suspects[0]
            self.stages.note(
                f"note: {len(judged.suspects)} training photos probably have a wrong category and count for less; the "
                f"likeliest is {first.key} ({first.label}; rather {first.suggested})"
            )
        return judged

    def _train(
        self,
        learning: Source,
        tuning: Source,
        parts: Split,
        settings: FitSettings,
        labels: JudgedLabels | None = None,
    ) -> Training:
        self.stages.stage("Training", settings.epochs)
        recipe = Recipe(settings, parts.train, parts.validation, weights=None if labels is None else labels.weights)
        result = train(learning, tuning, recipe, settings, self.stages.epoch)
        if result.interrupted:
            self.stages.note(
                f"Stopped at epoch {len(result.history)}; keeping the best so far, of epoch {result.best_epoch}."
            )
        return result

    def _features(self, network: EmbeddingNetwork) -> _Seen:
        """Of the training and validation photos with their views, and of the held-out photos themselves."""
        parts = self.parts
        samples = parts.train + parts.validation
        self.stages.stage("Backbone features", len(samples) + len(parts.held_out))
        of = partial(extract, network, preprocessing=self.preprocessing, cache=self.cache, progress=self.stages.advance)
        with_views, held_out = of(samples, views=self.settings.views), of(parts.held_out)
        self.lap("features")
        lost = with_views.lost | held_out.lost
        if lost:
            parts = parts.without(lost)
        cut, bank = len(parts.train), with_views.bank
        rejects = with_views.rejects + held_out.rejects
        return _Seen(network, parts, bank.part(0, cut), bank.part(cut, len(bank.vectors)), held_out.bank, rejects)

    def _untrained(self, network: EmbeddingNetwork) -> dict[str, float]:
        network = copy.deepcopy(network).eval()
        if self.settings.weights == NONE:
            Photos(network, self.parts.train, self.preprocessing).settle(self.settings.seed)
        embeddings = Photos(network, self.parts.held_out, self.preprocessing).embed_all(0, len(self.parts.held_out))
        return category_metrics(embeddings, [sample.category for sample in self.parts.held_out])


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a backbone saw of each part."""

    network: EmbeddingNetwork
    parts: Split
    learning: FeatureBank
    tuning: FeatureBank
    held_out: FeatureBank
    rejects: tuple[Reject, ...]

    def before(self) -> dict[str, float]:
        """Category metrics of the features as they are: centred, and nothing else."""
        of, bank = (self.parts.held_out, self.held_out) if self.parts.held_out else (self.parts.train, self.learning)
        rows = [index for index, sample in enumerate(of) if sample.category]
        centred = bank.originals - self.learning.originals.mean(axis=0)
        return category_metrics(centred[rows], [of[index].category for index in rows])
