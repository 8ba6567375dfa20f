"""A store that is a list of points: what it answers is what the judge says of their payloads."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from indexer.fields.types import FieldType, Payload
from indexer.store.filters.tree import Filter
from indexer.store.records import EngineFiles, GenerationRecord, Point, Vectors
from tests.congruence import judge

RECORD = GenerationRecord(
    "f" * 64,
    16,
    {
        "title": FieldType.TEXT,
        "metal": FieldType.KEYWORD,
        "price": FieldType.NUMBER,
        "created": FieldType.DATE,
        "in_stock": FieldType.BOOLEAN,
    },
    "/shop",
    "/shop/model",
    "2026-01-01T00:00:00Z",
)


class ListedStore:
    """See `indexer.store.interface.Store`; searches by vector aside."""

    files: EngineFiles | None = None
    generation = "1"

    def __init__(self, points: Sequence[Point], record: GenerationRecord = RECORD) -> None:
        self.points = {point.id: point for point in points}
        self.record = record
        self.read = 0
        """Points that were handed out."""
        self.summary: Path | None = None

    def count(self, where: Filter | None = None) -> int:
        return sum(judge.passes(point.payload, where or Filter()) for point in self.points.values())

    def scroll(
        self,
        where: Filter | None = None,
        *,
        fields: Sequence[str] | None = None,
        vectors: Vectors = False,  # noqa: ARG002
    ) -> Iterator[Point]:
        for _, point in sorted(self.points.items()):
            if judge.passes(point.payload, where or Filter()):
                self.read += 1
                yield point if fields is None else Point(point.id, _only(point.payload, fields))

    def retrieve(self, ids: Sequence[str], *, vectors: Vectors = False) -> list[Point]:  # noqa: ARG002
        found = [self.points[identifier] for identifier in dict.fromkeys(ids) if identifier in self.points]
        self.read += len(found)
        return found

    def facet(self, field: str, where: Filter | None = None, *, limit: int = 100) -> list[tuple[str | bool, int]]:
        counts = Counter(
            value
            for point in self.points.values()
            if judge.passes(point.payload, where or Filter())
            for value in set(judge.values(point.payload, field))
        )
        return sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))[:limit]

    def companion(self, name: str, *, whole: bool = False) -> Path | None:  # noqa: ARG002
        return self.summary

    def search(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        pass


def _only(payload: Payload, fields: Sequence[str]) -> Payload:
    """The fields of these names, the dotted ones as parts of objects."""
    found: Payload = {}
    for name in fields:
        whole, _, part = name.partition(".")
        if whole in payload:
            value = payload[whole]
            if part:
                found.setdefault(whole, {}).update({part: value[part]} if part in value else {})
            else:
                found[name] = value
    return found


def tables(path: Path) -> dict[str, list[Any]]:
    """All that stands in a summary's file, by table."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
