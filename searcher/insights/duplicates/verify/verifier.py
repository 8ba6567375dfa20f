"""Judges pairs: a gate that looks at what is cheap, then trees over the close comparison; its file is plain JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.system.files import replace_text
from searcher.insights.duplicates.answers import Tier
from searcher.insights.duplicates.compare.colours.tones import CERTAINLY, is_beside, peak_of, proof
from searcher.insights.duplicates.compare.features import NAMES
from searcher.insights.duplicates.compare.residue import NAMES as RESIDUE
from searcher.insights.duplicates.compare.residue import all_but_a_spot
from searcher.insights.duplicates.verify.trees import Trees

FORMAT_VERSION = 1
COPY, OTHER_PHOTO, VARIANT, DIFFERENT = CLASSES = ("copy", "other_photo", "variant", "different")
"""What a pair is to the trees; a copy that is not identical is the tier `Tier.EDITED`."""
TREES = ("gate", "order", "copy", "kind")
"""Their names in the file."""
FILE_NAME = "duplicates.json"
PERHAPS = 0.5
"""Probability of a copy from which a pair below the threshold is still worth a look."""
GATHERED, CROWDED = 0.55, 3.5
"""Share of what is left, within one window, and times the window's share of the piece. Copies have .12 to .28."""
LETTER = 3.5
"""Levels of 100 that the worst pixel is off, at least: less is a codec's."""
SHIPPED = Path(__file__).with_name("shipped_verifier.json")
"""Learned on drawn jewelry; `tests/bench/duplicates` makes it."""


def gathers(left: NDArray[np.float32]) -> bool:
    """Whether what is left of a difference lies in one place, by what `residue` gives."""
    share, times = (float(left[RESIDUE.index(name)]) for name in ("light_gathered", "light_crowded"))
    return share > GATHERED and times > CROWDED


def differs_in_a_spot(left: NDArray[np.float32], known: NDArray[np.float32]) -> bool:
    """Whether two pictures are the same but for a spot on the piece, however small: an I and a J differ in a serif.

    Args:
        left: what `residue` gives.
        known: what `tones.facts` gives.
    """
    if is_beside(known):
        return False
    small = peak_of(known) > LETTER and float(left[RESIDUE.index("ground_spot")]) == 0.0
    return all_but_a_spot(left) or (gathers(left) and small)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Least probabilities, 0..1; above 1 where a tier is never given."""

    gate: float
    copy: float
    other_photo: float
    variant: float


@dataclass(frozen=True)
class Verdict:
    """What a pair was found to be; ``tier`` is None for different products."""

    tier: Tier | None
    probability: float


@dataclass(frozen=True)
class Verifier:
    """Gate, trees and thresholds, learned together."""

    gate: Trees
    """Whether a pair deserves a close comparison, by the cheap features."""
    order: Trees
    """Whether it is a copy, by the cheap features alone: such pairs are compared first."""
    copy: Trees
    """Whether it is a copy, by all features."""
    kind: Trees
    """What it is if it is not a copy."""
    thresholds: Thresholds
    record: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained on."""

    def open(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability, [n], that pairs are related at all, by the cheap features [n, len(KNOWN) + len(COMPARED)]."""
        return self.gate.probabilities(rows)[:, 1]

    def promise(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability, [n], that pairs are copies, by the cheap features alone."""
        return self.order.probabilities(rows)[:, 1]

    def judge(self, rows: NDArray[np.float32]) -> list[Verdict]:
        """What pairs are, by all features [n, len(NAMES)] and what rules go by [n, len(FACTS)] after them."""
        copies, kinds = self.copy.probabilities(rows)[:, 1], self.kind.probabilities(rows)
        return [
            self._verdict(float(copy), dict(zip(self.kind.classes, kind.tolist(), strict=True)), row)
            for copy, kind, row in zip(copies, kinds, rows, strict=True)
        ]

    def _verdict(self, copy: float, kind: Mapping[str, float], row: NDArray[np.float32]) -> Verdict:
        limits = self.thresholds
        rest = 1 - copy
        other, variant = rest * kind.get(OTHER_PHOTO, 0.0) + copy, rest * kind.get(VARIANT, 0.0)
        left, known = row[len(NAMES) - len(RESIDUE) : len(NAMES)], row[len(NAMES) :]
        proven = 0.0 if gathers(left) else proof(known)
        if differs_in_a_spot(left, known):
            if copy >= PERHAPS or proven > 0 or kind.get(OTHER_PHOTO, 0.0) >= limits.other_photo:
                return Verdict(Tier.VARIANT, max(copy, other))  # as sure as that all but the spot is the same
        elif copy >= limits.copy:
            return Verdict(Tier.EDITED, copy)
        elif proven == CERTAINLY or (proven > 0 and copy >= PERHAPS):
            return Verdict(Tier.EDITED, max(copy, proven))
        if copy >= PERHAPS and other > variant:  # the same picture or nearly so: at least the same product
            return Verdict(Tier.OTHER_PHOTO, other)
        if kind.get(VARIANT, 0.0) >= limits.variant and variant >= other:
            return Verdict(Tier.VARIANT, variant)
        if kind.get(OTHER_PHOTO, 0.0) >= limits.other_photo:
            return Verdict(Tier.OTHER_PHOTO, other)
        return Verdict(None, rest * kind.get(DIFFERENT, 0.0))

    def summary(self) -> dict[str, Any]:
        """What it was trained on and how it did on pairs it had not seen, as plain JSON values."""
        left_out = ("features", "format_version")
        return {name: value for name, value in self.record.items() if name not in left_out} | {
            "thresholds": asdict(self.thresholds)
        }

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "format_version": FORMAT_VERSION,
            **self.record,
            "thresholds": asdict(self.thresholds),
            **{name: getattr(self, name).to_json() for name in TREES},
        }

    def write(self, path: Path) -> None:
        """Write the file, in whole or not at all; raises ``UsageError`` where that is impossible."""
        try:
            replace_text(path, json.dumps(self.to_json(), separators=(",", ":")) + "\n")
        except OSError as error:
            raise UsageError(f"{path}: cannot be written ({error.strerror or error}); give another place") from error


def read_verifier(path: Path) -> Verifier:
    """Read a verifier's file.

    Raises:
        UsageError: it is missing, damaged, of another version or over other features.
    """
    again = "make it anew with: searcher calibrate-duplicates"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if int(content["format_version"]) > FORMAT_VERSION:
            raise UsageError(f"{path}: is of a newer format than this version reads; upgrade, or {again}")
        if content["features"] != list(NAMES):
            raise UsageError(f"{path}: was made by a version that compares otherwise; {again}")
        record = {name: content[name] for name in content if name not in (*TREES, "thresholds")}
        gate, order, copy, kind = (Trees.from_json(content[name]) for name in TREES)
        made = Verifier(gate, order, copy, kind, Thresholds(**content["thresholds"]), record)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}); {again}") from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path}: is not a verifier ({error!r}); {again}") from error
    if max(trees.feature.max() for trees in (made.gate, made.order, made.copy, made.kind)) >= len(NAMES):
        raise UsageError(f"{path}: names an unknown feature; {again}")
    return made


def verifier_for(index_folder: Path, given: Path | None = None) -> Verifier:
    """The one given, else the shop's own beside its index, else the one that comes with the package.

    It is read again when its file was changed. Raises ``UsageError`` as `read_verifier` does.
    """
    own = index_folder / FILE_NAME
    path = given or (own if own.is_file() else SHIPPED)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _read(path, changed)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Verifier:
    return read_verifier(path)
