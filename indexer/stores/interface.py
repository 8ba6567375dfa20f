"""What every engine must do: read one generation, write the next one, and say which is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError, VectorError
from indexer.fields import FieldTable, FieldType
from indexer.stores.filter_tree import Filter

VECTOR_NAME = "image"
SHORTEST, LONGEST = 1e-3, 1e6
"""Lengths of vectors that every engine scales to 1 alike."""
SCHEMA_VERSION = 1
Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """One photo in the store; ``vector`` is float32 [dimension] or None where it was not asked for."""

    id: str
    payload: Payload
    vector: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a nearest-neighbour search: cosine ``score`` in [-1, 1], higher is more alike."""

    id: str
    score: float
    payload: Payload


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """What a generation was built from: decides whether its vectors and payload can be used."""

    fingerprint: str
    dimension: int
    field_table: FieldTable
    catalog_root: str
    model_path: str
    created_at: str
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "schema_version": self.schema_version,
            "fingerprint": self.fingerprint,
            "dimension": self.dimension,
            "field_table": {name: str(kind) for name, kind in self.field_table.items()},
            "catalog_root": self.catalog_root,
            "model_path": self.model_path,
            "created_at": self.created_at,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> GenerationRecord:
        """The inverse of `to_json`; raises ``KeyError``, ``TypeError`` or ``ValueError`` on anything else."""
        return cls(
            fingerprint=str(record["fingerprint"]),
            dimension=int(record["dimension"]),
            field_table={name: FieldType(kind) for name, kind in record["field_table"].items()},
            catalog_root=str(record["catalog_root"]),
            model_path=str(record["model_path"]),
            created_at=str(record["created_at"]),
            schema_version=int(record["schema_version"]),
        )


class Store(Protocol):
    """One generation, open for reading. All its answers come from that generation, whatever is published meanwhile."""

    @property
    def generation(self) -> str:
        """The generation's name."""

    @property
    def record(self) -> GenerationRecord:
        """What it was built from."""

    def count(self, where: Filter | None = None) -> int:
        """Number of points that pass the filter, exact."""

    def search(
        self,
        vectors: NDArray[np.float32],
        *,
        limit: int,
        where: Filter | None = None,
        exact: bool = False,
        fields: Sequence[str] | None = None,
    ) -> list[list[Hit]]:
        """Nearest neighbours of each row of ``vectors`` [m, dimension], best first.

        ``exact`` compares with every point instead of walking the graph. ``fields`` names the payload
        fields to return; None returns all of them.
        """

    def scroll(
        self, where: Filter | None = None, *, fields: Sequence[str] | None = None, vectors: bool = False
    ) -> Iterator[Point]:
        """Every point that passes the filter, in order of id."""

    def retrieve(self, ids: Sequence[str], *, vectors: bool = False) -> list[Point]:
        """The points of these ids that exist, each once."""

    def facet(self, field: str, where: Filter | None = None, *, limit: int = 100) -> list[tuple[str | bool, int]]:
        """Distinct values of a keyword or boolean field with their number of points, most frequent first."""

    def close(self) -> None:
        """Release the generation."""


class Draft(Store, Protocol):
    """The next generation while it is being written; nobody else sees it before `publish`."""

    def upsert(self, points: Iterable[Point]) -> None:
        """Insert points, or replace those of the same id. Raises ``VectorError`` before an engine sees a bad vector."""

    def replace_payload(self, points: Iterable[Point]) -> None:
        """Replace the payload of existing points and leave their vectors alone."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove points; ids that are not there are no error."""

    def publish(self) -> str:
        """Make it durable and let readers see it; returns the generation's name."""


class Index(Protocol):
    """The place where generations live: a directory, or an alias on a server."""

    @property
    def location(self) -> str:
        """Where it is, for people."""

    @property
    def local(self) -> Path:
        """This machine's folder beside it: thumbnails, the journal of unfinished work, the rejects file."""

    def current(self) -> str | None:
        """The published generation's name, cheaply; None before the first."""

    def record(self) -> GenerationRecord | None:
        """What the published generation was built from, without opening it; None before the first."""

    def describe(self) -> dict[str, Any]:
        """What is particular to the engine, as plain JSON values: for `indexer status`."""

    def generations(self) -> list[str]:
        """Complete generations, oldest first; those before the published one can be rolled back to."""

    def rollback(self) -> str:
        """Publish the generation before the published one again; returns its name.

        Raises:
            StoreMissing: there is none.
        """

    def prune(self, keep: int = 1) -> list[str]:
        """Remove all but the ``keep`` newest generations and the published one; returns the names of those removed."""

    def read(self) -> Store:
        """Open the published generation.

        Raises:
            StoreMissing: nothing is published yet.
            StoreError: it cannot be opened.
        """

    def write(self) -> AbstractContextManager[Writer]:
        """Become the one writer for the length of a ``with`` block.

        Raises:
            StoreLocked: another process writes; the message names it.
            StoreUnwritable: no permission, or no room.
        """


class Writer(Protocol):
    """The right to publish. Leaving the ``with`` block without publishing leaves readers untouched."""

    def published(self) -> Store | None:
        """The published generation, or None before the first; the writer closes it."""

    def draft(self, record: GenerationRecord, *, from_published: bool) -> Draft:
        """Begin the next generation: a copy of the published one, or an empty one. Payload indexes exist at once."""


def check_vectors(vectors: NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """Refuse what engines accept without complaint and then answer with: float32 [n, dimension], finite, non-zero.

    Very short and very long vectors are refused too: in float32 their squares vanish or overflow, and each
    engine then scales them in its own way.

    Raises:
        VectorError: a wrong shape, or a row that is NaN, infinite, all zero or out of scale.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise VectorError(f"vectors of shape {vectors.shape} given where [n, {dimension}] is needed")
    if not np.isfinite(vectors).all():
        raise VectorError(f"vector {int(np.argmin(np.isfinite(vectors).all(axis=1)))} holds NaN or infinity")
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if lengths.size and not lengths.all():
        raise VectorError(f"vector {int(np.argmin(lengths))} is all zeros and has no direction")
    wrong = (lengths < SHORTEST) | (lengths > LONGEST)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise VectorError(f"vector {row} is {lengths[row]:.2g} long; scale it to 1")
    return vectors


def stack_vectors(points: Sequence[Point], dimension: int) -> NDArray[np.float32]:
    """The vectors of one point or more, float32 [n, dimension].

    Raises:
        VectorError: one is missing or is refused by `check_vectors`.
    """
    for point in points:
        if point.vector is None or point.vector.shape != (dimension,):
            found = "no vector" if point.vector is None else f"a vector of shape {point.vector.shape}"
            raise VectorError(f"point {point.id} has {found} where [{dimension}] is needed")
    return check_vectors(np.stack([point.vector for point in points if point.vector is not None]), dimension)


def check_limit(limit: int) -> None:
    """Refuse to ask for no answers, which engines take differently.

    Raises:
        UsageError: the limit is below 1.
    """
    if limit < 1:
        raise UsageError(f"the limit must be 1 or more, not {limit}")
