"""How good a detector of duplicates is: micro average precision, recall at a precision, false positives, groups.

Positives are all pairs of photos that show the same picture, edited or not. A detector hands in pairs with scores, as
many as it likes; a copy that is not among them is missed. Pairs that nobody has labelled are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tests.bench.duplicates.dataset import Labelled
from tests.bench.duplicates.hard_negatives import KINDS

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
COPY, OTHER_PHOTO, VARIANT, DIFFERENT, IGNORE = range(5)
NAMES = ("copy", "other_photo", "variant", "different", "ignore")
"""Of the codes above, as ``truth`` names them."""


class Truth:
    """What is true of the pairs of some photos, for many pairs at once."""

    def __init__(self, rows: Sequence[Labelled]) -> None:
        self.rows = rows
        self.picture, self.piece, self.design, self.base = (
            np.unique([getattr(row, name) for row in rows], return_inverse=True)[1]
            for name in ("picture", "piece", "design", "base")
        )
        self.real = np.array([row.role == "real" for row in rows])
        self.role = np.array([row.role for row in rows])
        self.edit = np.array([row.edit for row in rows])
        self.copies_of = np.bincount(self.base, weights=self._copies_by_photo(), minlength=self.base.max() + 1)
        """Pairs of copies for each base, [bases]: a picture's photos all have the same base."""

    def _copies_by_photo(self) -> Floats:
        same = np.bincount(self.picture)[self.picture]
        return np.asarray((same - 1) / 2, dtype=np.float64)

    def of(self, first: Ints, second: Ints) -> NDArray[np.int8]:
        """Codes [n] of the pairs (first[i], second[i]) of row numbers."""
        code = np.full(len(first), DIFFERENT, dtype=np.int8)
        same_design = self.design[first] == self.design[second]
        code[same_design] = VARIANT
        code[self.piece[first] == self.piece[second]] = OTHER_PHOTO
        code[same_design & self.real[first] & self.real[second]] = IGNORE
        code[self.picture[first] == self.picture[second]] = COPY
        return code

    def hard_pairs(self, kind: str) -> tuple[Ints, Ints]:
        """All pairs of a hard negative of this kind with its base or an edited copy of that: none of them is a copy."""
        negatives = np.flatnonzero(self.role == kind)
        pictures = np.flatnonzero((self.role == "base") | (self.role == "edit"))
        pairs = self.base[negatives][:, None] == self.base[pictures][None]
        one, other = np.nonzero(pairs)
        return negatives[one], pictures[other]


@dataclass(frozen=True)
class Scored:
    """Pairs of row numbers, each pair once, and how sure the detector is that they are copies (more is surer)."""

    truth: Truth
    first: Ints
    second: Ints
    score: Floats
    code: NDArray[np.int8] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", self.truth.of(self.first, self.second))

    def best(self, count: int) -> Scored:
        """The best ``count`` pairs alone."""
        if len(self.score) <= count:
            return self
        chosen = np.sort(np.argpartition(-self.score, count)[:count])
        return Scored(self.truth, self.first[chosen], self.second[chosen], self.score[chosen])

    def curve(self, weight: Floats | None = None) -> Curve:
        """Precision and recall at every threshold; ``weight`` [bases] counts each base that often."""
        labelled = self.code != IGNORE
        is_copy = self.code[labelled] == COPY
        if weight is None:
            return Curve(self.score[labelled], is_copy, float(self.truth.copies_of.sum()))
        one, other = self.truth.base[self.first[labelled]], self.truth.base[self.second[labelled]]
        times = np.where(one == other, weight[one], weight[one] * weight[other])
        return Curve(self.score[labelled], is_copy, float(self.truth.copies_of @ weight), times)


