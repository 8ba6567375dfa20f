"""This project's detector on the labelled photos: calibrated on one split, scored on the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from searcher.duplicates.candidates import Candidates, known_of, neighbours
from searcher.duplicates.features import ALIGNED, compare_signatures
from searcher.duplicates.fitting import fit_verifier
from searcher.duplicates.photo_table import PhotoTable
from searcher.duplicates.verifier import COPY, Verifier
from searcher.service import SearchService
from tests.bench.duplicates.dataset import Labelled
from tests.bench.duplicates.measures import IGNORE, NAMES, Truth


@dataclass
class Split:
    """The candidates of one split with what is cheap to know of them, and their truth."""

    service: SearchService
    rows: Sequence[Labelled]
    seconds: float = 0.0

    def __post_init__(self) -> None:
        began = time.perf_counter()
        published = self.service.published()
        self.table = PhotoTable.read(published.store)
        number = {row.key: place for place, row in enumerate(self.rows)}
        self.of_table = np.array([number[photo.product_id] for photo in self.table.photos])
        """For each photo of the table its row."""
        everything = np.unique(self.table.alike)
        batches = [
            neighbours(published.store, self.table, everything[k : k + 250]) for k in range(0, len(everything), 250)
        ]
        self.candidates = Candidates.of(self.table, batches)
        pairs = self.candidates.pairs
        signatures = published.comparison.signatures(self.table.photos)
        known = known_of(self.table, self.candidates.fifth, pairs, self.candidates.cosines, self.candidates.ranks)
        compared = compare_signatures(signatures, pairs[:, 0], signatures, pairs[:, 1])
        self.cheap = np.concatenate([known, compared], axis=1)
        self.truth = Truth(self.rows)
        self.first, self.second = (self.of_table[self.candidates.pairs[:, side]] for side in (0, 1))
        self.code = self.truth.of(self.first, self.second)
        self.aligned: dict[int, NDArray[np.float32]] = {}
        self.seconds = time.perf_counter() - began

    @property
    def labels(self) -> NDArray[np.str_]:
        """What each candidate truly is; pairs that nobody labelled say ``ignore``."""
        return np.array(NAMES)[self.code]

    def close(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Features after alignment of some candidates; each is compared once, whoever asks how often."""
        began = time.perf_counter()
        missing = [place for place in places.tolist() if place not in self.aligned]
        photos = self.table.photos
        pairs = [(photos[a], photos[b]) for a, b in self.candidates.pairs[missing]]
        rows, _ = self.service.published().comparison.compare(pairs)
        self.aligned |= dict(zip(missing, rows, strict=True))
        self.seconds += time.perf_counter() - began
        found = [self.aligned[place] for place in places.tolist()]
        return np.stack(found) if found else np.empty((0, len(ALIGNED)), np.float32)

    def scores(self, verifier: Verifier) -> NDArray[np.float64]:
        """Of each candidate the probability that it is a copy; what the gate refuses is below all others."""
        chances = verifier.open(self.cheap)
        scores = chances - 1.0
        passed = np.flatnonzero(chances >= verifier.thresholds.gate)
        rows = np.concatenate([self.cheap[passed], self.close(passed)], axis=1)
        scores[passed] = verifier.full.probabilities(rows)[:, verifier.full.classes.index(COPY)]
        return scores


def calibrated(split: Split, *, seed: int = 0) -> Verifier:
    """A verifier from a labelled split; pairs of one base photo stay together."""
    known = np.flatnonzero(split.code != IGNORE)
    labels = split.labels[known]
    groups = np.minimum(split.truth.base[split.first[known]], split.truth.base[split.second[known]])
    return fit_verifier(
        split.cheap[known], labels, groups, lambda places: split.close(known[places]), seed=seed,
        model=split.service.published().store.record.fingerprint, trained_on="drawn and edited sample photos",
    )  # fmt: skip


def open_split(index: Path, rows: Sequence[Labelled]) -> Split:
    """The split whose photos an index holds."""
    return Split(SearchService(index), rows)
