"""What is learnt in a fit, in its order: the whole network where it learns at all, then a head on its features."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

import torch

from indexer.catalog.products import Reject
from indexer.cli.progress import Stages
from indexer.models.preprocessing import Preprocessing
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank, extract
from trainer.data.parts.split import Split
from trainer.data.sources import CachedFeatures, Photos, Source
from trainer.evaluation.metrics import category_metrics
from trainer.evaluation.wrong_labels import JudgedLabels, judge_samples
from trainer.fit.baseline import classic_metrics, classic_settings
from trainer.fit.means import Means, threads
from trainer.fit.plan import Ways
from trainer.learning.distillation import Teaching, with_teacher
from trainer.learning.loop import Training
from trainer.learning.recipes import Recipe
from trainer.learning.teacher import Teacher
from trainer.learning.two_part import Traded, fit_detail, fit_two_part
from trainer.network.blocks import let_learn
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
    classic: dict[str, float] = field(default_factory=dict)
    """Category metrics by the classic recipe on the same features, where that was learnt too."""
    backbone: Training | None = None
    """Of the whole network, where that learnt before or after the head."""
    trade_off: list[Traded] = field(default_factory=list)
    rejects: tuple[Reject, ...] = ()
    teaching: Teaching | None = None
    """What a teacher makes of the training photos, which fine-tuning goes on learning from."""
    labels: JudgedLabels | None = None
    """What the categories of the training photos are worth, where that could be judged before they were learned."""
    learnt_features: bool = False
    """The features themselves have learned from the training photos."""
    interpolation: dict[float, float] = field(default_factory=dict)
    """What validation says of the weights between before and after fine-tuning, by the share of after."""

    @property
    def interrupted(self) -> bool:
        """Whether the user pressed Ctrl-C."""
        return any(one.interrupted for one in (self.training, self.backbone) if one)

    @property
    def finished(self) -> bool:
        """Whether nothing is left that a run could go on with."""
        return all(one.finished for one in (self.training, self.backbone) if one)


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
        teacher: what is learnt from besides, if anything.
        means: device, processes, time, checkpoints.
    """

    parts: Split
    ways: Ways
    preprocessing: Preprocessing
    settings: FitSettings
    cache: Path | None
    stages: Stages
    lap: Callable[[str], None]
    teacher: Teacher | None = None
    means: Means = field(default_factory=Means)

    def run(self, network: EmbeddingNetwork) -> Learned:
        """Everything but fine-tuning, on a network as it was loaded."""
        self.means.about(self.settings, self.parts, network.state_dict())
        if self.settings.recipe == "two-part":
            return self._in_parts(network)
        return self._on_features(network) if self.settings.head_first else self._whole(network, self.settings)

    def _in_parts(self, network: EmbeddingNetwork) -> Learned:
        whole: Learned | None = None
        if not self.settings.head_first:
            whole = self._whole(network, self.settings.of_backbone())
            network = with_stages(whole.network).eval()
            threads(whole=False, share=self.means.share)
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
        teaching = self._teaching(seen.parts)
        learned = replace(learned, teaching=teaching)
        self.stages.stage("Training", self.settings.epochs)
        bounds = self.means.bounds("head")
        training, trade_off = fit_two_part(
            network,
            (seen.learning, seen.parts.train),
            (seen.tuning, seen.parts.validation),
            self.settings,
            self.stages.epoch,
            teaching,
            bounds,
            weights=None if learned.labels is None else learned.labels.weights,
        )
        self.means.told(training, bounds)
        classic = {} if whole else self._classic(seen, training)
        return replace(learned, training=training, trade_off=trade_off, classic=classic)

    def _on_features(self, network: EmbeddingNetwork) -> Learned:
        seen = self._features(network)
        if self.settings.standardise:
            head = cast(MlpHead, network.head)
            head.standardise(torch.from_numpy(seen.learning.originals))
        sources = CachedFeatures(network, seen.learning), CachedFeatures(network, seen.tuning)
        labels = self._judged(seen)
        train, validation = seen.parts.train, seen.parts.validation
        recipe = Recipe(self.settings, train, validation, weights=labels.weights)
        teaching = self._teaching(seen.parts)
        taught = with_teacher(sources[0], recipe, teaching)
        training = self._train((taught, sources[1]), recipe, self.settings, "head")
        return Learned(
            network,
            seen.parts,
            *sources,
            seen.before(),
            training,
            rejects=seen.rejects,
            labels=labels,
            teaching=teaching,
            classic={} if self.settings.recipe == "classic" else self._classic(seen, training),
        )

    def _whole(self, network: EmbeddingNetwork, settings: FitSettings) -> Learned:
        let_learn(network, self.settings.fine_tune)
        network.to(self.means.device.place)
        learning, tuning = (self._photos(network, part) for part in (self.parts.train, self.parts.validation))
        self.stages.stage("Untrained network")
        untrained = self._untrained(network)
        self.lap("untrained")
        recipe = Recipe(settings, self.parts.train, self.parts.validation)
        taught = with_teacher(learning, recipe, self._teaching(self.parts))
        training = self._train((taught, tuning), recipe, settings, "whole")
        network.cpu()
        rejects = learning.readable.rejects + tuning.readable.rejects
        parts, learning, tuning = self.parts, learning.by_itself(), tuning.by_itself()
        return Learned(network, parts, learning, tuning, untrained, training, rejects=rejects, learnt_features=True)

    def _classic(self, seen: _Seen, training: Training) -> dict[str, float]:
        """What the classic recipe makes of what the backbone saw; nothing where time is up or nothing was held out."""
        parts = seen.parts
        if not parts.held_out or not self.means.share.first or not training.finished:
            return {}
        learning, tuning, held_out = (
            (seen.learning, parts.train),
            (seen.tuning, parts.validation),
            (seen.held_out, parts.held_out),
        )
        settings = classic_settings(self.settings.seed)
        self.stages.stage("Classic recipe, to compare with", settings.epochs)
        return classic_metrics(seen.network, learning, tuning, held_out, settings, self.stages.epoch)

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

    def _photos(self, network: EmbeddingNetwork, samples: Sequence[Sample]) -> Photos:
        return self.means.photos(network, samples, self.preprocessing, norms=True)

    def _train(self, sources: tuple[Source, Source], recipe: Recipe, settings: FitSettings, name: str) -> Training:
        self.stages.stage("Training", settings.epochs)
        return self.means.train(name, sources, recipe, settings, self.stages.epoch)

    def _features(self, network: EmbeddingNetwork) -> _Seen:
        """Of the training and validation photos with their views, and of the held-out photos themselves."""
        parts = self.parts
        samples = parts.train + parts.validation
        self.stages.stage("Backbone features", len(samples) + len(parts.held_out))
        of = partial(extract, network, preprocessing=self.preprocessing, cache=self.cache, progress=self.stages.advance)
        with self.means.share.first_goes_first():
            with_views, held_out = of(samples, views=self.settings.views), of(parts.held_out)
        self.lap("features")
        lost = with_views.lost | held_out.lost
        if lost:
            parts = parts.without(lost)
        cut, bank = len(parts.train), with_views.bank
        rejects = with_views.rejects + held_out.rejects
        return _Seen(network, parts, bank.part(0, cut), bank.part(cut, len(bank.vectors)), held_out.bank, rejects)

    def _teaching(self, parts: Split) -> Teaching | None:
        """What the teacher makes of the training photos and of the very views that the student learns from."""
        if self.teacher is None:
            return None
        self.stages.stage("What the teacher sees", len(parts.train))
        seen = self.teacher.look(parts.train, self.settings.views, self.cache, self.stages.advance)
        self.lap("teacher")
        return Teaching(seen, self.teacher, self.settings.distillation, self.settings.teacher_weight)

    def _untrained(self, network: EmbeddingNetwork) -> dict[str, float]:
        network = copy.deepcopy(network).eval()
        if self.settings.weights == NONE:
            self._photos(network, self.parts.train).settle(self.settings.seed)
        held_out = self.parts.held_out
        embeddings = self._photos(network, held_out).embed_all(0, len(held_out))
        products = [sample.product_id for sample in held_out]
        return category_metrics(embeddings, [sample.category for sample in held_out], products)


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
        products = [of[index].product_id for index in rows]
        return category_metrics(centred[rows], [of[index].category for index in rows], products)
