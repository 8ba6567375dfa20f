"""What is written before it is published: a new collection that is checked first, or the live one in place."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from secrets import token_hex
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from indexer.errors import StoreError
from indexer.store.beside.keeping import Keeping
from indexer.store.reading import to_point
from indexer.store.records import Point, VectorName, names_of, vector_of
from indexer.store.server.collection import CollectionState, ensure_field_indexes, read_state, write_state
from indexer.store.server.engine import ServerStore
from indexer.store.server.layout import Layout
from indexer.store.server.options import CollectionOptions
from indexer.store.server.writers import WriterMark
from indexer.store.tuning import Memory, superseded

SAMPLE = 50
"""Stored vectors that are searched for before a generation is published."""
RECALL_AT = 10
LOWEST_RECALL = 0.95
SAME_SCORE = 1e-5
LONGEST_PAUSE = 5.0


class LiveDraft(ServerStore):
    """The published collection, changed in place: readers see each change at once, deletions come last."""

    def __init__(self, layout: Layout, before: CollectionState, state: CollectionState, mark: WriterMark) -> None:
        super().__init__(layout.connection, state.collection, state.record, state.name)
        self._layout, self._before, self._state, self._mark = layout, before, state, mark
        self.beside = layout.companions(before)
        self._kept = Keeping(self, self.beside, known=True)

    def upsert(self, points: Iterable[Point]) -> None:
        """See `Draft.upsert`."""
        super().upsert(self._while_ours(self._kept.noted(points)))

    def replace_payload(self, points: Iterable[Point]) -> None:
        """See `Draft.replace_payload`."""
        super().replace_payload(self._while_ours(self._kept.noted(points)))

    def delete(self, ids: Sequence[str]) -> None:
        """See `Draft.delete`."""
        if not ids:
            return
        self._mark.still_ours()
        self._begin()
        self._kept.removed(ids)
        super().delete(ids)

    def publish(self) -> str:
        """See `Draft.publish`: only the collection's description is left to be written."""
        self._mark.check()
        state = replace(self._state, revision=self._state.revision + 1, points=self.count(), content=token_hex(8))
        write_state(self._connection, state)
        self._kept.put(self._layout.companions(state), self)
        return state.name

    def _while_ours(self, points: Iterable[Point]) -> Iterator[Point]:
        for point in points:
            self._mark.still_ours()
            self._begin()
            yield point

    def _begin(self) -> None:
        """Before the first change: what was made of the points as they were is theirs no more, whatever happens now."""
        if self._before.content:
            self._before = replace(self._before, content="")
            write_state(self._connection, self._before)


