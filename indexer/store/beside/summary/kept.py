"""The summary of a generation while its draft is written: corrected where little is touched, else made anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import StoreError
from indexer.store.beside.companions import Companions
from indexer.store.beside.summary.touched import Touched
from indexer.store.records import Point

if TYPE_CHECKING:
    from indexer.store.interface import Store

NAME = "summary.sqlite"
SHARE = 0.1
"""Of the points: where more is touched, reading all of them costs no more than to look up what was touched."""
FEW = 1_000
"""Points that may be touched in any case."""
MALFORMED = (KeyError, TypeError, ValueError, AttributeError)
"""What a payload raises that no sync wrote."""


class KeptSummary:
    """See `indexer.store.beside.keeping.Kept`."""

    name = NAME

    def __init__(self, draft: Store, base: Companions | None, *, known: bool) -> None:  # noqa: ARG002 - it is read through
        self._draft = draft
        self._base = None if base is None else base.path(NAME, whole=True)
        self._touched = Touched()
        self._most = 0 if self._base is None else max(FEW, int(SHARE * draft.count()))

    def before(self, ids: Sequence[str]) -> None:
        """See `Kept.before`: what they were is noted, each once."""
        if self._base is None:
            return
        new = [identifier for identifier in dict.fromkeys(ids) if identifier not in self._touched.ids]
        if len(self._touched.ids) + len(new) > self._most:
            self._read_through()
        elif new:
            try:
                self._touched.note(new, self._draft.retrieve(new), self._draft.record.field_table)
            except (StoreError, *MALFORMED):  # if the store is gone, whoever writes is told so by it
                self._read_through()

    def written(self, points: Sequence[Point]) -> None:
        """Nothing: what they are now is read when all is written."""

    def removed(self, ids: Sequence[str]) -> None:
        """Nothing, for the same reason."""

    def write(self, store: Store, path: Path) -> bool:
        """See `Kept.write`; False where the points are none that a sync wrote, or changed meanwhile."""
        from indexer.store.beside.summary.making import correct_summary, make_summary
        from indexer.store.beside.summary.tables import Unusable

        if self._base is not None:
            try:
                correct_summary(self._base, store, path, self._touched)
            except (Unusable, *MALFORMED):
                path.unlink(missing_ok=True)
            else:
                return True
        try:
            make_summary(store, path)
        except (Unusable, StoreError, *MALFORMED):
            return False
        return True

    def _read_through(self) -> None:
        self._base, self._touched = None, Touched()
