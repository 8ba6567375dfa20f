"""A summary as readers have it: each question is looked up in the file, which all processes of a machine share."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from indexer.store.beside.summary.kept import NAME
from indexer.store.beside.summary.products import ALWAYS
from indexer.store.beside.summary.samples import KeywordValues, read_values
from indexer.store.beside.summary.tables import Unusable, open_tables, read_facts
from indexer.store.beside.summary.words import Word, read_often, read_spellings
from indexer.store.interface import Store
from indexer.store.records import GenerationRecord
from indexer.system.forks import Lock, in_child

Answer = TypeVar("Answer")


class Summary:
    """The summary of one generation, open for reading. Threads may share it, and a forked child opens it anew.

    Everything it is asked raises ``Unusable`` where the file is damaged, or gone when a child wants to open it.
    """

    _opened: sqlite3.Connection | None

    def __init__(self, path: Path, record: GenerationRecord) -> None:
        self._path, self._record = path, record
        self._lock = Lock()
        self._forget()
        in_child(self._forget)
        with self._reading() as connection:
            facts = read_facts(connection)
            self.photos, self.products = int(facts["photos"]), int(facts["products"])
            self._accents, self._held = bool(facts["accents"]), list(facts["held"])

    @property
    def single(self) -> bool:
        """Whether every product has one photo."""
        return self.photos == self.products

    def uneven(self, fields: Sequence[str], most: int) -> tuple[str, ...]:
        """The products that are uneven in one of these fields, or always, in order: ``most`` of them and one more."""
        marks = ", ".join("?" * (1 + len(fields)))
        found = self._ask(
            f"SELECT DISTINCT product FROM uneven WHERE field IN ({marks}) ORDER BY product LIMIT ?",  # noqa: S608
            (ALWAYS, *fields, most + 1),
        )
        return tuple(product for (product,) in found)

    def drawn(self, field: str) -> list[Any] | None:
        """The values of a number or date field in the sample; None of a field that was not sampled."""
        found = self._ask("SELECT drawn FROM samples WHERE field = ?", (field,))
        return None if not found else list(json.loads(found[0][0]))

    def keyword_values(self) -> KeywordValues:
        """The values of the keyword fields that describe the pieces."""
        with self._reading() as connection:
            return read_values(connection, self._held, accents=self._accents)

    def spellings(self, folded: str) -> list[Word]:
        """How the texts spell a folded word."""
        with self._reading() as connection:
            return read_spellings(connection, folded)

    def often(self, shortest: int, longest: int) -> Counter[str]:
        """In how many texts each folded word of some length is."""
        with self._reading() as connection:
            return read_often(connection, shortest, longest)

    def signs(self, kind: str, most: int) -> list[str]:
        """The most frequent signs of the ids' keys, see `indexer.store.beside.summary.ids.most_frequent`."""
        found = self._ask("SELECT sign FROM signs WHERE kind = ? ORDER BY often DESC, sign LIMIT ?", (kind, most))
        return [sign for (sign,) in found]

    def of_key(self, key: str, most: int) -> list[str]:
        """The first ids of a key, in order."""
        found = self._ask("SELECT product FROM keys WHERE key = ? ORDER BY product LIMIT ?", (key, most))
        return [product for (product,) in found]

    def from_key(self, key: str, most: int) -> list[tuple[str, str]]:
        """The first keys from this one on, each with an id, in order."""
        return self._ask("SELECT key, product FROM keys WHERE key >= ? ORDER BY key, product LIMIT ?", (key, most))

    def before_key(self, key: str, most: int) -> list[tuple[str, str]]:
        """The last keys before this one, each with an id, in order."""
        found = self._ask(
            "SELECT key, product FROM keys WHERE key < ? ORDER BY key DESC, product DESC LIMIT ?", (key, most)
        )
        return found[::-1]

    def _ask(self, question: str, values: Sequence[str | int] = ()) -> list[Any]:
        with self._reading() as connection:
            return connection.execute(question, values).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time."""
        with self._lock:
            if self._opened is None:
                self._opened = open_tables(self._path, self._record)
            try:
                yield self._opened
            except (sqlite3.Error, ValueError, KeyError, UnicodeDecodeError) as error:
                raise Unusable(f"{self._path}: {error}") from error

    def _forget(self) -> None:
        self._opened = None

    def __del__(self) -> None:
        if (opened := getattr(self, "_opened", None)) is not None:
            opened.close()


class Summed:
    """What the summary of an open generation says, where there is a good one; a damaged one is as good as none.

    Where there is none yet, it is looked for at each question: on a server a generation is published before its summary
    is written.

    Args:
        store: the generation; None has no summary.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._summary: Summary | None = None

    def ask(self, question: Callable[[Summary], Answer]) -> Answer | None:
        """The answer; None where it has to be found otherwise."""
        try:
            if self._summary is None and self._store is not None:
                self._summary = open_summary(self._store)
            return None if self._summary is None else question(self._summary)
        except Unusable:
            self._store = self._summary = None
            return None


def open_summary(store: Store) -> Summary | None:
    """The summary of an open generation; None where none is at hand.

    Raises:
        Unusable: there is one, of another version or damaged.
    """
    path = store.companion(NAME)
    return None if path is None else Summary(path, store.record)
