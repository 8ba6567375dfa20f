"""Judges pairs of one table: hashes and decisions first, then the gate, then the close comparison within its time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.answers import Evidence, Photo, Tier
from searcher.insights.duplicates.compare.comparison import Comparison
from searcher.insights.duplicates.compare.features import PHASH, compare_signatures
from searcher.insights.duplicates.compare.signature import Array, Signatures
from searcher.insights.duplicates.decisions import Decisions
from searcher.insights.duplicates.groups.stars import Edge, Found
from searcher.insights.duplicates.pairs.candidates import NEIGHBOURS, known_of
from searcher.insights.duplicates.pairs.photo_table import PhotoTable
from searcher.insights.duplicates.pairs.turned_features import as_turned
from searcher.insights.duplicates.pairs.turned_hashes import code_of
from searcher.insights.duplicates.verify.verifier import Verifier


@dataclass
class PairJudge:
    """Everything that a verdict on two photos of a table needs; counts what it did."""

    table: PhotoTable
    fifth: Array
    """See `Candidates.fifth`."""
    signatures: Signatures
    comparison: Comparison
    verifier: Verifier
    decisions: Decisions
    until: float
    """The moment, by ``time.monotonic``, from which no further pair is compared closely."""
    verified: int = 0
    not_verified: set[Edge] = field(default_factory=set)

    def cheap(self, pairs: NDArray[np.int64], cosines: Array, ranks: Array) -> Array:
        """Features that need no close comparison, [p, len(KNOWN) + len(COMPARED)]."""
        first, second = pairs[:, 0], pairs[:, 1]
        hashes = self.table.hashes[first], self.table.hashes[second]
        known = known_of(cosines, (self.fifth[first], self.fifth[second]), ranks, hashes)
        compared = compare_signatures(self.signatures, pairs[:, 0], self.signatures, pairs[:, 1])
        return np.concatenate([known, compared], axis=1)

    def as_turned(self, pairs: NDArray[np.int64], cheap: Array, turns: NDArray[np.int64]) -> Array:
        """The same features as if the second photos were turned; ``turns`` are codes, [p], 0 for those that are not."""
        first, second = ((self.signatures, rows, self.table.hashes[rows]) for rows in (pairs[:, 0], pairs[:, 1]))
        return as_turned(cheap, turns, first, second)

    def close(self, pairs: NDArray[np.int64]) -> tuple[Array, list[Evidence | None]]:
        """Compare pairs closely; what was not reached is NaN and None, and counted."""
        photos = self.table.photos
        aligned, evidence = self.comparison.compare([(photos[a], photos[b]) for a, b in pairs], until=self.until)
        return aligned, evidence

    def found(
        self, pairs: NDArray[np.int64], cheap: Array, aligned: Array, evidence: Sequence[Evidence | None]
    ) -> dict[Edge, Found]:
        """The verdicts on pairs; those that are nothing to each other are left out."""
        reached = np.array([one is not None for one in evidence], bool)
        edges: list[Edge] = [(int(a), int(b)) for a, b in pairs]
        self.verified += int(reached.sum())
        self.not_verified |= {edge for edge, one in zip(edges, reached, strict=True) if not one}
        cheap = self.as_turned(pairs, cheap, np.array([code_of(one) for one in evidence], np.int64))
        verdicts = self.verifier.judge(np.concatenate([cheap, aligned], axis=1)[reached]) if reached.any() else []
        judged = dict(zip(np.flatnonzero(reached).tolist(), verdicts, strict=True))
        made = {}
        for place, edge in enumerate(edges):
            verdict = judged.get(place)
            of_pair = replace(
                evidence[place] or Evidence(),
                cosine=round(float(self.cosine(edge)), 6),
                phash_distance=int(cheap[place, PHASH]),
            )
            tier, probability = (None, 0.0) if verdict is None else (verdict.tier, round(verdict.probability, 4))
            decided = self.decided(edge, of_pair, tier)
            if decided is not None:
                made[edge] = decided
            elif tier is not None and not self.is_different(edge):
                made[edge] = Found(tier, probability, of_pair)
        return made

    def decided(self, edge: Edge, evidence: Evidence, tier: Tier | None) -> Found | None:
        """What a person made of the pair, where one did; ``same`` leaves an edited copy what it is."""
        decision = self.decisions.decision(*self._files(edge))
        if decision is None or decision.verdict in ("skip", "different"):
            return None
        made = Tier.VARIANT if decision.verdict == "variant" else tier if tier is Tier.EDITED else Tier.OTHER_PHOTO
        return Found(made, 1.0, replace(evidence, decided_by=decision.by))

    def is_different(self, edge: Edge) -> bool:
        """Whether a person said that the two are different products."""
        return self.decisions.verdict(*self._files(edge)) == "different"

    def further(self, edges: Sequence[Edge]) -> Mapping[Edge, Found]:
        """Verdicts on pairs that no search proposed: members of a group against its medoid."""
        if not edges or time.monotonic() >= self.until:
            self.not_verified |= set(edges)
            return {}
        pairs = np.array(edges, np.int64)
        cosines = np.array([self.cosine(edge) for edge in edges], np.float32)
        cheap = self.cheap(pairs, cosines, np.full(len(pairs), NEIGHBOURS, np.float32))
        return self.found(pairs, cheap, *self.close(pairs))

    def cosine(self, edge: Edge) -> float:
        """Of the two embeddings."""
        return float(self.table.vectors[edge[0]] @ self.table.vectors[edge[1]])

    def _files(self, edge: Edge) -> tuple[str, str]:
        photos: tuple[Photo, ...] = self.table.photos
        return photos[edge[0]].sha256, photos[edge[1]].sha256
