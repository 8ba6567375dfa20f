"""The leak-free split: no product and no near-duplicate on two sides, nothing held out that was learnt from before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from indexer.errors import CatalogError
from trainer.data.categories import NONE
from trainer.data.dataset import Sample
from trainer.data.parts.earlier import Earlier, State

COMPARABLE = 6
"""Groups of a category from which on each part has two of them to compare."""

_FAR = 2.0
"""How many times too many or too few photos make a part worth a word, by the share of groups that it has."""
_FAR_PHOTOS = 10

_Parts = tuple[list[Sample], list[Sample], list[Sample]]


@dataclass(frozen=True, slots=True)
class Split:
    """The three parts of a dataset. ``held_out`` takes no part in training, tuning or calibration."""

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...] = ()
    held_out: tuple[Sample, ...] = ()
    by_category: bool = True
    """Whether each part can be measured by category."""
    notes: tuple[str, ...] = ()
    """What a person should know of the parts, a line each."""
    kept: int = 0
    """Photos of ``held_out`` that an earlier model held out, too."""
    seen_keys: frozenset[str] = frozenset()
    """Photos of ``held_out`` that an earlier model has learnt from, or may have."""

    @property
    def seen(self) -> int:
        """How many these are: above 0, the figures say less than they seem to."""
        return len(self.seen_keys)

    def without(self, keys: Collection[str]) -> Split:
        """The parts without photos that cannot be read any more.

        Raises:
            CatalogError: too little of a part is left.
        """
        if not keys:
            return self
        gone = set(keys)
        left = replace(
            self,
            train=tuple(sample for sample in self.train if sample.key not in gone),
            validation=tuple(sample for sample in self.validation if sample.key not in gone),
            held_out=tuple(sample for sample in self.held_out if sample.key not in gone),
            seen_keys=self.seen_keys - gone,
        )
        try:
            _check(left)
        except CatalogError as error:
            raise CatalogError(
                f"photos that cannot be read any more: {len(gone):,}, the first {min(gone)}; without them, {error}; "
                "see that all are there, and train again"
            ) from error
        return left


def split(
    samples: Sequence[Sample],
    *,
    holdout: float,
    validation: float,
    seed: int,
    by_category: bool = True,
    earlier: Earlier | None = None,
) -> Split:
    """Divide whole groups at random, each category by itself.

    Args:
        samples: photos with their groups.
        holdout: share of each category's groups that is held out.
        validation: share of each category's remaining groups that tunes the training.
        seed: decides the division.
        by_category: False for photos of which no categories are learnt or measured; all groups are divided alike.
        earlier: the models that the fit begins with. What they held out stays held out, and what they learnt from is
            not; where that leaves too little to measure, the photos are divided as if there were no such model, and
            ``Split.seen`` counts what it has seen.

    A category with fewer than three groups only trains: it is too small to be measured. From six groups on, every part
    gets at least two. A group too large for the smaller parts trains.

    Raises:
        CatalogError: a part would have fewer than two categories, or none with two groups to compare; without
            categories, fewer than two groups.
    """
    states = earlier.by_group(samples) if earlier else {}
    try:
        parts = _divide(samples, (holdout, validation), seed, by_category, states)
        result = _made(parts, samples, by_category, states)
    except CatalogError:
        if not states:
            raise
        parts = _divide(samples, (holdout, validation), seed, by_category, {})
        result = _made(parts, samples, by_category, states)
    if earlier and result.seen:
        result = replace(result, notes=(*result.notes, _told(result, earlier)))
    return result


def _made(parts: _Parts, samples: Sequence[Sample], by_category: bool, states: Mapping[int, State]) -> Split:
    train, validation, held_out = (tuple(sorted(part, key=lambda sample: sample.key)) for part in parts)
    kept = sum(states.get(sample.group) in (State.HELD_OUT, State.NEAR_HELD_OUT) for sample in held_out)
    seen = frozenset(sample.key for sample in held_out if states.get(sample.group, State.NEW).is_seen)
    result = Split(train, validation, held_out, by_category, kept=kept, seen_keys=seen)
    _check(result)
    return replace(result, notes=tuple(_lopsided(result, len(samples))))


def _told(parts: Split, earlier: Earlier) -> str:
    """What is said of figures on photos that an earlier model has seen."""
    has = "has" if earlier.is_known else "may have"
    return (
        f"{' and '.join(earlier.models)} {has} learnt from {parts.seen:,} of the {len(parts.held_out):,} photos held "
        "out, as too few others are left to measure: the figures say less than they seem to"
    )


def _divide(
    samples: Sequence[Sample], shares: tuple[float, float], seed: int, by_category: bool, states: Mapping[int, State]
) -> _Parts:
    members = _members(samples)
    holdout, validation = shares
    large = len(samples) * min(holdout, (1 - holdout) * validation) / 2
    rng = np.random.default_rng(seed)
    parts: _Parts = ([], [], [])
    for groups in _groups_of(members).values() if by_category else [list(members)]:
        drawn = [groups[k] for k in rng.permutation(len(groups))]
        drawn.sort(key=lambda group: len(members[group]) > large)
        out, tune = _counts(len(drawn), holdout, validation)
        kept = [group for group in drawn if states.get(group) in (State.HELD_OUT, State.NEAR_HELD_OUT)]
        fresh = [group for group in drawn if states.get(group, State.NEW) is State.NEW]
        held = set(kept) | set(fresh[: max(0, out - len(kept))])
        rest = [group for group in drawn if group not in held]
        tuning = set(rest[: max(0, min(tune, len(rest) - 1))])
        for group in drawn:
            parts[2 if group in held else 1 if group in tuning else 0].extend(members[group])
    return parts


def group_counts(samples: Sequence[Sample]) -> Counter[str]:
    """How many groups each category has, where a group counts for the category that most of its photos have."""
    counts = Counter({category: len(groups) for category, groups in _groups_of(_members(samples)).items()})
    del counts[NONE]
    return counts


def _members(samples: Sequence[Sample]) -> dict[int, list[Sample]]:
    members: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        members[sample.group].append(sample)
    return members


def _groups_of(members: Mapping[int, Sequence[Sample]]) -> dict[str, list[int]]:
    """The groups of each category, of which those without one come last."""
    found: dict[str, list[int]] = defaultdict(list)
    for group, photos in members.items():
        named = Counter(photo.category for photo in photos if photo.category)
        found[named.most_common(1)[0][0] if named else NONE].append(group)
    return {category: found[category] for category in sorted(found, key=lambda name: (name == NONE, name))}


def _counts(groups: int, holdout: float, validation: float) -> tuple[int, int]:
    if groups < 3:
        return 0, 0
    least = 2 if groups >= COMPARABLE else 1  # two of a category can be compared
    out = min(max(least, round(groups * holdout)), groups - 2 * least)
    return out, min(max(least, round((groups - out) * validation)), groups - out - least)


def _parts(parts: Split) -> tuple[tuple[str, tuple[Sample, ...]], ...]:
    return ("training", parts.train), ("validation", parts.validation), ("held-out", parts.held_out)


def _check(parts: Split) -> None:
    """Whether each part can be measured; where nothing is held out, whether there is something to learn from."""
    everything = not parts.validation and not parts.held_out
    for name, part in _parts(parts)[: 1 if everything and not parts.by_category else 3]:
        if not parts.by_category:
            if (groups := len({sample.group for sample in part})) < 2:
                raise CatalogError(
                    f"too few different products for the {name} part ({len(part)} photos, {groups} different ones); "
                    f"it takes two in each part, at least {COMPARABLE} in all"
                )
            continue
        groups_of = Counter(
            category for category, _ in {(sample.category, sample.group) for sample in part if sample.category}
        )
        comparable = sum(1 for count in groups_of.values() if count > 1)
        if comparable < 2:
            raise CatalogError(
                f"too few different products for the {name} part ({len(part)} photos, {comparable} categories with two "
                "or more products); it takes two categories of at least six different products each"
            )


def _lopsided(parts: Split, photos: int) -> list[str]:
    """A line for each part that has far more, or far fewer, photos than its share of the products."""
    everything = [sample for _, part in _parts(parts) for sample in part]
    groups = Counter(sample.group for sample in everything)
    largest, size = groups.most_common(1)[0]
    first = min(sample.key for sample in everything if sample.group == largest)
    lines = []
    for name, part in _parts(parts):
        due = photos * len({sample.group for sample in part}) / len(groups)
        if abs(len(part) - due) < _FAR_PHOTOS or due / _FAR <= len(part) <= due * _FAR:
            continue
        lines.append(
            f"the {name} part has {len(part):,} of {photos:,} photos where its share would be {due:,.0f}: "
            f"{size:,} photos are one group that shows the same ({first} among them)"
        )
    return lines
