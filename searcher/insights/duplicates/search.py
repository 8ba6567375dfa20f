"""Finds the duplicates of a generation: neighbours, signatures, gate, close comparison, groups; all resumable."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.store.filters.tree import Filter, both
from indexer.store.filters.where import Where, where_of, where_texts
from indexer.system.arguments import number_of, said, text_of, whole_of
from indexer.system.clock import now
from indexer.system.progress import Progress
from searcher.insights.duplicates.answers import Counts, DuplicateReport, Evidence, Photo
from searcher.insights.duplicates.compare.comparison import comparison_of
from searcher.insights.duplicates.compare.keep.keeping import WorthOfCopies
from searcher.insights.duplicates.compare.pictures import Pictures
from searcher.insights.duplicates.compare.signature import Array, Signatures
from searcher.insights.duplicates.decisions import Decisions, decisions_path
from searcher.insights.duplicates.groups.assembling import assemble
from searcher.insights.duplicates.groups.finishing import finished, in_order, placeholders_of
from searcher.insights.duplicates.groups.stars import Edge, Found
from searcher.insights.duplicates.pairs.candidates import (
    BATCH,
    MOST_FRAMED,
    NEIGHBOURS,
    Candidates,
    Neighbours,
    neighbours,
    within_frames,
)
from searcher.insights.duplicates.pairs.checkpoint import Arrays, Checkpoint
from searcher.insights.duplicates.pairs.hash_neighbours import hash_neighbours
from searcher.insights.duplicates.pairs.photo_table import PhotoTable, with_payload
from searcher.insights.duplicates.pairs.placeholders import PRODUCTS, is_placeholder
from searcher.insights.duplicates.pairs.turned_hashes import turned_neighbours
from searcher.insights.duplicates.verify.judging import PairJudge
from searcher.insights.duplicates.verify.verifier import Verifier
from searcher.search.ground.published import Published
from searcher.search.no_match.why import why_nothing

FORM = 3
"""Of the parts that an unfinished report keeps: another one begins anew instead of going on with an older program's."""
SIGNATURE_PART = 2_000
CLOSE_PART = 500
DEFAULT_BUDGET = 240.0
"""Seconds of close comparison."""


LONGEST_BUDGET = 366 * 86_400.0


@dataclass(frozen=True)
class Settings:
    """What is asked for."""

    where: Where = None
    """Only photos that pass: both of a pair do."""
    since: str | None = None
    """Only pairs of which at least one photo was indexed at this date or later."""
    k: int = NEIGHBOURS
    """Nearest pictures of each photo that are looked at."""
    budget: float = DEFAULT_BUDGET
    """Seconds of close comparison; what it does not reach is counted as not verified."""

    def __post_init__(self) -> None:
        k = whole_of("k", self.k, "a whole number, 1 to 100")
        budget = number_of("budget", self.budget, "a number of seconds, 0 or more")
        if not 1 <= k <= 100:
            raise UsageError(f"k is {said(k)}; look at 1 to 100 neighbours of each photo")
        if not 0 <= budget < LONGEST_BUDGET:
            raise UsageError(f"the budget is {said(budget)} seconds; give 0 or more, less than a year")
        if self.since is not None:
            text_of("since", self.since, "a date as text, 2026-01-31")
        for name, value in (("where", where_of(self.where)), ("k", k), ("budget", budget)):
            object.__setattr__(self, name, value)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"where": list(where_texts(self.where)), "since": self.since, "k": self.k, "budget_s": self.budget}


