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

DISTILLATIONS = ("relational", "features", "both")
POOLINGS = ("avg", "max", "gem", "gem-learnt", "attention")
LEARNT = ("gem-learnt", "attention")
"""Poolings that are nothing before they have learnt."""
FINE_TUNE = ("none", "top", "all")
DEVICES = ("auto", "cpu", "cuda", "mps")

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

_FINE_TUNING: dict[str, Any] = {"epochs": 12}
_FINE_TUNING_RUN: dict[str, Any] = {
    "batch": 32,
    "learning_rate": 3e-4,
    "backbone_rate": 0.1,
    "running_mean": 0.98,
    "early_stopping": 4,
    "smoothing": 1,
    "keep": "best",
    "views": 0,
}
"""Of a network that has learnt already: small steps, the backbone's a tenth of the head's, as long as they help."""


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
    pooling: str = "avg"
    """How the maps of the backbone become features: avg, max, gem, gem-learnt or attention."""
    cbam: bool = False
    """The maps of the backbone pass through CBAM before they are pooled."""
    teacher: str = ""
    """A model directory, a backbone or BACKBONE=FILE whose view of the photos is learnt besides; none where empty."""
    distillation: str = "relational"
    """What is learnt of a teacher: relational, features or both."""
    teacher_weight: float = 1.0
    """Weight of the teacher's losses against the recipe's own."""
    seed: int = 0
    holdout: float = 0.2
    validation: float = 0.1
    fine_tune: Literal["none", "top", "all"] = "none"
    """What of the backbone learns as well: nothing, its last blocks, or all of it."""
    epochs: int = 60
    backbone_epochs: int = 0
    """Epochs in which the backbone learns under the two-level objective: before a head is made on one that starts from
    nothing, and after that where it was trained before."""
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

    backbone_rate: float = 1.0
    """Learning rate of the backbone as a share of the head's."""
    running_mean: float = 0.0
    """Share of the weights' running mean that stays at each step; 0 to keep the weights of the last step instead."""
    early_stopping: int = 0
    """Epochs without a better one after which training ends; 0 for never."""
    interpolate: bool = True
    """After fine-tuning, take the weights that validation likes best on the line from before it to after it."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """What whole networks learn on; ``auto`` for the quickest there is."""
    deterministic: bool = True
    """The same seed gives the same model, also where that is slower (a graphics card)."""
    minutes: float = 0.0
    """Minutes of a run after which training stops with the best so far; 0 for no bound."""

    def __post_init__(self) -> None:
        from indexer.models.preprocessing import LARGEST, SMALLEST  # imports numpy, which `--help` has no need of

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
        parts = put_together(self.recipe, given)
        for name in ("objective", "miner", "sampler", "margin", "temperature"):
            object.__setattr__(self, name, getattr(parts, name))
        for name in ("category_temperature", "instance_temperature"):
            if not 0 < getattr(self, name) <= WARMEST:
                raise refused(name, getattr(self, name), f"a number above 0, {WARMEST:g} at most")
        if self.instance_weight < 0:
            raise refused("instance_weight", self.instance_weight, "a number that is not negative")
        if not 0 <= self.detail <= 1 and self.detail != CHOSEN:
            raise UsageError(f"detail {said(self.detail)} is outside 0..1: it is the share of the detail part")
        if self.pooling not in POOLINGS:
            raise UsageError(
                f"pooling is {said(self.pooling)}, which is not known; choose one of {', '.join(POOLINGS)}"
            )
        if self.freeze and (self.cbam or self.pooling in LEARNT):
            what = "--cbam" if self.cbam else f"--pooling {self.pooling}"
            raise UsageError(f"{what} has to be learnt with the backbone, which is frozen; leave it out")
        if self.distillation not in DISTILLATIONS:
            raise UsageError(
                f"distillation is {said(self.distillation)}, which is not known; "
                f"choose one of {', '.join(DISTILLATIONS)}"
            )
        if self.teacher and self.recipe == "classic":
            raise UsageError("the classic recipe has no teacher; leave --teacher out, or choose another --recipe")
        if self.teacher_weight < 0:
            raise UsageError(f"teacher weight {said(self.teacher_weight)} is negative")
        if self.weights == "auto":
            raise UsageError("weights auto are settled before: FitSettings.for_run(**start_from('auto').settings())")
        if not 0.05 <= self.holdout <= 0.8:
            raise UsageError(
                f"holdout {said(self.holdout)} is outside 0.05..0.8: it is the share of photos the test is made on"
            )
        if not 0.05 <= self.validation <= 0.5:
            raise UsageError(
                f"validation {said(self.validation)} is outside 0.05..0.5: it is the share of the rest used to tune"
            )
        if not 0 <= self.seed < 2**32:
            raise UsageError(f"seed {said(self.seed)} is outside 0..{2**32 - 1}")
        if not SMALLEST <= self.size <= LARGEST:
            raise UsageError(f"size {said(self.size)} is outside {SMALLEST}..{LARGEST} pixels")
        if self.epochs < 1:
            raise UsageError(f"epochs {said(self.epochs)} is not positive")
        if not 0 <= self.learning_rate <= 1e20:
            raise UsageError(
                f"learning_rate {said(self.learning_rate)} is outside 0..1e20: it is what a step moves a weight by"
            )
        if not 0 <= self.running_mean < 1:
            raise refused("running_mean", self.running_mean, "a share from 0 to below 1")
        for name in ("backbone_rate", "early_stopping", "backbone_epochs"):
            if getattr(self, name) < 0:
                raise refused(name, getattr(self, name), "a number that is not negative")
        if self.minutes < 0:
            raise UsageError(f"minutes {said(self.minutes)} is negative; 0 is for no bound")
        if self.fine_tune not in FINE_TUNE:
            raise UsageError(
                f"fine_tune is {said(self.fine_tune)}, which is not known; choose one of {', '.join(FINE_TUNE)}"
            )
        if self.device not in DEVICES:
            raise UsageError(f"device is {said(self.device)}, which is not known; choose one of {', '.join(DEVICES)}")
        if self.fine_tune != "all" and self.weights == "none":
            raise UsageError(
                "a backbone without pretrained weights has nothing worth freezing; leave --freeze and --fine-tune out"
            )

    @classmethod
    def for_run(
        cls,
        recipe: Recipe = "two-part",
        weights: str = "imagenet",
        *,
        freeze: bool | None = None,
        fine_tune: str | None = None,
        epochs: int | None = None,
        **given: Any,
    ) -> Self:
        """Settings of a recipe with its own defaults, of which ``given`` ones override.

        Raises:
            UsageError: a value is out of range, or two of them exclude each other.
        """
        pretrained = weights != "none"
        if fine_tune is None:
            frozen = pretrained and recipe != "classic" if freeze is None else freeze
            fine_tune = "none" if frozen else "all"
        elif freeze is not None and freeze != (fine_tune == "none"):
            raise UsageError(f"--fine-tune {fine_tune} and --{'' if freeze else 'no-'}freeze exclude each other")
        freeze = fine_tune == "none"
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
            defaults = {"views": 8, "keep": "best"} if pretrained else dict(_FROM_NOTHING)
        else:
            defaults = {}
        if recipe != "classic" and not freeze:
            defaults["backbone_epochs"] = (_FINE_TUNING if pretrained else _FROM_NOTHING)["epochs"]
        if epochs is not None:
            once = freeze or recipe == "classic" or (recipe == "two-level" and not pretrained)
            defaults["epochs" if once else "backbone_epochs"] = epochs
        return cls(**{"recipe": recipe, "weights": weights, "fine_tune": fine_tune, **defaults, **given})

    @property
    def freeze(self) -> bool:
        """Whether nothing but a head learns, on cached features."""
        return self.fine_tune == "none"

    @property
    def head_first(self) -> bool:
        """Whether a head learns on features of the backbone as it was loaded, before anything else does."""
        return self.weights != "none" and (self.freeze or self.recipe != "classic")

    def of_backbone(self) -> Self:
        """Settings of the run in which the whole network learns before a two-part head is made on it."""
        run = {**_FROM_NOTHING, "epochs": self.backbone_epochs, "recipe": "two-level"}
        return replace(self, **run)

    def of_fine_tuning(self) -> Self:
        """Settings of the run in which a network goes on learning that has a head already."""
        run = dict(_FINE_TUNING_RUN)
        if self.interpolate:  # what is kept of it is found out at its end
            run |= {"keep": "last", "early_stopping": 0}
        return replace(self, epochs=self.backbone_epochs, recipe="two-level", **run)

    def record(self) -> dict[str, Any]:
        """What model.json says about the run."""
        return asdict(self)
