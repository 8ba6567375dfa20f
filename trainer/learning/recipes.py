"""The two recipes: what an epoch consists of, what it minimises, and by what its checkpoints are judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.data.dataset import Sample
from trainer.data.sampling import Indices, balanced_batches, codes, random_triplets
from trainer.data.sources import Source
from trainer.evaluation.metrics import category_metrics, retrieval_metrics
from trainer.learning.objectives import Distances, TwoLevel, distances, triplet_loss
from trainer.settings import FitSettings


class Step(NamedTuple):
    """One batch's loss, with gradients, and the distances in it."""

    loss: Tensor
    distances: Distances


class Judgement(NamedTuple):
    """What validation says about a checkpoint: ``score`` (higher is better) decides; P@1 by category is shown."""

    score: float
    precision_at_1: float


class Recipe(ABC):
    """How the training photos become steps and the validation photos a judgement."""

    def __init__(self, settings: FitSettings, train: Sequence[Sample], validation: Sequence[Sample]) -> None:
        self.settings = settings
        self.train_labels = codes([sample.category for sample in train])
        self.train_groups = codes([sample.group for sample in train])
        self.validation = validation

    @abstractmethod
    def plan(self, rng: np.random.Generator) -> list[Indices]:
        """The batches of an epoch, as indices of training photos."""

    @abstractmethod
    def steps(self, source: Source, plan: Sequence[Indices], rng: np.random.Generator) -> Iterator[Step]:
        """The losses of those batches; the caller steps between them."""

    @abstractmethod
    def judge(self, source: Source) -> Judgement:
        """Judge the network on the validation photos."""

    def _precision_at_1(self, embeddings: NDArray[np.float32]) -> dict[str, float]:
        return category_metrics(embeddings, [sample.category for sample in self.validation])


class TwoLevelRecipe(Recipe):
    """Balanced batches, two random views of each photo, category plus instance; judged by both levels alike."""

    VIEWS = 2

    def plan(self, rng: np.random.Generator) -> list[Indices]:
        """See `Recipe.plan`."""
        return balanced_batches(self.train_labels, self.settings.batch, rng)

    def steps(self, source: Source, plan: Sequence[Indices], rng: np.random.Generator) -> Iterator[Step]:
        """See `Recipe.steps`."""
        chosen = self.settings
        objective = TwoLevel(chosen.category_temperature, chosen.instance_temperature, chosen.instance_weight)
        for indices, inputs in zip(plan, source.batches(plan, self.VIEWS, rng), strict=True):
            categories = torch.from_numpy(np.tile(self.train_labels[indices], self.VIEWS))
            groups = torch.from_numpy(np.tile(self.train_groups[indices], self.VIEWS))
            embeddings = source.embed(inputs)
            yield Step(objective(embeddings, categories, groups), distances(embeddings.detach(), categories))

    def judge(self, source: Source) -> Judgement:
        """Mean of P@1 and P@10 by category, and how often a random view finds its photo, in equal parts."""
        photos = source.embed_all(0, len(self.validation))
        views = source.embed_all(1, len(self.validation))
        by_category = self._precision_at_1(photos)
        names = [str(sample.group) for sample in self.validation]
        found = retrieval_metrics(views, photos, names, names)["R@1"]
        return Judgement((by_category["P@1"] + by_category["P@10"]) / 2 + found, by_category["P@1"])


class TwoPartRecipe(TwoLevelRecipe):
    """The two-level objective on an embedding in two parts (`trainer.learning.two_part`)."""


class ClassicRecipe(Recipe):
    """Random triplets of the photos as they are, margin 1.0; judged by the loss of fixed validation triplets."""

    def __init__(self, settings: FitSettings, train: Sequence[Sample], validation: Sequence[Sample]) -> None:
        super().__init__(settings, train, validation)
        labels = codes([sample.category for sample in validation])
        rng = np.random.default_rng(settings.seed)
        self._triplets = np.concatenate([random_triplets(labels, rng) for _ in range(10)])

    def plan(self, rng: np.random.Generator) -> list[Indices]:
        """See `Recipe.plan`: triplets laid out as all anchors, all positives, all negatives of a batch."""
        triplets = random_triplets(self.train_labels, rng)
        batches = np.array_split(triplets, max(1, -(-len(triplets) // self.settings.batch)))
        return [batch.T.ravel() for batch in batches]

    def steps(self, source: Source, plan: Sequence[Indices], rng: np.random.Generator) -> Iterator[Step]:
        """See `Recipe.steps`."""
        for inputs in source.batches(plan, 0, rng):
            embeddings = source.embed(inputs)
            anchor, positive, negative = embeddings.detach().chunk(3)
            pairs = Distances(
                float((anchor - positive).norm(dim=1).mean()), float((anchor - negative).norm(dim=1).mean())
            )
            yield Step(triplet_loss(embeddings, self.settings.margin), pairs)

    def judge(self, source: Source) -> Judgement:
        """See `Recipe.judge`."""
        photos = source.embed_all(0, len(self.validation))
        laid_out = torch.from_numpy(photos[self._triplets.T.ravel()])
        loss = float(triplet_loss(laid_out, self.settings.margin))
        return Judgement(-loss, self._precision_at_1(photos)["P@1"])


RECIPES: dict[str, type[Recipe]] = {"two-level": TwoLevelRecipe, "classic": ClassicRecipe}