class DuplicateSearch:
    """One report over one generation."""

    def __init__(
        self, published: Published, settings: Settings, verifier: Verifier, progress: Progress | None = None
    ) -> None:
        self.published, self.settings, self.verifier = published, settings, verifier
        self._progress = progress or (lambda _stage, _done, _total: None)
        self._comparison = published.memo(comparison_of)
        self._where: Filter | None = published.read_filter(settings.where)
        self._newer = None if settings.since is None else published.read_filter(f"indexed_at>={settings.since}")
        self._notes: list[str] = []
        self._kept = Checkpoint(
            published.local,
            {
                "generation": published.generation,
                "created": published.store.record.created_at,
                "model": published.store.record.fingerprint,
                "verifier": _digest(verifier),
                "form": FORM,
                **settings.to_json(),
                "filter": repr(self._where),
                "budget_s": None,
            },
        )

    def run(self) -> DuplicateReport:
        """Find, group and count; raises ``StoreUnwritable`` where unfinished work cannot be kept."""
        try:
            return self._run()
        finally:
            self._comparison.close()

    def _run(self) -> DuplicateReport:
        began = time.perf_counter()
        store = self.published.store
        table = PhotoTable.read(store, self._where)
        asked = self._asked(table)
        found: dict[Edge, Found] = {}
        near = hash_neighbours(table.hashes, table.vectors, np.unique(table.alike))
        candidates = self._candidates(table, asked).with_pairs(table, _about(asked, table, near))
        signatures = self._signatures(table, np.union1d(candidates.pairs, table.alike[asked]))
        blank = _blank(table, signatures)
        candidates = candidates.without(blank)
        framed = within_frames(signatures, np.unique(candidates.pairs))
        candidates = candidates.with_pairs(table, _about(asked, table, framed))
        content = hash_neighbours(signatures.content, table.vectors, np.unique(table.alike[~blank]))
        candidates = candidates.with_pairs(table, _about(asked, table, content))
        for hashes in (signatures.content, table.hashes):  # of a pair that both find, the whole photos say the turn
            candidates = self._with_turned(table, asked, hashes, candidates, blank)
        candidates = candidates.without_pairs(table.within_a_group(candidates.pairs))
        judge = PairJudge(
            table,
            candidates.fifth,
            signatures,
            self._comparison,
            self.verifier,
            Decisions.read(decisions_path(self.published.local)),
            time.monotonic() + self.settings.budget,
        )
        cheap = judge.cheap(candidates.pairs, candidates.cosines, candidates.ranks)
        turned = judge.as_turned(candidates.pairs, cheap, candidates.turns)
        for rows, aligned, evidence in self._compared(judge, candidates, cheap, turned):
            found |= judge.found(candidates.pairs[rows], cheap[rows], aligned, evidence)
        judge.until += min(60.0, 0.2 * self.settings.budget)  # groups are worth a little more time
        showing_nothing = asked[blank[asked]]
        drafts = assemble(
            table,
            found,
            judge.further,
            set(asked.tolist()),
            blank=set(np.flatnonzero(blank).tolist()),
            stands=partial(self._stands, table),
        )
        photos = with_payload(store, [table.photos[row] for row in {*drafts.rows(), *showing_nothing.tolist()}])
        keeper = WorthOfCopies(Pictures(self.published.local, self.published.catalog_root), judge.until)
        groups, loose = finished(drafts, table, photos, keeper)
        self._kept.clear()
        if keeper.unmeasured:
            self._notes.append(
                f"Of {keeper.unmeasured} groups of copies the one to keep was chosen by sizes alone; give --budget "
                "more seconds."
            )
        self._remark(judge)
        return DuplicateReport(
            tuple(groups),
            tuple(loose),
            Counts(len(asked), len(candidates.pairs), judge.verified, len(judge.not_verified)),
            generation=self.published.generation,
            model=store.record.fingerprint,
            created_at=now(),
            catalog_root=str(self.published.catalog_root),
            settings=self.settings.to_json(),
            notes=(*why_nothing(self.published, self.settings.where, self._where), *self._notes),
            took_s=time.perf_counter() - began,
            placeholders=placeholders_of(drafts, table, photos),
            blank=in_order(photos[table.photos[row].id] for row in showing_nothing),
        )

    def _asked(self, table: PhotoTable) -> NDArray[np.int64]:
        """Rows of the photos that the report is about."""
        if self._newer is None:
            return np.arange(len(table))
        newer = self.published.store.scroll(both(self._where, self._newer), fields=["product_id"])
        rows = [table.row_of[point.id] for point in newer if point.id in table.row_of]
        return np.array(sorted(rows), np.int64)

    def _candidates(self, table: PhotoTable, asked: NDArray[np.int64]) -> Candidates:
        nodes = np.unique(table.alike[asked])
        batches = []
        for start in range(0, len(nodes), BATCH):
            self._progress("Neighbours", start, len(nodes))
            rows = nodes[start : start + BATCH]
            part = self._kept.part(f"near-{start}", partial(self._near, table, rows))
            batches.append(Neighbours(part["rows"], part["near"], part["cosines"]))
        if not batches:
            batches = [Neighbours(nodes, np.empty((0, 1), np.int64), np.empty((0, 1), np.float32))]
        return Candidates.of(table, batches)

    def _near(self, table: PhotoTable, rows: NDArray[np.int64]) -> Arrays:
        return vars(neighbours(self.published.store, table, rows, where=self._where, k=self.settings.k))

    def _stands(self, table: PhotoTable, rows: Sequence[int]) -> bool:
        """Whether copies stand for missing photos; titles are read only where so many products share a picture."""
        photos = [table.photos[row] for row in rows]
        if len({photo.product_id for photo in photos}) < PRODUCTS:
            return False
        return is_placeholder(list(with_payload(self.published.store, photos).values()))

    def _signatures(self, table: PhotoTable, needed: NDArray[np.int64]) -> Signatures:
        made = Signatures.blank(len(table))
        for start in range(0, len(needed), SIGNATURE_PART):
            self._progress("Small pictures", start, len(needed))
            rows = needed[start : start + SIGNATURE_PART]
            photos = [table.photos[row] for row in rows]
            part = self._kept.part(f"signatures-{start}", partial(self._taken, photos))
            for name, values in part.items():
                getattr(made, name)[rows] = values
        return made

    def _taken(self, photos: list[Photo]) -> Arrays:
        return vars(self._comparison.signatures(photos))

    def _with_turned(
        self,
        table: PhotoTable,
        asked: NDArray[np.int64],
        hashes: NDArray[np.uint64],
        candidates: Candidates,
        blank: NDArray[np.bool_],
    ) -> Candidates:
        """The candidates, and pairs that look alike by some hashes once one of both is turned by quarters."""
        self._progress("Turned pictures", 0, 1)
        pairs, turns = turned_neighbours(hashes, np.unique(table.alike[~blank]))
        near = _is_about(asked, table, pairs)
        return candidates.with_turned(table, pairs[near], turns[near])

    def _compared(self, judge: PairJudge, candidates: Candidates, cheap: Array, turned: Array) -> Any:
        """Parts of the pairs that the gate leaves open, likely copies first: rows, alignments, evidence.

        Args:
            judge: compares them.
            candidates: the pairs.
            cheap: what is known of them.
            turned: the same as if those that may be turned were.
        """
        chances = np.maximum(self.verifier.open(cheap), self.verifier.open(turned))
        wanted = chances >= self.verifier.thresholds.gate
        if len(judge.decisions):  # what a person joined is not left out for looking different
            wanted |= [judge.decided((a, b), Evidence(), None) is not None for a, b in candidates.pairs.tolist()]
        left_open = np.flatnonzero(wanted)
        promise = np.maximum(*(self.verifier.promise(rows[left_open]) for rows in (cheap, turned)))
        left_open = left_open[np.argsort(-promise, kind="stable")]
        for start in range(0, len(left_open), CLOSE_PART):
            self._progress("Close comparison", start, len(left_open))
            rows = np.sort(left_open[start : start + CLOSE_PART])  # pairs of one photo stand together
            yield rows, *self._closed(judge, candidates.pairs[rows], f"close-{start}")

    def _closed(self, judge: PairJudge, pairs: NDArray[np.int64], name: str) -> tuple[Array, list[Evidence | None]]:
        def make() -> dict[str, NDArray[Any]]:
            aligned, evidence = judge.close(pairs)
            texts = [json.dumps(None if one is None else asdict(one)) for one in evidence]
            return {"aligned": aligned, "evidence": np.array(texts)}

        part = self._kept.part(name, make, whole=lambda: time.monotonic() < judge.until)
        return part["aligned"], [_evidence(text) for text in part["evidence"].tolist()]

    def _remark(self, judge: PairJudge) -> None:
        trained = self.verifier.record.get("model")
        if trained is not None and trained != self.published.store.record.fingerprint:
            self._notes.append(
                "The verifier was calibrated with another model; `searcher calibrate-duplicates` fits it to this one."
            )
        if (framed := int(judge.signatures.framed.sum())) > MOST_FRAMED:
            self._notes.append(
                f"{framed} photos lie within margins or a screen, more than the {MOST_FRAMED} whose inner photos are "
                "looked for; they were compared with what looks like the whole of them."
            )
        if judge.not_verified:
            missing = int((~judge.signatures.present[list({row for e in judge.not_verified for row in e})]).sum())
            why = f"; {missing} pictures are not at hand" if missing else "; give --budget more seconds"
            self._notes.append(f"{len(judge.not_verified)} pairs are not verified{why}.")


def _blank(table: PhotoTable, signatures: Signatures) -> NDArray[np.bool_]:
    """Which photos of the table show nothing, [n]; where no picture is at hand, those whose hash is of nothing."""
    empty = np.where(
        signatures.present,
        signatures.empty,
        np.array([bool(p.phash) for p in table.photos], bool) & (table.hashes == 0),
    )
    return np.asarray(empty[table.alike], bool)


def _about(asked: NDArray[np.int64], table: PhotoTable, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The pairs of which at least one photo was asked about."""
    return pairs[_is_about(asked, table, pairs)]


def _is_about(asked: NDArray[np.int64], table: PhotoTable, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(np.isin(table.alike[pairs], table.alike[asked]).any(axis=1))


def _evidence(text: str) -> Evidence | None:
    record = json.loads(text)
    if record is None:
        return None
    return Evidence(**record | {"transform": record["transform"] and tuple(record["transform"])})


def _digest(verifier: Verifier) -> str:
    return hashlib.sha256(json.dumps(verifier.to_json(), sort_keys=True).encode()).hexdigest()