class BuiltDraft(ServerStore):
    """A new collection beside the published one; nobody reads it before it has been checked."""

    def __init__(
        self,
        layout: Layout,
        state: CollectionState,
        replaced: CollectionState | None,
        options: CollectionOptions,
        mark: WriterMark,
    ) -> None:
        super().__init__(layout.connection, state.collection, state.record, state.name)
        self._layout, self._state, self._replaced = layout, state, replaced
        self._options, self._mark = options, mark
        self._written = array("Q")
        self._kept = Keeping(self, None, known=True)
        self.is_published = False

    def take_up(self) -> None:
        """Go on with what an earlier attempt left in the collection: it counts as written."""
        self._kept = Keeping(self, None, known=False)
        ensure_field_indexes(self._connection, self.collection, self.record.field_table, self._options.memory)
        for _ in self._noted(self.scroll(fields=[])):  # reads ids alone
            pass

    def upsert(self, points: Iterable[Point]) -> None:
        """See `Draft.upsert`."""
        super().upsert(self._noted(self._kept.noted(points)))

    def replace_payload(self, points: Iterable[Point]) -> None:
        """See `Draft.replace_payload`."""
        super().replace_payload(self._kept.noted(points))

    def delete(self, ids: Sequence[str]) -> None:
        """See `Draft.delete`."""
        self._kept.removed(ids)
        super().delete(ids)
        left = np.setdiff1d(np.asarray(self._written), np.array([_key(i) for i in ids], np.uint64))
        self._written = array("Q", left.tobytes())

    def publish(self) -> str:
        """See `Draft.publish`: wait for the optimizer, count, compare with exact search, switch the alias, prune.

        Raises:
            StoreError: a check failed; readers keep the published generation.
        """
        try:
            self._wait_until_ready()
            self._check_count()
            self._check_recall()
        except StoreError:
            self._mark.check()  # that a collection is gone says less than who took over
            raise
        self._mark.check()
        state = replace(self._state, complete=True, points=self.count(), content=token_hex(8))
        write_state(self._connection, state)
        self._kept.put(self._layout.companions(state), self)
        self._mark.publish(state.collection)
        self.is_published = True  # from here on its readers need it, also when clearing away fails
        complete = {other.number: other.collection for other in self._layout.complete()}
        before = self._replaced.number if self._replaced else 0
        for number in superseded(list(complete), before=before, published=state.number):
            self._layout.remove(complete[number])
        return state.name

    def _noted(self, points: Iterable[Point]) -> Iterator[Point]:
        for point in points:
            self._written.append(_key(point.id))
            yield point

    def _wait_until_ready(self) -> None:
        from qdrant_client import models

        timeout = self._options.ready_timeout
        deadline, pause = time.monotonic() + timeout, 0.05
        while True:
            info = self._call(self._client.get_collection, self.collection)
            if info.optimizer_status != models.OptimizersStatusOneOf.OK or info.status is models.CollectionStatus.RED:
                raise StoreError(
                    f"{self._place}: the optimizer failed ({_words(info.optimizer_status)}); see the server's log"
                )
            if info.status is models.CollectionStatus.GREEN:
                return
            if info.status is models.CollectionStatus.GREY:  # waits for any change before it goes on
                self._call(
                    self._client.update_collection, self.collection, optimizers_config=models.OptimizersConfigDiff()
                )
            if time.monotonic() > deadline:
                raise StoreError(f"{self._place}: not optimized after {timeout:.0f} s; raise JEWELRY_READY_TIMEOUT")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _check_count(self) -> None:
        wanted, found = len(np.unique(np.asarray(self._written))), self.count()
        if wanted != found:
            raise StoreError(f"{self._place}: holds {found} points where {wanted} were written; sync again")

    def _check_recall(self) -> None:
        """A few stored vectors, random ones as ids are hashes, must find what comparing with every point finds."""
        records, _ = self._call(
            self._client.scroll,
            self.collection,
            limit=SAMPLE,
            with_payload=False,
            with_vectors=names_of(self.record, True),
        )
        if not records:
            return
        points = [to_point(record) for record in records]
        for name in self.record.dimensions:
            recall = self._recall(np.stack([v for point in points if (v := vector_of(point, name)) is not None]), name)
            if recall < LOWEST_RECALL:
                raise StoreError(
                    f"{self._place}: searching finds {recall:.0%} of the nearest where {LOWEST_RECALL:.0%} are needed; "
                    "readers keep the published generation: sync again, or set JEWELRY_QUANTIZATION=none"
                )

    def _recall(self, vectors: NDArray[np.float32], name: VectorName) -> float:
        """Mean share of hits as near as the k-th exact one; equal scores may come in any order."""
        exact = self.search(vectors, limit=RECALL_AT, exact=True, fields=[], using=name)
        found = self.search(vectors, limit=RECALL_AT, fields=[], using=name)
        shares = [
            sum(hit.score >= truth[-1].score - SAME_SCORE for hit in hits) / len(truth)
            for truth, hits in zip(exact, found, strict=True)
        ]
        return float(np.mean(shares))

    @property
    def _place(self) -> str:
        return f"{self._connection.where}: collection {self.collection}"


class RecoveredDraft(ServerStore):
    """A collection that the server makes of a snapshot, search graph included; there is nothing to wait for."""

    def __init__(self, layout: Layout, state: CollectionState, memory: Memory, mark: WriterMark) -> None:
        super().__init__(layout.connection, state.collection, state.record, state.name)
        self._layout, self._state = layout, replace(state, complete=True)
        self._memory, self._mark = memory, mark
        self.is_published = False

    def publish(self) -> str:
        """See `Draft.publish`; a snapshot names another generation until its description is rewritten."""
        self._mark.check()
        state = replace(self._state, points=self.count(), content=token_hex(8))
        write_state(self._connection, state)
        ensure_field_indexes(self._connection, self.collection, self.record.field_table, self._memory)
        read_state(self._connection, self.collection)  # refuses a collection of another shape
        Keeping(self, None, known=False).put(self._layout.companions(state), self)
        self._mark.publish(self.collection)
        self.is_published = True
        return self._state.name


def _key(identifier: str) -> int:
    """64 bits of a point id: enough to count different ones in little memory."""
    value = UUID(identifier).int
    return (value >> 64) ^ (value & (1 << 64) - 1)


def _words(status: object) -> str:
    return str(getattr(status, "error", status))
