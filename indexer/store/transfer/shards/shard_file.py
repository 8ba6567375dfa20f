"""One shard: a Parquet file of points with their thumbnails, and a head that says what it holds and is made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.errors import MissingExtra, StoreError
from indexer.store.records import (
    COLOUR_VECTOR_NAME,
    TEXT_VECTOR_NAME,
    VECTOR_NAME,
    GenerationRecord,
    Point,
    VectorName,
    stack_vectors,
)
from indexer.store.tally import Tally, payload_text
from indexer.store.vectors import check_vectors

FORMAT = "jewelry-similarity shard 1"
METADATA_KEY = b"jewelry_similarity_shard"
"""Of the file's metadata: the head as JSON."""
TOGETHER = 1000
"""Rows that are read at a time."""
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
COLUMNS: dict[VectorName, str] = {
    VECTOR_NAME: "vector",
    TEXT_VECTOR_NAME: "text_vector",
    COLOUR_VECTOR_NAME: "colour_vector",
}
"""Of Parquet files of points, by the name of the vectors in them."""


class Row(NamedTuple):
    """A photo of a shard."""

    point: Point
    thumbnail: bytes | None
    """None where an earlier row of the shard, of a photo with the same bytes, has it."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a shard says of itself, in its last bytes."""

    number: int
    contents: str
    """Digest of the photos that it was made of, see `indexer.sync.apart.division`."""
    model: str
    """Fingerprint."""
    text_model: str | None
    points: int
    checksum: str
    """See `indexer.store.tally`."""
    embedded: int
    """Photos that went through the model: those with the bytes of another in the shard did not."""
    rejects: list[dict[str, Any]]
    """Photos that could not be used, each as the JSON of a reject."""
    colours: int = 0
    """The length of its colour vectors; 0 where it has none."""

    def is_by(self, record: GenerationRecord) -> bool:
        """Whether it was made by the models of a record, and has the vectors that it names."""
        text = None if record.text_model is None else record.text_model.fingerprint
        return (self.model, self.text_model, self.colours) == (record.fingerprint, text, record.colours)


def write_shard(
    into: IO[bytes],
    rows: Sequence[Row],
    record: GenerationRecord,
    *,
    number: int,
    contents: str,
    embedded: int,
    rejects: list[dict[str, Any]],
) -> Head:
    """Write a shard.

    Args:
        into: the file.
        rows: of it; put in order of id here.
        record: of the whole.
        number: see `Head`, as the others.
        contents: of it.
        embedded: of it.
        rejects: of it.

    Raises:
        MissingExtra: pyarrow is not installed.
        VectorError: a vector is none of the model's.
    """
    arrow, parquet = pyarrow()
    rows = sorted(rows, key=lambda row: row.point.id)
    points, tally = [row.point for row in rows], Tally()
    for point in points:
        tally.add(point)
    text = None if record.text_model is None else record.text_model.fingerprint
    made_by = record.fingerprint, text
    head = Head(number, contents, *made_by, len(points), tally.checksum, embedded, rejects, record.colours)
    nothing = {name: np.empty((0, width), np.float32) for name, width in record.dimensions.items()}
    vectors = stack_vectors(points, record) if points else nothing
    columns = {
        "id": arrow.array([point.id for point in points], arrow.string()),
        "product_id": arrow.array([str(point.payload["product_id"]) for point in points], arrow.string()),
        "payload": arrow.array([payload_text(point.payload) for point in points], arrow.string()),
        **{COLUMNS[name]: _lists(arrow, vectors[name], width) for name, width in record.dimensions.items()},
        "thumbnail": arrow.array([row.thumbnail for row in rows], arrow.binary()),
    }
    about = {METADATA_KEY: json.dumps({"format": FORMAT, **asdict(head)})}
    made = arrow.table(columns).replace_schema_metadata(about)
    parquet.write_table(made, into, row_group_size=TOGETHER, compression="zstd", write_page_checksum=True)
    return head


def read_head(path: Path) -> Head:
    """What a shard says of itself; its rows are not read.

    Raises:
        MissingExtra: pyarrow is not installed.
        StoreError: it is damaged, or no shard.
        FileNotFoundError: there is none.
    """
    arrow, parquet = pyarrow()
    try:
        found = parquet.read_metadata(path)
        about = json.loads((found.metadata or {})[METADATA_KEY])
        if about.pop("format") != FORMAT:
            raise ValueError("of another format")
        return Head(**about)
    except FileNotFoundError:
        raise
    except (arrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def read_rows(path: Path, record: GenerationRecord) -> Iterator[Row]:
    """The rows of a shard, in order of id, a part of it in memory at a time. What was read is compared with the head.

    Raises:
        MissingExtra: pyarrow is not installed.
        StoreError: it is damaged, or not what its head says.
    """
    arrow, parquet = pyarrow()
    head, tally, last = read_head(path), Tally(), ""
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(TOGETHER):
                for row in _rows(arrow, batch, record):
                    tally.add(row.point)
                    if row.point.id <= last:
                        raise ValueError("its points are not in order of id")
                    last = row.point.id
                    yield row
    except (arrow.ArrowException, OSError, ValueError, KeyError, TypeError, StoreError) as error:
        raise _damaged(path, error) from error
    if (tally.count, tally.checksum) != (head.points, head.checksum):
        raise _damaged(path, ValueError("its checksum is wrong"))


def _rows(arrow: Any, batch: Any, record: GenerationRecord) -> Iterator[Row]:
    vectors = {name: _vectors(arrow, batch[COLUMNS[name]], width) for name, width in record.dimensions.items()}
    columns = (batch[name].to_pylist() for name in ("id", "product_id", "payload", "thumbnail"))
    for number, (identifier, product, said, thumbnail) in enumerate(zip(*columns, strict=True)):
        payload = json.loads(said)
        if payload["product_id"] != product:
            raise ValueError(f"the payload of point {identifier} is another product's")
        if not _DIGEST.match(payload["photo"]["sha256"]):  # it becomes the name of the thumbnail's file
            raise ValueError(f"point {identifier} has no hash of its photo")
        of_point: dict[str, NDArray[np.float32] | None] = {name: column[number] for name, column in vectors.items()}
        yield Row(Point.of(str(identifier), payload, of_point), thumbnail)


def _lists(arrow: Any, vectors: NDArray[np.float32], width: int) -> Any:
    flat = arrow.array(vectors.reshape(-1), arrow.float32())
    return arrow.FixedSizeListArray.from_arrays(flat, width)


def _vectors(arrow: Any, column: Any, width: int) -> NDArray[np.float32]:
    if column.type != arrow.list_(arrow.float32(), width) or column.null_count:
        raise ValueError(f"its vectors are {column.type}")
    found = np.array(column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), width), np.float32)
    return check_vectors(found, width)


def _damaged(path: Path, error: Exception) -> StoreError:
    why = str(error).splitlines()[0] if str(error) else "it cannot be read"
    return StoreError(f"{path}: is no shard, or is damaged ({why}); remove it, and run indexer embed again")


def pyarrow() -> tuple[Any, Any]:
    """The library and its Parquet part; raises ``MissingExtra``."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet") from error
    return arrow, parquet
