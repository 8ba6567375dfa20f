"""This project's detector on the labelled photos: calibrated on one split, scored on the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.comparison import comparison_of
from searcher.insights.duplicates.compare.features import CLOSE, compare_signatures
from searcher.insights.duplicates.compare.signature import Signatures
from searcher.insights.duplicates.pairs.candidates import NEIGHBOURS, Candidates, Neighbours, known_of, within_frames
from searcher.insights.duplicates.pairs.hash_neighbours import hash_neighbours
from searcher.insights.duplicates.pairs.photo_table import PhotoTable
from searcher.insights.duplicates.pairs.turned_features import as_turned
from searcher.insights.duplicates.pairs.turned_hashes import turned_neighbours
from searcher.insights.duplicates.verify.fitting import fit_verifier
from searcher.insights.duplicates.verify.verifier import Verifier
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
        signatures = published.memo(comparison_of).signatures(self.table.photos)
        parts = [self._round(number, signatures) for number in range(1, 1 + self._rounds())]
        self.pairs = np.concatenate([pairs for pairs, _ in parts])
        self.cheap = np.concatenate([cheap for _, cheap in parts])
        self.truth = Truth(self.rows)
        self.first, self.second = (self.of_table[self.pairs[:, side]] for side in (0, 1))
        self.code = self.truth.of(self.first, self.second)
        self.aligned: dict[int, NDArray[np.float32]] = {}
        self.seconds = time.perf_counter() - began

    def _rounds(self) -> int:
        return max(turn_of(row) for row in self.rows)

    def _round(self, number: int, signatures: Signatures) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Candidates where each photo has one copy in the catalog, and what is cheap to know of them.

        With all its copies there, a photo's fifth neighbour would be a copy too, as it never is in a shop. From the
        second round on, only pairs with that round's copies are new.
        """
        turn = np.array([turn_of(self.rows[place]) for place in self.of_table])
        inside = np.flatnonzero((turn == 0) | (turn == number))
        vectors = self.table.vectors[inside].astype(np.float64)
        cosines = vectors @ vectors.T
        np.fill_diagonal(cosines, -2)
        near = np.argsort(-cosines, axis=1, kind="stable")[:, :NEIGHBOURS]
        found = Neighbours(inside, inside[near], np.take_along_axis(cosines, near, axis=1).astype(np.float32))
        candidates = Candidates.of(self.table, [found])
        candidates = candidates.with_pairs(self.table, hash_neighbours(self.table.hashes, self.table.vectors, inside))
        candidates = candidates.with_pairs(self.table, within_frames(signatures, inside))
        candidates = candidates.with_turned(self.table, *turned_neighbours(self.table.hashes, inside))
        new = (turn[candidates.pairs] == number).any(axis=1) if number > 1 else np.ones(len(candidates.pairs), bool)
        pairs, first, second = candidates.pairs[new], candidates.pairs[new, 0], candidates.pairs[new, 1]
        fifth, hashes = candidates.fifth, self.table.hashes
        known = known_of(
            candidates.cosines[new],
            (fifth[first], fifth[second]),
            candidates.ranks[new],
            (hashes[first], hashes[second]),
        )
        cheap = np.concatenate([known, compare_signatures(signatures, first, signatures, second)], axis=1)
        turns = np.where(candidates.ranks[new] < NEIGHBOURS, 0, candidates.turns[new])  # near as they lie: as they lie
        sides = ((signatures, rows, hashes[rows]) for rows in (first, second))
        return pairs, as_turned(cheap, turns, *sides)

    @property
    def labels(self) -> NDArray[np.str_]:
        """What each candidate truly is; pairs that nobody labelled say ``ignore``."""
        return np.array(NAMES)[self.code]

    def close(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Features after alignment of some candidates; each is compared once, whoever asks how often."""
        began = time.perf_counter()
        missing = [place for place in places.tolist() if place not in self.aligned]
        photos = self.table.photos
        pairs = [(photos[a], photos[b]) for a, b in self.pairs[missing]]
        rows, _ = self.service.published().memo(comparison_of).compare(pairs)
        self.aligned |= dict(zip(missing, rows, strict=True))
        self.seconds += time.perf_counter() - began
        found = [self.aligned[place] for place in places.tolist()]
        return np.stack(found) if found else np.empty((0, len(CLOSE)), np.float32)

    def scores(self, verifier: Verifier) -> NDArray[np.float64]:
        """Of each candidate the probability that it is a copy; what the gate refuses is below all others."""
        chances = verifier.open(self.cheap)
        scores = chances - 1.0
        passed = np.flatnonzero(chances >= verifier.thresholds.gate)
        rows = np.concatenate([self.cheap[passed], self.close(passed)], axis=1)
        scores[passed] = verifier.copy.probabilities(rows)[:, 1]
        return scores


def turn_of(row: Labelled) -> int:
    """1 for a base photo's first edited copy, 2 for its second …; 0 for every other photo."""
    return int(row.key.rpartition("-e")[2]) if row.role == "edit" else 0


def calibrated(split: Split, *, seed: int = 0) -> Verifier:
    """A verifier from a labelled split; pairs of one base photo stay together."""
    known = np.flatnonzero(split.code != IGNORE)
    labels = split.labels[known]
    groups = np.minimum(split.truth.base[split.first[known]], split.truth.base[split.second[known]])
    return fit_verifier(
        split.cheap[known],
        labels,
        groups,
        lambda places: split.close(known[places]),
        seed=seed,
        model=split.service.published().store.record.fingerprint,
        trained_on="drawn and edited sample photos",
    )


def open_split(index: Path, rows: Sequence[Labelled]) -> Split:
    """The split whose photos an index holds."""
    return Split(SearchService(index), rows)
