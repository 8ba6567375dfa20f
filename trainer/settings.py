"""Everything that decides how a model is trained, in one record that is saved beside the weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

from indexer.errors import UsageError
from indexer.system.arguments import number_of, refused, said, text_of, truth_of, whole_of
from trainer.choices import CLASSIFYING, RECIPES, TASKS, WARMEST, Parts, put_together

Recipe = Literal["two-part", "two-level", "classic"]

CHOSEN = -1.0
"""In place of a share: validation chooses it."""

_TAKES: dict[str, Callable[[str, object], Any]] = {"int": whole_of, "float": number_of, "bool": truth_of}
"""What a setting has to be, by its type; the others are texts."""


_FROM_NOTHING: dict[str, Any] = {
    "batch": 32,
    "epochs": 20,
    "views": 0,
    "smoothing": 1,
    "instance_weight": 0.2,
    "keep": "best",
}
"""Of the two-level recipe on a whole network that starts from random weights."""


@dataclass(frozen=True)
class FitSettings:
    """Settings of one training run; `for_run` fills in what follows from recipe and weights.

    Sizes are in photos, rates per Adam step, fractions of near-duplicate groups.
    """

    recipe: Recipe = "two-part"
    task: Literal["similarity", "classify"] = "similarity"
    """What the model is for. One that classifies learns by a softmax over the categories alone, and of its embedding
    the category part is all, unless a share of detail is given."""
    weights: str = "imagenet"
    backbone: str = "mobilenet_v2"
    size: int = 224
    seed: int = 0
    holdout: float = 0.2
    validation: float = 0.1
    freeze: bool = True
    """The backbone stays as it is and only the head learns, on cached features."""
    epochs: int = 60
    backbone_epochs: int = 0
    """Epochs in which the whole network learns under the two-level recipe, before a two-part head is made on it."""
    batch: int = 128
    """Photos of a two-level batch (each is shown in two views), or triplets of a classic one."""
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    views: int = 4
    """Augmented views cached of every photo when the backbone is frozen."""
    detail: float = CHOSEN
    """Share of the detail part of a two-part embedding, 0..1; -1 lets validation choose."""
    keep: Literal["best", "last"] = "last"
    """Which checkpoint a run ends with: the one that validation likes best, or that of the last epoch."""
    objective: str = ""
    """One of `trainer.choices.OBJECTIVES`; like miner and sampler the recipe's own where it is ""."""
    miner: str = ""
    sampler: str = ""
    category_temperature: float = 0.1
    instance_temperature: float = 0.2
    instance_weight: float = 1.0
    """Weight of the instance loss against the category loss."""
    margin: float | None = None
    """Of an objective that has one; its own default where None (the classic recipe's triplet loss: 1.0)."""
    temperature: float | None = None
    """Of an objective that has one but for two-level's two; its own default where None."""
    schedule: Literal["cosine", "plateau"] = "cosine"
    """How the learning rate falls: along a cosine to 0, or to a tenth whenever validation stops to improve."""
    patience: int = 4
    """Validations without progress before a plateau schedule acts."""
    standardise: bool = True
    """The head sees a frozen backbone's features centred and scaled."""
    smoothing: int = 5
    """A checkpoint is judged by the mean score of this many last epochs, as a small validation part is noisy."""

    def __post_init__(self) -> None:
        for one in fields(self):
            kind, _, optional = str(one.type).partition(" | ")
            if optional and getattr(self, one.name) is None:
                continue
            value = _TAKES.get(kind, text_of)(one.name, getattr(self, one.name))
            if isinstance(value, float) and not math.isfinite(value):
                raise refused(one.name, value, "a finite number")
            object.__setattr__(self, one.name, value)
        if self.recipe not in RECIPES:
            raise UsageError(f"recipe is {said(self.recipe)}, which is not known; choose one of {', '.join(RECIPES)}")
        if self.task not in TASKS:
            raise UsageError(f"task is {said(self.task)}, which is not known; choose one of {', '.join(TASKS)}")
        if self.task == "classify":
            if self.objective not in ("", CLASSIFYING):
                raise UsageError(
                    f"--task classify trains with the {CLASSIFYING} objective alone, and not with {self.objective}; "
                    "leave out one of the two"
                )
            object.__setattr__(self, "objective", CLASSIFYING)
            object.__setattr__(self, "detail", 0.0 if self.detail == CHOSEN else self.detail)
        given = Parts(self.objective, self.miner, self.sampler, self.margin, self.temperature)
        for name, part in put_together(self.recipe, given)._asdict().items():
            object.__setattr__(self, name, part)
        for name in ("category_temperature", "instance_temperature"):
            if not 0 < getattr(self, name) <= WARMEST:
                raise refused(name, getattr(self, name), f"a number above 0, {WARMEST:g} at most")
        if self.instance_weight < 0:
            raise refused("instance_weight", self.instance_weight, "a number that is not negative")
        if not 0 <= self.detail <= 1 and self.detail != CHOSEN:
            raise UsageError(f"detail {said(self.detail)} is outside 0..1: it is the share of the detail part")
        if not 0.05 <= self.holdout <= 0.8:
            raise UsageError(
                f"holdout {said(self.holdout)} is outside 0.05..0.8: it is the share of photos the test is made on"
            )
        if not 0.05 <= self.validation <= 0.5:
            raise UsageError(
                f"validation {said(self.validation)} is outside 0.05..0.5: it is the share of the rest used to tune"
            )
        if self.epochs < 1:
            raise UsageError(f"epochs {said(self.epochs)} is not positive")
        if self.freeze and self.weights == "none":
            raise UsageError("a backbone without pretrained weights has nothing worth freezing; leave --freeze out")
        if not self.freeze and self.weights != "none" and self.recipe != "classic":
            raise UsageError(
                f"the {self.recipe} recipe trains a head on a frozen backbone; --no-freeze is for --recipe classic"
            )

    @classmethod
    def for_run(
        cls,
        recipe: Recipe = "two-part",
        weights: str = "imagenet",
        *,
        freeze: bool | None = None,
        epochs: int | None = None,
        **given: Any,
    ) -> Self:
        """Settings of a recipe with its own defaults, of which ``given`` ones override.

        Raises:
            UsageError: a value is out of range, or two of them exclude each other.
        """
        pretrained = weights != "none"
        if freeze is None:
            freeze = pretrained and recipe != "classic"
        if recipe == "classic":
            defaults: dict[str, Any] = {
                "batch": 16,
                "learning_rate": 1e-4,
                "weight_decay": 0.0,
                "epochs": 30,
                "views": 0,
                "schedule": "plateau",
                "smoothing": 1,
                "standardise": False,
                "keep": "best",
            }
        elif recipe == "two-level":
            defaults = {"views": 8, "keep": "best"} if freeze else dict(_FROM_NOTHING)
        elif not freeze:
            defaults = {"backbone_epochs": _FROM_NOTHING["epochs"]}
        else:
            defaults = {}
        if epochs is not None:
            defaults["epochs" if freeze or recipe != "two-part" else "backbone_epochs"] = epochs
        return cls(**{"recipe": recipe, "weights": weights, "freeze": freeze, **defaults, **given})

    def of_backbone(self) -> Self:
        """Settings of the run in which the whole network learns before a two-part head is made on it."""
        run = {**_FROM_NOTHING, "epochs": self.backbone_epochs, "recipe": "two-level"}
        return replace(self, **run)

    def record(self) -> dict[str, Any]:
        """What model.json says about the run."""
        return asdict(self)
