"""Distillation: a small network learns how a larger one sees photos, besides what labels say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.data.features import FeatureBank
from trainer.data.sampling import Indices
from trainer.data.sources import CachedFeatures, Source
from trainer.learning.recipes import Judgement, Recipe, Step
from trainer.network.network import EmbeddingNetwork

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


class Lesson(NamedTuple):
    """The student's and the teacher's vectors of the last batch."""

    student: Tensor
    teacher: Tensor


class TaughtFeatures(Source):
    """Cached features of a student, with what a teacher makes of the very same photos and views beside them.

    Args:
        network: the student.
        bank: its features.
        taught: the teacher's vectors [n, 1 + views, e], of the same photos and views in the same order.
        losses: those with weights of their own learn along.

    Raises:
        ValueError: the two are not of the same photos and views.
    """

    def __init__(self, network: EmbeddingNetwork, bank: FeatureBank, taught: FeatureBank, losses: nn.Module) -> None:
        if bank.vectors.shape[:2] != taught.vectors.shape[:2]:
            raise ValueError(f"features of {bank.vectors.shape[:2]} and of {taught.vectors.shape[:2]} photos and views")
        self.network = network
        self._width = bank.vectors.shape[2]
        self._both = CachedFeatures(network, FeatureBank(np.concatenate([bank.vectors, taught.vectors], axis=2)))
        self._trained = nn.ModuleList([network.head, losses])
        self.lesson: Lesson | None = None

    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """See `Source.batches`: the student's features, and the teacher's vectors after them."""
        return self._both.batches(plan, views, rng)

    def embed(self, inputs: Tensor) -> Tensor:
        """See `Source.embed`; what the teacher says of these photos becomes the ``lesson``."""
        embeddings = self.network.embed(inputs[:, : self._width])
        self.lesson = Lesson(embeddings, inputs[:, self._width :])
        return embeddings

    def trained(self) -> nn.Module:
        """The student's head, and what the losses learn."""
        return self._trained


class TaughtPhotos(Source):
    """Photos that student and teacher look at together, while the student's whole network learns.

    Args:
        photos: the student's.
        teacher: photos uint8 [m, H, W, 3] → its vectors [m, e].
        losses: those with weights of their own learn along.
    """

    def __init__(self, photos: Source, teacher: Callable[[Tensor], Tensor], losses: nn.Module) -> None:
        self.network = photos.network
        self._photos, self._teacher = photos, teacher
        self._trained = nn.ModuleList([photos.trained(), losses])
        self.lesson: Lesson | None = None

    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """See `Source.batches`."""
        return self._photos.batches(plan, views, rng)

    def embed(self, inputs: Tensor) -> Tensor:
        """See `Source.embed`; while gradients are taken, what the teacher says becomes the ``lesson``."""
        embeddings = self._photos.embed(inputs)
        if torch.is_grad_enabled():
            self.lesson = Lesson(embeddings, self._teacher(inputs))
        return embeddings

    def trained(self) -> nn.Module:
        """The student, and what the losses learn."""
        return self._trained

    def settle(self, seed: int) -> None:
        """See `Source.settle`."""
        self._photos.settle(seed)


class Taught(Recipe):
    """Another recipe, to each of whose steps the distance to a teacher is added.

    Args:
        recipe: what is learnt besides.
        losses: each is given the student's and the teacher's vectors.
        weight: of their sum against the recipe's own loss.
    """

    def __init__(self, recipe: Recipe, losses: nn.ModuleList, weight: float) -> None:
        self._recipe, self._losses, self._weight = recipe, losses, weight

    def plan(self, rng: np.random.Generator) -> list[Indices]:
        """See `Recipe.plan`."""
        return self._recipe.plan(rng)

    def steps(self, source: Source, plan: Sequence[Indices], rng: np.random.Generator) -> Iterator[Step]:
        """See `Recipe.steps`."""
        if not isinstance(source, TaughtFeatures | TaughtPhotos):
            raise TypeError("a taught recipe learns from photos that a teacher has seen")
        for step in self._recipe.steps(source, plan, rng):
            lesson = source.lesson
            if lesson is None:
                raise ValueError("the recipe gave a step without looking at photos")
            taught = sum((loss(*lesson) for loss in self._losses), torch.zeros(()))
            yield Step(step.loss + self._weight * taught, step.distances)

    def judge(self, source: Source) -> Judgement:
        """See `Recipe.judge`."""
        return self._recipe.judge(source)


@dataclass(frozen=True, slots=True)
class Teaching:
    """A teacher's vectors of the training photos and their views, and how much they count.

    Args:
        vectors: [n, 1 + views, e], in the order of the photos.
        kind: ``relational``, ``features`` or ``both``.
        weight: against the recipe's own loss.
    """

    vectors: FeatureBank
    kind: str
    weight: float

    def of(self, network: EmbeddingNetwork, bank: FeatureBank, recipe: Recipe) -> tuple[Source, Recipe]:
        """The student's photos and recipe with the teacher beside them."""
        losses = losses_of(self.kind, network.dimension, self.vectors.vectors.shape[2])
        return TaughtFeatures(network, bank, self.vectors, losses), Taught(recipe, losses, self.weight)


def taught_photos(
    photos: Source, recipe: Recipe, teacher: Callable[[Tensor], Tensor], kind: str, weight: float
) -> tuple[Source, Recipe]:
    """Photos and recipe of a whole network that learns, with a teacher beside them, who is asked for every batch.

    Args:
        photos, recipe: the student's.
        teacher: photos uint8 [m, H, W, 3] → unit vectors [m, e].
        kind: ``relational``, ``features`` or ``both``.
        weight: against the recipe's own loss.
    """
    side = 64
    width = teacher(torch.zeros(1, side, side, 3, dtype=torch.uint8)).shape[1]
    losses = losses_of(kind, photos.network.dimension, width)
    return TaughtPhotos(photos, teacher, losses), Taught(recipe, losses, weight)


def losses_of(kind: str, student: int, teacher: int) -> nn.ModuleList:
    """The losses of ``relational``, ``features`` or ``both``, for vectors of those dimensions."""
    relational, features = RelationalDistillation(), FeatureDistillation(student, teacher)
    return nn.ModuleList({"relational": [relational], "features": [features], "both": [relational, features]}[kind])


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