class Curve:
    """Precision and recall at every threshold that a score stands for; pairs of equal score come in together."""

    def __init__(self, score: ArrayLike, is_copy: ArrayLike, copies: float, weight: ArrayLike | None = None) -> None:
        scores, right = np.asarray(score, dtype=np.float64), np.asarray(is_copy, dtype=np.float64)
        times = np.ones(len(scores)) if weight is None else np.asarray(weight, dtype=np.float64)
        order = np.argsort(-scores, kind="stable")
        scores, right, times = scores[order], right[order], times[order]
        last = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else np.empty(0, dtype=np.intp)
        found, taken = np.cumsum(right * times)[last], np.cumsum(times)[last]
        self.threshold = scores[last]
        self.precision: Floats = np.divide(found, taken, out=np.ones_like(found), where=taken > 0)
        self.recall: Floats = found / copies if copies else np.zeros_like(found)

    def average_precision(self) -> float:
        """Micro average precision (uAP): the mean over all copies of the precision down to it, 0 for a missed one."""
        return float((np.diff(self.recall, prepend=0.0) * self.precision).sum())

    def recall_at(self, precision: float) -> float:
        """The largest recall of a threshold that has this precision or a better one; 0 where none has."""
        return float(self.recall[self.precision >= precision].max(initial=0.0))

    def threshold_at(self, precision: float) -> float:
        """The lowest threshold that has this precision or a better one; infinite where none has."""
        return float(self.threshold[self.precision >= precision].min(initial=np.inf))


def false_positive_rates(scored: Scored, threshold: float) -> dict[str, float]:
    """For each kind of hard negative the share of its pairs with the base, or with copies of it, that count as copies.

    Pairs that were not handed in count as told apart; kinds that the photos do not have are left out.
    """
    called = _called(scored, threshold)
    rates = {}
    for kind in KINDS:
        first, second = scored.truth.hard_pairs(kind)
        if len(first):
            rates[kind] = float(np.isin(_keys(first, second, scored.truth), called).mean())
    return rates


def recall_by_edit(scored: Scored, threshold: float) -> dict[str, float]:
    """For each family of edits the share of edited copies that are found as copies of their base."""
    truth, called = scored.truth, _called(scored, threshold)
    bases = {row.key: number for number, row in enumerate(truth.rows) if row.role == "base"}
    found: dict[str, list[bool]] = {}
    for number, row in enumerate(truth.rows):
        if row.role == "edit" and row.base in bases:
            key = _keys(np.array([number]), np.array([bases[row.base]]), truth)
            found.setdefault(row.edit, []).append(bool(np.isin(key, called)[0]))
    return {family: float(np.mean(hits)) for family, hits in sorted(found.items())}


def _called(scored: Scored, threshold: float) -> Ints:
    chosen = scored.score >= threshold
    return _keys(scored.first[chosen], scored.second[chosen], scored.truth)


def _keys(first: Ints, second: Ints, truth: Truth) -> Ints:
    """One number for each pair, whichever comes first."""
    return np.asarray(np.minimum(first, second) * len(truth.rows) + np.maximum(first, second))


@dataclass(frozen=True)
class GroupScore:
    """Precision, recall and their harmonic mean over pairs that share a group."""

    precision: float
    recall: float
    f1: float


def group_score(truth: Truth, groups: Iterable[Collection[int]]) -> GroupScore:
    """How well groups of copies (row numbers; photos in no group are left out) hold the pairs that are copies.

    Two photos in one group count as called copies, whether or not the detector compared them.
    """
    right = wrong = 0
    for group in groups:
        members = np.array(sorted(set(group)), dtype=np.intp)
        one, other = np.triu_indices(len(members), 1)
        code = truth.of(members[one], members[other])
        right += int((code == COPY).sum())
        wrong += int(((code != COPY) & (code != IGNORE)).sum())
    copies = float(truth.copies_of.sum())
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / copies if copies else 0.0
    both = precision + recall
    return GroupScore(precision, recall, 2 * precision * recall / both if both else 0.0)


def interval(
    scored: Scored, measure: Callable[[Curve], float], *, rounds: int = 200, seed: int = 0, share: float = 0.95
) -> tuple[float, float]:
    """Bootstrap interval of a measure: bases are drawn with replacement, each with all photos that were made for it.

    A pair of two bases counts as often as the product says (the bootstrap of a statistic over pairs).
    """
    rng, bases = np.random.default_rng(seed), len(scored.truth.copies_of)
    drawn = [
        measure(scored.curve(np.bincount(rng.integers(bases, size=bases), minlength=bases).astype(np.float64)))
        for _ in range(rounds)
    ]
    low, high = np.quantile(drawn, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
