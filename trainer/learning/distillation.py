"""Distillation: a small network learns how a larger one sees photos, besides what labels say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.data.features import FeatureBank
from trainer.data.sampling import Indices
from trainer.data.sources import CachedFeatures, Source
from trainer.learning.objectives.objective import IndicesTuple, Objective
from trainer.learning.recipes import Recipe

_ANGLES_AMONG = 96
"""Photos of a batch, evenly taken, among which angles are compared: triplets of more would take most of the time."""
_ONE_POINT = 1e-6
"""Two points nearer than this have no direction: photos of which a shop has two files are one point."""


class RelationalDistillation(nn.Module):
    """What is near to what, and under which angles, as the teacher has it: its dimension and scale do not matter.

    Park et al., *Relational Knowledge Distillation* (CVPR 2019): the Huber loss between distances of all pairs, each in
    units of the mean distance, and between cosines of the angles of all triplets.

    Args:
        distance_weight, angle_weight: of the two parts; angles count twice in the paper.
    """

    def __init__(self, distance_weight: float = 1.0, angle_weight: float = 2.0) -> None:
        super().__init__()
        self.distance_weight, self.angle_weight = distance_weight, angle_weight

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The loss of a batch: student [m, d], with gradients, and teacher [m, e] of the same photos."""
        teacher = teacher.detach()
        distance = functional.smooth_l1_loss(_distances(student), _distances(teacher))
        angle = functional.smooth_l1_loss(_angles(student), _angles(teacher))
        return self.distance_weight * distance + self.angle_weight * angle


