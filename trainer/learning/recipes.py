"""The recipe of a run, put together from its parts: what an epoch consists of, what it minimises, what judges it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indexer.errors import CatalogError
from trainer.choices import OFFLINE
from trainer.data.dataset import Sample
from trainer.data.sampling import Indices, balanced_batches, codes, pk_batches, random_batches, random_triplets
from trainer.data.sources import Source
from trainer.evaluation.metrics import category_metrics, retrieval_metrics
from trainer.learning.miners import SEMI_HARD, offline_triplets, online_miner
from trainer.learning.objectives.building import build_objective
from trainer.learning.objectives.objective import IndicesTuple
from trainer.learning.objectives.pairs import triplet_loss
from trainer.network.heads.mlp import DIMENSION
from trainer.settings import FitSettings


class Distances(NamedTuple):
    """Mean Euclidean distance of pairs that belong together and of pairs that do not: what a person watches."""

    positive: float
    negative: float


class Step(NamedTuple):
    """One batch's loss, with gradients, and the distances in it."""

    loss: Tensor
    distances: Distances


class Judgement(NamedTuple):
    """What validation says about a checkpoint: ``score`` (higher is better) decides, P@1 by category is shown.

    Without categories to compare, the share of views that find their photo stands for both.
    """

    score: float
    precision_at_1: float
    mean_average_precision: float = 0.0
    """By category; 0 without categories to compare."""


