"""What a store holds: points, hits, and the record of what a generation was built from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError, VectorError
from indexer.fields.types import FieldTable, FieldType, Payload
from indexer.store.vectors import check_vectors

VectorName = Literal["image", "text", "colour"]
"""``image`` is by the project's own model; ``text``, where there is a text model, lies in the space of its texts;
``colour`` is measured, see `indexer.photos.colour.palette`."""
Vectors = bool | VectorName | tuple[VectorName, ...]
"""What to read of a point's vectors: none, all, or those of a name, which is a good deal quicker than all."""
VECTOR_NAME: VectorName = "image"
TEXT_VECTOR_NAME: VectorName = "text"
COLOUR_VECTOR_NAME: VectorName = "colour"
VECTOR_NAMES = (VECTOR_NAME, TEXT_VECTOR_NAME, COLOUR_VECTOR_NAME)
"""All that a point may have, in the order of its fields."""
EMBEDDED, SERVER = "embedded", "server"
"""The engines' names, in answers and in the manifests of snapshots."""
OPENED = ".snapshot-"
"""How folders begin, beside what either engine keeps on this machine, in which a restore opens a copy."""
SCHEMA_VERSION = 3
"""The newest that is read: 1 is a generation with image vectors alone, 2 one with text vectors beside them, 3 one with
colour vectors, whether or not there are text vectors."""
_WITH_TEXTS, _WITH_COLOURS = 2, 3
ADD_COLOURS = "sync once to add colours: indexer sync CATALOG"
"""What is to be done where an index has none: an earlier version made it."""


@dataclass(frozen=True, slots=True)
class Point:
    """One photo in the store; ``vector`` is float32 [dimension] or None where it was not asked for.

    ``text_vector`` goes with it in every generation that has a text model, and in no other; ``colour_vector`` in every
    one that has colours.
    """

    id: str
    payload: Payload
    vector: NDArray[np.float32] | None = None
    text_vector: NDArray[np.float32] | None = None
    colour_vector: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, identifier: str, payload: Payload, vectors: Mapping[str, NDArray[np.float32] | None]) -> Point:
        """A point with its vectors by their names; one that is not among them was not asked for."""
        return cls(identifier, payload, *(vectors.get(name) for name in VECTOR_NAMES))


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a nearest-neighbour search: cosine ``score`` in [-1, 1], higher is more alike."""

    id: str
    score: float
    payload: Payload
    point: Point | None = None
    """The whole point, where its vectors were asked for."""


@dataclass(frozen=True, slots=True)
class EngineFiles:
    """A generation as files of its engine, which an index of the same engine can take over as they are."""

    engine: str
    path: Path
    """The folder."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """Of each file by its name, where somebody has taken it already."""


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
    reading: int = 1
    """The way its photos were read, see `indexer.photos.reading`; vectors of two ways can be compared."""
    colours: int = 0
    """The length of its colour vectors; 0 where it has none."""

    def __post_init__(self) -> None:
        # A version that does not know such vectors would lose them: it must refuse such a generation.
        needed = _WITH_COLOURS if self.colours else _WITH_TEXTS if self.text_model is not None else 1
        if self.schema_version < needed:
            object.__setattr__(self, "schema_version", needed)

    @property
    def dimensions(self) -> dict[VectorName, int]:
        """The vectors that every point has, and their lengths."""
        text: dict[VectorName, int] = {} if self.text_model is None else {TEXT_VECTOR_NAME: self.text_model.dimension}
        colours: dict[VectorName, int] = {COLOUR_VECTOR_NAME: self.colours} if self.colours else {}
        return {VECTOR_NAME: self.dimension, **text, **colours}

    def is_by(self, fingerprint: str, dimension: int, text_model: TextModelRecord | None) -> bool:
        """Whether the vectors are by these models; where the models lie does not matter."""
        wanted = fingerprint, dimension, text_model and (text_model.fingerprint, text_model.dimension)
        text = self.text_model
        return (self.fingerprint, self.dimension, text and (text.fingerprint, text.dimension)) == wanted

    def is_comparable(self, other: GenerationRecord) -> bool:
        """Whether the vectors of both are by the same models."""
        return self.is_by(other.fingerprint, other.dimension, other.text_model)

    def means_same(self, other: GenerationRecord) -> bool:
        """Whether nothing but the time differs."""
        return replace(self, created_at="") == replace(other, created_at="")

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; what it does not have (a text model, colours, another reading than the first) is not
        named."""
        return {
            **({} if self.text_model is None else {"text_model": asdict(self.text_model)}),
            **({} if self.reading == 1 else {"reading": self.reading}),
            **({"colours": self.colours} if self.colours else {}),
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
            reading=int(record.get("reading", 1)),
            colours=int(record.get("colours", 0)),
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """A generation that was compared with what was published."""

    generation: str
    published: bool
    """Whether it is the one that readers see."""
    points: int | None
    """Photos that were published; None where an earlier version did not write that down."""
    files: int
    """Files that were compared; 0 where they are not on this machine, or were published without checksums."""
    damage: tuple[str, ...] = ()
    """What is not as it was published, a sentence each."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What a writer did about damage before it begins; nothing of it where there was none."""

    notes: tuple[str, ...] = ()
    """What was wrong and what was done, a sentence each, for people."""
    record: GenerationRecord | None = None
    """What the saved points were built from."""
    points: tuple[Point, ...] = ()
    """Of a generation that could not be kept: without vectors where these cannot be trusted."""
    nothing_left: bool = False
    """Whether no generation can be kept, so that the next one is built from nothing and these points."""


def vector_of(point: Point, name: VectorName) -> NDArray[np.float32] | None:
    """The point's vector of that name, where it has one and it was asked for."""
    if name == VECTOR_NAME:
        return point.vector
    return point.text_vector if name == TEXT_VECTOR_NAME else point.colour_vector


def dimension_of(record: GenerationRecord, name: VectorName) -> int:
    """The length of a generation's vectors of that name.

    Raises:
        UsageError: it has none.
    """
    if name not in record.dimensions:
        if name == COLOUR_VECTOR_NAME:
            raise UsageError(f"the index has no colours yet; {ADD_COLOURS}")
        raise UsageError(f"the index has no vectors {name!r}; a sync with --text-model DIR makes text vectors")
    return record.dimensions[name]


def names_of(record: GenerationRecord, vectors: Vectors) -> list[str] | Literal[False]:
    """The names of the vectors to read, as engines want them."""
    if isinstance(vectors, str):
        return [vectors]
    if isinstance(vectors, tuple):
        return [*vectors]
    return list(record.dimensions) if vectors else False


def stack_vectors(points: Sequence[Point], record: GenerationRecord) -> dict[VectorName, NDArray[np.float32]]:
    """The vectors of one point or more, each float32 [n, dimension], by name.

    Raises:
        VectorError: one is missing, is one too many or is refused by `check_vectors`.
    """
    if record.text_model is None and any(point.text_vector is not None for point in points):
        raise VectorError("a point has a text vector where the index has no text model; build the index anew with it")
    if not record.colours and any(point.colour_vector is not None for point in points):
        raise VectorError(f"a point has a colour vector where the index has none; {ADD_COLOURS}")
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