class FeatureDistillation(nn.Module):
    """What the teacher sees can be told from what the student sees, by a linear map that is learnt along.

    The squared distance between the teacher's unit vector and the unit vector that the map makes of the student's: as
    hints in Romero et al., *FitNets* (ICLR 2015), after the last layer.

    Args:
        student, teacher: dimensions of the two.
    """

    def __init__(self, student: int, teacher: int) -> None:
        super().__init__()
        self.map = nn.Linear(student, teacher)

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The loss of a batch: student [m, d], with gradients, and teacher [m, e] of the same photos."""
        told = functional.normalize(self.map(student), dim=1)
        return (told - functional.normalize(teacher.detach(), dim=1)).pow(2).sum(1).mean()


class Lesson:
    """What the teacher made of the last batch that the student embedded, [m, e]; all copies of a source share one."""

    vectors: Tensor | None = None


class TaughtSource(Source):
    """The photos of a student that a teacher looks at, too.

    Args:
        photos: the student's.
    """

    def __init__(self, photos: Source) -> None:
        self.network, self.share = photos.network, photos.share
        self.photos = photos
        self.lesson = Lesson()

    @property
    def has_views(self) -> bool:
        """See `Source.has_views`."""
        return self.photos.has_views

    def after(self, steps: int) -> Self:
        """See `Source.after`."""
        rest = super().after(steps)
        rest.photos = self.photos.after(steps)
        return rest

    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """See `Source.batches`."""
        return self.photos.batches(plan, views, rng)

    def trained(self) -> nn.Module:
        """See `Source.trained`."""
        return self.photos.trained()

    def learn(self) -> None:
        """See `Source.learn`."""
        self.photos.learn()

    def settle(self, seed: int) -> None:
        """See `Source.settle`."""
        self.photos.settle(seed)

    def features(self, inputs: Tensor) -> Tensor:
        """See `Source.features`."""
        return self.photos.features(inputs)


class TaughtFeatures(TaughtSource):
    """Cached features of a student, with what a teacher makes of the very same photos and views beside them.

    Args:
        features: of the student.
        vectors: the teacher's [n, 1 + views, e], of the same photos and views in the same order.

    Raises:
        ValueError: the two are not of the same photos and views.
    """

    def __init__(self, features: CachedFeatures, vectors: FeatureBank) -> None:
        ours, theirs = features.bank.vectors, vectors.vectors
        if ours.shape[:2] != theirs.shape[:2]:
            raise ValueError(f"features of {ours.shape[:2]} and of {theirs.shape[:2]} photos and views")
        self._width = ours.shape[2]
        super().__init__(CachedFeatures(features.network, FeatureBank(np.concatenate([ours, theirs], axis=2))))

    def embed(self, inputs: Tensor) -> Tensor:
        """See `Source.embed`: inputs are the student's features, and the teacher's vectors after them."""
        self.lesson.vectors = inputs[:, self._width :]
        return self.photos.embed(inputs[:, : self._width])

    def features(self, inputs: Tensor) -> Tensor:
        """See `Source.features`."""
        return self.photos.features(inputs[:, : self._width])


class TaughtPhotos(TaughtSource):
    """Photos that student and teacher look at together, while the student's whole network learns.

    Args:
        photos: the student's.
        teacher: photos uint8 [m, H, W, 3] → its vectors [m, e].
    """

    def __init__(self, photos: Source, teacher: Callable[[Tensor], Tensor]) -> None:
        super().__init__(photos)
        self._teacher = teacher

    def embed(self, inputs: Tensor) -> Tensor:
        """See `Source.embed`; the teacher is asked while gradients are taken, in each process about its own rows."""
        embeddings = self.photos.embed(inputs)
        if torch.is_grad_enabled():
            seen = self._teacher(inputs).to(embeddings.device)
            self.lesson.vectors = self.share.gathered(seen, len(embeddings))
        return embeddings


class TaughtObjective(Objective):
    """Another objective, and the distance to a teacher added to it.

    Args:
        objective: what is learnt besides.
        lesson: what the teacher makes of the batch.
        losses: each is given the student's and the teacher's vectors; those with weights of their own learn along.
        weight: of their sum against the objective.
    """

    def __init__(self, objective: Objective, lesson: Lesson, losses: nn.ModuleList, weight: float) -> None:
        super().__init__()
        self.objective, self.losses, self.weight = objective, losses, weight
        self.rate = objective.rate
        self._lesson = lesson

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """See `Objective.forward`: of the batch that the source embedded last."""
        loss: Tensor = self.objective(embeddings, labels, indices_tuple, weights)
        taught = self._lesson.vectors
        if taught is None or len(taught) != len(embeddings):
            raise ValueError("the teacher has not seen these photos")
        for one in self.losses:
            loss = loss + self.weight * one(embeddings, taught.to(embeddings.device))
        return loss


@dataclass(frozen=True, slots=True)
class Teaching:
    """What a teacher makes of the training photos and their views, and how much it counts.

    Args:
        vectors: [n, 1 + views, e], in the order of the photos.
        teacher: who can be asked about other photos: uint8 [m, H, W, 3] → [m, e].
        kind: ``relational``, ``features`` or ``both``.
        weight: against the objective.
    """

    vectors: FeatureBank
    teacher: Callable[[Tensor], Tensor]
    kind: str
    weight: float


def with_teacher(source: Source, recipe: Recipe, teaching: Teaching | None) -> Source:
    """The photos with a teacher beside them, whose losses the recipe's objective takes in; without one, as they are."""
    if teaching is None:
        return source
    taught: TaughtSource
    if isinstance(source, CachedFeatures):
        taught = TaughtFeatures(source, teaching.vectors)
    else:
        taught = TaughtPhotos(source, teaching.teacher)
    losses = losses_of(teaching.kind, source.network.dimension, teaching.vectors.vectors.shape[2])
    losses = losses.to(source.network.mean.device)
    recipe.objective = TaughtObjective(recipe.objective, taught.lesson, losses, teaching.weight)
    return taught


def losses_of(kind: str, student: int, teacher: int) -> nn.ModuleList:
    """The losses of ``relational``, ``features`` or ``both``, for vectors of those dimensions."""
    relational, features = RelationalDistillation(), FeatureDistillation(student, teacher)
    chosen: dict[str, list[nn.Module]] = {
        "relational": [relational],
        "features": [features],
        "both": [relational, features],
    }
    return nn.ModuleList(chosen[kind])


def _distances(vectors: Tensor) -> Tensor:
    """Distances of all pairs [m, m], the mean over those that are not 0 being 1."""
    apart = torch.cdist(vectors, vectors, compute_mode="donot_use_mm_for_euclid_dist")
    seen = apart[apart > 0]
    return apart / seen.mean() if len(seen) else apart


def _angles(vectors: Tensor) -> Tensor:
    """Cosines of the angles at i between j and k, [m, m, m]; 0 where two of the three are one point."""
    vectors = vectors[:: -(-len(vectors) // _ANGLES_AMONG)]
    towards = vectors[None] - vectors[:, None]
    length = towards.norm(dim=2, keepdim=True)
    towards = torch.where(length > _ONE_POINT, towards / length.clamp_min(_ONE_POINT), towards.new_zeros(()))
    return towards @ towards.transpose(1, 2)
