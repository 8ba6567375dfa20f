"""What training can be put together from, by name: objectives, miners and samplers, and which of them go together.

Only names and numbers, so that a command line knows its choices without the library that computes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from indexer.errors import UsageError
from indexer.system.arguments import said

ONLINE = ("all", "random", "semi-hard", "hard")
"""Miners of triplets, or of pairs, among the photos of one batch, as the network sees them in this step."""
OFFLINE = ("offline-random", "offline-semi-hard", "offline-hard")
"""Miners of triplets among all training photos, as the network sees them at the start of the epoch."""
MINERS = (*ONLINE, "multi-similarity", *OFFLINE)
SAMPLERS = ("balanced", "random", "pk")
TASKS = ("similarity", "classify")
"""What a model is for; see `trainer.settings.FitSettings`."""
CLASSIFYING = "softmax"
"""The objective of the second."""


class Range(NamedTuple):
    """A number an objective takes: its default, above ``low`` and up to ``high``."""

    default: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Objective:
    """What goes with an objective; the first miner is its own."""

    miners: tuple[str, ...] = ("all",)
    margin: Range | None = None
    temperature: Range | None = None
    views: bool = False
    """Whether several views of each photo are what it learns from."""


WARMEST = 10.0
"""The highest temperature: a softmax of cosines is all but even there."""

_APART = 2.0  # the largest distance of unit vectors


def _temperature(default: float) -> Range:
    return Range(default, 0.0, WARMEST)


OBJECTIVES = {
    "two-level": Objective(views=True),
    "instance": Objective(temperature=_temperature(0.2), views=True),
    "supcon": Objective(temperature=_temperature(0.1)),
    "nt-xent": Objective(temperature=_temperature(0.2), views=True),
    "triplet": Objective(("semi-hard", "hard", "all", "random", *OFFLINE), margin=Range(0.2, 0.0, _APART)),
    "contrastive": Objective((*ONLINE, "multi-similarity"), margin=Range(1.0, 0.0, _APART)),
    "multi-similarity": Objective(
        ("multi-similarity", "all", "hard"), margin=Range(0.5, -1.0, 1.0), temperature=_temperature(0.02)
    ),
    "n-pair": Objective(temperature=_temperature(0.1)),
    "softmax": Objective(temperature=_temperature(0.05)),
    "proxy-anchor": Objective(margin=Range(0.1, 0.0, 1.0), temperature=_temperature(1 / 32)),
    "arcface": Objective(margin=Range(0.5, 0.0, math.pi / 2), temperature=_temperature(1 / 16)),
    "sub-centre-arcface": Objective(margin=Range(0.5, 0.0, math.pi / 2), temperature=_temperature(1 / 16)),
}


class Parts(NamedTuple):
    """What training consists of, by name, with the numbers of the objective where it takes any."""

    objective: str
    miner: str
    sampler: str
    margin: float | None = None
    temperature: float | None = None


RECIPES = {
    "two-part": Parts("two-level", "all", "balanced"),
    "two-level": Parts("two-level", "all", "balanced"),
    "classic": Parts("triplet", "offline-random", "random", margin=1.0),
}
"""The recipes, as the parts they are put together from."""


def put_together(recipe: str, given: Parts) -> Parts:
    """The parts of a recipe, of which those that are given ("" or None where not) override.

    With another objective than the recipe's, the miner becomes the objective's own; a sampler that does not go with the
    miner, the first one that does.

    Raises:
        UsageError: a name is not known, two parts do not go together, or a number is out of the objective's range.
    """
    own = RECIPES[recipe]
    name = given.objective or own.objective
    chosen = OBJECTIVES[_known("objective", name, OBJECTIVES)]
    if chosen.views and recipe == "classic":
        raise UsageError(
            f"objective {name} learns from views of a photo, and the classic recipe takes photos as they are; "
            "choose another recipe"
        )
    _known("miner", given.miner or own.miner, MINERS)
    _known("sampler", given.sampler or own.sampler, SAMPLERS)
    miner = given.miner or (own.miner if name == own.objective else chosen.miners[0])
    if miner not in chosen.miners:
        raise _apart("objective", name, "miner", miner, chosen.miners)
    samplers = ("random",) if miner in OFFLINE else SAMPLERS
    sampler = given.sampler or (own.sampler if own.sampler in samplers else samplers[0])
    if sampler not in samplers:
        raise _apart("miner", miner, "sampler", sampler, samplers)
    margin = _number("margin", name, chosen.margin, given.margin, own)
    temperature = _number("temperature", name, chosen.temperature, given.temperature, own)
    return Parts(name, miner, sampler, margin, temperature)


def _known(part: str, name: str, names: Iterable[str]) -> str:
    if name not in names:
        raise UsageError(f"{part} is {said(name)}, which is not known; choose one of {', '.join(names)}")
    return name


def _apart(part: str, name: str, other: str, chosen: str, choices: tuple[str, ...]) -> UsageError:
    return UsageError(f"{other} {chosen} does not go with {part} {name}; choose {_or(choices)}")


def _number(part: str, objective: str, allowed: Range | None, given: float | None, own: Parts) -> float | None:
    if given is None:
        if allowed is None:
            return None
        recipes = getattr(own, part) if own.objective == objective else None
        return allowed.default if recipes is None else recipes
    if allowed is None:
        takers = tuple(name for name, other in OBJECTIVES.items() if getattr(other, part))
        raise UsageError(f"objective {objective} takes no {part}; leave it out, or choose {_or(takers)}")
    if not allowed.low < given <= allowed.high:
        raise UsageError(
            f"{part} {said(given)} is out of range for objective {objective}; "
            f"give a number above {allowed.low:g}, {allowed.high:.4g} at most"
        )
    return given


def _or(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
