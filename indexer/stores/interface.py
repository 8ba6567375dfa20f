"""What every engine must do: read one generation, write the next one, and say which is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError, VectorError
from indexer.fields.types import FieldTable, FieldType
from indexer.stores.filter_tree import Filter

VectorName = Literal["image", "text"]
"""``image`` is by the project's own model; ``text``, where there is a text model, lies in the space of its texts."""
Vectors = bool | VectorName
"""What to read of a point's vectors: none, all, or the one of that name, which is a good deal quicker than all."""
VECTOR_NAME: VectorName = "image"
TEXT_VECTOR_NAME: VectorName = "text"
SHORTEST, LONGEST = 1e-3, 1e6
"""Lengths of vectors that every engine scales to 1 alike."""
SCHEMA_VERSION = 2
"""The newest that is read: 1 is a generation with image vectors alone, 2 one with text vectors beside them."""
Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """One photo in the store; ``vector`` is float32 [dimension] or None where it was not asked for.

    ``text_vector`` goes with it in every generation that has a text model, and in no other.
    """

    id: str
    payload: Payload
    vector: NDArray[np.float32] | None = None
    text_vector: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a nearest-neighbour search: cosine ``score`` in [-1, 1], higher is more alike."""

    id: str
    score: float
    payload: Payload
    point: Point | None = None
    """The whole point, where its vectors were asked for."""


@dataclass(frozen=True, slots=True)
class TextModelRecord:
    """The text model that the ``text`` vectors of a generation are by."""

    fingerprint: str
    dimension: int
    path: str

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> TextModelRecord:
        """From plain JSON values; raises ``KeyError``, ``TypeError`` or ``ValueError`` on anything else."""
        return cls(str(record["fingerprint"]), int(record["dimension"]), str(record["path"]))


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """What a generation was built from: decides whether its vectors and payload can be used."""

    fingerprint: str
    dimension: int
    field_table: FieldTable
    catalog_root: str
    model_path: str
    created_at: str
    schema_version: int = 1
    text_model: TextModelRecord | None = None

    def __post_init__(self) -> None:
        # A version that knows nothing of text vectors would lose them: it must refuse such a generation.
        if self.text_model is not None and self.schema_version < SCHEMA_VERSION:
            object.__setattr__(self, "schema_version", SCHEMA_VERSION)

    @property
    def dimensions(self) -> dict[VectorName, int]:
        """The vectors that every point has, and their lengths."""
        text: dict[VectorName, int] = {} if self.text_model is None else {TEXT_VECTOR_NAME: self.text_model.dimension}
        return {VECTOR_NAME: self.dimension, **text}

    def is_comparable(self, other: GenerationRecord) -> bool:
        """Whether the vectors of both are by the same models."""
        return _makers(self) == _makers(other)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; a generation without a text model does not speak of one."""
        return {
            **({} if self.text_model is None else {"text_model": asdict(self.text_model)}),
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
        text_model = record.get("text_model")
        return cls(
            text_model=None if text_model is None else TextModelRecord.from_json(text_model),
            fingerprint=str(record["fingerprint"]),
            dimension=int(record["dimension"]),
            field_table={name: FieldType(kind) for name, kind in record["field_table"].items()},
            catalog_root=str(record["catalog_root"]),
            model_path=str(record["model_path"]),
            created_at=str(record["created_at"]),
            schema_version=int(record["schema_version"]),
        )


def _makers(record: GenerationRecord) -> tuple[object, ...]:
    text = record.text_model
    return record.fingerprint, record.dimension, text and (text.fingerprint, text.dimension)


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
        using: VectorName = "image",
        vectors_too: Vectors = False,
    ) -> list[list[Hit]]:
        """Nearest neighbours of each row of ``vectors`` [m, dimension], best first.

        ``exact`` compares with every point instead of walking the graph. ``fields`` names the payload
        fields to return; None returns all of them. ``using`` names the vectors to compare with; raises
        ``UsageError`` where the generation has none of that name. ``vectors_too`` names the vectors to return.
        """

    def scroll(
        self, where: Filter | None = None, *, fields: Sequence[str] | None = None, vectors: Vectors = False
    ) -> Iterator[Point]:
        """Every point that passes the filter, in order of id, without vectors, with all it has or with one."""

    def retrieve(self, ids: Sequence[str], *, vectors: Vectors = False) -> list[Point]:
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

    @property
    def in_process(self) -> bool:
        """Whether the engine works in this process and under Python's lock, so that threads gain it nothing."""

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


def vector_of(point: Point, name: VectorName) -> NDArray[np.float32] | None:
    """The point's vector of that name, where it has one and it was asked for."""
    return point.vector if name == VECTOR_NAME else point.text_vector


def dimension_of(record: GenerationRecord, name: VectorName) -> int:
    """The length of a generation's vectors of that name.

    Raises:
        UsageError: it has none.
    """
    if name not in record.dimensions:
        raise UsageError(f"the index has no vectors {name!r}; a sync with --text-model DIR makes text vectors")
    return record.dimensions[name]


def names_of(record: GenerationRecord, vectors: Vectors) -> list[str] | Literal[False]:
    """The names of the vectors to read, as engines want them."""
    if isinstance(vectors, str):
        return [vectors]
    return list(record.dimensions) if vectors else False


def stack_vectors(points: Sequence[Point], record: GenerationRecord) -> dict[VectorName, NDArray[np.float32]]:
    """The vectors of one point or more, each float32 [n, dimension], by name.

    Raises:
        VectorError: one is missing, is one too many or is refused by `check_vectors`.
    """
    if record.text_model is None and any(point.text_vector is not None for point in points):
        raise VectorError("a point has a text vector where the index has no text model; build the index anew with it")
    return {name: _stacked(points, name, dimension) for name, dimension in record.dimensions.items()}


def _stacked(points: Sequence[Point], name: VectorName, dimension: int) -> NDArray[np.float32]:
    kind = "vector" if name == VECTOR_NAME else f"{name} vector"
    rows = []
    for point in points:
        row = vector_of(point, name)
        if row is None or row.shape != (dimension,):
            found = f"no {kind}" if row is None else f"a {kind} of shape {row.shape}"
            raise VectorError(f"point {point.id} has {found} where [{dimension}] is needed")
        rows.append(row)
    return check_vectors(np.stack(rows), dimension)


def check_limit(limit: int) -> None:
    """Refuse to ask for no answers, which engines take differently.

    Raises:
        UsageError: the limit is below 1.
    """
    if limit < 1:
        raise UsageError(f"the limit must be 1 or more, not {limit}")