class Recipe:
    """How the training photos become steps and the validation photos a judgement.

    Args:
        settings: objective, miner, sampler and their numbers.
        train: the training photos.
        validation: what judges.
        dimension: length of the embedding.
        weights: float [n] in 0..1, how much each training photo counts (1 where None): a label in doubt counts for
            less where the objective can take it (all but ``proxy-anchor``; ``instance`` and ``nt-xent`` learn without
            labels, so nothing is in doubt there).
    """

    VIEWS = 2
    """Random views of each photo in a batch."""

    def __init__(
        self,
        settings: FitSettings,
        train: Sequence[Sample],
        validation: Sequence[Sample],
        *,
        dimension: int = DIMENSION,
        weights: NDArray[np.floating] | None = None,
    ) -> None:
        self.settings = settings
        self.validation = validation
        self._weights = None if weights is None else torch.from_numpy(np.asarray(weights, np.float32))
        self._offline = settings.miner in OFFLINE
        self._categories = category_codes(train)
        self._groups = codes([sample.group for sample in train])
        labels = self._categories if self._by_category else self._groups
        self._learnt = np.arange(len(train))
        if settings.objective == "two-level":
            self._labels = np.stack([self._categories, self._groups], axis=1)
        else:
            self._labels = labels
            self._learnt = np.flatnonzero(labels >= 0)
        self.objective = build_objective(settings, int(labels.max(initial=0)) + 1, dimension)
        margin = settings.margin if settings.objective == "triplet" else None
        self._miner = online_miner(settings.miner, SEMI_HARD if margin is None else margin)
        if self._offline and not len(random_triplets(self._categories[self._learnt], np.random.default_rng(0))):
            raise CatalogError(
                f"miner {settings.miner} chooses triplets of two categories, and no photo has another one of its "
                "category and one of another category; choose another miner"
            )
        self._triplets = self._fixed_triplets()

    @property
    def _by_category(self) -> bool:
        """Whether categories are what belongs together; otherwise products (near-duplicate groups) are."""
        by_itself = self.settings.objective in ("instance", "nt-xent")
        several = len(np.unique(self._categories[self._categories >= 0])) > 1
        return self._offline or (several and not by_itself and self.settings.sampler != "pk")

    @property
    def _in_doubt(self) -> bool:
        """Whether a photo's category decides what is learnt from it."""
        return self._by_category or self.settings.objective == "two-level"

    @property
    def _classic(self) -> bool:
        """Whether photos are learnt as they are, without views."""
        return self.settings.recipe == "classic"

    def _fixed_triplets(self) -> Indices:
        labels = category_codes(self.validation)
        with_category = np.flatnonzero(labels >= 0)
        rng = np.random.default_rng(self.settings.seed)
        drawn = np.concatenate([random_triplets(labels[with_category], rng) for _ in range(10)])
        triplets: Indices = with_category[drawn]
        return triplets

    def plan(self, rng: np.random.Generator, source: Source | None = None) -> list[Indices]:
        """The batches of an epoch, as indices of training photos.

        Those of an offline miner are triplets laid out as all anchors, all positives, all negatives of a batch.

        Args:
            rng: decides everything.
            source: the training photos; an offline miner embeds them once to see which are near.
        """
        chosen, rows = self.settings, self._learnt
        categories, groups = self._categories[rows], self._groups[rows]
        if self._offline:
            near = None if source is None else self._near(source)
            triplets = offline_triplets(chosen.miner, categories, rng, near)
            batches = np.array_split(triplets, max(1, -(-len(triplets) // chosen.batch)))
            return [rows[batch.T.ravel()] for batch in batches]
        match chosen.sampler:
            case "pk":
                batches = pk_batches(categories, groups, chosen.batch, rng)
            case "random":
                batches = random_batches(categories, chosen.batch, rng)
            case _:
                batches = balanced_batches(categories, chosen.batch, rng)
        return [rows[batch] for batch in batches]

    def _near(self, source: Source) -> NDArray[np.float32] | None:
        """The training photos as the network sees them now, where the miner looks at them."""
        if self.settings.miner == "offline-random":
            return None
        return source.embed_all(0, len(self._categories))[self._learnt]

    def steps(self, source: Source, plan: Sequence[Indices], rng: np.random.Generator) -> Iterator[Step]:
        """The losses of those batches; the caller steps between them."""
        views = 0 if self._classic else 1 if self._offline else self.VIEWS
        for indices, inputs in zip(plan, source.batches(plan, views, rng), strict=True):
            embeddings = source.embed(inputs)
            rows = np.tile(indices, max(1, views))
            labels = torch.from_numpy(self._labels[rows]).to(embeddings.device)
            weights = None
            if self._weights is not None and self._in_doubt:
                weights = self._weights[rows].to(embeddings.device)
            chosen: IndicesTuple | None
            if self._offline:
                chosen = tuple(torch.arange(len(rows), device=embeddings.device).chunk(3))
                apart = _of_triplets(embeddings.detach())
            else:
                single = labels if labels.ndim == 1 else labels[:, 0 if self._by_category else 1]
                chosen = self._miner(embeddings, single)
                apart = distances(embeddings.detach(), single)
            yield Step(self.objective(embeddings, labels, chosen, weights), apart)

    def judge(self, source: Source) -> Judgement:
        """Judge the network on the validation photos.

        Mean of P@1 and P@10 by category, and how often a random view finds its photo, in equal parts; the classic
        recipe's offline triplets by their loss on fixed triplets of validation photos, and what learns without views
        by category alone.
        """
        photos = source.embed_all(0, len(self.validation))
        by_category = self._by_category_metrics(photos)
        found = 0.0
        if not self._classic:
            views = source.embed_all(1, len(self.validation))
            names = [str(sample.group) for sample in self.validation]
            found = retrieval_metrics(views, photos, names, names)["R@1"]
        if by_category is None:
            return Judgement(found, found)
        precision = by_category["P@1"]
        if self._classic and self._offline:
            laid_out = torch.from_numpy(photos[self._triplets.T.ravel()])
            return Judgement(-float(triplet_loss(laid_out, self.settings.margin or 0.0)), precision, by_category["mAP"])
        return Judgement((precision + by_category["P@10"]) / 2 + found, precision, by_category["mAP"])

    def _by_category_metrics(self, photos: NDArray[np.float32]) -> dict[str, float] | None:
        """None where no photo has one of another product of its category, or all are of one."""
        rows = [k for k, sample in enumerate(self.validation) if sample.category]
        names = [self.validation[k].category for k in rows]
        found = category_metrics(photos[rows], names, [self.validation[k].product_id for k in rows])
        return None if np.isnan(found["P@1"]) else found


def category_codes(samples: Sequence[Sample]) -> Indices:
    """Equal categories as equal integers from 0, int64 [n]; -1 where a photo has none."""
    named = np.array([bool(sample.category) for sample in samples], bool)
    found = np.full(len(samples), -1, np.int64)
    found[named] = codes([sample.category for sample in samples if sample.category])
    return found


@torch.no_grad()
def distances(embeddings: Tensor, labels: Tensor) -> Distances:
    """Mean distances over all pairs of a batch, 0 where there is none: embeddings [m, d], labels int64 [m]."""
    apart = torch.cdist(embeddings, embeddings)
    same = labels[:, None] == labels[None]
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return Distances(*(float(apart[pairs].mean()) if pairs.any() else 0.0 for pairs in (same & ~itself, ~same)))


def _of_triplets(embeddings: Tensor) -> Distances:
    anchor, positive, negative = embeddings.chunk(3)
    return Distances(float((anchor - positive).norm(dim=1).mean()), float((anchor - negative).norm(dim=1).mean()))
